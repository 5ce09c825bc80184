//! Several locations: one request measures at each, and the merged report holds what all of them measured.

use cli::local::Build;
use e2e::stage;
use protocol::{Report, RunState};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use ureq::http::Method;

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
    let places: BTreeSet<&str> = merged.run.location.split('+').collect();
    assert_eq!(places, BTreeSet::from(["wnam", "weur"]));
    let sums: BTreeMap<String, u64> = of_the_runs[0]
        .iter()
        .map(|(cell, count)| (cell.clone(), count + of_the_runs[1][cell]))
        .collect();
    assert_eq!(counts(&merged), sums);
    assert!(sums.values().all(|sum| *sum > 60), "{sums:?}");
    let elsewhere = client
        .request(&Method::GET, "/results?location=apac", b"")
        .unwrap();
    assert_eq!(elsewhere.status, 400, "{elsewhere:?}");
}
