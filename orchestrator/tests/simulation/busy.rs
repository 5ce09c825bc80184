//! What is measured beside neighbours: when, by which requests, and that no crash loses or doubles any of it.

use crate::simulated;

use orchestrator::coordinator::{DispatchError, Question};
use protocol::{
    BusyShare, Cell, Function, Plan, Report, RoundKind, RunState, Transport,
    slice::{Measured, SliceRecord, Work},
};
use simulated::{
    FOUND_STROKES,
    process::{Process, records, run_with_crash},
    settings, small_plan,
};

/// Two cells by themselves in 40 slices; at 0, 10 and 50 % in 120 more.
fn plan() -> Plan {
    Plan {
        busy: [0.1, 0.5]
            .map(|share| BusyShare::of(share).unwrap())
            .to_vec(),
        ..small_plan()
    }
}

/// Samples by slice, without what a retry may change.
fn samples(records: &[SliceRecord]) -> Vec<(u32, Work, Vec<u64>)> {
    let of = |record: &SliceRecord| match &record.measured {
        Measured::Samples(response) => (record.index, record.work, response.samples.clone()),
        Measured::Repeated(_) | Measured::ColdStart(_) => panic!("no components are measured"),
    };
    records.iter().map(of).collect()
}

fn is_busy(record: &SliceRecord) -> bool {
    matches!(record.work, Work::Busy(_))
}

/// Samples of a cell beside a neighbour, and the neighbour's calls.
type Beside = (Cell, BusyShare, u64, u64);

fn counts(report: &Report) -> (Vec<(Cell, u64)>, Vec<Beside>) {
    let cells = report.cells.iter().map(|cell| (cell.id, cell.count));
    let beside = report
        .neighbours
        .iter()
        .map(|row| (row.id, row.busy, row.count, row.achieved.calls));
    (cells.collect(), beside.collect())
}

#[test]
fn neighbours_come_after_all_else_in_shuffled_blocks_of_every_share() {
    let (mut process, run) = run_with_crash(&plan(), None);
    let all = records(&process, &run);
    assert_eq!(all.len(), 40 + 120);
    assert_eq!(all.iter().position(is_busy), Some(40));
    assert!(all[40..].iter().all(is_busy));
    for block in all[40..].chunks(6) {
        let mut works: Vec<Work> = block.iter().map(|record| record.work).collect();
        assert!(block.iter().all(|record| record.block == block[0].block));
        works.sort();
        works.dedup();
        assert_eq!(works.len(), 6, "each cell at each share once");
    }
    let first_works: Vec<Work> = all[40..].chunks(6).map(|block| block[0].work).collect();
    assert!(
        first_works.iter().any(|work| *work != first_works[0]),
        "blocks are shuffled"
    );
    // What is measured of the cells by themselves is what a plan without neighbours measures.
    let (alone, run_alone) = run_with_crash(&small_plan(), None);
    assert_eq!(samples(&all[..40]), samples(&records(&alone, &run_alone)));
    let report = process.report(&run);
    let (cells, beside) = counts(&report);
    assert!(cells.iter().all(|&(_, count)| count == 40));
    let direct = Cell::native(Transport::Direct, Function::Echo, 100);
    let binding = Cell::native(Transport::ServiceBinding, Function::Echo, 100);
    let shares = [0.0, 0.1, 0.5].map(|share| BusyShare::of(share).unwrap());
    let rows: Vec<(Cell, BusyShare, u64)> = beside
        .iter()
        .map(|&(id, busy, count, _)| (id, busy, count))
        .collect();
    let expected: Vec<(Cell, BusyShare, u64)> = [direct, binding]
        .into_iter()
        .flat_map(|cell| shares.map(|share| (cell, share, 40)))
        .collect();
    assert_eq!(rows, expected);
    assert_eq!(process.status(&run).progress.samples, 2 * 40 + 6 * 40);
}

#[test]
fn no_crash_at_any_step_loses_or_doubles_what_is_measured_beside_neighbours() {
    let plan = plan();
    let (mut undisturbed, run) = run_with_crash(&plan, None);
    let steps = undisturbed.world.crashes.steps.get();
    let expected = samples(&records(&undisturbed, &run));
    let report = undisturbed.report(&run);
    // Every third step; 3 and the steps of a slice have no factor in common that would leave one out.
    for step in (1..=steps).step_by(3) {
        let (mut process, run) = run_with_crash(&plan, Some(step));
        assert_eq!(process.restarts, 1, "step {step} of {steps} did not crash");
        let status = process.status(&run);
        assert_eq!(
            status.state,
            RunState::Completed,
            "crash at step {step}: {:?}",
            status.reason
        );
        assert_eq!(
            samples(&records(&process, &run)),
            expected,
            "crash at step {step}"
        );
        assert_eq!(
            counts(&process.report(&run)).0,
            counts(&report).0,
            "crash at step {step}"
        );
        let rows = |report: &Report| {
            counts(report)
                .1
                .into_iter()
                .map(|(id, busy, count, _)| (id, busy, count))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            rows(&process.report(&run)),
            rows(&report),
            "crash at step {step}"
        );
    }
}

