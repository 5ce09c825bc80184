use super::*;
use crate::cell_samples::Block;

const MS: u64 = 1_000_000;

/// 22 blocks of 20 calls of 0.2 ms, of which the first of so many blocks take 4 ms.
fn cell(slow: u32) -> CellSamples {
    CellSamples::new((0..22).map(|index| {
        let mut samples_ns = vec![MS / 5; 20];
        if index < slow {
            samples_ns[0] = 4 * MS;
        }
        Block { index, samples_ns }
    }))
}

fn outcome(cell: &CellSamples, quantile: f64, counting: Counting) -> Outcome {
    let found = exceedance(cell, quantile, counting, Fineness::Fine).unwrap();
    judge(found.lower, found.upper, allowed_above(quantile))
}

#[test]
fn one_call_of_440_above_the_threshold_passes_a_p95_and_leaves_a_p99_open() {
    let at = Counting::at(3.0 * MS as f64);
    let found = exceedance(&cell(1), 0.95, at, Fineness::Fine).unwrap();
    assert!((found.upper - 0.013).abs() < 0.002, "{found:?}");
    assert_eq!(outcome(&cell(1), 0.95, at), Outcome::Pass);
    assert_eq!(outcome(&cell(1), 0.99, at), Outcome::Inconclusive);
    assert_eq!(outcome(&cell(0), 0.99, at), Outcome::Pass);
    assert_eq!(outcome(&cell(22), 0.99, at), Outcome::Fail);
}

#[test]
fn the_advice_settles_the_verdict_if_the_shares_stay() {
    let at = Counting::at(3.0 * MS as f64);
    let open = exceedance(&cell(1), 0.99, at, Fineness::Fine).unwrap();
    let needed = open.needed.unwrap();
    assert!((600..1_000).contains(&needed), "{needed}");
    // the same share over twice the blocks: more than is needed
    assert!(needed <= 880);
    let more = CellSamples::new((0..44).map(|index| {
        Block {
            index,
            samples_ns: [
                vec![MS / 5; 19],
                vec![if index % 22 == 0 { 4 * MS } else { MS / 5 }],
            ]
            .concat(),
        }
    }));
    assert_eq!(outcome(&more, 0.99, at), Outcome::Pass);
    let settled = exceedance(&cell(1), 0.95, at, Fineness::Fine).unwrap();
    assert_eq!(settled.needed, None);
}

#[test]
fn no_number_is_advised_where_the_share_is_what_is_allowed() {
    let at = Counting::at(3.0 * MS as f64);
    let even = CellSamples::new((0..20).map(|index| Block {
        index,
        samples_ns: [vec![MS / 5; 19], vec![4 * MS]].concat(),
    }));
    let found = exceedance(&even, 0.95, at, Fineness::Fine).unwrap();
    assert_eq!(found.needed, None);
}

#[test]
fn one_failed_call_of_440_leaves_one_in_a_hundred_open_and_none_passes() {
    let failed = |count: u32| (0..22).map(move |b| (u64::from(b < count), 20));
    let judged = |count| {
        let found = share(failed(count), 0.01).unwrap();
        (judge(found.lower, found.upper, 0.01), found.needed)
    };
    assert_eq!(judged(0), (Outcome::Pass, None));
    assert_eq!(judged(1).0, Outcome::Inconclusive);
    assert!(judged(1).1.is_some_and(|calls| calls < 1_000));
    assert_eq!(judged(20).0, Outcome::Fail);
    assert_eq!(share([(0, 0); 22], 0.01), Err(Undefined::NoSamples));
}

#[test]
fn a_call_at_the_threshold_itself_is_not_below_it() {
    let exactly = CellSamples::new((0..22).map(|index| Block {
        index,
        samples_ns: vec![3 * MS; 20],
    }));
    assert_eq!(
        outcome(&exactly, 0.95, Counting::at(3.0 * MS as f64)),
        Outcome::Fail
    );
}

#[test]
fn whole_ticks_pass_where_fewer_calls_than_allowed_see_so_many_steps() {
    let seen = |ticks: u64| {
        CellSamples::new((0..22).map(|index| Block {
            index,
            samples_ns: vec![ticks * MS; 20],
        }))
    };
    let judged = |cell: &CellSamples, threshold_ms: f64| {
        let counting = Counting::at(threshold_ms * MS as f64).in_ticks(MS);
        let found = exceedance(cell, 0.95, counting, Fineness::Ticks(MS)).unwrap();
        judge(found.lower, found.upper, allowed_above(0.95))
    };
    // a call that sees no step takes less than a tick, one that sees a step less than two
    assert_eq!(judged(&seen(0), 1.0), Outcome::Pass);
    assert_eq!(judged(&seen(0), 0.9), Outcome::Inconclusive);
    assert_eq!(judged(&seen(1), 1.0), Outcome::Inconclusive);
    assert_eq!(judged(&seen(1), 2.0), Outcome::Pass);
    assert_eq!(judged(&seen(2), 1.0), Outcome::Fail);
    assert_eq!(judged(&seen(2), 1.5), Outcome::Inconclusive);
}

#[test]
fn calls_that_timed_out_count_above_every_threshold_up_to_their_timeout_and_for_none_beyond() {
    let block = |index| Block {
        index,
        samples_ns: vec![MS / 5; 18],
    };
    let cell = CellSamples::with_timeouts((0..22).map(block), (0..22).map(|b| (b, 2)), 100 * MS);
    let at = |ms: u64| Counting::at((ms * MS) as f64);
    assert_eq!(outcome(&cell, 0.95, at(5)), Outcome::Fail);
    assert_eq!(outcome(&cell, 0.95, at(100)), Outcome::Fail);
    assert_eq!(outcome(&cell, 0.95, at(101)), Outcome::Inconclusive);
    assert_eq!(outcome(&cell, 0.5, at(101)), Outcome::Pass);
}
