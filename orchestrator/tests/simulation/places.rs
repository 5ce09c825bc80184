//! A place that is down hides nothing of the others: what is there is shown, and what is missing is named.

use crate::simulated;

use core::time::Duration;
use orchestrator::{
    api::{Reply, Response},
    coordinator::Question,
};
use protocol::{
    Problem, Report, RunId, RunState,
    report::WarningKind,
    run::{MissingLocation, RunList, RunStatus, Trigger},
};
use simulated::{
    TOKEN,
    http::{Places, TestRequest},
    settings,
};

const SMALL: &str = r#"{"transports":["direct","service-binding"],"functions":["echo"],"payload_bytes":[100],"samples_per_cell":40,"breakdown":false}"#;

const CELL: &str = "service-binding.echo.100";

fn places() -> Places {
    Places::new(settings(&[
        ("LIMITS", "local"),
        ("LOCATIONS", "wnam,weur,apac"),
        ("LOCATION_STAGGER_MS", "0"),
    ]))
}

fn post() -> TestRequest {
    TestRequest::new("POST", "/runs")
        .with_token(TOKEN)
        .with_body(SMALL)
}

fn start(places: &Places) -> Vec<(String, RunId)> {
    let response = places.send(&post());
    assert_eq!(response.status, 202, "{}", response.body);
    let first: RunStatus = serde_json::from_str(&response.body).unwrap();
    let mut all = vec![(first.location, first.id)];
    all.extend(first.siblings.into_iter().map(|one| (one.location, one.id)));
    all
}

/// A run completed at each place; from then on the first is down, and what was read before is out of date.
fn with_the_first_down() -> (Places, Vec<(String, RunId)>) {
    let places = places();
    let runs = start(&places);
    places.wake_until_idle();
    later(&places, 120_000);
    places.down.borrow_mut().insert("wnam".to_owned());
    (places, runs)
}

fn later(places: &Places, ms: i64) {
    for process in places.processes.borrow().values() {
        process.world.now.set(process.world.now.get() + ms);
    }
}

fn problem(response: &Response) -> Problem {
    let problem: Problem = serde_json::from_str(&response.body).unwrap();
    assert_eq!(problem.status, response.status, "{problem:?}");
    problem
}

fn named(missing: &[MissingLocation]) -> Vec<&str> {
    missing
        .iter()
        .map(|place| place.location.as_str())
        .collect()
}

#[test]
fn a_run_of_another_place_is_shown_followed_exported_and_cancelled() {
    let (places, runs) = with_the_first_down();
    for (location, run) in &runs[1..] {
        let status = places.get(&format!("/runs/{run}"));
        assert_eq!(status.status, 200, "{location}: {}", status.body);
        let events = TestRequest::new("GET", &format!("/runs/{run}/events"));
        let expected = Reply::Events {
            location: location.clone(),
            run: run.clone(),
        };
        assert_eq!(places.reply(&events), expected);
        for path in [
            format!("/results/{run}"),
            format!("/results/{run}.md"),
            format!("/results/{run}/cells/{CELL}.csv"),
            format!("/results/{run}/cells/{CELL}.hgrm"),
            format!("/results/{run}/cells/{CELL}.hlog"),
        ] {
            let response = places.get(&path);
            assert_eq!(response.status, 200, "{path}: {}", response.body);
        }
    }
    places.down.borrow_mut().clear();
    let begun = start(&places);
    places.down.borrow_mut().insert("wnam".to_owned());
    let cancel = TestRequest::new("DELETE", &format!("/runs/{}", begun[1].1)).with_token(TOKEN);
    let response = places.send(&cancel);
    assert_eq!(response.status, 200, "{}", response.body);
    let cancelled: RunStatus = serde_json::from_str(&response.body).unwrap();
    assert_eq!(cancelled.state, RunState::Cancelled);
}

