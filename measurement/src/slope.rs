//! How latency grows with the payload: least squares, block by block.
//!
//! The slope of a least-squares line is a weighted sum of the means at each payload size. Each block measured every size, so
//! each block has a slope of its own, and the blocks' slopes carry the interval: what slows a block is in all of its
//! sizes, and no assumption is made on how the spread of latencies depends on the size.
//!
//! The line describes growth over the plan's sizes. With sizes spread over decades the largest one decides the slope and
//! the smaller ones the intercept; a cost that is not linear shows as cells that lie off the line.

use crate::{
    block_means::BlockMeans,
    interval::{Estimate, Missing, Undefined},
};

/// Bytes of a kilobyte, as the report counts them.
const BYTES_PER_KB: f64 = 1_000.0;

/// The means of one payload size.
#[derive(Clone, Copy, Debug)]
pub struct SizeMeans<'a> {
    /// Size of the payload in bytes.
    pub payload_bytes: u32,
    /// Mean latencies by block.
    pub means: &'a BlockMeans,
    /// What their mean is good to by the clock behind it, in nanoseconds.
    pub resolution_ns: f64,
}

/// A line through the means over payload sizes.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Nanoseconds for each kilobyte (1,000 bytes).
    pub per_kb: Resolved,
    /// Nanoseconds at no payload, by extrapolation.
    pub intercept: Resolved,
}

/// A figure of the line with what the clock lets it see.
#[derive(Clone, Copy, Debug)]
pub struct Resolved {
    /// The figure; no end of its interval is nearer than the resolution.
    pub estimate: Estimate,
    /// The resolutions of the means, in the figure's unit: each counts with the weight that its mean has in the figure, and as the clock's errors at
    /// different sizes are independent of each other, their squares add up.
    pub resolution: f64,
}

/// The line through the mean latencies of `sizes`.
///
/// Blocks that lack one of the sizes are left out.
///
/// # Errors
/// [`Undefined::NotMeasured`] with fewer than two sizes; [`Undefined`] without samples or with too few blocks.
pub fn line(sizes: &[SizeMeans]) -> Result<Line, Undefined> {
    let kilobytes: Vec<f64> = sizes
        .iter()
        .map(|size| f64::from(size.payload_bytes) / BYTES_PER_KB)
        .collect();
    let mean_size = kilobytes.iter().sum::<f64>() / kilobytes.len() as f64;
    let scatter: f64 = kilobytes.iter().map(|x| (x - mean_size).powi(2)).sum();
    if kilobytes.len() < 2 || scatter <= 0.0 {
        return Err(Undefined::NotMeasured(Missing::Sizes));
    }
    let slope: Vec<f64> = kilobytes
        .iter()
        .map(|x| (x - mean_size) / scatter)
        .collect();
    let intercept: Vec<f64> = slope
        .iter()
        .map(|weight| 1.0 / kilobytes.len() as f64 - weight * mean_size)
        .collect();
    Ok(Line {
        per_kb: weighted_sum(sizes, &slope)?,
        intercept: weighted_sum(sizes, &intercept)?,
    })
}

/// The sum of the means, each with its weight: taken block by block for the interval.
fn weighted_sum(sizes: &[SizeMeans], weights: &[f64]) -> Result<Resolved, Undefined> {
    let means: Vec<&BlockMeans> = sizes.iter().map(|size| size.means).collect();
    let sum = |means: &[f64]| means.iter().zip(weights).map(|(mean, w)| mean * w).sum();
    let resolution = sizes
        .iter()
        .zip(weights)
        .map(|(size, weight)| (size.resolution_ns * weight).powi(2))
        .sum::<f64>()
        .sqrt();
    let estimate = BlockMeans::combine(&means, sum).estimate()?;
    Ok(Resolved {
        estimate: estimate.no_finer_than(resolution),
        resolution,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(blocks: u32, mean_ns: impl Fn(u32) -> f64) -> BlockMeans {
        let mut means = BlockMeans::new();
        (0..blocks).for_each(|block| means.add(block, mean_ns(block), 10));
        means
    }

    /// Sizes whose means a clock sees to `resolution_ns`.
    fn sizes(cells: &[(u32, BlockMeans)], resolution_ns: f64) -> Vec<SizeMeans<'_>> {
        let size = |(payload_bytes, means)| SizeMeans {
            payload_bytes,
            means,
            resolution_ns,
        };
        cells
            .iter()
            .map(|(bytes, means)| size((*bytes, means)))
            .collect()
    }

    #[test]
    fn a_straight_line_is_found_and_what_slows_whole_blocks_does_not_blur_its_slope() {
        // 80 us + 3 us per KB; every third block is 50 us slower at every size
        let slowed = |block: u32| {
            if block.is_multiple_of(3) {
                50_000.0
            } else {
                0.0
            }
        };
        let at = |bytes: u32| move |block: u32| 80_000.0 + 3.0 * f64::from(bytes) + slowed(block);
        let cells = [100_u32, 1_000, 10_000, 100_000].map(|bytes| (bytes, means(20, at(bytes))));
        let Line { per_kb, intercept } = line(&sizes(&cells, 0.0)).unwrap();
        let (per_kb, intercept) = (per_kb.estimate, intercept.estimate);
        assert!((per_kb.value_ns - 3_000.0).abs() < 1e-6, "{per_kb:?}");
        assert!(per_kb.width_ns() < 1e-3);
        assert!((intercept.value_ns - 97_500.0).abs() < 1e-3 && intercept.width_ns() > 10_000.0);
    }

    #[test]
    fn the_resolution_of_the_means_limits_that_of_the_slope_and_its_interval() {
        // means that a clock cannot see are 0 in every block, and would prove a slope of exactly 0
        let cells = [1_000_u32, 3_000].map(|bytes| (bytes, means(20, |_| 0.0)));
        let Line { per_kb, intercept } = line(&sizes(&cells, 20_000.0)).unwrap();
        // the slope is half the difference of two means, the intercept 1.5 times one less half the other
        let (half, one_and_a_half) = (10_000.0_f64, 30_000.0_f64);
        assert!((per_kb.resolution - half.hypot(half)).abs() < 1e-6);
        assert!((intercept.resolution - one_and_a_half.hypot(half)).abs() < 1e-6);
        assert!(per_kb.estimate.covers(14_000.0) && per_kb.estimate.covers(-14_000.0));
    }

    #[test]
    fn blocks_without_every_size_are_left_out() {
        let cells = [
            (1_000, means(5, |_| 100.0)),
            (2_000, means(3, |b| 200.0 + f64::from(b))),
        ];
        let line = line(&sizes(&cells, 0.0)).unwrap();
        assert_eq!(line.per_kb.estimate.n, 30);
        assert!((line.per_kb.estimate.value_ns - 101.0).abs() < 1e-9);
    }

    #[test]
    fn one_size_has_no_slope() {
        assert!(matches!(
            line(&sizes(&[(100, means(5, |_| 100.0))], 0.0)),
            Err(Undefined::NotMeasured(_))
        ));
        assert!(matches!(line(&[]), Err(Undefined::NotMeasured(_))));
    }
}
