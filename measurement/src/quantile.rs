//! Quantiles of a cell's latencies with 95 % intervals that hold for samples correlated within blocks.
//!
//! A latency `x` is a plausible quantile unless the share of samples at or below it contradicts that; the interval is
//! the range of plausible `x`. That is Woodruff's method (R. S. Woodruff, "Confidence intervals for medians and other
//! position measures", Journal of the American Statistical Association 47, 1952): a proportion's test, read off the
//! empirical distribution. Nothing is assumed about the shape of the distribution. Two tests judge `x`, and it is
//! dropped only when both contradict it:
//!
//! * Korn and Graubard's: the Clopper-Pearson interval of the share, at the effective n that the blocks leave at the
//!   estimated quantile ([`crate::proportion`]), excludes the quantile's order. With independent samples
//!   this is the textbook interval between two order statistics.
//! * A studentised one: the share deviates from the quantile's order by more standard errors, taken over blocks *at*
//!   `x`, than Student's t with Hall's skewness correction allows ([`crate::mean`]). When a few slow blocks make the
//!   tail, a run that happens to miss them underestimates both the quantile and its effective n; this test knows.

mod ranks;

use crate::{
    cell_samples::CellSamples,
    confidence::{MIN_BLOCKS, minimum_n},
    interval::{Estimate, Undefined},
    proportion::BlockProportion,
};
pub(crate) use ranks::studentised_test_accepts;
use ranks::widened;
pub use ranks::{Ranks, exact_ranks};

/// The `quantile` (in (0, 1)) of a cell with its interval.
///
/// The value is the histogram's: upper end of the bucket of the sample of rank `ceil(quantile * n)`. The interval's ends
/// are rounded outward to their buckets, so that the value lies between them. An upper end that reaches calls that timed out is
/// infinite, and so is the value where the quantile itself is one of them; the lower end is then at most their timeout.
///
/// # Errors
/// [`Undefined`] when there are no samples, fewer than [`minimum_n`], fewer than [`MIN_BLOCKS`] blocks, or when the
/// samples of a block resemble each other so much that all of them are worth fewer than [`minimum_n`].
pub fn quantile(cell: &CellSamples, quantile: f64) -> Result<Estimate, Undefined> {
    let have = cell.count();
    let Some(value) = cell.histogram().quantile_ns(quantile) else {
        return Err(Undefined::NoSamples);
    };
    if have < minimum_n(quantile) {
        return Err(Undefined::TooFewSamples {
            needed: minimum_n(quantile),
            have,
        });
    }
    if cell.block_count() < MIN_BLOCKS {
        return Err(Undefined::TooFewBlocks {
            have: cell.block_count(),
        });
    }
    let share = share_near(cell, quantile);
    let worth = share.most_effective_n();
    if worth < minimum_n(quantile) as f64 {
        return Err(Undefined::TooFewIndependentSamples {
            needed: minimum_n(quantile),
            have,
            worth,
            effective_n: share.effective_n(),
        });
    }
    let exact = exact_ranks(have, share.effective_n(), quantile);
    let ranks = widened(cell, quantile, exact);
    let (lower, _) = cell.latency_at(ranks.lower);
    let up_to = |rank: usize, ns: u64| match cell.latency_at(rank) {
        (_, true) => ns as f64,
        (_, false) => f64::INFINITY,
    };
    let (upper, _) = cell.latency_at(ranks.upper);
    Ok(Estimate {
        value_ns: up_to(rank_of(have, quantile), value),
        lower_ns: cell.histogram().bucket_start_ns(lower) as f64,
        upper_ns: up_to(ranks.upper, cell.histogram().bucket_end_ns(upper)),
        n: have,
        effective_n: share.effective_n(),
    })
}

/// How far the timer's own error may shift a quantile, in nanoseconds, when a single sample has an error of standard
/// deviation `resolution_ns`.
///
/// Many samples average the error out of a mean, but a quantile of blurred samples is one of a blurred distribution: with density
/// `f`, a blur of deviation `s` shifts it by about `s^2/2 * |f'/f|`. On an exponential flank of scale `a` that is
/// `s^2 / (2a)`; the samples' own spread, `IQR / 1.349`, stands for `a`. It is never more than `s`.
#[must_use]
pub fn blur_ns(cell: &CellSamples, resolution_ns: f64) -> f64 {
    let pooled = cell.pooled_ns();
    if pooled.is_empty() {
        return 0.0;
    }
    let quartiles = (order_statistic(cell, 0.75) - order_statistic(cell, 0.25)) as f64;
    let spread = quartiles / 1.349;
    (resolution_ns.powi(2) / (2.0 * spread)).min(resolution_ns)
}

/// The share of samples at or below the estimated quantile, over blocks. Where that is all of them (ties at the top),
/// the next smaller sample serves: a share of 1 does not show how alike the samples of a block are.
fn share_near(cell: &CellSamples, quantile: f64) -> BlockProportion {
    let estimate = order_statistic(cell, quantile);
    let pooled = cell.pooled_ns();
    let smaller = pooled.partition_point(|&x| x < estimate);
    if pooled.last() == Some(&estimate) && smaller > 0 {
        return share_at_most(cell, pooled[smaller - 1]);
    }
    share_at_most(cell, estimate)
}

