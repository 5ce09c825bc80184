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

/// Stands for a call that timed out among latencies: it took its timeout or longer, nobody knows how much.
const TIMED_OUT: u64 = u64::MAX;

/// One block after sorting.
#[derive(Clone, Debug)]
pub(crate) struct SortedBlock {
    pub(crate) index: u32,
    /// In order; calls that timed out are at the end, as [`TIMED_OUT`].
    pub(crate) sorted_ns: Vec<u64>,
}

impl SortedBlock {
    /// How many samples are at most `bound_ns`.
    pub(crate) fn at_most(&self, bound_ns: u64) -> u64 {
        self.sorted_ns.partition_point(|&x| x <= bound_ns) as u64
    }

    /// How many samples take `threshold_ns` or longer.
    pub(crate) fn at_least(&self, threshold_ns: f64) -> u64 {
        let below = self
            .sorted_ns
            .partition_point(|&ns| (ns as f64) < threshold_ns);
        (self.sorted_ns.len() - below) as u64
    }

    /// Number of samples.
    pub(crate) fn count(&self) -> u64 {
        self.sorted_ns.len() as u64
    }

    /// The samples without the calls that timed out.
    pub(crate) fn timed_ns(&self) -> &[u64] {
        let timed = self.sorted_ns.partition_point(|&ns| ns < TIMED_OUT);
        &self.sorted_ns[..timed]
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
    /// Calls that timed out, and after how long.
    timeouts: u64,
    timeout_ns: u64,
}

impl Default for CellSamples {
    fn default() -> Self {
        Self::new([])
    }
}

impl CellSamples {
    /// The same with the calls of each block that timed out after `timeout_ns`: (index of the block, how many).
    ///
    /// Such a call counts as a latency above all others, of `timeout_ns` at least. The histogram, which knows no such thing, holds it
    /// at `timeout_ns`. Means are not to be taken of such a cell.
    #[must_use]
    pub fn with_timeouts(
        blocks: impl IntoIterator<Item = Block>,
        timeouts: impl IntoIterator<Item = (u32, u64)>,
        timeout_ns: u64,
    ) -> Self {
        let mut all = 0;
        let timed_out = timeouts.into_iter().map(|(index, count)| {
            all += count;
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            Block {
                index,
                samples_ns: vec![TIMED_OUT; count],
            }
        });
        let blocks: Vec<Block> = blocks.into_iter().chain(timed_out).collect();
        let mut cell = Self::new(blocks);
        cell.timeouts = all;
        cell.timeout_ns = timeout_ns;
        let slowest = cell.timed_ns().last().copied().unwrap_or(0);
        for _ in 0..all {
            cell.histogram.record(timeout_ns.max(slowest));
        }
        cell
    }

    /// After how long calls were given up, in nanoseconds, where some were.
    #[must_use]
    pub fn timeout_ns(&self) -> Option<u64> {
        (self.timeouts > 0).then_some(self.timeout_ns)
    }

    /// All latencies that were timed to the end, smallest first.
    pub(crate) fn timed_ns(&self) -> &[u64] {
        let timed = self.pooled_ns.partition_point(|&ns| ns < TIMED_OUT);
        &self.pooled_ns[..timed]
    }

    /// What a place in [`Self::pooled_ns`] says at least, and whether it says so exactly.
    pub(crate) fn latency_at(&self, rank: usize) -> (u64, bool) {
        match self.pooled_ns[rank] {
            TIMED_OUT => (self.timeout_ns, false),
            ns => (ns, true),
        }
    }

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
            for &sample in block.timed_ns() {
                histogram.record(sample);
            }
        }
        pooled_ns.sort_unstable();
        Self {
            blocks,
            pooled_ns,
            histogram,
            timeouts: 0,
            timeout_ns: 0,
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
        let shared = || self.paired(other).map(|(mine, _)| mine);
        let timed = shared().map(|mine| Block {
            index: mine.index,
            samples_ns: mine.timed_ns().to_vec(),
        });
        let timeouts = shared().map(|mine| {
            let timed_out = mine.sorted_ns.len() - mine.timed_ns().len();
            (mine.index, timed_out as u64)
        });
        Cow::Owned(Self::with_timeouts(timed, timeouts, self.timeout_ns))
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
    fn a_call_that_timed_out_is_slower_than_all_others_and_in_the_histogram_at_its_timeout() {
        let cell = CellSamples::with_timeouts(
            [block(0, &[5, 90]), block(1, &[7])],
            [(1, 2), (2, 1), (0, 0)],
            80,
        );
        assert_eq!((cell.count(), cell.block_count()), (6, 3));
        assert_eq!(cell.timed_ns(), [5, 7, 90]);
        assert_eq!(cell.latency_at(2), (90, true));
        assert_eq!(cell.latency_at(3), (80, false));
        assert_eq!(cell.histogram().count(), 6);
        assert_eq!(cell.histogram().max_ns(), Some(90));
        assert_eq!(cell.blocks()[1].at_least(1e18), 2);
        assert_eq!(cell.blocks()[1].at_most(1_000), 1);
        assert_eq!(cell.blocks()[1].timed_ns(), [7]);
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
