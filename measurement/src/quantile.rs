//! Quantiles of a cell's latencies with 95 % intervals that hold for samples correlated within blocks.
//!
//! Woodruff's method (R. S. Woodruff, "Confidence intervals for medians and other position measures", Journal of the
//! American Statistical Association 47, 1952): the share of samples at or below the estimated quantile is a proportion;
//! take the proportion's interval, here Korn and Graubard's over blocks ([`crate::proportion`]), and read the
//! empirical distribution at its two ends. Nothing is assumed about the shape of the distribution.

use crate::{
    cell_samples::CellSamples,
    interval::{Estimate, Undefined},
    proportion::{BlockProportion, MIN_BLOCKS, minimum_n},
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
    let share = share_at_most(cell, order_statistic(cell, quantile));
    let worth = share.most_effective_n();
    if worth < minimum_n(quantile) as f64 {
        return Err(Undefined::TooFewIndependentSamples {
            quantile,
            have,
            worth,
        });
    }
    let interval = share.interval_around(quantile);
    let lower = cell
        .histogram()
        .bucket_start_ns(order_statistic(cell, interval.lower));
    let upper = cell
        .histogram()
        .bucket_end_ns(order_statistic(cell, interval.upper));
    Ok(Estimate {
        value_ns: value as f64,
        lower_ns: lower as f64,
        upper_ns: upper as f64,
        n: have,
        effective_n: share.effective_n(),
    })
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
