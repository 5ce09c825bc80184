//! What the records of a run say, as far as it got.

use super::{
    cells::CellFigures,
    evidence::{CellEvidence, Evidence},
    overheads::OverheadFigures,
    verdicts::{Tested, tested},
};
use protocol::{Plan, Rounds, slice::SliceRecord};

/// The evidence, cell by cell, and the figures that rest on it.
pub(super) struct Standing {
    pub(super) evidence: Evidence,
    /// One for each cell of the evidence.
    figures: Vec<CellFigures>,
    pub(super) overheads: Vec<OverheadFigures>,
}

impl Standing {
    pub(super) fn of(plan: &Plan, rounds: &Rounds, records: &[SliceRecord]) -> Self {
        let evidence = Evidence::of(plan, rounds, records);
        let figures: Vec<CellFigures> = evidence
            .cells
            .iter()
            .map(|cell| CellFigures::of(cell, &evidence, plan.concurrency))
            .collect();
        let overheads = overheads(&evidence, &figures);
        Self {
            evidence,
            figures,
            overheads,
        }
    }

    /// Every cell with its figures.
    pub(super) fn cells(&self) -> Vec<(&CellEvidence, &CellFigures)> {
        self.evidence.cells.iter().zip(&self.figures).collect()
    }

    /// Every threshold that the samples say something of.
    pub(super) fn tested(&self, plan: &Plan) -> Vec<Tested> {
        tested(plan, &self.cells(), &self.overheads)
    }
}

/// The overhead of every delegated cell whose `direct` counterpart is in the plan.
fn overheads(evidence: &Evidence, figures: &[CellFigures]) -> Vec<OverheadFigures> {
    let cells = || evidence.cells.iter().zip(figures);
    let delegated = cells().filter(|(e, _)| e.cell.transport.delegates());
    delegated
        .filter_map(|(cell, of_cell)| {
            let baseline = evidence.baseline(cell.cell)?.cell;
            let direct = cells().find(|(e, _)| e.cell == baseline)?;
            Some(OverheadFigures::of((cell, of_cell), direct))
        })
        .collect()
}
