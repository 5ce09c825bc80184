//! A run is a list of rounds: each is decided and stored before it is measured, and none is lost, doubled or decided otherwise by a crash.

#![allow(
    clippy::print_stdout,
    reason = "how many crash points were tried is part of the result"
)]

use crate::simulated;

use orchestrator::{
    coordinator::{CellSlice, Question, next_round},
    store::{RunRow, StoreError},
};
use protocol::{
    Cell, Function, Plan, Report, Round, Rounds, RunId, RunState, Transport,
    slice::{Measured, SliceRecord, Work},
};
use simulated::{
    process::{Process, records},
    settings,
};

/// Blocks of the second round, and what its slices hold.
const BLOCKS: u32 = 3;
const SAMPLES: u32 = 5;
const CHAIN: u32 = 4;
const WARMUP: u32 = 1;

/// Four cells in 20 blocks of 2 samples.
fn plan() -> Plan {
    Plan {
        transports: vec![Transport::Direct, Transport::ServiceBinding],
        functions: vec![Function::Echo],
        payload_bytes: vec![100, 1_000],
        samples_per_cell: 40,
        breakdown: false,
        ..Plan::of_fixed_size()
    }
}

/// The cells of the payload that had the slowest call.
fn in_doubt(records: &[SliceRecord]) -> Vec<Work> {
    let slowest = records.iter().filter_map(|record| match &record.measured {
        Measured::Samples(response) => Some((response.samples.iter().max()?, record.work)),
        Measured::Repeated(_) | Measured::ColdStart(_) => None,
    });
    let Some((_, Work::Cell(slowest))) = slowest.max() else {
        return Vec::new();
    };
    let cells = plan().cells().into_iter();
    cells
        .filter(|cell| cell.payload_bytes == slowest.payload_bytes)
        .map(Work::Cell)
        .collect()
}

/// One more round of the cells in doubt, shorter and of other slices than the first.
fn one_more(run: &RunRow, records: &[SliceRecord]) -> Option<Round> {
    assert!(run.is_measured(), "decided before the end of a round");
    assert_eq!(
        records.len(),
        run.cursor as usize,
        "decided from a part of it"
    );
    let last = run.rounds.last();
    (last.number == 0).then(|| Round {
        samples_per_slice: SAMPLES,
        chain_calls: CHAIN,
        warmup_per_slice: WARMUP,
        ..last.followed_by(in_doubt(records), BLOCKS)
    })
}

fn process() -> Process {
    let mut process = Process::new(settings(&[("LIMITS", "local")]));
    process.next_round = Some(one_more);
    process.restart();
    process
}

fn stored(process: &Process, run: &RunId) -> RunRow {
    let row = process.coordinator().store().run(run);
    row.unwrap().unwrap()
}

/// What was measured where; not how long its dispatch took.
fn samples(records: &[SliceRecord]) -> Vec<(u32, u32, Work, Vec<u64>)> {
    let of = |record: &SliceRecord| {
        let Measured::Samples(response) = &record.measured else {
            panic!("{record:?}");
        };
        let samples = response.samples.clone();
        (record.index, record.block, record.work, samples)
    };
    records.iter().map(of).collect()
}

fn counts(report: &Report) -> Vec<(Cell, u64)> {
    let cells = report.cells.iter();
    cells.map(|cell| (cell.id, cell.count)).collect()
}

/// A run of two rounds from its start to the end of its report, with a crash at the given step, if one.
fn run_with_crash(at: Option<u64>) -> (Process, RunId) {
    let mut process = process();
    process.world.crashes.steps.set(0);
    process.world.crashes.at.set(at);
    let run = process.start(&plan());
    process.wake_until_idle();
    (process, run)
}

