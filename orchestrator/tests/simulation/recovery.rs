//! Nothing measured is lost or counted twice, wherever the process crashes.

#![allow(
    clippy::print_stdout,
    reason = "how many crash points were tried is part of the result"
)]

use crate::simulated;

use orchestrator::{coordinator::DispatchError, store::sql::Sql as _};
use protocol::{
    Plan, RunId, RunState,
    slice::{Measured, SliceRecord},
};
use simulated::{
    process::{Process, records, run_with_crash},
    settings, small_plan,
};

fn plan(breakdown: bool) -> Plan {
    Plan {
        breakdown,
        ..small_plan()
    }
}

/// Samples by slice, without what a retry may change.
fn samples(records: &[SliceRecord]) -> Vec<(u32, String, Vec<u64>)> {
    let of = |record: &SliceRecord| match &record.measured {
        Measured::Samples(response) => (
            record.index,
            record.work.to_string(),
            response.samples.clone(),
        ),
        Measured::Repeated(response) => (
            record.index,
            record.work.to_string(),
            vec![u64::from(response.repetitions)],
        ),
        Measured::ColdStart(outcome) => panic!("a cold start that nobody asked for: {outcome:?}"),
    };
    records.iter().map(of).collect()
}

#[test]
fn no_crash_at_any_step_loses_or_doubles_a_sample() {
    // Every step of a run of cells; of the longer one with components every seventh.
    for (breakdown, stride) in [(false, 1), (true, 7)] {
        let plan = plan(breakdown);
        let (mut undisturbed, run) = run_with_crash(&plan, None);
        let steps = undisturbed.world.crashes.steps.get();
        let (expected, report) = (
            samples(&records(&undisturbed, &run)),
            undisturbed.report(&run),
        );
        let (mut lost, mut doubled) = (0, 0);
        let mut tried = 0;
        for step in (1..=steps).step_by(stride) {
            tried += 1;
            let (mut process, run) = run_with_crash(&plan, Some(step));
            assert_eq!(process.restarts, 1, "step {step} of {steps} did not crash");
            let status = process.status(&run);
            assert_eq!(
                status.state,
                RunState::Completed,
                "crash at step {step}: {:?}",
                status.reason
            );
            let found = samples(&records(&process, &run));
            lost += expected
                .iter()
                .filter(|slice| !found.contains(slice))
                .count();
            doubled += found.len().saturating_sub(expected.len());
            assert_eq!(found, expected, "crash at step {step}");
            assert_eq!(status.progress.samples, 2 * 40, "crash at step {step}");
            let again = process.report(&run);
            let counts = |report: &protocol::Report| {
                report
                    .cells
                    .iter()
                    .map(|cell| (cell.id, cell.count))
                    .collect::<Vec<_>>()
            };
            assert_eq!(counts(&again), counts(&report), "crash at step {step}");
        }
        println!(
            "crash points tried: {tried} of {steps}, samples lost: {lost}, doubled: {doubled}"
        );
    }
}

#[test]
fn a_process_that_crashes_again_and_again_still_gets_to_the_end() {
    let plan = plan(false);
    let (undisturbed, run) = run_with_crash(&plan, None);
    let expected = samples(&records(&undisturbed, &run));
    // A start and one slice take fewer steps than this; every process gets a little further.
    for life in [60, 77, 101] {
        let mut process = Process::new(settings(&[("LIMITS", "local")]));
        let run = process.start(&plan);
        while process.alarm.is_some() {
            let crashes = &process.world.crashes;
            if crashes.at.get().is_none_or(|at| at <= crashes.steps.get()) {
                crashes.at.set(Some(crashes.steps.get() + life));
            }
            process.wake();
        }
        assert!(process.restarts > 3, "{} restarts", process.restarts);
        assert_eq!(samples(&records(&process, &run)), expected);
    }
}

#[test]
fn an_alarm_that_fires_twice_at_once_commits_its_slice_once() {
    let mut process = Process::new(settings(&[("LIMITS", "local")]));
    let run = process.start(&plan(false));
    let coordinator = process.coordinator();
    let (one, other) = pollster::block_on(futures_util::future::join(
        coordinator.wake(&*process.world),
        coordinator.wake(&*process.world),
    ));
    assert_eq!(records(&process, &run).len(), 1);
    let lines = [one.lines, other.lines].concat();
    assert!(
        lines
            .iter()
            .any(|line| line.to_json().contains("slice-dropped")),
        "{lines:?}"
    );
    process.wake_until_idle();
    assert_eq!(process.status(&run).progress.samples, 80);
}

