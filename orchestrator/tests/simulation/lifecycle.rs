//! From pending to a final state: order, retries, stalls, queue, cancelling, budgets, retention.

use crate::simulated;

use orchestrator::{
    coordinator::{DispatchError, Question},
    store::sql::{Sql as _, Value},
};
use protocol::{Plan, RunState, run::Trigger};
use simulated::{process::Process, settings, small_plan};

fn process() -> Process {
    Process::new(settings(&[("LIMITS", "local")]))
}

fn count(process: &Process, statement: &str) -> i64 {
    match process.database.execute(statement, &[]).unwrap()[0][0] {
        Value::Integer(number) => number,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_goes_from_pending_over_running_to_completed() {
    let mut process = process();
    let run = process.start(&small_plan());
    assert_eq!(process.status(&run).state, RunState::Pending);
    process.wake();
    let status = process.status(&run);
    assert_eq!(
        (status.state, status.progress.slices_done),
        (RunState::Running, 1)
    );
    assert!(status.started_at.is_some() && status.progress.seconds_left.is_some());
    process.wake_until_idle();
    let status = process.status(&run);
    assert_eq!(
        (
            status.state,
            status.progress.slices_done,
            status.progress.blocks_done
        ),
        (RunState::Completed, 40, 20)
    );
    assert_eq!((status.progress.samples, status.progress.errors), (80, 0));
    assert_eq!(status.progress.seconds_left, None);
}

#[test]
fn nothing_is_written_before_or_during_a_measurement() {
    let mut process = process();
    process.start(&small_plan());
    let before = process.database.rows_written();
    // A wake that crashes when the answer is there has written nothing yet.
    process.world.crashes.steps.set(0);
    process.world.crashes.at.set(Some(4));
    process.wake();
    assert_eq!(process.world.measured.borrow().len(), 1);
    assert_eq!(process.database.rows_written(), before);
}

#[test]
fn a_wake_writes_as_many_rows_as_it_is_charged_for() {
    let mut process = process();
    process.start(&small_plan());
    let before = process.database.rows_written();
    process.wake();
    // The alarm is the platform's own row.
    assert_eq!(
        process.database.rows_written() - before + 1,
        protocol::usage::ROWS_PER_WAKE
    );
}

#[test]
fn every_event_stays_within_the_calls_of_a_slice() {
    for timer in ["ticked", "auto"] {
        let mut process = Process::new(settings(&[("LIMITS", "paid")]));
        let plan = Plan {
            timer: timer.parse().unwrap(),
            samples_per_cell: 1_000,
            payload_bytes: vec![100],
            breakdown: true,
            ..Plan::of_fixed_size()
        };
        process.start(&plan);
        let mut most = 0;
        while process.alarm.is_some() {
            let (measured, repeated) = (
                process.world.measured.borrow().len(),
                process.world.repeated.borrow().len(),
            );
            process.wake();
            let measured = &process.world.measured.borrow()[measured..];
            let repeated = &process.world.repeated.borrow()[repeated..];
            let calls = measured
                .iter()
                .filter(|request| request.transport.delegates())
                .map(|request| request.samples + request.warmup + request.chain);
            let hops = repeated
                .iter()
                .filter(|request| request.component.delegates())
                .map(|request| request.repetitions);
            most = most.max(calls.sum::<u32>() + hops.sum::<u32>());
        }
        assert!(
            (20..=protocol::limits::DELEGATED_CALLS_PER_SLICE).contains(&most),
            "{most} calls in one event"
        );
    }
}

#[test]
fn repetitions_are_found_once_and_kept() {
    for frozen in [false, true] {
        let mut process = process();
        process.world.frozen.set(frozen);
        let run = process.start(&Plan {
            breakdown: true,
            ..small_plan()
        });
        process.wake_until_idle();
        let records = process.coordinator().store().records(&run).unwrap();
        let encode: Vec<u32> = records
            .iter()
            .filter(|record| record.work.to_string() == "encode.100")
            .map(|record| match &record.measured {
                protocol::slice::Measured::Repeated(response) => response.repetitions,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(encode.len(), 20);
        // 20 ms at 500 ns each, or more: the last guess may overshoot.
        assert!(
            encode[0] >= 40_000 && encode.iter().all(|count| *count == encode[0]),
            "{encode:?}"
        );
        let nothing = records
            .iter()
            .find(|record| record.work.to_string() == "nothing")
            .unwrap();
        assert!(
            matches!(&nothing.measured, protocol::slice::Measured::Repeated(response) if response.repetitions == 0)
        );
    }
}

#[test]
fn a_failing_caller_is_asked_again_with_growing_pauses_and_then_given_up() {
    let mut process = process();
    let unreachable = || DispatchError::Unreachable("connection lost".to_owned());
    process
        .world
        .failures
        .borrow_mut()
        .extend((0..5).map(|_| unreachable()));
    let run = process.start(&small_plan());
    let mut pauses = Vec::new();
    for _ in 0..4 {
        process.wake();
        pauses.push(process.alarm.unwrap() - process.world.now.get());
    }
    assert_eq!(pauses, [1_000, 2_000, 4_000, 8_000]);
    process.wake_until_idle();
    let status = process.status(&run);
    assert_eq!(status.state, RunState::Failed);
    assert_eq!(
        status.reason.as_deref(),
        Some("slice 0 failed 5 time(s); the caller-worker could not be reached: connection lost")
    );
}

#[test]
fn a_request_that_the_caller_refuses_is_not_repeated() {
    let mut process = process();
    let refused = DispatchError::Refused {
        status: 400,
        detail: "no RUNTIME_URL".to_owned(),
    };
    process.world.failures.borrow_mut().push(refused);
    let run = process.start(&small_plan());
    process.wake_until_idle();
    assert_eq!(process.world.measured.borrow().len(), 1);
    let reason = process.status(&run).reason.unwrap();
    assert!(
        reason.ends_with("refused the slice with status 400: no RUNTIME_URL"),
        "{reason}"
    );
}

#[test]
fn a_run_that_gets_nowhere_for_a_quarter_of_an_hour_fails_itself() {
    let mut process = process();
    let run = process.start(&small_plan());
    for _ in 0..5 {
        process.wake();
    }
    // The platform forgets the alarm; whoever asks next finds out.
    process.alarm = None;
    process
        .world
        .now
        .set(process.world.now.get() + 15 * 60 * 1_000 + 1);
    let status = process.status(&run);
    assert_eq!(status.state, RunState::Failed);
    assert_eq!(
        status.reason.as_deref(),
        Some("no slice was completed for 15 minutes")
    );
    process.wake_until_idle();
    assert_eq!(
        process.report(&run).run.state,
        RunState::Failed,
        "what was measured is kept"
    );
}

#[test]
fn a_run_that_lost_its_alarm_is_woken_by_whoever_asks_next() {
    let mut process = process();
    let run = process.start(&small_plan());
    for _ in 0..5 {
        process.wake();
    }
    process.alarm = None;
    process.world.now.set(process.world.now.get() + 61_000);
    process.status(&run);
    process.wake_until_idle();
    assert_eq!(process.status(&run).state, RunState::Completed);
}

#[test]
fn people_wait_for_the_active_run_and_one_scheduled_run_queues_behind_it() {
    let mut process = process();
    let first = process.start(&small_plan());
    process.wake();
    let start = |process: &mut Process, trigger, random| {
        let start = process.start_of(&small_plan(), trigger, random);
        process.ask(&Question::Start(Box::new(start)))
    };
    let problem = start(&mut process, Trigger::Request, 2).unwrap_err();
    assert_eq!(problem.status, 409);
    assert!(
        problem.detail.contains(first.as_str()),
        "{}",
        problem.detail
    );
    assert!(start(&mut process, Trigger::Cron, 3).is_ok());
    assert_eq!(
        start(&mut process, Trigger::Cron, 4).unwrap_err().status,
        409,
        "firings do not pile up"
    );
    process.wake_until_idle();
    assert_eq!(
        count(
            &process,
            "SELECT COUNT(*) FROM runs WHERE state = 'completed'"
        ),
        2
    );
}

#[test]
fn a_run_that_waited_long_in_the_queue_is_not_taken_for_stalled() {
    let mut process = process();
    process.start(&small_plan());
    let queued = process.start_of(&small_plan(), Trigger::Cron, 3);
    process
        .ask(&Question::Start(Box::new(queued.clone())))
        .unwrap();
    while process.status(&queued.id).state == RunState::Pending {
        // Each slice of the first run takes ten minutes.
        process.world.now.set(process.world.now.get() + 600_000);
        process.wake();
    }
    process.wake_until_idle();
    assert_eq!(process.status(&queued.id).state, RunState::Completed);
}

#[test]
fn a_cancelled_run_keeps_what_was_measured_and_drops_the_slice_in_flight() {
    let mut process = process();
    let run = process.start(&small_plan());
    for _ in 0..6 {
        process.wake();
    }
    let coordinator = process.coordinator();
    let wake = coordinator.wake(&*process.world);
    let cancel = async {
        coordinator.answer(
            Question::Cancel { run: run.clone() },
            process.world.now.get(),
        )
    };
    let (woken, (answer, turn)) = pollster::block_on(futures_util::future::join(wake, cancel));
    assert!(answer.unwrap().contains("cancelled"));
    assert!(
        woken
            .lines
            .iter()
            .any(|line| line.to_json().contains("slice-dropped")),
        "{:?}",
        woken.lines
    );
    process.alarm = turn.wake_at;
    process.wake_until_idle();
    let status = process.status(&run);
    assert_eq!(
        (status.state, status.progress.slices_done),
        (RunState::Cancelled, 6)
    );
    assert_eq!(process.report(&run).run.state, RunState::Cancelled);
    assert_eq!(
        process
            .ask(&Question::Report { run: None })
            .unwrap_err()
            .status,
        404,
        "no run was completed"
    );
    assert_eq!(
        process.ask(&Question::Cancel { run }).unwrap_err().status,
        409
    );
}

#[test]
fn where_on_earth_is_learnt_before_the_first_slice_and_not_locally() {
    for (limits, colo) in [("paid", Some("VIE")), ("local", None)] {
        let mut process = Process::new(settings(&[("LIMITS", limits)]));
        let run = process.start(&small_plan());
        process.wake_until_idle();
        assert_eq!(process.report(&run).run.colo.as_deref(), colo);
    }
}

#[test]
fn a_report_that_crashes_its_worker_is_given_up_after_three_attempts() {
    let mut process = process();
    let run = process.start(&small_plan());
    while process.status(&run).progress.slices_done < 40 {
        process.wake();
    }
    // The process dies each time that it begins to assemble.
    for _ in 0..3 {
        process.wake();
        process.restart();
    }
    process.wake_until_idle();
    let status = process.status(&run);
    assert_eq!(status.state, RunState::Failed);
    assert_eq!(
        status.reason.as_deref(),
        Some("the report could not be assembled in 3 attempts")
    );
}

#[test]
fn old_samples_and_then_old_runs_are_pruned_but_not_the_series() {
    let mut process = Process::new(settings(&[
        ("LIMITS", "local"),
        ("KEEP_RUNS", "3"),
        ("KEEP_SAMPLES_OF_RUNS", "2"),
    ]));
    for _ in 0..5 {
        process.world.now.set(process.world.now.get() + 60_000);
        process.start(&small_plan());
        process.wake_until_idle();
    }
    assert_eq!(count(&process, "SELECT COUNT(*) FROM runs"), 3);
    assert_eq!(count(&process, "SELECT COUNT(DISTINCT run) FROM slices"), 3);
    assert_eq!(
        count(
            &process,
            "SELECT COUNT(DISTINCT run) FROM slices WHERE record IS NOT NULL"
        ),
        2
    );
    assert_eq!(
        count(
            &process,
            "SELECT COUNT(*) FROM slices WHERE cell IS NOT NULL AND histogram IS NULL"
        ),
        0
    );
    assert_eq!(count(&process, "SELECT COUNT(*) FROM reports"), 3);
    assert_eq!(
        count(&process, "SELECT COUNT(DISTINCT run) FROM history"),
        5
    );
}

#[test]
fn letting_go_never_touches_a_run_that_goes_on() {
    let mut process = Process::new(settings(&[
        ("LIMITS", "local"),
        ("KEEP_RUNS", "1"),
        ("KEEP_SAMPLES_OF_RUNS", "1"),
    ]));
    let run = process.start(&small_plan());
    process.wake();
    let newer = "INSERT INTO runs SELECT '2027' || substr(id, 5), 'completed', request, 0, tally, started_ms, 0, progress_ms, reason, colo, 'none', 1 FROM runs";
    process.database.query(newer, &[]).unwrap();
    let coordinator = process.coordinator();
    let store = coordinator.store();
    assert!(!store.prune(1, 1).unwrap());
    assert_eq!(store.records(&run).unwrap().len(), 1);
}

#[test]
fn people_may_start_so_many_runs_an_hour() {
    let mut process = Process::new(settings(&[("LIMITS", "local"), ("RUNS_PER_HOUR", "2")]));
    for _ in 0..2 {
        process.start(&small_plan());
        process.wake_until_idle();
        process.world.now.set(process.world.now.get() + 1_000);
    }
    assert_eq!(process.ask(&Question::MayStart).unwrap_err().status, 429);
    process.world.now.set(process.world.now.get() + 3_600_000);
    assert!(process.ask(&Question::MayStart).is_ok());
}
