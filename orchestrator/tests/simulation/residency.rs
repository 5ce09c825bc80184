//! What a run met of the runtime's isolates is kept exactly once, with the slice that met it.

use crate::simulated;

use orchestrator::coordinator::{DispatchError, Question};
use protocol::{
    Report,
    history::SeriesMetric,
    report::{Reach, Residency},
};
use simulated::{process::Process, settings, small_plan};

/// Slices of the one delegated cell of the small plan, and calls of each: two of warmup and two timed.
const SLICES: u64 = 20;
const CALLS: u64 = 4;

fn process() -> Process {
    Process::new(settings(&[("LIMITS", "local")]))
}

fn met(report: &Report) -> &Residency {
    let [met] = &report.residency[..] else {
        panic!("one runtime, reached in one way: {:?}", report.residency);
    };
    assert_eq!(met.reach, Reach::Binding);
    met
}

#[test]
fn the_report_says_what_the_runtime_counted_itself() {
    let mut process = process();
    process
        .world
        .isolate_ends_before
        .borrow_mut()
        .extend([10, 25]);
    let run = process.start(&small_plan());
    process.wake_until_idle();
    let report = process.report(&run);
    let met = met(&report);
    let served = process.world.served.get();
    assert_eq!((met.calls, met.calls_served), (served, served));
    assert_eq!(met.calls, SLICES * CALLS);
    assert_eq!((met.isolates, met.cold_calls), (3, 3));
    assert_eq!((met.cold_min_ms, met.cold_max_ms), (Some(12), Some(12)));
    assert_eq!(met.cold_samples, 0, "warmup met them all");
    let share = met.cold_share.as_ref().unwrap();
    assert_eq!(share.n, met.calls);
    assert!(share.lower > 0.0 && share.lower < 3.0 / 80.0 && share.upper > 3.0 / 80.0);
    assert!(
        met.text.starts_with("3 of 80 calls met a fresh isolate"),
        "{}",
        met.text
    );
}

#[test]
fn a_slice_that_is_dispatched_again_is_counted_once() {
    let undisturbed = {
        let mut process = process();
        process.world.crashes.steps.set(0);
        process.start(&small_plan());
        process.wake_until_idle();
        process.world.crashes.steps.get()
    };
    for step in (1..=undisturbed).step_by(5) {
        let mut process = process();
        process.world.crashes.steps.set(0);
        process.world.crashes.at.set(Some(step));
        let run = process.start(&small_plan());
        process.wake_until_idle();
        assert_eq!(process.restarts, 1, "step {step} did not crash");
        let report = process.report(&run);
        let met = met(&report);
        assert_eq!(met.calls, SLICES * CALLS, "crash at step {step}");
        assert_eq!(met.isolates, 1, "crash at step {step}");
        // Calls of an attempt that was lost were served, and are no calls of the run.
        assert!(met.calls_served >= met.calls, "crash at step {step}");
        assert!(met.calls_served <= process.world.served.get());
    }
}

#[test]
fn a_failed_dispatch_leaves_nothing_behind() {
    let mut process = process();
    let failure = DispatchError::Unreachable("for once".to_owned());
    process.world.failures.borrow_mut().push(failure);
    let run = process.start(&small_plan());
    process.wake_until_idle();
    assert_eq!(met(&process.report(&run)).calls, SLICES * CALLS);
}

#[test]
fn the_history_has_it_beside_the_figures_of_delegated_cells() {
    let mut process = process();
    let run = process.start(&small_plan());
    process.wake_until_idle();
    let report = process.report(&run);
    let mut series = |cell: &str| {
        let question = Question::History {
            cell: cell.parse().unwrap(),
            limit: 10,
        };
        let answer = process.ask(&question).unwrap();
        let figures: Vec<orchestrator::coordinator::Figures> =
            serde_json::from_str(&answer).unwrap();
        assert!(figures[0].figures.contains_key(&SeriesMetric::Mean));
        figures[0].residency.clone()
    };
    let kept = series("service-binding.echo.100").unwrap();
    let met = met(&report);
    assert_eq!(
        (kept.calls, kept.isolates, kept.cold_calls),
        (met.calls, met.isolates, met.cold_calls)
    );
    assert_eq!(Some(&kept.cold_share), met.cold_share.as_ref());
    assert_eq!(series("direct.echo.100"), None);
}

#[test]
fn another_teams_stub_that_says_nothing_of_it_leaves_it_unknown_with_the_reason() {
    let mut process = process();
    process.world.says_elapsed_alone.set(true);
    let run = process.start(&small_plan());
    process.wake_until_idle();
    let report = process.report(&run);
    let met = met(&report);
    assert_eq!((met.calls, &met.cold_share), (0, &None));
    assert!(
        met.text.contains("the stub does not report"),
        "{}",
        met.text
    );
}