#[test]
fn lists_results_and_metrics_show_what_is_there_and_name_what_is_missing() {
    let (places, runs) = with_the_first_down();
    let list: RunList = serde_json::from_str(&places.get("/runs").body).unwrap();
    let shown: Vec<&RunId> = list.runs.iter().map(|run| &run.id).collect();
    assert_eq!(shown, [&runs[2].1, &runs[1].1]);
    assert_eq!(named(&list.missing_locations), ["wnam"]);
    let reason = &list.missing_locations[0].reason;
    assert!(reason.contains("could not be reached"), "{reason}");

    let merged: Report = serde_json::from_str(&places.get("/results").body).unwrap();
    assert_eq!(merged.run.location, "apac+weur");
    assert!(merged.cells.iter().all(|cell| cell.count == 80));
    let left_out: Vec<&str> = merged
        .warnings
        .iter()
        .filter(|warning| warning.kind == WarningKind::LocationMissing)
        .map(|warning| warning.text.as_str())
        .collect();
    assert!(
        matches!(left_out.as_slice(), [one] if one.contains("wnam") && one.contains("could not be reached")),
        "{left_out:?}"
    );

    let metrics = places.get("/metrics");
    assert_eq!(metrics.status, 200, "{}", metrics.body);
    for line in [
        "worker_rpc_location_up{location=\"wnam\"} 0",
        "worker_rpc_location_up{location=\"weur\"} 1",
        "worker_rpc_runs{location=\"apac\",state=\"completed\"} 1",
    ] {
        assert!(metrics.body.contains(line), "{line}: {}", metrics.body);
    }
    assert!(!metrics.body.contains("worker_rpc_runs{location=\"wnam\""));
    assert!(
        metrics
            .body
            .contains("worker_rpc_latency_seconds{location=\"weur\"")
    );
}

#[test]
fn where_one_place_alone_answers_its_report_still_says_what_is_missing() {
    let (places, _) = with_the_first_down();
    places.down.borrow_mut().insert("apac".to_owned());
    let report: Report = serde_json::from_str(&places.get("/results").body).unwrap();
    assert_eq!(report.run.location, "weur");
    assert!(report.cells.iter().all(|cell| cell.count == 40));
    let missing = report
        .warnings
        .iter()
        .filter(|warning| warning.kind == WarningKind::LocationMissing);
    assert_eq!(missing.count(), 2);
    let asked_for = places.get("/results?location=weur");
    let asked_for: Report = serde_json::from_str(&asked_for.body).unwrap();
    assert!(
        asked_for
            .warnings
            .iter()
            .all(|warning| warning.kind != WarningKind::LocationMissing)
    );
    assert_eq!(places.get("/results?location=apac").status, 502);
}

#[test]
fn a_run_that_is_found_nowhere_may_be_where_nobody_could_ask() {
    let (places, runs) = with_the_first_down();
    let of_the_first = &runs[0].1;
    for path in [
        format!("/runs/{of_the_first}"),
        format!("/runs/{of_the_first}/events"),
        format!("/results/{of_the_first}"),
        format!("/results/{of_the_first}.md"),
        format!("/results/{of_the_first}/cells/{CELL}.csv"),
    ] {
        let problem = problem(&places.get(&path));
        assert_eq!(problem.status, 502, "{path}: {problem:?}");
        assert_eq!(named(&problem.missing_locations), ["wnam"], "{path}");
        assert!(
            problem.detail.contains("wnam") && problem.detail.contains("there is no run"),
            "{path}: {problem:?}"
        );
    }
    places.down.borrow_mut().clear();
    let nowhere = problem(&places.get("/runs/20261122T172800Z-ffffffff"));
    assert_eq!((nowhere.status, nowhere.missing_locations.len()), (404, 0));
}

#[test]
fn a_report_that_is_not_there_yet_is_explained_by_the_place_that_knows_the_run() {
    let places = places();
    let runs = start(&places);
    places.down.borrow_mut().insert("wnam".to_owned());
    let problem = problem(&places.get(&format!("/results/{}", runs[1].1)));
    assert_eq!(problem.status, 404);
    assert!(problem.detail.contains("has no samples yet"), "{problem:?}");
}

#[test]
fn only_where_no_place_answers_is_there_no_answer() {
    let (places, _) = with_the_first_down();
    for location in ["weur", "apac"] {
        places.down.borrow_mut().insert(location.to_owned());
    }
    for path in ["/runs", "/results", "/metrics"] {
        let problem = problem(&places.get(path));
        assert_eq!(problem.status, 502, "{path}: {problem:?}");
        assert_eq!(
            named(&problem.missing_locations),
            ["wnam", "weur", "apac"],
            "{path}"
        );
    }
}

