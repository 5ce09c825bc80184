//! A report as people read it: the tables that they came for, one for each function; below them overheads, verdicts, failed calls, parts, slopes,
//! analysis, warnings and the environment. Figures are the report's own texts.

mod answer;
mod cold_starts;
mod environment;
mod latencies;
mod notes;
mod sections;

use crate::document::Document;
use protocol::Report;

pub use answer::{Answer, Cost, OfTransport, answer, latency_tables};
pub(crate) use latencies::latencies;

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
    sections::residency(&mut out, report);
    sections::deployment_starts(&mut out, report);
    cold_starts::cold_starts(&mut out, report);
    sections::neighbours(&mut out, report);
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