/// The share of samples at or below `bound_ns`, over blocks.
pub(crate) fn share_at_most(cell: &CellSamples, bound_ns: u64) -> BlockProportion {
    BlockProportion::from_blocks(
        cell.blocks()
            .iter()
            .map(|b| (b.at_most(bound_ns), b.count())),
    )
}

/// The sample of rank `ceil(quantile * n)`, at least the first. The cell has samples.
pub(crate) fn order_statistic(cell: &CellSamples, quantile: f64) -> u64 {
    cell.pooled_ns()[rank_of(cell.count(), quantile)]
}

/// The place, from 0, of the sample of rank `ceil(quantile * n)` among `n`, which is above 0.
fn rank_of(n: u64, quantile: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank between 0 and n, which is the length of a slice"
    )]
    let (rank, n) = ((quantile * n as f64).ceil() as usize, n as usize);
    rank.clamp(1, n) - 1
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact by construction")]
mod tests {
    use super::*;
    use crate::cell_samples::Block;

    fn cell(blocks: usize, samples: usize, value: impl Fn(usize, usize) -> u64) -> CellSamples {
        CellSamples::new((0..blocks).map(|b| Block {
            index: u32::try_from(b).unwrap(),
            samples_ns: (0..samples).map(|s| value(b, s)).collect(),
        }))
    }

    #[test]
    fn too_few_samples_blocks_or_none_give_a_reason_and_no_number() {
        let spread_out = |b: usize, s: usize| (b * 31 + s * 17) as u64 % 1_000 + 1_000;
        assert_eq!(
            quantile(&CellSamples::new([]), 0.5),
            Err(Undefined::NoSamples)
        );
        let few = cell(20, 18, spread_out);
        assert_eq!(
            quantile(&few, 0.99),
            Err(Undefined::TooFewSamples {
                needed: 368,
                have: 360
            })
        );
        assert!(quantile(&few, 0.95).is_ok());
        assert_eq!(
            quantile(&cell(1, 400, spread_out), 0.5),
            Err(Undefined::TooFewBlocks { have: 1 })
        );
    }

    #[test]
    fn blocks_that_are_each_all_alike_cannot_state_a_p99() {
        let alike = cell(40, 30, |b, _| 1_000 + b as u64);
        assert!(matches!(
            quantile(&alike, 0.99),
            Err(Undefined::TooFewIndependentSamples { have: 1_200, .. })
        ));
        let median = quantile(&alike, 0.5).unwrap();
        assert!(
            median.effective_n < 41.0 && median.width_ns() > 8.0,
            "{median:?}"
        );
    }

    #[test]
    fn a_blur_that_is_small_against_the_spread_shifts_little_and_never_more_than_itself() {
        let cell = cell(20, 20, |b, s| 100_000 + 100 * (b * 20 + s) as u64); // quartiles 20 us apart
        assert!(
            (blur_ns(&cell, 1_000.0) - 1_000.0_f64.powi(2) / (2.0 * 20_000.0 / 1.349)).abs() < 1.0
        );
        assert!((blur_ns(&cell, 50_000.0) - 50_000.0).abs() < 1e-9);
        assert!((blur_ns(&self::cell(2, 20, |_, _| 5), 70.0) - 70.0).abs() < 1e-9);
    }

    #[test]
    fn a_quantile_among_calls_that_timed_out_is_their_timeout_at_least() {
        let spread_out = |b: usize, s: usize| (b * 31 + s * 17) as u64 % 1_000 + 1_000;
        let timed = || {
            (0..22).map(|b| Block {
                index: u32::try_from(b).unwrap(),
                samples_ns: (0..20).map(|s| spread_out(b, s)).collect(),
            })
        };
        let with =
            |each: u64| CellSamples::with_timeouts(timed(), (0..22).map(|b| (b, each)), 50_000);
        let none = quantile(&with(0), 0.99).unwrap();
        assert_eq!(none, quantile(&CellSamples::new(timed()), 0.99).unwrap());
        let two = with(2); // 9 % of the calls
        let p95 = quantile(&two, 0.95).unwrap();
        assert_eq!((p95.value_ns, p95.upper_ns), (f64::INFINITY, f64::INFINITY));
        assert!(
            p95.lower_ns > 49_000.0 && p95.lower_ns <= 50_000.0,
            "{p95:?}"
        );
        let p50 = quantile(&two, 0.5).unwrap();
        assert!(
            p50.upper_ns < 2_000.0 && p50.value_ns >= quantile(&with(0), 0.5).unwrap().value_ns
        );
    }

    #[test]
    fn the_value_is_the_histograms_and_lies_in_its_interval() {
        let cell = cell(20, 20, |b, s| {
            90_000 + (b * 7_919 + s * 104_729) as u64 % 50_000
        });
        for q in [0.5, 0.95, 0.99] {
            let estimate = quantile(&cell, q).unwrap();
            assert_eq!(
                estimate.value_ns,
                cell.histogram().quantile_ns(q).unwrap() as f64
            );
            assert!(estimate.covers(estimate.value_ns));
        }
    }
}
