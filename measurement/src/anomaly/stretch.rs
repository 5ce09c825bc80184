//! A mean that is mostly about one slice: a stall of 50 ms in one of 20 chains of 8 calls is half of all their time.
//!
//! Such a mean is true (the time did go by) and its interval is as wide as it must be, but it says little of an ordinary call.

use crate::block_means::{BlockMeans, WeightedMean};

/// A mean is dominated by a slice without which it would be lower by this share.
const DOMINANT_SHARE: f64 = 0.2;

/// With fewer slices each is a large part of the whole.
const LEAST_SLICES: u64 = 5;

/// What a slice takes beyond the others must be more than the clock's own doing by this factor.
const CLEARLY: f64 = 3.0;

/// The slice that a mean is mostly about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DominantStretch {
    /// Its block.
    pub block: u32,
    /// Its calls.
    pub calls: u64,
    /// Its part of the time of all calls, in (0, 1).
    pub share: f64,
    /// The mean of the calls of all other slices, in nanoseconds.
    pub mean_without_ns: f64,
}

/// The slice that took the longest, if the mean of all would be lower by a fifth without it.
///
/// `good_to_ns` is what the clock may add to the time of a slice. `None` also with fewer than five slices: each is a large part of them.
#[must_use]
pub fn dominant_stretch(means: &BlockMeans, good_to_ns: f64) -> Option<DominantStretch> {
    if means.block_count() < LEAST_SLICES {
        return None;
    }
    let time = |(_, mean): &(u32, WeightedMean)| mean.mean_ns * mean.weight as f64;
    let all_ns: f64 = means.iter().map(|slice| time(&slice)).sum();
    let longest = means.iter().max_by(|a, b| time(a).total_cmp(&time(b)))?;
    let (block, calls) = (longest.0, longest.1.weight);
    let mean_without_ns = (all_ns - time(&longest)) / (means.weight() - calls) as f64;
    let excess_ns = time(&longest) - mean_without_ns * calls as f64;
    let dominant = excess_ns >= DOMINANT_SHARE * all_ns && excess_ns >= CLEARLY * good_to_ns;
    dominant.then_some(DominantStretch {
        block,
        calls,
        share: time(&longest) / all_ns,
        mean_without_ns,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK_NS: f64 = 1e6;

    /// 20 chains of 8 calls of 0.2 ms, of which the seventh takes `longer_ns` longer.
    fn chains(longer_ns: f64) -> BlockMeans {
        let mut means = BlockMeans::new();
        for block in 0..20 {
            let longer_ns = if block == 7 { longer_ns } else { 0.0 };
            means.add(block, 200_000.0 + longer_ns / 8.0, 8);
        }
        means
    }

    #[test]
    fn a_stall_of_50_ms_is_more_than_half_of_the_time_of_160_calls() {
        let found = dominant_stretch(&chains(50e6), TICK_NS).unwrap();
        assert_eq!((found.block, found.calls), (7, 8));
        assert!((found.share - 51.6 / 82.0).abs() < 1e-9, "{found:?}");
        assert!((found.mean_without_ns - 200_000.0).abs() < 1e-6);
    }

    #[test]
    fn what_changes_the_mean_by_less_than_a_fifth_dominates_nothing() {
        assert_eq!(dominant_stretch(&chains(0.0), TICK_NS), None);
        assert_eq!(dominant_stretch(&chains(7e6), TICK_NS), None);
        assert!(dominant_stretch(&chains(9e6), TICK_NS).is_some());
    }

    #[test]
    fn a_tick_more_or_less_is_the_clocks_doing() {
        // calls too short to see: one chain of 20 happens to hold a tick
        let mut means = BlockMeans::new();
        (0..20).for_each(|block| means.add(block, if block == 3 { TICK_NS / 8.0 } else { 0.0 }, 8));
        assert_eq!(dominant_stretch(&means, TICK_NS), None);
        assert_eq!(dominant_stretch(&BlockMeans::new(), TICK_NS), None);
    }
}