#[test]
fn a_later_round_continues_blocks_and_slices_and_measures_what_it_holds() {
    let (mut process, run) = run_with_crash(None);
    let row = stored(&process, &run);
    let all = records(&process, &run);
    let (first, second) = all.split_at(20 * 4);
    assert_eq!(row.rounds.iter().count(), 2);
    assert_eq!(second.len(), 3 * 2);
    let works = &row.rounds.last().works;
    assert_eq!(works, &in_doubt(first));
    for block in 20..23 {
        let mut measured: Vec<Work> = second
            .iter()
            .filter(|record| record.block == block)
            .map(|record| record.work)
            .collect();
        measured.sort_unstable();
        assert_eq!(&measured, works, "block {block}");
    }
    let indices: Vec<u32> = all.iter().map(|record| record.index).collect();
    assert_eq!(indices, (0..86).collect::<Vec<_>>());
    let asked: Vec<_> = process.world.measured.borrow()[80..]
        .iter()
        .map(|request| (request.samples, request.chain, request.warmup))
        .collect();
    assert_eq!(asked, [(SAMPLES, CHAIN, WARMUP); 6]);
    let again: Vec<u64> = process
        .world
        .measured
        .borrow()
        .iter()
        .map(|request| request.seed)
        .collect();
    let different: std::collections::BTreeSet<u64> = again.iter().copied().collect();
    assert_eq!(different.len(), 86, "every slice has a seed of its own");
    for (cell, count) in counts(&process.report(&run)) {
        let more = if works.contains(&Work::Cell(cell)) {
            u64::from(BLOCKS * SAMPLES)
        } else {
            0
        };
        assert_eq!(count, 40 + more, "{cell}");
    }
}

#[test]
fn no_crash_at_any_step_loses_or_doubles_a_slice_or_decides_another_round() {
    let (mut undisturbed, run) = run_with_crash(None);
    let steps = undisturbed.world.crashes.steps.get();
    let (rounds, expected) = (
        stored(&undisturbed, &run).rounds,
        samples(&records(&undisturbed, &run)),
    );
    let report = counts(&undisturbed.report(&run));
    for step in 1..=steps {
        let (mut process, run) = run_with_crash(Some(step));
        assert_eq!(process.restarts, 1, "step {step} of {steps} did not crash");
        let status = process.status(&run);
        assert_eq!(
            (status.state, status.progress.slices_done),
            (RunState::Completed, 86),
            "crash at step {step}: {:?}",
            status.reason
        );
        assert_eq!(
            stored(&process, &run).rounds,
            rounds,
            "crash at step {step}"
        );
        let found = samples(&records(&process, &run));
        assert_eq!(found, expected, "crash at step {step}");
        assert_eq!(
            counts(&process.report(&run)),
            report,
            "crash at step {step}"
        );
    }
    println!("crash points tried: {steps}");
}

#[test]
fn a_round_is_stored_before_its_first_slice_is_dispatched() {
    let mut process = process();
    let run = process.start(&plan());
    loop {
        let stored_slices = stored(&process, &run).rounds.slices();
        let asleep = !process.wake();
        let dispatched = process.world.measured.borrow().len();
        assert!(dispatched <= stored_slices as usize, "{dispatched}");
        if asleep {
            break;
        }
    }
    assert_eq!(process.world.measured.borrow().len(), 86);
}

#[test]
fn a_round_that_is_stored_is_measured_by_whatever_is_deployed_meanwhile() {
    let (undisturbed, run) = run_with_crash(None);
    let expected = samples(&records(&undisturbed, &run));
    // Deployed just after the decision, and in the middle of its round.
    for slices in [80, 83] {
        let mut process = process();
        let run = process.start(&plan());
        while stored(&process, &run).rounds.iter().count() < 2
            || stored(&process, &run).cursor < slices
        {
            process.wake();
        }
        process.next_round = None;
        process.settings = settings(&[("LIMITS", "free"), ("DELEGATED_CALLS_PER_SLICE", "12")]);
        process.restart();
        process.wake_until_idle();
        assert_eq!(samples(&records(&process, &run)), expected, "{slices}");
    }
}

