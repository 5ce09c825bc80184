use super::*;
use protocol::{Function, Transport};

const CELL: Cell = Cell::native(Transport::ServiceBinding, Function::Echo, 100);

fn run(number: u32) -> RunId {
    format!("20261122T172800Z-{number:08x}").parse().unwrap()
}

/// Slices of all runs here have the seeds from 1.
fn seed_of(seed: u64, slice: u32) -> u64 {
    seed + u64::from(slice)
}

fn settle(made: &[Made], found: &[Found], runs: &[Ended]) -> Account {
    super::settle(made, found, runs, seed_of)
}

/// Twenty samples that no other attempt has.
fn samples(seed: u64, attempt: u64) -> Vec<u64> {
    (0..20)
        .map(|call| 1_000_000 * seed + 1_000 * attempt + call)
        .collect()
}

fn made(seed: u64, attempt: u64) -> Made {
    Made {
        seed,
        cell: CELL,
        samples_ns: samples(seed, attempt),
    }
}

fn stored(number: u32, slice: u32, seed: u64, attempt: u64) -> Found {
    Found {
        run: run(number),
        slice,
        cell: CELL,
        samples_ns: samples(seed, attempt),
    }
}

fn ended(number: u32, state: RunState, slices: u32) -> Ended {
    Ended {
        run: run(number),
        seed: 1,
        state,
        slices_done: slices,
        slices_total: slices,
        samples: u64::from(slices) * 20,
    }
}

/// A run of four slices, seeds 1 to 4, killed once in its third.
fn killed_once() -> (Vec<Made>, Vec<Found>, Vec<Ended>) {
    let log = [(1, 1), (2, 1), (3, 1), (3, 2), (4, 1)];
    (
        log.map(|(seed, attempt)| made(seed, attempt)).to_vec(),
        [(0, 1, 1), (1, 2, 1), (2, 3, 2), (3, 4, 1)]
            .map(|(slice, seed, attempt)| stored(1, slice, seed, attempt))
            .to_vec(),
        vec![ended(1, RunState::Completed, 4)],
    )
}

#[test]
fn a_slice_in_flight_at_a_kill_is_made_again_and_nothing_is_lost() {
    let (log, found, runs) = killed_once();
    let account = settle(&log, &found, &runs);
    assert!(account.is_clean(), "{account:?}");
    assert_eq!(
        (account.made, account.found, account.in_flight),
        (100, 80, 20)
    );
}

#[test]
fn one_lost_sample_is_found() {
    let (log, mut found, mut runs) = killed_once();
    found[1].samples_ns.remove(7);
    runs[0].samples -= 1;
    let account = settle(&log, &found, &runs);
    assert_eq!((account.lost, account.doubled), (1, 0), "{account:?}");
    assert!(!account.is_clean());
}

#[test]
fn one_doubled_sample_is_found() {
    let (log, mut found, mut runs) = killed_once();
    let again = found[1].samples_ns[7];
    found[1].samples_ns.push(again);
    runs[0].samples += 1;
    let account = settle(&log, &found, &runs);
    assert_eq!((account.lost, account.doubled), (0, 1), "{account:?}");
    assert!(!account.is_clean());
}

#[test]
fn a_slice_that_is_stored_in_two_places_is_doubled() {
    let (log, mut found, mut runs) = killed_once();
    found.push(stored(1, 4, 4, 1));
    runs[0].samples += 20;
    let account = settle(&log, &found, &runs);
    assert_eq!((account.lost, account.doubled), (0, 20), "{account:?}");
}

#[test]
fn two_attempts_of_one_slice_that_are_both_stored_contradict_the_run() {
    let (log, mut found, runs) = killed_once();
    found.push(stored(1, 2, 3, 1));
    let account = settle(&log, &found, &runs);
    assert_eq!(account.contradictions, 1, "{account:?}");
}

#[test]
fn a_whole_slice_that_is_missing_is_found_though_the_status_agrees() {
    let (log, mut found, mut runs) = killed_once();
    found.remove(1);
    runs[0].samples -= 20;
    runs[0].slices_done -= 1;
    let account = settle(&log, &found, &runs);
    assert_eq!(account.lost, 20, "{account:?}");
    assert_eq!(account.contradictions, 1, "{account:?}");
}

#[test]
fn committed_slices_that_a_kill_took_are_lost_and_the_one_in_flight_is_not() {
    // After slice 2 was begun, the run goes on from slice 0: 0 and 1 had been committed.
    let log = [(1, 1), (2, 1), (3, 1), (1, 2), (2, 2), (3, 2)];
    let log = log.map(|(seed, attempt)| made(seed, attempt));
    let found = [0_u32, 1, 2].map(|slice| stored(1, slice, u64::from(slice) + 1, 2));
    let account = settle(&log, &found, &[ended(1, RunState::Completed, 3)]);
    assert_eq!((account.lost, account.in_flight), (40, 20), "{account:?}");
}