#[test]
fn a_slice_that_is_answered_too_late_is_measured_again_and_counted_once() {
    let mut process = Process::new(settings(&[("LIMITS", "local")]));
    process
        .world
        .failures
        .borrow_mut()
        .push(DispatchError::Timeout(1_000));
    let run = process.start(&plan(false));
    process.wake_until_idle();
    let records = records(&process, &run);
    assert_eq!((records[0].attempt, records[1].attempt), (2, 1));
    assert_eq!(process.world.measured.borrow().len(), records.len() + 1);
    assert_eq!(process.status(&run).progress.samples, 80);
}

/// What a run measured and took of the account, and what its report says of limits; not when.
fn course(process: &mut Process, run: &RunId) -> impl PartialEq + core::fmt::Debug + use<> {
    let slices = samples(&records(process, run));
    let usage = process.status(run).usage;
    let report = process.report(run);
    let delegated = (
        usage.estimated.delegated_calls,
        usage.actual.delegated_calls,
    );
    let cells: Vec<_> = report
        .cells
        .into_iter()
        .map(|cell| (cell.id, cell.count, cell.mean_us, cell.chain_mean_us))
        .collect();
    (
        slices,
        delegated,
        report.environment.limits,
        report.breakdown,
        cells,
    )
}

#[test]
fn a_deployment_in_mid_run_changes_nothing_of_what_is_measured() {
    // The profile decides how long a component is repeated, the variable how many hops are made, both what the report says.
    let deployments: [&[(&str, &str)]; 3] = [
        &[("LIMITS", "free")],
        &[("LIMITS", "local"), ("DELEGATED_CALLS_PER_SLICE", "12")],
        &[("LIMITS", "free"), ("DELEGATED_CALLS_PER_SLICE", "60")],
    ];
    let (mut undisturbed, run) = run_with_crash(&plan(true), None);
    let expected = course(&mut undisturbed, &run);
    for variables in deployments {
        // Deployed before its first slice, among its first and among its later ones.
        for wakes in [0, 3, 30] {
            let mut process = Process::new(settings(&[("LIMITS", "local")]));
            let run = process.start(&plan(true));
            for _ in 0..wakes {
                process.wake();
            }
            process.settings = settings(variables);
            process.restart();
            process.wake_until_idle();
            let found = course(&mut process, &run);
            assert!(
                found == expected,
                "{variables:?} after {wakes} wakes: {found:?} instead of {expected:?}"
            );
        }
    }
}

#[test]
fn a_stub_that_states_elapsed_times_alone_is_divided_by_the_calls_that_were_made() {
    let mut process = Process::new(settings(&[
        ("LIMITS", "local"),
        ("DELEGATED_CALLS_PER_SLICE", "60"),
    ]));
    process.world.says_elapsed_alone.set(true);
    let plan = Plan {
        samples_per_cell: 3_000,
        ..plan(false)
    };
    let run = process.start(&plan);
    process.wake_until_idle();
    let per_slice = process.world.measured.borrow()[0].samples;
    assert!(per_slice > 40, "{per_slice}");
    let report = process.report(&run);
    // Every slice took 20 ms.
    let mean = 20_000.0 / f64::from(per_slice);
    for cell in &report.cells {
        let stated = cell.mean_us.value.unwrap();
        assert!(
            (stated - mean).abs() < 0.01 * mean,
            "{stated} instead of {mean}"
        );
    }
}

#[test]
fn a_store_that_contradicts_itself_is_not_opened() {
    for damage in [
        "DELETE FROM slices WHERE idx = 3",
        "UPDATE runs SET cursor = cursor + 1",
        "UPDATE slices SET idx = idx + 1000 WHERE idx = 0",
        "UPDATE runs SET cursor = 0",
    ] {
        let mut process = Process::new(settings(&[("LIMITS", "local")]));
        process.start(&plan(false));
        for _ in 0..7 {
            process.wake();
        }
        process.database.query(damage, &[]).unwrap();
        let error = simulated::open(&process.database, &process.settings).unwrap_err();
        assert!(
            error.to_string().contains("contradicts itself"),
            "{damage}: {error}"
        );
    }
}

#[test]
fn a_database_of_a_later_release_is_not_touched() {
    let process = Process::new(settings(&[("LIMITS", "local")]));
    process
        .database
        .query(
            "UPDATE meta SET value = '99' WHERE key = 'schema_version'",
            &[],
        )
        .unwrap();
    let error = simulated::open(&process.database, &process.settings).unwrap_err();
    assert!(error.to_string().contains("schema version 99"), "{error}");
}
