//! What the slices of a run measure: every block holds each cell and each component once, in its own random order.
//!
//! The order is a function of the plan alone, so that a restarted coordinator goes on with the same one. It rests on `ChaCha`, whose
//! output is specified, and on nothing whose results may change with a library's version.

use protocol::{Plan, plan::Geometry, slice::Work};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore as _, SeedableRng as _};

/// What the slice at `index` measures.
#[must_use]
pub fn work_at(plan: &Plan, geometry: &Geometry, index: u32) -> Option<Work> {
    if index >= geometry.slices() {
        return None;
    }
    let block = block_of(geometry, index);
    let place = index % geometry.slices_per_block.max(1);
    block_order(plan, block).get(place as usize).copied()
}

/// The block that the slice at `index` belongs to.
#[must_use]
pub fn block_of(geometry: &Geometry, index: u32) -> u32 {
    index / geometry.slices_per_block.max(1)
}

/// Seeds what is random inside the slice at `index`.
#[must_use]
pub fn slice_seed(plan: &Plan, index: u32) -> u64 {
    let mut random = ChaCha8Rng::seed_from_u64(plan.seed);
    // Blocks shuffle on streams below 2^32, slices draw on those above.
    random.set_stream((1 << 32) + u64::from(index));
    random.next_u64()
}

/// One block's works in its order: a Fisher-Yates shuffle.
fn block_order(plan: &Plan, block: u32) -> Vec<Work> {
    let mut random = ChaCha8Rng::seed_from_u64(plan.seed);
    random.set_stream(u64::from(block));
    let mut works = plan.works();
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
    use protocol::{Limits, limits::LimitsProfile};
    use std::collections::BTreeSet;

    fn geometry(plan: &Plan) -> Geometry {
        plan.geometry(&Limits::of(LimitsProfile::Paid))
    }

    #[test]
    fn every_block_holds_each_work_once() {
        let plan = Plan::default();
        let geometry = geometry(&plan);
        for block in 0..geometry.blocks {
            let first = block * geometry.slices_per_block;
            let works: BTreeSet<Work> = (first..first + geometry.slices_per_block)
                .filter_map(|index| work_at(&plan, &geometry, index))
                .collect();
            assert_eq!(works, plan.works().into_iter().collect());
        }
        assert_eq!(work_at(&plan, &geometry, geometry.slices()), None);
    }

    #[test]
    fn blocks_differ_and_so_do_seeds_but_not_repetitions_of_a_run() {
        let plan = Plan::default();
        assert_ne!(block_order(&plan, 0), block_order(&plan, 1));
        let reseeded = Plan {
            seed: 2,
            ..Plan::default()
        };
        assert_ne!(block_order(&plan, 0), block_order(&reseeded, 0));
        assert_eq!(block_order(&plan, 7), block_order(&Plan::default(), 7));
        assert_ne!(slice_seed(&plan, 0), slice_seed(&plan, 1));
    }

    #[test]
    fn the_order_is_pinned_because_a_deployment_in_mid_run_must_not_change_it() {
        let plan = Plan {
            breakdown: false,
            payload_bytes: vec![100],
            ..Plan::default()
        };
        let order: Vec<String> = block_order(&plan, 0)
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
            functions: vec![protocol::Function::Echo],
            ..Plan::default()
        };
        let works = plan.works();
        let mut counts = vec![vec![0_u32; works.len()]; works.len()];
        for block in 0..3_000 {
            for (place, work) in block_order(&plan, block).iter().enumerate() {
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