#[test]
fn places_are_asked_side_by_side_and_nobody_waits_for_one_that_is_not_needed() {
    let (places, runs) = with_the_first_down();
    places.down.borrow_mut().clear();
    places.hanging.borrow_mut().insert("wnam".to_owned());
    assert_eq!(places.get(&format!("/runs/{}", runs[2].1)).status, 200);
    assert_eq!(places.get(&format!("/results/{}", runs[1].1)).status, 200);
    assert_eq!(
        places.given_up.get(),
        0,
        "a reader waited for a place that hangs"
    );
    places.in_flight.set(0);
    places.most_in_flight.set(0);
    let list: RunList = serde_json::from_str(&places.get("/runs").body).unwrap();
    assert_eq!((list.runs.len(), places.most_in_flight.get()), (2, 3));
    assert_eq!(named(&list.missing_locations), ["wnam"]);
}

#[test]
fn a_place_that_is_busy_refuses_for_all() {
    let places = places();
    let mut processes = places.processes.borrow_mut();
    let weur = processes.get_mut("weur").unwrap();
    weur.start(&protocol::Plan::of_fixed_size());
    drop(processes);
    assert_eq!(problem(&places.send(&post())).status, 409);
    let list: RunList = serde_json::from_str(&places.get("/runs").body).unwrap();
    assert_eq!(list.runs.len(), 1, "nothing was started at the other place");
}

#[test]
fn a_start_that_a_later_place_may_have_taken_is_taken_back_everywhere() {
    let places = places();
    places.losing_starts.borrow_mut().insert("apac".to_owned());
    assert_eq!(places.send(&post()).status, 504);
    later(&places, 2_000);
    let list: RunList = serde_json::from_str(&places.get("/runs").body).unwrap();
    let cancelled = |run: &RunStatus| run.state == RunState::Cancelled;
    assert!(
        list.runs.len() == 3 && list.runs.iter().all(cancelled),
        "{list:?}"
    );
}

fn scheduled_runs(places: &Places) -> Vec<RunStatus> {
    let list: RunList = serde_json::from_str(&places.get("/runs").body).unwrap();
    let runs = list.runs.into_iter();
    runs.filter(|run| run.trigger == Trigger::Cron).collect()
}

#[test]
fn a_firing_that_finds_no_coordinator_is_tried_again_and_starts_one_run() {
    let places = places();
    places.down.borrow_mut().insert("weur".to_owned());
    let pauses = std::cell::RefCell::new(Vec::new());
    let problems = places.fire(|pause| {
        pauses.borrow_mut().push(pause.as_secs());
        if pauses.borrow().len() == 3 {
            places.down.borrow_mut().clear();
        }
    });
    assert_eq!(problems, []);
    assert_eq!(*pauses.borrow(), [1, 2, 4]);
    let mut locations: Vec<String> = scheduled_runs(&places)
        .into_iter()
        .map(|run| run.location)
        .collect();
    locations.sort_unstable();
    assert_eq!(locations, ["apac", "weur", "wnam"]);
}

#[test]
fn a_firing_whose_answer_was_lost_starts_no_second_run() {
    let places = places();
    for location in ["wnam", "apac"] {
        places
            .losing_starts
            .borrow_mut()
            .insert(location.to_owned());
    }
    assert_eq!(places.fire(|_| ()), []);
    assert_eq!(scheduled_runs(&places).len(), 3);
    let places = self::places();
    let start = places.processes.borrow()["wnam"].start_of(
        &settings(&[("LIMITS", "local")]).scheduled_plan,
        Trigger::Cron,
        9,
    );
    let mut processes = places.processes.borrow_mut();
    let process = processes.get_mut("wnam").unwrap();
    let question = Question::Start(Box::new(start));
    let (one, again) = (process.ask(&question), process.ask(&question));
    assert!(one.is_ok() && one == again, "{again:?}");
    let runs = process.database.execute("SELECT id FROM runs", &[]);
    assert_eq!(runs.unwrap().len(), 1);
}

#[test]
fn a_place_that_stays_down_is_given_up_by_the_firing_and_named() {
    let places = places();
    places.down.borrow_mut().insert("weur".to_owned());
    let waited = std::cell::Cell::new(Duration::ZERO);
    let problems = places.fire(|pause| waited.set(waited.get() + pause));
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].detail.contains("weur") && problems[0].detail.contains("9 attempts"),
        "{problems:?}"
    );
    // An event lasts 15 minutes; an attempt is given up after 30 s.
    assert!(waited.get() + 9 * Duration::from_secs(30) < Duration::from_mins(15));
    assert!(waited.get() > Duration::from_mins(3));
    places.down.borrow_mut().clear();
    assert_eq!(scheduled_runs(&places).len(), 2);
}
