//! Back-to-back calls, of which only means are known.

use crate::evidence::{CellEvidence, Evidence};
use measurement::{
    anomaly::{DominantStretch, dominant_stretch},
    block_means::BlockMeans,
    interval::Known,
};
use protocol::Transport;

/// Back-to-back calls: the chain, or for `direct` the function by repetition, which is the same thing thousands of times over.
pub(super) struct Row<'a> {
    pub(super) means: &'a BlockMeans,
    pub(super) resolution_ns: f64,
    /// What the clock may add to the time of one block.
    good_to_ns: f64,
}

impl<'a> Row<'a> {
    pub(super) fn of(evidence: &'a CellEvidence, all: &'a Evidence) -> Self {
        let direct = evidence.cell.transport == Transport::Direct;
        match all.repeated(evidence.cell).filter(|_| direct) {
            Some(timed) => Self {
                means: &timed.means,
                resolution_ns: timed.resolution_ns(),
                good_to_ns: timed.tick_ns,
            },
            None => Self {
                means: &evidence.chain,
                resolution_ns: evidence.chain_resolution_ns(),
                good_to_ns: evidence.chain_good_to_ns(),
            },
        }
    }

    /// The slice that their mean is mostly about.
    pub(super) fn stretch(&self) -> Option<DominantStretch> {
        dominant_stretch(self.means, self.good_to_ns)
    }

    pub(super) fn mean(&self) -> Known {
        Known::from(
            self.means
                .estimate()
                .map(|e| e.no_finer_than(self.resolution_ns).not_negative()),
        )
    }
}
