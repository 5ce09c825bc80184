//! Fifty readers of results, lists and progress during a run: none of them gets an error, and the run's figures do not show them.

use e2e::stage;
use protocol::{Cell, Estimate, Quantile, Report};
use serde_json::{Value, json};
use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
    time::Duration,
};
use ureq::http::Method;

const READERS: u32 = 50;

/// Each reader looks once in this time, as a page that follows a run does.
const PAUSE: Duration = Duration::from_secs(1);

/// Ends the readers, also where the run fails the test.
struct AtTheEnd<'a>(&'a AtomicBool);

impl Drop for AtTheEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn plan() -> Value {
    json!({"transports": ["direct", "service-binding"], "functions": ["echo"], "payload_bytes": [100], "samples_per_cell": 1000, "breakdown": false})
}

fn p50(report: &Report) -> &Estimate {
    let id: Cell = "service-binding.echo.100".parse().unwrap();
    &report
        .cells
        .iter()
        .find(|cell| cell.id == id)
        .unwrap()
        .quantiles[Quantile::P50]
}

#[test]
fn fifty_readers_get_no_error_and_do_not_show_in_the_figures() {
    let _ = stage::small_run();
    let _turn = stage::my_turn();
    let client = stage::client(stage::shared());
    let quiet = stage::run_to_completion(&client, &plan());
    let (over, reads) = (AtomicBool::new(false), AtomicU32::new(0));
    let watched = thread::scope(|scope| {
        for number in 0..READERS {
            let (client, over, reads) = (&client, &over, &reads);
            scope.spawn(move || {
                let path = ["/results", "/runs", "/health", "/runs?limit=1"][number as usize % 4];
                thread::sleep(PAUSE * number / READERS);
                while !over.load(Ordering::Relaxed) {
                    let answer = client.request(&Method::GET, path, b"").unwrap();
                    assert_eq!(answer.status, 200, "{path}: {answer:?}");
                    reads.fetch_add(1, Ordering::Relaxed);
                    thread::sleep(PAUSE);
                }
            });
        }
        let _ended = AtTheEnd(&over);
        stage::run_to_completion(&client, &plan())
    });
    let quiet_again = stage::run_to_completion(&client, &plan());
    let (watched, quiet) = (p50(&watched), [p50(&quiet), p50(&quiet_again)]);
    let reads = reads.into_inner();
    stage::tell(&format!(
        "reads: {reads}; p50 in us quiet {quiet:?}, watched {watched:?}"
    ));
    assert!(reads >= READERS, "only {reads} reads");
    // The two quiet runs around it tell how far the machine drifts; beyond them and the interval, the readers would show.
    let least = quiet
        .iter()
        .filter_map(|p50| p50.lower)
        .fold(f64::INFINITY, f64::min);
    let most = quiet.iter().filter_map(|p50| p50.upper).fold(0.0, f64::max);
    assert!(
        watched.lower.unwrap() <= most && least <= watched.upper.unwrap(),
        "quiet {quiet:?}, watched {watched:?}"
    );
}
