//! What repetitions say of the parts of a call.

use measurement::block_means::BlockMeans;
use protocol::units::NS_PER_MS;
use protocol::{breakdown::Component, measure::RepeatResponse, slice::SliceRecord};
use std::collections::BTreeMap;

/// Times of one component.
#[derive(Default)]
pub(crate) struct ComponentEvidence {
    pub(crate) means: BlockMeans,
    /// One tick of the clock that timed it, in nanoseconds.
    pub(crate) tick_ns: f64,
}

impl ComponentEvidence {
    /// What the clock resolves: each block's reading is good to a tick over its repetitions, and more blocks do not
    /// make it better, since repetitions start at the same phase of the clock in every block, soon after an alarm.
    pub(crate) fn resolution_ns(&self) -> f64 {
        let repetitions = self.means.weight() as f64;
        if repetitions > 0.0 {
            self.tick_ns * self.means.block_count() as f64 / repetitions
        } else {
            0.0
        }
    }
}

/// Times of one repetition. Where the caller's clock runs, or the repetitions are calls (which move any clock), it is the
/// caller's; else the coordinator's around the dispatch, less its empty dispatch of the same block.
pub(super) fn component_evidence(
    repeats: &[(&SliceRecord, Component, &RepeatResponse)],
    tick_ns: f64,
) -> BTreeMap<Component, ComponentEvidence> {
    let empty: BTreeMap<u32, u64> = repeats
        .iter()
        .filter(|(_, component, _)| *component == Component::Nothing)
        .map(|(record, ..)| (record.block, record.dispatch_ms))
        .collect();
    let mut components: BTreeMap<Component, ComponentEvidence> = BTreeMap::new();
    for (record, component, answer) in repeats {
        let done = u64::from(answer.repetitions).saturating_sub(answer.errors.total());
        let own_clock = answer.advances_during_cpu || component.delegates();
        let elapsed_ms = match empty.get(&record.block) {
            _ if own_clock => answer.elapsed_ms as f64,
            Some(&empty) => record.dispatch_ms as f64 - empty as f64,
            None => continue,
        };
        if *component == Component::Nothing || done == 0 {
            continue;
        }
        let evidence = components.entry(*component).or_default();
        evidence
            .means
            .add(record.block, elapsed_ms * NS_PER_MS / done as f64, done);
        // a difference of two dispatches has the errors of both
        evidence.tick_ns = if own_clock {
            tick_ns
        } else {
            tick_ns * std::f64::consts::SQRT_2
        };
    }
    components
}
