use super::*;
use crate::limits::LimitsProfile;

#[test]
fn the_default_plan_takes_twenty_samples_in_each_of_twenty_two_blocks() {
    let geometry = Plan::default().geometry(&Limits::of(LimitsProfile::Paid));
    assert_eq!(
        geometry,
        Geometry {
            blocks: 22,
            slices_per_block: 36 + 22,
            samples_per_slice: 20,
            chain_calls: 8
        }
    );
}

#[test]
fn every_slice_stays_within_the_delegated_calls_and_covers_the_samples() {
    let limits = Limits::of(LimitsProfile::Paid);
    for samples_per_cell in [1, 19, 20, 21, 399, 400, 401, 3_000, 10_000] {
        for warmup_per_slice in 0..=MAX_WARMUP {
            let plan = Plan {
                samples_per_cell,
                warmup_per_slice,
                ..Plan::default()
            };
            let geometry = plan.geometry(&limits);
            let calls = geometry.samples_per_slice + geometry.chain_calls + warmup_per_slice;
            assert!(
                calls <= limits.delegated_calls_per_slice,
                "{samples_per_cell} {warmup_per_slice}: {geometry:?}"
            );
            assert!(geometry.blocks * geometry.samples_per_slice >= samples_per_cell);
            assert!(geometry.blocks >= MIN_BLOCKS);
        }
    }
}