#[test]
fn progress_and_usage_are_of_the_rounds_decided_so_far() {
    let mut process = process();
    let run = process.start(&plan());
    let before = process.status(&run);
    assert_eq!(
        (before.progress.slices_total, before.progress.blocks_total),
        (80, 20)
    );
    while stored(&process, &run).rounds.iter().count() < 2 {
        process.wake();
    }
    process.wake();
    process.wake();
    process.wake();
    let status = process.status(&run);
    let progress = &status.progress;
    assert_eq!((progress.slices_done, progress.slices_total), (83, 86));
    assert_eq!((progress.blocks_done, progress.blocks_total), (21, 23));
    let current = progress.current.clone().expect("something is measured");
    let works = stored(&process, &run).rounds.last().works.clone();
    assert!(
        works.iter().any(|work| work.to_string() == current),
        "{current}"
    );
    process.wake_until_idle();
    let usage = process.status(&run).usage;
    let calls = 20 * 2 * (2 + 8 + 2) + BLOCKS * (SAMPLES + CHAIN + WARMUP);
    assert_eq!(usage.estimated.delegated_calls, u64::from(calls));
    assert_eq!(usage.actual.delegated_calls, u64::from(calls));
    assert_eq!(usage.estimated.wakes, 86);
    let line = process
        .lines
        .iter()
        .map(orchestrator::coordinator::LogLine::to_json)
        .find(|line| line.contains("round-decided"))
        .expect("the decision is logged");
    assert_eq!(
        line,
        format!(
            "{{\"event\":\"round-decided\",\"run\":\"{run}\",\"round\":1,\"cells\":2,\"slices\":6,\"slices_total\":86}}"
        )
    );
}

#[test]
fn exports_name_the_blocks_of_the_whole_run() {
    let (mut process, run) = run_with_crash(None);
    let rounds = stored(&process, &run).rounds;
    for cell in plan().cells() {
        let question = Question::Slices {
            run: run.clone(),
            cell,
        };
        let answer = process.ask(&question).unwrap();
        let slices: Vec<CellSlice> = serde_json::from_str(&answer).unwrap();
        let blocks: Vec<u32> = slices.iter().map(|slice| slice.block).collect();
        let last = if rounds.last().works.contains(&Work::Cell(cell)) {
            23
        } else {
            20
        };
        assert_eq!(blocks, (0..last).collect::<Vec<_>>(), "{cell}");
        for slice in slices {
            assert_eq!(slice.record.unwrap().block, slice.block);
        }
    }
}

#[test]
fn a_run_that_is_cancelled_gets_no_further_round() {
    let mut process = process();
    let run = process.start(&plan());
    while stored(&process, &run).cursor < 80 {
        process.wake();
    }
    // The decision has been announced, and is not made yet.
    process.wake();
    process.ask(&Question::Cancel { run: run.clone() }).unwrap();
    process.wake_until_idle();
    let row = stored(&process, &run);
    assert_eq!(
        (row.state, row.rounds.iter().count()),
        (RunState::Cancelled, 1)
    );
    assert!(
        counts(&process.report(&run))
            .iter()
            .all(|(_, count)| *count == 40)
    );
}

#[test]
fn a_round_is_appended_once_at_its_place_and_to_no_run_that_has_ended() {
    let mut process = process();
    let run = process.start(&plan());
    let longer = |row: &RunRow| {
        let mut longer = row.clone();
        let round = row.rounds.last().followed_by(plan().works(), 1);
        longer.rounds.push(round).unwrap();
        longer
    };
    let append = |process: &Process, longer: &RunRow| {
        let now = process.world.now.get();
        process.coordinator().store().append_round(longer, now)
    };
    // Slices of the first round are missing yet.
    let early = longer(&stored(&process, &run));
    assert!(matches!(append(&process, &early), Err(StoreError::MovedOn)));
    while stored(&process, &run).cursor < 80 {
        process.wake();
    }
    let next = longer(&stored(&process, &run));
    append(&process, &next).unwrap();
    assert!(matches!(append(&process, &next), Err(StoreError::MovedOn)));
    assert_eq!(stored(&process, &run).rounds, next.rounds);
    process.wake_until_idle();
    let ended = longer(&stored(&process, &run));
    assert!(matches!(append(&process, &ended), Err(StoreError::MovedOn)));
    assert_eq!(records(&process, &run).len(), 84);
}