#[test]
fn a_dispatch_that_fails_is_tried_again_and_counted_once() {
    let mut process = Process::new(settings(&[("LIMITS", "local")]));
    let run = process.start(&plan());
    while !records(&process, &run).iter().any(is_busy) {
        process.wake();
    }
    let lost = DispatchError::Unreachable("for a moment".to_owned());
    process.world.failures.borrow_mut().push(lost);
    process.wake_until_idle();
    let all = records(&process, &run);
    assert_eq!(all.len(), 160);
    assert_eq!(all.iter().filter(|record| record.attempt == 2).count(), 1);
    assert!(
        process
            .report(&run)
            .neighbours
            .iter()
            .all(|row| row.count == 40)
    );
}

#[test]
fn the_first_slice_finds_the_strokes_and_the_others_are_told_and_their_calls_are_counted() {
    let (mut process, run) = run_with_crash(&plan(), None);
    let measured = process.world.measured.borrow().clone();
    let beside: Vec<_> = measured
        .iter()
        .filter_map(|request| request.neighbour)
        .collect();
    assert_eq!(beside.len(), 120);
    assert!(
        measured[..40]
            .iter()
            .all(|request| request.neighbour.is_none())
    );
    let first_busy = beside.iter().position(|asked| asked.percent > 0).unwrap();
    assert!(beside[..=first_busy].iter().all(|asked| asked.strokes == 0));
    assert!(
        beside[first_busy + 1..]
            .iter()
            .all(|asked| asked.strokes == FOUND_STROKES)
    );
    let pauses: Vec<u32> = [0, 10, 50]
        .map(|percent| {
            beside
                .iter()
                .find(|asked| asked.percent == percent)
                .unwrap()
                .pause_ms
        })
        .to_vec();
    assert_eq!(pauses, [500, 500, 100]);
    assert!(measured[40..].iter().all(|request| (
        request.chain,
        request.concurrency,
        request.batch_size
    ) == (0, 1, 1)));
    // 80 slices of ten calls of a neighbour, and three to find the strokes out
    let calls: u64 = process
        .report(&run)
        .neighbours
        .iter()
        .map(|row| row.achieved.calls)
        .sum();
    assert_eq!(calls, 80 * 10 + 3);
    let usage = process.status(&run).usage;
    let (with, without) = (usage.actual.delegated_calls, {
        let (mut alone, run) = run_with_crash(&small_plan(), None);
        alone.status(&run).usage.actual.delegated_calls
    });
    // and of the binding's 60 slices 2 calls and 2 of warmup each
    assert_eq!(with - without, calls + 60 * 4);
    assert!(
        usage.estimated.delegated_calls > without + 60 * 4,
        "{usage:?}"
    );
}

#[test]
fn what_is_measured_beside_neighbours_is_no_part_of_a_cells_exports_and_a_cancelled_run_gets_none()
{
    let (process, run) = run_with_crash(&plan(), None);
    let cell = Cell::native(Transport::ServiceBinding, Function::Echo, 100);
    let slices = process
        .coordinator()
        .store()
        .slices_of_cell(&run, &cell)
        .unwrap();
    assert_eq!(slices.len(), 20);
    let mut cancelled = Process::new(settings(&[("LIMITS", "local")]));
    let run = cancelled.start(&plan());
    for _ in 0..20 {
        cancelled.wake();
    }
    let answer = cancelled.ask(&Question::Cancel { run: run.clone() });
    assert!(answer.is_ok(), "{answer:?}");
    cancelled.wake_until_idle();
    assert!(cancelled.report(&run).neighbours.is_empty());
    assert!(!records(&cancelled, &run).iter().any(is_busy));
}

#[test]
fn a_run_until_it_is_settled_ends_with_neighbours_whatever_its_limits() {
    let plan = Plan {
        busy: plan().busy,
        samples_per_cell: 440,
        transports: small_plan().transports,
        functions: small_plan().functions,
        payload_bytes: small_plan().payload_bytes,
        breakdown: false,
        ..Plan::default()
    };
    let (process, run) = run_with_crash(&plan, None);
    let run = process.coordinator().store().run(&run).unwrap().unwrap();
    let kinds: Vec<RoundKind> = run.rounds.iter().map(|round| round.kind).collect();
    assert_eq!(kinds.first(), Some(&RoundKind::Isolated));
    assert_eq!(
        kinds.iter().position(|&kind| kind == RoundKind::Busy),
        Some(kinds.len() - 1)
    );
    assert!(kinds.len() >= 3, "{kinds:?}");
    let last = run.rounds.last();
    assert_eq!(
        (last.blocks, last.samples_per_slice, last.chain_calls),
        (22, 20, 0)
    );
}
