//! The failed calls of each transport and of each of its cells, against the share that the plan allows.

use super::{evidence::CellEvidence, looks::Looks, wire::published_share};
use measurement::exceedance::{Exceedance, ShareTest};
use protocol::{
    Cell, Plan, Round, Rounds, Transport, Until,
    report::{FailedCalls, Outcome},
};
use std::collections::BTreeMap;

/// (calls that failed, calls made) of each block.
pub(super) type ByBlock = BTreeMap<u32, (u64, u64)>;

/// One row for each transport, followed by one for each of its cells.
pub(super) fn failed_calls(
    plan: &Plan,
    rounds: &Rounds,
    cells: &[CellEvidence],
) -> Vec<FailedCalls> {
    let looks = Looks::of(plan, rounds);
    let row = |transport, id, blocks: &ByBlock| {
        let failed = blocks.values().map(|&(failed, _)| failed).sum();
        let found = looks.settled(&tests(plan, rounds, blocks));
        row(plan, transport, id, failed, found)
    };
    let mut rows = Vec::new();
    for &transport in &plan.transports {
        let own = || cells.iter().filter(|cell| cell.cell.transport == transport);
        rows.push(row(transport, None, &together(own())));
        rows.extend(own().map(|cell| row(transport, Some(cell.cell), &cell.failed_calls)));
    }
    rows
}

/// The calls of several cells together.
pub(super) fn together<'a>(cells: impl Iterator<Item = &'a CellEvidence>) -> ByBlock {
    let mut together = ByBlock::new();
    for (&block, &(failed, made)) in cells.flat_map(|cell| &cell.failed_calls) {
        let sum = together.entry(block).or_default();
        sum.0 += failed;
        sum.1 += made;
    }
    together
}

/// The share that every look so far saw: one look after each round of a run until it is settled that made such calls.
pub(super) fn tests(plan: &Plan, rounds: &Rounds, blocks: &ByBlock) -> Vec<ShareTest> {
    let ends: Vec<u32> = match plan.until {
        Until::Samples => vec![u32::MAX],
        Until::Settled => rounds.iter().map(Round::end_block).collect(),
    };
    let mut tests: Vec<ShareTest> = Vec::new();
    for end in ends {
        let until = blocks.range(..end).map(|(_, &calls)| calls);
        let n = tests.last().map_or(0, ShareTest::n);
        let test = ShareTest::of_blocks(until, plan.thresholds.max_error_share);
        tests.extend(test.ok().filter(|test| test.n() > n));
    }
    tests
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