#[test]
fn a_round_beyond_the_limits_is_not_measured_and_what_was_measured_is_reported() {
    let mut process = process();
    process.next_round = Some(|run, _| {
        let works = run.rounds.last().works.clone();
        Some(run.rounds.last().followed_by(works, 1_000_000))
    });
    process.restart();
    let run = process.start(&plan());
    process.wake_until_idle();
    assert_eq!(process.status(&run).state, RunState::Completed);
    assert_eq!(stored(&process, &run).rounds.iter().count(), 1);
    assert_eq!(counts(&process.report(&run))[0].1, 40);
    let fault = process
        .lines
        .iter()
        .map(orchestrator::coordinator::LogLine::to_json)
        .find(|line| line.contains("\"fault\""))
        .expect("it is logged");
    assert!(
        fault.contains("the limits allow 100000") && fault.contains(run.as_str()),
        "{fault}"
    );
}

#[test]
fn a_decision_that_crashes_its_instance_again_and_again_ends_the_run() {
    let mut process = process();
    let run = process.start(&plan());
    while stored(&process, &run).cursor < 80 {
        process.wake();
    }
    // Each attempt is announced in a wake of its own, and dies in the next one.
    let mut attempts = 0;
    while process.status(&run).state == RunState::Running {
        attempts += 1;
        assert!(attempts <= 5, "it is tried for ever");
        process.wake();
        let crashes = &process.world.crashes;
        crashes.at.set(Some(crashes.steps.get() + 4));
        process.wake();
        process.world.crashes.at.set(None);
    }
    assert_eq!(process.status(&run).state, RunState::Failed);
    assert_eq!(records(&process, &run).len(), 80);
}

#[test]
fn a_run_may_have_more_rounds_than_one_decision_has_attempts() {
    let mut process = process();
    process.next_round = Some(|run, records| {
        let last = run.rounds.last();
        (last.number < 6).then(|| last.followed_by(in_doubt(records), 1))
    });
    process.restart();
    let run = process.start(&plan());
    process.wake_until_idle();
    let status = process.status(&run);
    assert_eq!(status.state, RunState::Completed, "{:?}", status.reason);
    assert_eq!(stored(&process, &run).rounds.iter().count(), 7);
    assert_eq!(status.progress.slices_done, 80 + 6 * 2);
}

#[test]
fn a_plan_of_fixed_size_has_one_round() {
    let mut process = Process::new(settings(&[("LIMITS", "local")]));
    let run = process.start(&plan());
    process.wake_until_idle();
    let row = stored(&process, &run);
    let limits = process.settings.limits;
    assert_eq!(
        row.rounds,
        Rounds::new(Round::first(&plan(), &limits)).unwrap()
    );
    assert_eq!(next_round(&row, &records(&process, &run)), None);
    assert_eq!(process.status(&run).state, RunState::Completed);
}

#[test]
fn rounds_that_do_not_fit_together_are_not_measured() {
    for damage in [
        "DELETE FROM rounds WHERE number = 0",
        "UPDATE rounds SET round = json_set(round, '$.first_slice', 81) WHERE number = 1",
        "UPDATE rounds SET round = json_set(round, '$.blocks', 0) WHERE number = 0",
    ] {
        let mut process = process();
        let run = process.start(&plan());
        while stored(&process, &run).rounds.iter().count() < 2 {
            process.wake();
        }
        process.database.execute(damage, &[]).unwrap();
        let error = simulated::open(&process.database, &process.settings).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("stored rounds cannot be read: "),
            "{damage}: {error}"
        );
    }
}
