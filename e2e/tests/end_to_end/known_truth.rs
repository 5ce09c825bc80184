//! The instrument on a real workerd against what is known: a function that burns 300 us, a function that never answers, no
//! call at all, and the same cells by both timers.

use cli::local::Build;
use e2e::stage;
use protocol::{
    Cell, ErrorKind, Estimate, Quantile, Report, Transport, function::Burn, measure::Timer,
    report::CellReport,
};
use serde_json::json;

/// Times that the burning function calibrates itself anew. It does so on a clock of whole milliseconds, once in each
/// Worker's life: on a busy machine one calibration may be off, which is no fault of the instrument under test.
const CALIBRATIONS: usize = 3;

fn p50<'a>(report: &'a Report, cell: &str) -> &'a Estimate {
    let id: Cell = cell.parse().unwrap();
    &report
        .cells
        .iter()
        .find(|cell| cell.id == id)
        .unwrap()
        .quantiles[Quantile::P50]
}

/// What burning takes over doing nothing, by a transport, and the least and the most that the two intervals allow; in us.
fn over_doing_nothing(report: &Report, transport: &str) -> [f64; 3] {
    let nothing = p50(report, &format!("{transport}.echo.100"));
    let burning = p50(report, &format!("{transport}.burn.100"));
    let stated = |estimate: &Estimate| {
        estimate
            .value
            .unwrap_or_else(|| panic!("{transport}: {estimate:?}"))
    };
    let (least, most) = (
        ends(burning).0 - ends(nothing).1,
        ends(burning).1 - ends(nothing).0,
    );
    [stated(burning) - stated(nothing), least, most]
}

#[test]
fn burning_300_us_is_reported_as_300_us_over_doing_nothing() {
    let plan = json!({"transports": ["direct", "service-binding"], "functions": ["echo", "burn"], "payload_bytes": [100],
        "samples_per_cell": 440, "breakdown": false});
    let _turn = stage::my_turn();
    let (mut direct, mut delegated) = (Vec::new(), Vec::new());
    for _ in 0..CALIBRATIONS {
        let workers = stage::start(Build::TestFunctions, |_| {});
        let report = stage::run_to_completion(&stage::client(&workers), &plan);
        direct.push(over_doing_nothing(&report, "direct"));
        delegated.push(over_doing_nothing(&report, "service-binding"));
    }
    for found in [&mut direct, &mut delegated] {
        found.sort_by(|one, other| one[0].total_cmp(&other[0]));
    }
    let burn_us = Burn::Us300.us();
    stage::tell(&format!(
        "burning {burn_us} us over doing nothing [least, most]: direct {direct:.0?}, service-binding {delegated:.0?}"
    ));
    let burn_us = f64::from(burn_us);
    let (least, most) = (burn_us * 0.9, burn_us * 1.1);
    let found = direct[CALIBRATIONS / 2][0];
    assert!((least..=most).contains(&found), "direct: {direct:?}");
    // The hop is in both cells, but not quite the same one: after longer work another core may answer. So its intervals count.
    let [_, lower, upper] = delegated[CALIBRATIONS / 2];
    assert!(
        lower <= most && least <= upper,
        "service-binding: {delegated:?}"
    );
}

#[test]
fn a_function_that_never_answers_is_a_counted_timeout_by_every_transport_and_the_run_completes() {
    let _turn = stage::my_turn();
    let workers = stage::start(Build::TestFunctions, |_| {});
    let plan = json!({"transports": Transport::ALL, "functions": ["hang"], "payload_bytes": [100], "samples_per_cell": 20,
        "call_timeout_ms": 20, "breakdown": false});
    let report = stage::run_to_completion(&stage::client(&workers), &plan);
    assert_eq!(report.cells.len(), Transport::ALL.len());
    for cell in &report.cells {
        assert_eq!(cell.count, 0, "{}", cell.id);
        let timeouts = cell
            .errors
            .get(&ErrorKind::Timeout)
            .copied()
            .unwrap_or_default();
        assert!(timeouts > 0, "{}: {:?}", cell.id, cell.errors);
        assert_eq!(cell.errors.len(), 1, "{}: {:?}", cell.id, cell.errors);
        assert!(
            timeouts + cell.skipped >= 20,
            "{}: {timeouts}, {} skipped",
            cell.id,
            cell.skipped
        );
        assert_eq!(cell.quantiles[Quantile::P50].value, None, "{}", cell.id);
    }
}

#[test]
fn around_no_call_at_all_the_timer_reads_5_us_at_most_and_the_report_says_so() {
    let report = stage::small_run();
    let floor = report.environment.noise_floor.as_ref().unwrap();
    assert!(floor.quantiles[Quantile::P50] <= 5.0, "{floor:?}");
    let markdown = stage::client(stage::shared())
        .report_markdown(&report.run.id)
        .unwrap();
    assert!(
        markdown.to_lowercase().contains("noise floor"),
        "{markdown}"
    );
}

/// The ends of an estimate, as far as they are known.
fn ends(estimate: &Estimate) -> (f64, f64) {
    (
        estimate.lower.unwrap_or(0.0),
        estimate.upper.unwrap_or(f64::INFINITY),
    )
}

#[test]
fn the_ticked_timers_bounds_hold_what_the_interpolated_timer_finds() {
    let plan = |timer: &str| {
        json!({"transports": ["direct", "service-binding", "rpc"], "functions": ["echo"], "payload_bytes": [100, 10_000],
            "samples_per_cell": 440, "timer": timer, "breakdown": false})
    };
    let _turn = stage::my_turn();
    let client = stage::client(stage::shared());
    // Three runs one after the other: the machine may drift, and the outer two tell how far.
    let before = stage::run_to_completion(&client, &plan("interpolated"));
    let coarse = stage::run_to_completion(&client, &plan("ticked"));
    let after = stage::run_to_completion(&client, &plan("interpolated"));
    assert_eq!(before.environment.timers, [Timer::Interpolated]);
    assert_eq!(coarse.environment.timers, [Timer::Ticked]);
    for (cell, (before, after)) in coarse
        .cells
        .iter()
        .zip(before.cells.iter().zip(&after.cells))
    {
        let quantiles = |cell: &CellReport| {
            [
                cell.quantiles[Quantile::P50].clone(),
                cell.quantiles[Quantile::P95].clone(),
                cell.quantiles[Quantile::P99].clone(),
            ]
        };
        let finer = quantiles(before).into_iter().zip(quantiles(after));
        for (bounds, (before, after)) in quantiles(cell).into_iter().zip(finer) {
            assert_eq!(bounds.value, None, "{}: a point below the tick", cell.id);
            let (lower, upper) = ends(&bounds);
            let (least, most) = (
                ends(&before).0.min(ends(&after).0),
                ends(&before).1.max(ends(&after).1),
            );
            assert!(
                lower <= most && least <= upper,
                "{}: {bounds:?} excludes {before:?} and {after:?}",
                cell.id
            );
        }
    }
}
