//! A report as people read it: the tables that they came for, one for each function; below them overheads, verdicts, failed calls, parts, slopes,
//! analysis, warnings and the environment. Figures are the report's own texts.

mod answer;
mod environment;
mod notes;
mod sections;

use crate::{document::Document, format::size};
use protocol::{Function, Quantile, Report, Transport, report::CellReport};

pub use answer::brief;

/// The whole report.
#[must_use]
pub fn document(report: &Report) -> Document {
    let mut out = Document::new();
    headline(&mut out, report);
    for &function in &report.plan.functions {
        out.section(function.to_string());
        latencies(&mut out, report, function);
    }
    notes::unstated(&mut out, report);
    sections::overheads(&mut out, report);
    notes::dominated(&mut out, report);
    sections::verdicts(&mut out, report);
    sections::failed_calls(&mut out, report);
    sections::breakdown(&mut out, report);
    sections::slopes(&mut out, report);
    sections::analysis(&mut out, report);
    sections::warnings(&mut out, report);
    environment::environment(&mut out, report);
    out
}

fn headline(out: &mut Document, report: &Report) {
    let run = &report.run;
    out.title(answer::sentence(report));
    answer::transports(out, report);
    let place = run
        .colo
        .as_ref()
        .map_or_else(String::new, |colo| format!(" ({colo})"));
    let finished = run.finished_at.map_or_else(String::new, |at| {
        format!(", finished {}", at.format("%Y-%m-%d %H:%M:%S UTC"))
    });
    out.paragraph(format!(
        "Run {}. Location {}{place}, started by {}{finished}, {}. Times in ms; 95 % intervals in brackets.",
        run.id, run.location, run.trigger, run.state
    ));
}

/// The table of one function: direct, service binding, raw fetch, then the others, each by payload.
pub(crate) fn latencies(out: &mut Document, report: &Report, function: Function) {
    let of = |transport: Transport| {
        let cells = report.cells.iter();
        let mut cells: Vec<&CellReport> = cells
            .filter(|cell| cell.transport == transport && cell.function == function)
            .collect();
        cells.sort_by_key(|cell| cell.payload_bytes);
        cells.into_iter().map(move |cell| {
            let quantiles = Quantile::COMPARED
                .iter()
                .map(|&q| cell.quantiles[q].text.clone());
            let first = [transport.title().to_owned(), size(cell.payload_bytes)];
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
