//! Several locations: one request measures at each, and the merged report holds what all of them measured.

use cli::local::Build;
use e2e::stage;
use protocol::{Report, RunState, report::WarningKind, run::RunList};
use serde_json::json;
use std::collections::BTreeMap;
use ureq::http::Method;

/// The orchestrator, in which the coordinator of the place `DOWN` fails.
const ONE_PLACE_DOWN: &str = r#"
import Original, { Coordinator as Whole } from "./original.js";
export class Coordinator {
  constructor(ctx, env) {
    this.down = ctx.id.name === env.DOWN;
    this.whole = new Whole(ctx, env);
  }
  fetch(request) {
    if (this.down) throw new Error("this place is down");
    return this.whole.fetch(request);
  }
  alarm() {
    return this.whole.alarm();
  }
}
export default Original;
"#;

/// Samples of each cell.
fn counts(report: &Report) -> BTreeMap<String, u64> {
    report
        .cells
        .iter()
        .map(|cell| (cell.id.to_string(), cell.count))
        .collect()
}

#[test]
fn one_request_measures_at_every_location_and_the_merged_report_sums_their_counts() {
    let _turn = stage::my_turn();
    let workers = stage::start(Build::Release, |options| {
        let variables = &mut options.orchestrator_variables;
        variables.insert("LOCATIONS".to_owned(), "wnam,weur".to_owned());
        variables.insert("LOCATION_STAGGER_MS".to_owned(), "0".to_owned());
    });
    let client = stage::client(&workers);
    let plan = json!({"functions": ["echo"], "payload_bytes": [100], "samples_per_cell": 60, "breakdown": false});
    let first = stage::begin(&client, &plan);
    assert_eq!(first.siblings.len(), 1, "{first:?}");
    let second = stage::wait(&client, &first.siblings[0].id, |_| true);
    assert_eq!(
        [first.location.as_str(), second.location.as_str()],
        ["wnam", "weur"]
    );
    for run in [&first, &second] {
        let ended = stage::wait(&client, &run.id, |run| run.state.is_final());
        assert_eq!(ended.state, RunState::Completed, "{ended:?}");
    }
    let of_the_runs = [&first, &second].map(|run| counts(&client.report(&run.id).unwrap()));
    let of_the_places = ["wnam", "weur"]
        .map(|place| counts(&client.get(&format!("/results?location={place}")).unwrap()));
    assert_eq!(of_the_runs, of_the_places);
    let merged: Report = client.get("/results").unwrap();
    assert_eq!(merged.run.locations, ["weur", "wnam"]);
    let sums: BTreeMap<String, u64> = of_the_runs[0]
        .iter()
        .map(|(cell, count)| (cell.clone(), count + of_the_runs[1][cell]))
        .collect();
    assert_eq!(counts(&merged), sums);
    assert!(sums.values().all(|sum| *sum > 60), "{sums:?}");
    let elsewhere = client
        .request(&Method::GET, "/results?location=apac", b"")
        .unwrap();
    assert_eq!(elsewhere.status, 404, "{elsewhere:?}");
}

#[test]
fn a_place_that_is_down_hides_nothing_of_the_others() {
    let _turn = stage::my_turn();
    let wrapped = stage::Wrapped::new(&[("orchestrator", ONE_PLACE_DOWN)]);
    let state = stage::temporary_folder();
    let start = |down: &str| {
        stage::start(Build::Release, |options| {
            options.project = wrapped.project();
            options.state = Some(state.path().to_owned());
            for (name, value) in [
                ("LOCATIONS", "wnam,weur"),
                ("LOCATION_STAGGER_MS", "0"),
                ("DOWN", down),
            ] {
                let variables = &mut options.orchestrator_variables;
                variables.insert(name.to_owned(), value.to_owned());
            }
        })
    };
    let workers = start("nowhere");
    let client = stage::client(&workers);
    let plan = json!({"transports": ["direct", "service-binding"], "functions": ["echo"], "payload_bytes": [100],
        "samples_per_cell": 20, "breakdown": false});
    let first = stage::begin(&client, &plan);
    let second = first.siblings[0].id.clone();
    for run in [&first.id, &second] {
        stage::wait(&client, run, |run| run.state == RunState::Completed);
    }
    drop(workers);

    let workers = start("wnam");
    let client = stage::client(&workers);
    let cell = "service-binding.echo.100";
    for path in [
        format!("/runs/{second}"),
        format!("/runs/{second}/events"),
        format!("/results/{second}"),
        format!("/results/{second}.md"),
        format!("/results/{second}/cells/{cell}.csv"),
        format!("/results/{second}/cells/{cell}.hlog"),
        "/results".to_owned(),
    ] {
        let answer = client.request(&Method::GET, &path, b"").unwrap();
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    }
    let list: RunList = client.get("/runs").unwrap();
    assert_eq!((list.runs.len(), &list.runs[0].id), (1, &second));
    assert_eq!(list.missing_locations[0].location, "wnam");
    let merged: Report = client.get("/results").unwrap();
    assert!(
        merged
            .warnings
            .iter()
            .any(|warning| warning.kind == WarningKind::LocationMissing)
    );
    let metrics = client.text("/metrics").unwrap();
    assert!(
        metrics.contains("worker_rpc_location_up{location=\"wnam\"} 0"),
        "{metrics}"
    );
    let nowhere = client
        .request(&Method::GET, &format!("/runs/{}", first.id), b"")
        .unwrap();
    assert!(
        nowhere.status == 502 && nowhere.body.contains("\"missing_locations\""),
        "{nowhere:?}"
    );
    let ended = client
        .request(&Method::DELETE, &format!("/runs/{second}"), b"")
        .unwrap();
    assert_eq!(ended.status, 409, "{ended:?}");
}
