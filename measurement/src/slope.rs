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
    interval::{Estimate, Undefined},
};

/// Bytes of a kilobyte, as the report counts them.
const BYTES_PER_KB: f64 = 1_000.0;

/// A line through the means over payload sizes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Nanoseconds for each kilobyte (1,000 bytes).
    pub per_kb: Estimate,
    /// Nanoseconds at no payload, by extrapolation.
    pub intercept: Estimate,
}

/// The line through the mean latencies of `cells`, pairs of payload size in bytes and block means.
///
/// Blocks that lack one of the sizes are left out.
///
/// # Errors
/// [`Undefined::NotMeasured`] with fewer than two sizes; [`Undefined`] without samples or with too few blocks.
pub fn line(cells: &[(u32, BlockMeans)]) -> Result<Line, Undefined> {
    let sizes: Vec<f64> = cells
        .iter()
        .map(|&(bytes, _)| f64::from(bytes) / BYTES_PER_KB)
        .collect();
    let mean_size = sizes.iter().sum::<f64>() / sizes.len() as f64;
    let scatter: f64 = sizes.iter().map(|x| (x - mean_size).powi(2)).sum();
    if sizes.len() < 2 || scatter <= 0.0 {
        return Err(Undefined::NotMeasured(
            "a slope needs at least two payload sizes",
        ));
    }
    let means: Vec<&BlockMeans> = cells.iter().map(|(_, means)| means).collect();
    let slope = |means: &[f64]| {
        sizes
            .iter()
            .zip(means)
            .map(|(x, y)| (x - mean_size) * y)
            .sum::<f64>()
            / scatter
    };
    let intercept =
        |means: &[f64]| means.iter().sum::<f64>() / means.len() as f64 - slope(means) * mean_size;
    Ok(Line {
        per_kb: BlockMeans::combine(&means, slope).estimate()?,
        intercept: BlockMeans::combine(&means, intercept).estimate()?,
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
        let line = line(&cells).unwrap();
        assert!((line.per_kb.value_ns - 3_000.0).abs() < 1e-6, "{line:?}");
        assert!(line.per_kb.width_ns() < 1e-3);
        assert!(
            (line.intercept.value_ns - 97_500.0).abs() < 1e-3
                && line.intercept.width_ns() > 10_000.0
        );
    }

    #[test]
    fn blocks_without_every_size_are_left_out() {
        let line = line(&[
            (1_000, means(5, |_| 100.0)),
            (2_000, means(3, |b| 200.0 + f64::from(b))),
        ])
        .unwrap();
        assert_eq!(line.per_kb.n, 30);
        assert!((line.per_kb.value_ns - 101.0).abs() < 1e-9);
    }

    #[test]
    fn one_size_has_no_slope() {
        assert!(matches!(
            line(&[(100, means(5, |_| 100.0))]),
            Err(Undefined::NotMeasured(_))
        ));
        assert!(matches!(line(&[]), Err(Undefined::NotMeasured(_))));
    }
}
