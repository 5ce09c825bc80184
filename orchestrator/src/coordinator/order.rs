//! What the slices of a run measure: every block holds each work of its round once, in its own random order.
//!
//! The order is a function of the seed, the works of the round and the block's number in the run, so that a restarted coordinator goes on with the same one. It rests on `ChaCha`, whose
//! output is specified, and on nothing whose results may change with a library's version.

use protocol::{Rounds, slice::Work};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore as _, SeedableRng as _};

/// What the slice at `index` measures; `None` beyond the last round that has been decided.
#[must_use]
pub fn work_at(seed: u64, rounds: &Rounds, index: u32) -> Option<Work> {
    let place = rounds.place(index)?;
    let order = block_order(seed, &place.round.works, place.block);
    order.get(place.position).copied()
}

/// Seeds what is random inside the slice at `index`.
#[must_use]
pub fn slice_seed(seed: u64, index: u32) -> u64 {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    // Blocks shuffle on streams below 2^32, slices draw on those above.
    random.set_stream((1 << 32) + u64::from(index));
    random.next_u64()
}

/// One block's works in its order: a Fisher-Yates shuffle.
fn block_order(seed: u64, works: &[Work], block: u32) -> Vec<Work> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(u64::from(block));
    let mut works = works.to_vec();
    for last in (1..works.len()).rev() {
        works.swap(last, below(&mut random, last + 1));
    }
    works
}

/// A number in `0..bound`, by multiplication: its bias is below `bound / 2^64`.
fn below(random: &mut ChaCha8Rng, bound: usize) -> usize {
    let product = u128::from(random.next_u64()) * bound as u128;
    usize::try_from(product >> 64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Function, Limits, Plan, Round, limits::LimitsProfile};
    use std::collections::BTreeSet;

    /// A round of the whole plan, and one of every third work.
    fn two_rounds(plan: &Plan) -> Rounds {
        let first = Round::first(plan, &Limits::of(LimitsProfile::Paid));
        let some = first.works.iter().copied().step_by(3).collect();
        let second = first.followed_by(some, 4);
        Rounds::of(vec![first, second]).unwrap()
    }

    #[test]
    fn every_block_holds_each_work_of_its_round_once() {
        let plan = Plan::of_fixed_size();
        let rounds = two_rounds(&plan);
        let mut blocks = BTreeSet::new();
        for round in rounds.iter() {
            let per_block = round.slices_per_block();
            for first in (round.first_slice..round.end_slice()).step_by(per_block as usize) {
                let order: Vec<Work> = (first..first + per_block)
                    .filter_map(|index| work_at(plan.seed, &rounds, index))
                    .collect();
                let block = rounds.place(first).unwrap().block;
                assert_eq!(order, block_order(plan.seed, &round.works, block));
                let works: BTreeSet<Work> = order.into_iter().collect();
                assert_eq!(works, round.works.iter().copied().collect());
                blocks.insert(block);
            }
        }
        assert_eq!(blocks, (0..22 + 4).collect());
        assert_eq!(work_at(plan.seed, &rounds, rounds.slices()), None);
    }

    #[test]
    fn a_round_that_is_appended_changes_nothing_of_those_before_it() {
        let plan = Plan::of_fixed_size();
        let both = two_rounds(&plan);
        let alone = Rounds::new(both.first().clone()).unwrap();
        for index in 0..alone.slices() {
            assert_eq!(
                work_at(plan.seed, &both, index),
                work_at(plan.seed, &alone, index)
            );
        }
    }

    #[test]
    fn blocks_differ_and_so_do_seeds_but_not_repetitions_of_a_run() {
        let works = Plan::of_fixed_size().works();
        assert_ne!(block_order(1, &works, 0), block_order(1, &works, 1));
        assert_ne!(block_order(1, &works, 0), block_order(2, &works, 0));
        assert_eq!(block_order(1, &works, 7), block_order(1, &works, 7));
        assert_ne!(slice_seed(1, 0), slice_seed(1, 1));
        assert_ne!(slice_seed(1, 0), slice_seed(2, 0));
    }

    #[test]
    fn the_order_is_pinned_because_a_deployment_in_mid_run_must_not_change_it() {
        let plan = Plan {
            breakdown: false,
            payload_bytes: vec![100],
            ..Plan::of_fixed_size()
        };
        let order: Vec<String> = block_order(1, &plan.works(), 0)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            order,
            [
                "raw-fetch.compute.100",
                "raw-fetch.transform.100",
                "raw-fetch.echo.100",
                "direct.compute.100",
                "service-binding.compute.100",
                "direct.transform.100",
                "service-binding.transform.100",
                "direct.echo.100",
                "service-binding.echo.100"
            ]
        );
    }

    #[test]
    fn every_work_is_equally_often_in_every_place() {
        let plan = Plan {
            breakdown: false,
            payload_bytes: vec![100],
            functions: vec![Function::Echo],
            ..Plan::of_fixed_size()
        };
        let works = plan.works();
        let mut counts = vec![vec![0_u32; works.len()]; works.len()];
        for block in 0..3_000 {
            for (place, work) in block_order(1, &works, block).iter().enumerate() {
                let which = works.iter().position(|other| other == work).unwrap();
                counts[place][which] += 1;
            }
        }
        // 1,000 expected each; five standard deviations are 5 sqrt(3,000 * 1/3 * 2/3) = 129.
        assert!(
            counts.iter().flatten().all(|&n| n.abs_diff(1_000) < 129),
            "{counts:?}"
        );
    }
}
