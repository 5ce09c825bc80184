//! The failed calls of each transport and of each of its cells, against the share that the plan allows.

use super::{evidence::CellEvidence, wire::published_share};
use measurement::exceedance::{Exceedance, share};
use protocol::{
    Cell, Plan, Transport,
    report::{FailedCalls, Outcome},
};
use std::collections::BTreeMap;

/// One row for each transport, followed by one for each of its cells.
pub(super) fn failed_calls(plan: &Plan, cells: &[CellEvidence]) -> Vec<FailedCalls> {
    let mut rows = Vec::new();
    for &transport in &plan.transports {
        let own = || cells.iter().filter(|cell| cell.cell.transport == transport);
        let mut together: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
        for (&block, &(failed, made)) in own().flat_map(|cell| &cell.failed_calls) {
            let sum = together.entry(block).or_default();
            sum.0 += failed;
            sum.1 += made;
        }
        rows.push(of_blocks(plan, transport, None, &together));
        rows.extend(
            own().map(|cell| of_blocks(plan, transport, Some(cell.cell), &cell.failed_calls)),
        );
    }
    rows
}

fn of_blocks(
    plan: &Plan,
    transport: Transport,
    id: Option<Cell>,
    blocks: &BTreeMap<u32, (u64, u64)>,
) -> FailedCalls {
    let found = share(blocks.values().copied(), plan.thresholds.max_error_share);
    let failed = blocks.values().map(|&(failed, _)| failed).sum();
    row(plan, transport, id, failed, found.ok())
}

/// A row, given the share if there is one.
pub(super) fn row(
    plan: &Plan,
    transport: Transport,
    id: Option<Cell>,
    failed: u64,
    found: Option<Exceedance>,
) -> FailedCalls {
    let allowed_share = plan.thresholds.max_error_share;
    FailedCalls {
        transport,
        id,
        failed,
        share: found.as_ref().map(published_share),
        allowed_share,
        outcome: found.map_or(Outcome::Inconclusive, |found| found.outcome(allowed_share)),
        calls_needed: found.and_then(|found| found.needed),
        text: String::new(),
    }
}
