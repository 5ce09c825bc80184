//! The table that users came for.

use crate::{
    document::Document,
    format::{method, size},
};
use protocol::{Function, Quantile, Report, Transport, report::CellReport};

/// The table of one function: direct, service binding, raw fetch, then the others, each by payload.
pub(crate) fn latencies(out: &mut Document, report: &Report, function: Function) {
    let of = |transport: Transport| {
        let cells = report.cells.iter();
        let mut cells: Vec<&CellReport> = cells
            .filter(|cell| cell.transport == transport && cell.function == function)
            .collect();
        cells.sort_by_key(|cell| (cell.runtime, cell.payload_bytes));
        cells.into_iter().map(move |cell| {
            let quantiles = Quantile::COMPARED
                .iter()
                .map(|&q| cell.quantiles[q].text.clone());
            let first = [method(cell.runtime, transport), size(cell.payload_bytes)];
            first.into_iter().chain(quantiles)
        })
    };
    let rows = Transport::ALL.iter().copied().flat_map(of);
    let quantiles = Quantile::COMPARED.iter().map(|q| q.title());
    let head = ["Method", "Payload"]
        .map(str::to_owned)
        .into_iter()
        .chain(quantiles);
    out.table(head, 2..2 + Quantile::COMPARED.len(), rows);
}
