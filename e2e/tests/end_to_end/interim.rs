//! The report of a run that is not over, from the first slice to the end: it grows, has no answer yet, and gives way to the final one.

use e2e::stage;
use protocol::{Report, report::Outcome};
use serde_json::json;
use std::{
    thread,
    time::{Duration, Instant},
};
use ureq::http::Method;

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// For this long an answer that may change is kept.
const KEPT: Duration = Duration::from_millis(1_100);

#[test]
fn the_report_of_an_active_run_grows_until_the_final_one_takes_its_place() {
    let _ = stage::small_run();
    let _turn = stage::my_turn();
    let client = stage::client(stage::shared());
    let plan = json!({"transports": ["direct", "service-binding"], "samples_per_cell": 200, "breakdown": false});
    let run = stage::begin(&client, &plan).id;
    let path = format!("/results/{run}");
    let (mut looks, mut slices, mut slowest) = (0_u32, Vec::new(), Duration::ZERO);
    loop {
        let asked = Instant::now();
        let answer = client.request(&Method::GET, &path, b"").unwrap();
        slowest = slowest.max(asked.elapsed());
        looks += 1;
        match answer.status {
            200 => {
                let report: Report = serde_json::from_str(&answer.body).unwrap();
                if report.run.state.is_final() {
                    break;
                }
                let progress = report.run.progress.expect("how far it is");
                assert!(report.cells.iter().any(|cell| cell.count > 0));
                assert_eq!(report.summary.outcome, Outcome::Inconclusive);
                let expected = format!(
                    "Open: the run is not over (round 1, {} of {} slices)",
                    progress.slices_done, progress.slices_total
                );
                assert_eq!(report.summary.text, expected);
                slices.push(progress.slices_done);
            }
            // before the first slice
            404 => assert!(slices.is_empty() && answer.body.contains("no samples yet")),
            other => panic!("status {other}: {}", answer.body),
        }
        thread::sleep(PAUSE);
    }
    let ended = stage::wait(&client, &run, |status| status.state.is_final());
    thread::sleep(KEPT);
    let report = client.report(&run).unwrap();
    assert_eq!(report.run.state, ended.state);
    assert_eq!(report.run.progress, None);
    assert_eq!(report, client.get("/results").unwrap());
    assert!(slices.is_sorted(), "{slices:?}");
    slices.dedup();
    stage::tell(&format!(
        "{looks} looks, the slowest {} ms; reports at slices {slices:?}",
        slowest.as_millis()
    ));
    assert!(slices.len() >= 2, "{slices:?}");
}
