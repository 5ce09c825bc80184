//! Later rounds hold fewer cells, in other slices: figures rest on all blocks of a cell, differences on those that two cells share.

use crate::runs;

use protocol::{
    Cell, Function, Plan, Quantile, Rounds, Transport,
    measure::{MeasureResponse, Timer},
    slice::{Measured, SliceRecord, Work},
};
use runs::{
    BLOCKS, Platform, cell, covers, find, geometry, records, records_of, report, report_of_rounds,
    round, small_plan, true_mean_us, true_quantile_us,
};

/// Blocks of the second round, twice those of the first.
const MORE: u32 = 2 * BLOCKS;

/// The cells of the second round: a transport and its `direct`.
fn in_doubt() -> [Cell; 2] {
    [Transport::Direct, Transport::ServiceBinding]
        .map(|transport| cell(transport, Function::Echo, 100))
}

/// A run of all cells and components, then of the cells in doubt in slices of `samples_per_slice` samples.
fn two_rounds(platform: Platform, samples_per_slice: u32) -> (Plan, Rounds, Vec<SliceRecord>) {
    let plan = small_plan();
    let mut all = records(&plan, platform);
    let mut first = round(&plan, &geometry(&plan), &all);
    first.blocks = BLOCKS;
    first.samples_per_slice = platform.samples_per_slice;
    let mut second = first.followed_by(in_doubt().map(Work::Cell).to_vec(), MORE);
    second.samples_per_slice = samples_per_slice;
    let of_doubt = Plan {
        transports: vec![Transport::Direct, Transport::ServiceBinding],
        functions: vec![Function::Echo],
        payload_bytes: vec![100],
        breakdown: false,
        ..plan.clone()
    };
    let other = Platform {
        samples_per_slice,
        seed: platform.seed + 1,
        ..platform
    };
    all.extend(
        records_of(&of_doubt, other, MORE)
            .into_iter()
            .map(|record| SliceRecord {
                index: record.index + first.slices(),
                block: record.block + first.blocks,
                ..record
            }),
    );
    let rounds = Rounds::of(vec![first, second]).unwrap();
    (plan, rounds, all)
}

#[test]
fn cells_of_a_later_round_have_its_samples_too_and_the_others_what_they_had() {
    let (plan, rounds, all) = two_rounds(Platform::RUNNING, 10);
    let both = report_of_rounds(&plan, &rounds, &all);
    let of_first: Vec<SliceRecord> = all
        .iter()
        .filter(|record| record.block < BLOCKS)
        .cloned()
        .collect();
    let before = report(&plan, &of_first);
    for id in plan.cells() {
        let (now, then) = (find(&both, id), find(&before, id));
        if in_doubt().contains(&id) {
            let calls = now.count + now.lost;
            assert_eq!(calls, u64::from(BLOCKS * 20 + MORE * 10), "{id}");
        } else {
            assert_eq!(now, then, "{id}");
        }
    }
    // So do overheads, but for the one whose `direct` is known better now.
    for (now, then) in both.overheads.iter().zip(&before.overheads) {
        assert_eq!(now.id, then.id);
        let direct = Cell {
            transport: Transport::Direct,
            ..now.id
        };
        assert_eq!(now == then, !in_doubt().contains(&direct), "{}", now.id);
        let truth = true_mean_us(now.id) - true_mean_us(direct);
        assert!(covers(&now.mean_us, truth), "{now:?} against {truth}");
    }
}

#[test]
fn more_blocks_make_figures_narrower_and_they_still_cover_the_truth() {
    let (plan, rounds, all) = two_rounds(Platform::RUNNING, 20);
    let both = report_of_rounds(&plan, &rounds, &all);
    let before = report(&plan, &records(&plan, Platform::RUNNING));
    let [direct, id] = in_doubt();
    let width = |estimate: &protocol::Estimate| estimate.upper.unwrap() - estimate.lower.unwrap();
    let (now, then) = (find(&both, id), find(&before, id));
    assert!(
        covers(&now.quantiles[Quantile::P50], true_quantile_us(id, 0.5)),
        "{now:?}"
    );
    assert!(covers(&now.mean_us, true_mean_us(id)), "{now:?}");
    assert!(width(&now.mean_us) < width(&then.mean_us));
    let overhead = both.overheads.iter().find(|overhead| overhead.id == id);
    let mean = &overhead.expect("it has a direct").mean_us;
    assert!(
        covers(mean, true_mean_us(id) - true_mean_us(direct)),
        "{mean:?}"
    );
}

#[test]
fn a_round_of_fewer_cells_is_no_drift_and_no_other_warning() {
    let (plan, rounds, all) = two_rounds(Platform::RUNNING, 20);
    let both = report_of_rounds(&plan, &rounds, &all);
    assert!(both.warnings.is_empty(), "{:?}", both.warnings);
}

#[test]
fn elapsed_times_alone_are_divided_by_the_calls_of_their_own_round() {
    let platform = Platform {
        timer: Timer::Ticked,
        samples_per_slice: 50,
        ..Platform::RUNNING
    };
    let (plan, rounds, mut all) = two_rounds(platform, 10);
    for record in &mut all {
        if let Measured::Samples(answer) = &mut record.measured {
            *answer = MeasureResponse {
                elapsed_ms: answer.elapsed_ms,
                ..MeasureResponse::default()
            };
        }
    }
    let both = report_of_rounds(&plan, &rounds, &all);
    let [_, id] = in_doubt();
    let found = find(&both, id);
    assert!(covers(&found.mean_us, true_mean_us(id)), "{found:?}");
    assert_eq!(found.mean_us.n, Some(u64::from(BLOCKS * 50 + MORE * 10)));
}
