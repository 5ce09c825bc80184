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

use crate::{
    cell_samples::CellSamples,
    interval::{Estimate, TAIL, Undefined},
    mean::{spread, studentised_limits},
    proportion::{BlockProportion, MIN_BLOCKS, beta_probability, minimum_n},
};

/// The quantiles of every report: p50, p95, p99 and p99.9.
pub const REPORTED: [f64; 4] = [0.5, 0.95, 0.99, 0.999];

/// The `quantile` (in (0, 1)) of a cell with its interval.
///
/// The value is the histogram's: upper end of the bucket of the sample of rank `ceil(quantile * n)`. The interval's ends
/// are rounded outward to their buckets, so that the value lies between them.
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
        return Err(Undefined::TooFewSamples { quantile, have });
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
            quantile,
            have,
            worth,
            effective_n: share.effective_n(),
        });
    }
    let exact = exact_ranks(have, share.effective_n(), quantile);
    let ranks = widened(cell, quantile, exact);
    let lower = cell
        .histogram()
        .bucket_start_ns(cell.pooled_ns()[ranks.lower]);
    let upper = cell
        .histogram()
        .bucket_end_ns(cell.pooled_ns()[ranks.upper]);
    Ok(Estimate {
        value_ns: value as f64,
        lower_ns: lower as f64,
        upper_ns: upper as f64,
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
    let pooled = cell.pooled_ns();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank between 0 and n"
    )]
    let rank = (quantile * pooled.len() as f64).ceil() as usize;
    pooled[rank.clamp(1, pooled.len()) - 1]
}

/// Places in the sorted samples, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ranks {
    pub(crate) lower: usize,
    pub(crate) upper: usize,
}

/// The order statistics between which the quantile lies according to Clopper and Pearson, when `n` samples are worth
/// `effective_n`.
///
/// The lower one follows the largest count whose interval ends below `quantile`, the upper one is the smallest
/// count whose interval begins above it; both are monotone in the count, so they are searched by halving.
pub(crate) fn exact_ranks(n: u64, effective_n: f64, quantile: f64) -> Ranks {
    let scale = effective_n / n as f64;
    // the upper limit for h hits of m is at most q exactly when P(Beta(h + 1, m - h) <= q) >= 97.5 %
    let below = |count: usize| {
        let hits = count as f64 * scale;
        hits < effective_n
            && beta_probability(hits + 1.0, effective_n - hits, quantile) >= 1.0 - TAIL
    };
    // the lower limit is at least q exactly when P(Beta(h, m - h + 1) <= q) <= 2.5 %
    let above = |count: usize| {
        let hits = count as f64 * scale;
        hits > 0.0 && beta_probability(hits, effective_n - hits + 1.0, quantile) <= TAIL
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "n is the length of a slice"
    )]
    let n = n as usize;
    // counts 0..=lower are below (none: lower is the first sample), counts upper.. are above
    let not_below = first(0, n, |count| !below(count));
    let upper = first(1, n, above);
    Ranks {
        lower: not_below.saturating_sub(1).min(n - 1),
        upper: upper - 1,
    }
}

/// The smallest number from `from` up to `to` for which `holds`, which stays true once it is; `to` if there is none.
fn first(from: usize, to: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (from, to);
    while low < high {
        let middle = low.midpoint(high);
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// Moves the ends outward as far as the studentised test still finds the samples there plausible.
fn widened(cell: &CellSamples, quantile: f64, ranks: Ranks) -> Ranks {
    let last = cell.pooled_ns().len() - 1;
    let plausible = |rank: usize| studentised_test_accepts(cell, quantile, cell.pooled_ns()[rank]);
    Ranks {
        lower: ranks.lower - outward(ranks.lower, |steps| plausible(ranks.lower - steps)),
        upper: ranks.upper + outward(last - ranks.upper, |steps| plausible(ranks.upper + steps)),
    }
}

/// The number of steps, at most `room`, to the first place that is not plausible: doubling, then halving.
fn outward(room: usize, plausible: impl Fn(usize) -> bool) -> usize {
    let mut reach = 1;
    if !plausible(0) {
        return 0;
    }
    while reach < room && plausible(reach) {
        reach *= 2;
    }
    first(reach / 2, reach.min(room), |steps| !plausible(steps))
}

/// Whether the share of samples above `bound_ns` differs from `1 - quantile` by no more than its variation over blocks
/// explains. A share that does not vary at all explains nothing.
pub(crate) fn studentised_test_accepts(cell: &CellSamples, quantile: f64, bound_ns: u64) -> bool {
    let above =
        |block: &crate::cell_samples::SortedBlock| (block.count() - block.at_most(bound_ns)) as f64;
    let n = cell.count() as f64;
    let share = cell.blocks().iter().map(above).sum::<f64>() / n;
    let influences: Vec<f64> = cell
        .blocks()
        .iter()
        .map(|b| (above(b) - share * b.count() as f64) / n)
        .collect();
    let (variance, skewness) = spread(&influences);
    if variance <= 0.0 {
        return false;
    }
    let (low, high) = studentised_limits(influences.len(), [skewness]);
    let deviation = (share - (1.0 - quantile)) / variance.sqrt();
    (low..=high).contains(&deviation)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact by construction")]
mod tests {
    use super::*;
    use crate::cell_samples::Block;
    use statrs::distribution::{Binomial, DiscreteCDF as _};

    fn cell(blocks: usize, samples: usize, value: impl Fn(usize, usize) -> u64) -> CellSamples {
        CellSamples::new((0..blocks).map(|b| Block {
            index: u32::try_from(b).unwrap(),
            samples_ns: (0..samples).map(|s| value(b, s)).collect(),
        }))
    }

    #[test]
    fn with_independent_samples_the_exact_ranks_are_those_of_the_binomial_distribution() {
        for (n, q) in [
            (72, 0.95),
            (400, 0.5),
            (400, 0.99),
            (3_000, 0.99),
            (3_688, 0.999),
        ] {
            let binomial = Binomial::new(q, n).unwrap();
            let lower = (1..=n)
                .take_while(|&l| binomial.cdf(l - 1) <= TAIL)
                .last()
                .unwrap_or(1);
            let upper = (1..=n)
                .find(|&u| binomial.cdf(u - 1) >= 1.0 - TAIL)
                .unwrap_or(n);
            let ranks = exact_ranks(n, n as f64, q);
            assert_eq!(
                (ranks.lower as u64 + 1, ranks.upper as u64 + 1),
                (lower, upper),
                "n {n} q {q}"
            );
        }
    }

    #[test]
    fn a_smaller_effective_n_widens_the_ranks() {
        let (all, half) = (
            exact_ranks(1_000, 1_000.0, 0.9),
            exact_ranks(1_000, 500.0, 0.9),
        );
        assert!(half.lower < all.lower && half.upper > all.upper);
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
                quantile: 0.99,
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
