//! The instrument on a real workerd against what is known: a function that burns 300 us, a function that never answers, no
//! call at all, and the same cells by both timers.

use cli::local::{Build, LocalWorkers};
use e2e::stage;
use protocol::{Cell, ErrorKind, Estimate, Report, Transport, function::BURN_US, measure::Timer};
use serde_json::json;
use std::sync::OnceLock;

/// Workers with the functions that only tests may call.
fn workers() -> &'static LocalWorkers {
    static WORKERS: OnceLock<LocalWorkers> = OnceLock::new();
    WORKERS.get_or_init(|| stage::start(Build::TestFunctions, |_| {}))
}

fn p50<'a>(report: &'a Report, cell: &str) -> &'a Estimate {
    let id: Cell = cell.parse().unwrap();
    &report
        .cells
        .iter()
        .find(|cell| cell.id == id)
        .unwrap()
        .p50_us
}

fn stated(report: &Report, cell: &str) -> f64 {
    let estimate = p50(report, cell);
    estimate
        .value
        .unwrap_or_else(|| panic!("{cell}: {estimate:?}"))
}

#[test]
fn burning_300_us_is_reported_as_300_us_and_hanging_as_timeouts_by_every_transport() {
    let client = stage::client(workers());
    let plan = json!({"transports": ["direct", "service-binding"], "functions": ["echo", "burn"], "payload_bytes": [100], "seed": 5});
    let report = stage::run_to_completion(&client, &plan);
    let burn_us = f64::from(BURN_US);
    for transport in ["direct", "service-binding"] {
        let [doing_nothing, burning] = ["echo", "burn"]
            .map(|function| stated(&report, &format!("{transport}.{function}.100")));
        let found = burning - doing_nothing;
        stage::tell(&format!(
            "{transport}: {burning} us burning, {doing_nothing} us doing nothing, difference {found} us"
        ));
        assert!(
            (found - burn_us).abs() <= burn_us / 10.0,
            "{transport}: {found} us instead of {burn_us}"
        );
    }

    let plan = json!({"transports": Transport::ALL, "functions": ["hang"], "payload_bytes": [100], "samples_per_cell": 20,
        "call_timeout_ms": 20, "breakdown": false});
    let report = stage::run_to_completion(&client, &plan);
    assert_eq!(report.cells.len(), Transport::ALL.len());
    for cell in &report.cells {
        assert_eq!(cell.count, 0, "{}", cell.id);
        assert!(
            cell.errors
                .get(&ErrorKind::Timeout)
                .is_some_and(|timeouts| *timeouts > 0),
            "{}: {:?}",
            cell.id,
            cell.errors
        );
        assert_eq!(cell.errors.len(), 1, "{}: {:?}", cell.id, cell.errors);
        assert_eq!(cell.p50_us.value, None, "{}", cell.id);
    }
}

#[test]
fn around_no_call_at_all_the_timer_reads_5_us_at_most_and_the_report_says_so() {
    let report = stage::small_run();
    let floor = report.environment.noise_floor.as_ref().unwrap();
    assert!(floor.p50_us <= 5.0, "{floor:?}");
    let markdown = stage::client(stage::shared())
        .report_markdown(&report.run.id)
        .unwrap();
    assert!(
        markdown.to_lowercase().contains("noise floor"),
        "{markdown}"
    );
}

#[test]
fn the_ticked_timers_bounds_hold_what_the_interpolated_timer_finds() {
    let fine = stage::small_run();
    let mut plan = stage::small_plan();
    plan["timer"] = json!("ticked");
    let coarse = {
        let _turn = stage::my_turn();
        stage::run_to_completion(&stage::client(stage::shared()), &plan)
    };
    assert_eq!(coarse.environment.timers, [Timer::Ticked]);
    for cell in coarse
        .cells
        .iter()
        .filter(|cell| cell.transport.delegates())
    {
        let other = fine.cells.iter().find(|other| other.id == cell.id).unwrap();
        for (name, bounds, finer) in [
            ("p50", &cell.p50_us, &other.p50_us),
            ("p95", &cell.p95_us, &other.p95_us),
            ("p99", &cell.p99_us, &other.p99_us),
        ] {
            assert_eq!(
                bounds.value, None,
                "{name} of {}: a point below the tick",
                cell.id
            );
            let (lower, upper) = (
                bounds.lower.unwrap_or(0.0),
                bounds.upper.unwrap_or(f64::INFINITY),
            );
            // The finer figure has an interval of its own: bounds that it does not reach would exclude the truth.
            let (least, most) = (
                finer.lower.unwrap_or(0.0),
                finer.upper.unwrap_or(f64::INFINITY),
            );
            assert!(
                lower <= most && least <= upper,
                "{name} of {}: {bounds:?} against {finer:?}",
                cell.id
            );
        }
    }
}
