//! The analysis: sentences, each with the figures that it rests on.

mod comparisons;
mod composition;
mod implication;
mod neighbours;

use protocol::{
    Cell, Estimate, Runtime, Transport,
    report::{CellReport, Figure, Overhead, Report, Statement},
};

/// What the figures of `report` say; a sentence whose figures are not known is left out.
pub(crate) fn analysis(report: &Report) -> Vec<Statement> {
    let reader = Reader { report };
    let mut analysis = Vec::new();
    let delegating: Vec<Transport> = report
        .plan
        .transports
        .iter()
        .copied()
        .filter(|t| t.delegates())
        .collect();
    for &transport in &delegating {
        analysis.extend(reader.against_direct(transport));
    }
    analysis.extend(reader.between_transports(&delegating));
    for &transport in delegating.iter().take(1) {
        analysis.extend(reader.payload_effect(transport));
        analysis.extend(reader.function_effect(transport));
        analysis.extend(reader.isolation(transport));
    }
    analysis.extend(reader.breakdown());
    for &transport in &delegating {
        analysis.extend(reader.beside_neighbours(transport));
    }
    for &transport in &delegating {
        analysis.extend(reader.implication(transport));
    }
    analysis
}

/// Reads the report for the figures of a sentence.
struct Reader<'a> {
    report: &'a Report,
}

/// The figure of an estimate: its value, or the bound that a sentence without a value rests on.
fn figure(path: String, estimate: &Estimate) -> Option<Figure> {
    let (part, value) = match (estimate.value, estimate.upper, estimate.lower) {
        (Some(value), ..) => ("", value),
        (None, Some(upper), _) => ("/upper", upper),
        (None, None, Some(lower)) => ("/lower", lower),
        (None, None, None) => return None,
    };
    Some(Figure {
        path: path + part,
        value,
        resolution: estimate.resolution,
    })
}

impl Reader<'_> {
    /// The runtime that sentences are about: the native one, or where that was not measured the plan's first.
    fn runtime(&self) -> Runtime {
        let runtimes = &self.report.plan.runtimes;
        match runtimes.first() {
            Some(&first) if !runtimes.contains(&Runtime::NATIVE) => first,
            _ => Runtime::NATIVE,
        }
    }

    /// The function and payload that stand for a transport: the plan's first of each.
    fn reference(&self, transport: Transport) -> Option<Cell> {
        let function = *self.report.plan.functions.first()?;
        let payload_bytes = *self.report.plan.payload_bytes.iter().min()?;
        Some(Cell {
            runtime: self.runtime(),
            transport,
            function,
            payload_bytes,
        })
    }

    fn cell(&self, id: Cell) -> Option<&CellReport> {
        self.report.cells.iter().find(|cell| cell.id == id)
    }

    fn overhead(&self, id: Cell) -> Option<&Overhead> {
        self.report
            .overheads
            .iter()
            .find(|overhead| overhead.id == id)
    }
}
