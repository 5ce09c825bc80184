//! What rounds of back-to-back calls say of a cell beside its isolated calls.

use measurement::cell_samples::{Block, CellSamples};

/// Back-to-back calls, each read in whole ticks.
#[derive(Default)]
pub(crate) struct BackToBack {
    blocks: Vec<Block>,
    timeouts: Vec<(u32, u64)>,
    /// All of them, calls that timed out as well.
    pub(crate) latencies: CellSamples,
    /// The coarsest tick.
    pub(crate) tick_ns: u64,
}

impl BackToBack {
    /// Adds the samples of a slice.
    pub(super) fn add(&mut self, block: Block, tick_ns: u64) {
        self.tick_ns = self.tick_ns.max(tick_ns);
        self.blocks.push(block);
    }

    /// Adds calls of a block that timed out.
    pub(super) fn add_timeouts(&mut self, block: u32, timeouts: u64) {
        self.timeouts.push((block, timeouts));
    }

    /// Pools what was added, once all of it is there.
    pub(super) fn pool(&mut self, timeout_ns: u64) {
        self.latencies = pooled(&self.blocks, &self.timeouts, timeout_ns);
    }
}

/// All latencies, of calls that timed out as well.
pub(super) fn pooled(blocks: &[Block], timeouts: &[(u32, u64)], timeout_ns: u64) -> CellSamples {
    CellSamples::with_timeouts(blocks.iter().cloned(), timeouts.iter().copied(), timeout_ns)
}