#[test]
fn samples_that_nobody_made_are_unknown() {
    let (log, mut found, runs) = killed_once();
    found[0].samples_ns = samples(99, 9);
    let account = settle(&log, &found, &runs);
    assert_eq!(account.unknown, 20, "{account:?}");
}

#[test]
fn the_slice_in_flight_when_a_run_was_cancelled_belongs_to_no_run_and_a_second_one_is_lost() {
    let log = [made(1, 1), made(2, 1)];
    let found = [stored(1, 0, 1, 1)];
    let mut cancelled = ended(1, RunState::Cancelled, 1);
    cancelled.slices_total = 9;
    let account = settle(&log, &found, std::slice::from_ref(&cancelled));
    assert!(account.is_clean(), "{account:?}");
    let log = [made(1, 1), made(2, 1), made(3, 1)];
    let account = settle(&log, &found, &[cancelled]);
    assert_eq!(account.lost, 20, "{account:?}");
}

#[test]
fn scheduled_runs_share_their_seeds_and_are_told_apart_by_their_samples() {
    // Twice the same plan: the first run was killed in its second slice.
    let log = [(1, 1), (2, 1), (2, 2), (1, 3), (2, 3)];
    let log = log.map(|(seed, attempt)| made(seed, attempt));
    let found = [(1, 0, 1, 1), (1, 1, 2, 2), (2, 0, 1, 3), (2, 1, 2, 3)]
        .map(|(number, slice, seed, attempt)| stored(number, slice, seed, attempt));
    let runs = [1, 2].map(|number| ended(number, RunState::Completed, 2));
    let account = settle(&log, &found, &runs);
    assert!(account.is_clean(), "{account:?}");
    assert_eq!(account.in_flight, 20);
}

#[test]
fn a_run_that_counts_other_samples_than_it_has_or_never_ends_contradicts_itself() {
    let (log, found, mut runs) = killed_once();
    runs[0].samples += 1;
    assert_eq!(settle(&log, &found, &runs).contradictions, 1);
    runs[0].samples -= 1;
    runs[0].state = RunState::Running;
    assert_eq!(settle(&log, &found, &runs).contradictions, 1);
}

#[test]
fn equal_samples_of_runs_that_differ_in_their_seeds_are_told_apart() {
    // One sample a slice, by chance the same: the second run was cancelled while its first slice was in flight, and so was the first attempt of the first run.
    let one = |seed| Made {
        samples_ns: vec![7],
        ..made(seed, 1)
    };
    let stored_one = |number, slice| Found {
        samples_ns: vec![7],
        ..stored(number, slice, 0, 0)
    };
    let (mut first, mut second) = (
        ended(1, RunState::Completed, 1),
        ended(2, RunState::Cancelled, 1),
    );
    (first.samples, second.samples, second.seed) = (1, 1, 50);
    let again = Made {
        samples_ns: vec![8],
        ..made(1, 2)
    };
    let eight = Found {
        samples_ns: vec![8],
        ..stored_one(1, 0)
    };
    let log = [one(1), again, one(50), one(51)];
    let account = settle(&log, &[eight, stored_one(2, 0)], &[first, second]);
    assert!(account.is_clean(), "{account:?}");
    assert_eq!((account.found, account.in_flight), (2, 2));
}

#[test]
fn a_slice_whose_calls_all_failed_has_nothing_to_lose() {
    let (mut log, found, mut runs) = killed_once();
    log.insert(
        2,
        Made {
            samples_ns: Vec::new(),
            ..made(2, 9)
        },
    );
    runs[0].slices_done = 4;
    let account = settle(&log, &found, &runs);
    assert!(account.is_clean(), "{account:?}");
    assert_eq!(account.findings, [""; 0]);
}

#[test]
fn what_no_run_can_have_made_is_lost_however_many_runs_ended_early() {
    let (mut log, found, mut runs) = killed_once();
    runs.push(ended(2, RunState::Cancelled, 0));
    runs.push(ended(3, RunState::Failed, 0));
    log.push(made(77, 1));
    let account = settle(&log, &found, &runs);
    assert_eq!(account.lost, 20, "{account:?}");
    assert!(
        account.findings[0].contains("no run has its seed"),
        "{account:?}"
    );
}

#[test]
fn a_run_that_ended_early_explains_no_slice_that_was_logged_after_another_runs() {
    let (mut log, found, mut runs) = killed_once();
    // The first run, cancelled after its fourth slice, and a second one of the same seed; then a fifth slice.
    runs[0].state = RunState::Cancelled;
    runs.push(ended(2, RunState::Completed, 1));
    log.extend([made(1, 9), made(5, 1)]);
    let found = [found, vec![stored(2, 0, 1, 9)]].concat();
    let account = settle(&log, &found, &runs);
    assert_eq!(account.lost, 20, "{account:?}");
}
