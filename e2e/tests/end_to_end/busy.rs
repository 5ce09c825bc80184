//! Calls beside a neighbour that keeps the runtime busy, on a runtime in a process of its own.

use cli::local::{Build, LocalWorkers};
use e2e::{machine::undisturbed, stage};
use protocol::{Quantile, Report, Transport, report::Neighbours};
use serde_json::{Value, json};

/// What a queue with one server is held against.
const HELD: [Quantile; 2] = [Quantile::P50, Quantile::P95];

fn apart() -> LocalWorkers {
    stage::start(Build::Release, |options| options.apart = true)
}

fn plan(samples: u32) -> Value {
    json!({"transports": ["direct", "service-binding"], "functions": ["echo"], "payload_bytes": [100], "samples_per_cell": samples,
        "breakdown": false, "busy": [0, 0.1, 0.5]})
}

fn describe(row: &Neighbours) -> String {
    let band = |q| {
        row.expected
            .as_ref()
            .map_or("", |expected| expected[q].text.as_str())
    };
    let quantiles = HELD.map(|q| {
        format!(
            "{} {} ms (expected {})",
            q.title(),
            row.quantiles[q].text,
            band(q)
        )
    });
    format!(
        "{} at {}: {}; {}",
        row.id,
        row.busy,
        quantiles.join(", "),
        row.achieved.text
    )
}

/// What a report says must hold whatever the machine does.
fn assert_whole(report: &Report, samples: u64) {
    assert_eq!(report.neighbours.len(), 2 * 3);
    for row in &report.neighbours {
        assert!(
            row.errors.is_empty(),
            "{}: {:?}, {:#?}",
            row.id,
            row.errors,
            report.warnings
        );
        assert_eq!(row.count + row.lost, samples, "{}", describe(row));
        assert!(row.achieved.apart, "{}", describe(row));
        assert_eq!(row.achieved.failed_calls, 0, "{}", describe(row));
        assert_eq!(
            row.achieved.calls > 0,
            !row.busy.is_idle(),
            "{}",
            describe(row)
        );
    }
}

fn as_expected(report: &Report) -> Result<(), String> {
    for row in report.neighbours.iter().filter(|row| !row.busy.is_idle()) {
        let (asked, achieved) = (row.busy.share(), row.achieved.share.unwrap_or(0.0));
        if (achieved - asked).abs() > 0.2 * asked {
            return Err(format!("another share than asked for: {}", describe(row)));
        }
        let expected = row.expected.as_ref().ok_or("nothing is expected")?;
        if let Some(&outside) = HELD.iter().find(|&&q| expected[q].holds != Some(true)) {
            return Err(format!(
                "the {} is out of its band: {}",
                outside.title(),
                describe(row)
            ));
        }
    }
    let mut busiest = report
        .neighbours
        .iter()
        .filter(|row| row.id.transport == Transport::ServiceBinding);
    let p95_us = busiest
        .next_back()
        .and_then(|row| row.quantiles[Quantile::P95].value);
    if p95_us.is_none_or(|us| us < 30_000.0) {
        return Err(format!(
            "of calls at half the time busy, one in twenty waits for 45 ms: {p95_us:?} us"
        ));
    }
    Ok(())
}

#[test]
fn calls_wait_for_a_busy_runtime_as_for_one_server_and_direct_ones_do_not() {
    let _turn = stage::my_turn();
    let workers = apart();
    let client = stage::client(&workers);
    undisturbed("calls beside a neighbour", || {
        let report = stage::run_to_completion(&client, &plan(80));
        assert_whole(&report, 80);
        for row in &report.neighbours {
            stage::tell(&describe(row));
        }
        as_expected(&report)
    });
}

#[test]
fn without_a_runtime_apart_the_report_says_that_one_process_shows_no_waiting() {
    let _turn = stage::my_turn();
    let client = stage::client(stage::shared());
    let mut plan = plan(20);
    plan["busy"] = json!([0.5]);
    let report = stage::run_to_completion(&client, &plan);
    assert_eq!(report.neighbours.len(), 2 * 2);
    assert!(report.neighbours.iter().all(|row| !row.achieved.apart));
    let kinds: Vec<String> = report
        .warnings
        .iter()
        .map(|warning| warning.kind.to_string())
        .collect();
    assert!(
        kinds.iter().any(|kind| kind == "neighbour-not-apart"),
        "{kinds:?}"
    );
}
