//! What the answers of one runtime, reached by one way, say of its isolates.

use measurement::cell_samples::{Block, CellSamples};
use protocol::{
    Cell, Runtime, Transport,
    measure::MeasureResponse,
    report::Reach,
    residency::{IsolateMet, SliceResidency},
    slice::SliceRecord,
    units::NS_PER_MS,
};
use std::collections::BTreeMap;

/// The isolates that the slices of some cells met.
#[derive(Default)]
pub(crate) struct ReachEvidence {
    pub(crate) transports: Vec<Transport>,
    /// Each isolate by its id, over all slices.
    pub(crate) isolates: BTreeMap<u64, IsolateMet>,
    /// (calls that met a fresh isolate, calls) of each block.
    pub(crate) by_block: BTreeMap<u32, (u64, u64)>,
    /// Answers that did not say which isolate gave them.
    pub(crate) silent: u64,
    /// Slices of which the stub says nothing.
    pub(crate) unreported: u64,
    /// Latencies of cold calls in ns, by block; of whole ms.
    cold: Vec<Block>,
    /// Cold calls that were timed.
    pub(crate) cold_samples: u64,
}

/// The evidence of each runtime and way to it, from the slices of each cell.
pub(super) fn reach_evidence<'a>(
    slices: impl Iterator<Item = (Cell, &'a [(&'a SliceRecord, &'a MeasureResponse)])>,
) -> BTreeMap<(Runtime, Reach), ReachEvidence> {
    let mut all: BTreeMap<_, ReachEvidence> = BTreeMap::new();
    for (cell, slices) in slices {
        let Some(reach) = Reach::of(cell.transport) else {
            continue;
        };
        let evidence = all.entry((cell.runtime, reach)).or_default();
        if !evidence.transports.contains(&cell.transport) {
            evidence.transports.push(cell.transport);
        }
        for (record, answer) in slices {
            match &answer.residency {
                Some(residency) => evidence.add(record.block, residency),
                None => evidence.unreported += 1,
            }
        }
    }
    all
}

impl ReachEvidence {
    fn add(&mut self, block: u32, slice: &SliceResidency) {
        self.silent += slice.silent;
        let counted = self.by_block.entry(block).or_default();
        for met in &slice.isolates {
            counted.0 += u64::from(met.first_served == 1);
            counted.1 += met.calls;
            let known = self.isolates.entry(met.id);
            known
                .and_modify(|known| {
                    known.calls += met.calls;
                    known.first_served = known.first_served.min(met.first_served);
                    known.last_served = known.last_served.max(met.last_served);
                    known.age_ms = known.age_ms.max(met.age_ms);
                })
                .or_insert(*met);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number of nanoseconds, above 0"
        )]
        let ns_per_ms = NS_PER_MS as u64;
        let in_ns = |ms: u64| ms.saturating_mul(ns_per_ms);
        self.cold_samples += slice.cold.iter().filter(|call| call.timed).count() as u64;
        self.cold.push(Block {
            index: block,
            samples_ns: slice.cold.iter().map(|call| in_ns(call.ms)).collect(),
        });
    }

    /// Calls whose isolate is known.
    pub(crate) fn calls(&self) -> u64 {
        self.by_block.values().map(|&(_, calls)| calls).sum()
    }

    /// Latencies of cold calls, in whole ms.
    pub(crate) fn cold(&self) -> CellSamples {
        CellSamples::new(self.cold.iter().cloned())
    }

    /// The shortest and the longest of them, in ns.
    pub(crate) fn cold_range_ns(&self) -> Option<(u64, u64)> {
        let all = || self.cold.iter().flat_map(|block| &block.samples_ns);
        Some((*all().min()?, *all().max()?))
    }
}
