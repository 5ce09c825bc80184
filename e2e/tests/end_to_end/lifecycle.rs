//! How runs begin and end.

use e2e::stage;
use protocol::{
    RunState,
    run::{RunStatus, Trigger},
};
use serde_json::json;
use ureq::http::Method;

#[test]
fn the_schedule_starts_the_scheduled_plan() {
    let _turn = stage::my_turn();
    let client = stage::client(stage::shared());
    let fired = client
        .request(
            &Method::GET,
            "/cdn-cgi/handler/scheduled?cron=17+*/6+*+*+*",
            b"",
        )
        .unwrap();
    assert_eq!(fired.status, 200, "{fired:?}");
    let run = stage::eventually("a run that the schedule started", || {
        let runs = client.runs(None).unwrap().runs;
        runs.into_iter().find(|run| run.trigger == Trigger::Cron)
    });
    assert_eq!(
        run.plan.samples_per_cell, 20,
        "SCHEDULED_PLAN was not taken"
    );
    let ended = stage::wait(&client, &run.id, |run| run.state.is_final());
    assert_eq!(ended.state, RunState::Completed, "{ended:?}");
}

#[test]
fn a_cancelled_run_keeps_what_it_measured() {
    let _turn = stage::my_turn();
    let client = stage::client(stage::shared());
    let run = stage::begin(
        &client,
        &json!({"functions": ["echo"], "payload_bytes": [100], "samples_per_cell": 4000}),
    );
    stage::wait(&client, &run.id, |run| run.progress.blocks_done >= 2);
    client.cancel(&run.id).unwrap();
    let cancelled = stage::wait(&client, &run.id, |run| run.state.is_final());
    assert_eq!(cancelled.state, RunState::Cancelled);
    let report = stage::eventually("the report of a cancelled run", || {
        client.report(&run.id).ok()
    });
    assert_eq!(report.run.state, RunState::Cancelled);
    let samples: u64 = report
        .cells
        .iter()
        .map(|cell| cell.count + cell.errors.values().sum::<u64>())
        .sum();
    assert!(samples > 0);
    assert_eq!(
        samples, cancelled.progress.samples,
        "the report and the run disagree"
    );
    let later = stage::wait(&client, &run.id, |_| true);
    assert_eq!(later.progress, cancelled.progress, "it went on measuring");
}

#[test]
fn the_stream_of_events_tells_how_a_run_goes_on_until_it_ends_and_resumes_where_it_was_left() {
    let _turn = stage::my_turn();
    let client = stage::client(stage::shared());
    let plan = json!({"transports": ["direct", "service-binding"], "functions": ["echo"], "payload_bytes": [100], "breakdown": false});
    let run = stage::begin(&client, &plan).id;
    let told = |seen: Option<&str>| -> Vec<(Option<String>, RunStatus)> {
        let events = client
            .events(&run, seen)
            .unwrap()
            .into_iter()
            .flatten()
            .map(Result::unwrap);
        events
            .map(|event| (event.id, serde_json::from_str(&event.data).unwrap()))
            .collect()
    };
    let events = told(None);
    let slices: Vec<u32> = events
        .iter()
        .map(|(_, status)| status.progress.slices_done)
        .collect();
    assert!(slices.len() >= 2 && slices.is_sorted(), "{slices:?}");
    let (last_id, last) = events.last().unwrap();
    assert_eq!(last.state, RunState::Completed);
    assert_eq!(last.progress.slices_done, last.progress.slices_total);
    assert_eq!(
        told(last_id.as_deref()),
        [],
        "the last event was told again to one who has seen it"
    );
    let resumed = told(events[0].0.as_deref());
    assert_eq!(
        resumed.last().map(|(_, status)| status.state),
        Some(RunState::Completed)
    );
}

#[test]
fn cancelling_what_has_ended_is_refused_and_changes_nothing() {
    let ended = &stage::small_run().run.id;
    let client = stage::client(stage::shared());
    let error = client.cancel(ended).unwrap_err();
    assert_eq!(error.status(), Some(409), "{error}");
    assert_eq!(client.run(ended).unwrap().state, RunState::Completed);
}

#[test]
fn runs_are_listed_newest_first_and_page_by_page() {
    let _ = stage::small_run();
    let client = stage::client(stage::shared());
    let all = client.runs(None).unwrap().runs;
    assert!(all.is_sorted_by(|one, other| one.id > other.id), "{all:?}");
    let first_of_page: protocol::run::RunList = client
        .get(&format!("/runs?limit=1&before={}", all[0].id))
        .unwrap();
    assert_eq!(
        first_of_page.runs.first().map(|run| &run.id),
        all.get(1).map(|run| &run.id)
    );
}
