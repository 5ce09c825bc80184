//! Means by block, where only means are known.

use crate::{
    cell_samples::{CellSamples, SortedBlock},
    interval::{Estimate, Undefined},
    mean::{BlockTotal, Ratio},
    studentised::ends,
};
use std::collections::BTreeMap;

/// The mean of one block and the samples behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightedMean {
    /// Mean in nanoseconds; differences may be negative.
    pub mean_ns: f64,
    /// Samples behind it.
    pub weight: u64,
}

/// One mean for each block: of quantities of which no single samples are known (chains, repetitions), and of
/// differences between cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlockMeans(BTreeMap<u32, WeightedMean>);

impl BlockMeans {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The means of a cell's blocks.
    #[must_use]
    pub fn of(cell: &CellSamples) -> Self {
        let mean = |b: &SortedBlock| WeightedMean {
            mean_ns: b.sum_ns() / b.count() as f64,
            weight: b.count(),
        };
        Self(
            cell.blocks()
                .iter()
                .map(|block| (block.index, mean(block)))
                .collect(),
        )
    }

    /// Adds the mean of `weight` more samples of a block; nothing when `weight` is 0.
    pub fn add(&mut self, block: u32, mean_ns: f64, weight: u64) {
        if weight == 0 {
            return;
        }
        let kept = self.0.entry(block).or_insert(WeightedMean {
            mean_ns: 0.0,
            weight: 0,
        });
        let sum = kept.mean_ns * kept.weight as f64 + mean_ns * weight as f64;
        kept.weight += weight;
        kept.mean_ns = sum / kept.weight as f64;
    }

    /// The mean of one block.
    #[must_use]
    pub fn get(&self, block: u32) -> Option<WeightedMean> {
        self.0.get(&block).copied()
    }

    /// Every block's mean, in the order of the blocks.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, WeightedMean)> {
        self.0.iter().map(|(&block, &mean)| (block, mean))
    }

    /// Whether there is no block.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of blocks.
    #[must_use]
    pub fn block_count(&self) -> u64 {
        self.0.len() as u64
    }

    /// Samples behind all blocks.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.0.values().map(|mean| mean.weight).sum()
    }

    /// A figure computed from the means of all `parts`, for each block that every part has; the smallest part is its weight.
    #[must_use]
    pub fn combine(parts: &[&Self], figure: impl Fn(&[f64]) -> f64) -> Self {
        let Some((first, others)) = parts.split_first() else {
            return Self::default();
        };
        let blocks = first.0.iter().filter_map(|(&block, &mean)| {
            let (mut means, mut weight) = (vec![mean.mean_ns], mean.weight);
            for other in others {
                let mean = other.get(block)?;
                means.push(mean.mean_ns);
                weight = weight.min(mean.weight);
            }
            Some((
                block,
                WeightedMean {
                    mean_ns: figure(&means),
                    weight,
                },
            ))
        });
        Self(blocks.collect())
    }

    /// This less `other`, block by block.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self::combine(&[self, other], |means| means[0] - means[1])
    }

    /// The mean over blocks, with its interval.
    ///
    /// # Errors
    /// [`Undefined`] when there are no blocks or fewer than [`crate::confidence::MIN_BLOCKS`].
    pub fn estimate(&self) -> Result<Estimate, Undefined> {
        if self.is_empty() {
            return Err(Undefined::NoSamples);
        }
        let weighted = |v: &WeightedMean| BlockTotal {
            sum: v.mean_ns * v.weight as f64,
            count: v.weight as f64,
        };
        let totals: Vec<BlockTotal> = self.0.values().map(weighted).collect();
        let ratio = Ratio::of(&totals)?;
        let (lower_ns, upper_ns) =
            ends(ratio.value, ratio.variance, totals.len(), [ratio.skewness]);
        let n = self.weight();
        Ok(Estimate {
            value_ns: ratio.value,
            lower_ns,
            upper_ns,
            n,
            effective_n: totals.len() as f64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(values: &[f64]) -> BlockMeans {
        let mut means = BlockMeans::new();
        (0..)
            .zip(values)
            .for_each(|(block, &mean_ns)| means.add(block, mean_ns, 5));
        means
    }

    #[test]
    fn symmetric_blocks_give_the_t_interval() {
        let estimate = means(&[90.0, 100.0, 110.0]).estimate().unwrap();
        let half = 4.302_652_729_911_275 * 10.0 / 3.0_f64.sqrt(); // t(0.975; 2) from a table
        assert!((estimate.value_ns - 100.0).abs() < 1e-9);
        assert!((estimate.upper_ns - 100.0 - half).abs() < 1e-6);
        assert!((100.0 - estimate.lower_ns - half).abs() < 1e-6);
    }

    #[test]
    fn differences_are_taken_block_by_block() {
        let (mut left, right) = (means(&[100.0, 200.0, 300.0]), means(&[90.0, 190.0]));
        let difference = left.minus(&right).estimate().unwrap();
        assert!((difference.value_ns - 10.0).abs() < 1e-9 && difference.width_ns() < 1e-9);
        assert_eq!(difference.n, 10);
        left.add(0, 400.0, 5);
        assert_eq!(
            left.get(0),
            Some(WeightedMean {
                mean_ns: 250.0,
                weight: 10
            })
        );
    }
}
