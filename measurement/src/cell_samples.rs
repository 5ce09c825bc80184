//! The successful samples of one cell, kept by block.
//!
//! Everything statistical starts here: quantiles need the pooled order, intervals need to know which samples
//! shared a block. Order *within* a slice is not kept; what depends on it (slow first calls, drift) is looked
//! at in [`crate::anomaly`] before the samples are sorted.

use crate::histogram::LatencyHistogram;
use std::borrow::Cow;

/// The latencies of one slice: the samples of one cell in one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Number of the block in its run, from 0; equal for all cells measured in that block.
    pub index: u32,
    /// Latencies of the calls that succeeded, in nanoseconds, in the order of the calls.
    pub samples_ns: Vec<u64>,
}

/// One block after sorting.
#[derive(Clone, Debug)]
pub(crate) struct SortedBlock {
    pub(crate) index: u32,
    pub(crate) sorted_ns: Vec<u64>,
}

impl SortedBlock {
    /// How many samples are at most `bound_ns`.
    pub(crate) fn at_most(&self, bound_ns: u64) -> u64 {
        self.sorted_ns.partition_point(|&x| x <= bound_ns) as u64
    }

    /// Number of samples.
    pub(crate) fn count(&self) -> u64 {
        self.sorted_ns.len() as u64
    }

    /// Sum of the samples in nanoseconds.
    pub(crate) fn sum_ns(&self) -> f64 {
        self.sorted_ns.iter().map(|&x| x as f64).sum()
    }
}

/// The samples of one cell: by block, pooled in order, and as a histogram.
#[derive(Clone, Debug)]
pub struct CellSamples {
    blocks: Vec<SortedBlock>,
    pooled_ns: Vec<u64>,
    histogram: LatencyHistogram,
}

impl CellSamples {
    /// Sorts and pools `blocks`. Blocks without samples are left out; two entries of one block index (a slice
    /// that was split) count as one block.
    #[must_use]
    pub fn new(blocks: impl IntoIterator<Item = Block>) -> Self {
        let mut blocks: Vec<SortedBlock> = blocks
            .into_iter()
            .filter(|block| !block.samples_ns.is_empty())
            .map(|block| SortedBlock {
                index: block.index,
                sorted_ns: block.samples_ns,
            })
            .collect();
        blocks.sort_by_key(|block| block.index);
        blocks.dedup_by(|next, kept| {
            let same = next.index == kept.index;
            if same {
                kept.sorted_ns.append(&mut next.sorted_ns);
            }
            same
        });
        let mut pooled_ns = Vec::with_capacity(blocks.iter().map(|b| b.sorted_ns.len()).sum());
        let mut histogram = LatencyHistogram::new();
        for block in &mut blocks {
            block.sorted_ns.sort_unstable();
            pooled_ns.extend_from_slice(&block.sorted_ns);
            for &sample in &block.sorted_ns {
                histogram.record(sample);
            }
        }
        pooled_ns.sort_unstable();
        Self {
            blocks,
            pooled_ns,
            histogram,
        }
    }

    /// Number of samples.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.pooled_ns.len() as u64
    }

    /// Number of blocks that hold samples.
    #[must_use]
    pub fn block_count(&self) -> u64 {
        self.blocks.len() as u64
    }

    /// All samples in nanoseconds, smallest first.
    #[must_use]
    pub fn pooled_ns(&self) -> &[u64] {
        &self.pooled_ns
    }

    /// The samples as a histogram (3 significant digits).
    #[must_use]
    pub fn histogram(&self) -> &LatencyHistogram {
        &self.histogram
    }

    /// The blocks, by index.
    pub(crate) fn blocks(&self) -> &[SortedBlock] {
        &self.blocks
    }

    /// The samples of those blocks that `other` has, too; borrowed where that is all of them.
    pub(crate) fn only_blocks_of(&self, other: &Self) -> Cow<'_, Self> {
        if self.paired(other).count() == self.blocks.len() {
            return Cow::Borrowed(self);
        }
        let shared = self.paired(other).map(|(mine, _)| Block {
            index: mine.index,
            samples_ns: mine.sorted_ns.clone(),
        });
        Cow::Owned(Self::new(shared))
    }

    /// The blocks that `self` and `other` share, as pairs.
    pub(crate) fn paired<'a>(
        &'a self,
        other: &'a Self,
    ) -> impl Iterator<Item = (&'a SortedBlock, &'a SortedBlock)> {
        self.blocks.iter().filter_map(|mine| {
            let place = other
                .blocks
                .binary_search_by_key(&mine.index, |b| b.index)
                .ok()?;
            Some((mine, &other.blocks[place]))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(index: u32, samples_ns: &[u64]) -> Block {
        Block {
            index,
            samples_ns: samples_ns.to_vec(),
        }
    }

    #[test]
    fn blocks_are_pooled_in_order_and_empty_ones_left_out() {
        let cell = CellSamples::new([block(2, &[5, 1]), block(0, &[]), block(1, &[3])]);
        assert_eq!(cell.pooled_ns(), [1, 3, 5]);
        assert_eq!(cell.block_count(), 2);
        assert_eq!(cell.blocks()[0].index, 1);
        assert_eq!(cell.histogram().count(), 3);
    }

    #[test]
    fn a_split_slice_is_one_block() {
        let cell = CellSamples::new([block(1, &[4]), block(1, &[2]), block(0, &[9])]);
        assert_eq!(cell.block_count(), 2);
        assert_eq!(cell.blocks()[1].sorted_ns, [2, 4]);
    }

    #[test]
    fn only_blocks_that_both_cells_hold_are_paired() {
        let left = CellSamples::new([block(0, &[1]), block(1, &[2]), block(3, &[3])]);
        let right = CellSamples::new([block(1, &[20]), block(2, &[30]), block(3, &[40])]);
        let pairs: Vec<_> = left
            .paired(&right)
            .map(|(l, r)| (l.sorted_ns[0], r.sorted_ns[0]))
            .collect();
        assert_eq!(pairs, [(2, 20), (3, 40)]);
    }
}
