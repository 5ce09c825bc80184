//! A report as Markdown: the tables that people came for. Published by the orchestrator and saved by the command line.
//!
//! One table for each function with the columns Method, Payload, p50, p95, p99; below them overheads, verdicts, breakdown, slopes,
//! analysis, warnings and the environment. Text that came from outside is never in a report, so nothing needs escaping.

mod environment;
mod notes;
mod sections;

use crate::format::size;
use core::fmt::Write as _;
use protocol::{Report, Transport, report::CellReport};

/// Appends a line. Writing to a string cannot fail.
macro_rules! line {
    ($out:expr) => { $out.push('\n') };
    ($out:expr, $($arg:tt)*) => {{ let _ = writeln!($out, $($arg)*); }};
}
use line;

/// The whole report.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    headline(&mut out, report);
    for &function in &report.plan.functions {
        line!(out, "## {function}");
        line!(out);
        out.push_str(&latency_table(report, function));
        line!(out);
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

fn headline(out: &mut String, report: &Report) {
    let run = &report.run;
    line!(out, "# Run {}: {}", run.id, report.summary.outcome);
    line!(out);
    for transport in &report.summary.transports {
        let name = transport.transport.title();
        line!(
            out,
            "- {name}: **{}**. {}",
            transport.outcome,
            transport.reason
        );
    }
    if !report.summary.transports.is_empty() {
        line!(out);
    }
    let place = run
        .colo
        .as_ref()
        .map_or_else(String::new, |colo| format!(" ({colo})"));
    let finished = run.finished_at.map_or_else(String::new, |at| {
        format!(", finished {}", at.format("%Y-%m-%d %H:%M:%S UTC"))
    });
    line!(
        out,
        "Location {}{place}, started by {}{finished}, {}. Times in ms; 95 % intervals in brackets.",
        run.location,
        run.trigger,
        run.state
    );
    line!(out);
}

/// The table of one function: direct, service binding, raw fetch, then the others, each by payload.
#[must_use]
pub fn latency_table(report: &Report, function: protocol::Function) -> String {
    let mut rows = vec![["Method", "Payload", "p50", "p95", "p99"].map(str::to_owned)];
    for &transport in Transport::ALL {
        let mut cells: Vec<&CellReport> = report
            .cells
            .iter()
            .filter(|cell| cell.transport == transport && cell.function == function)
            .collect();
        cells.sort_by_key(|cell| cell.payload_bytes);
        rows.extend(cells.into_iter().map(|cell| {
            [
                transport.title().to_owned(),
                size(cell.payload_bytes),
                cell.p50_us.text.clone(),
                cell.p95_us.text.clone(),
                cell.p99_us.text.clone(),
            ]
        }));
    }
    table(&rows, 2)
}

/// A Markdown table whose columns line up in plain text, too. The first row is the head; columns from `numbers` on are right-aligned.
pub(crate) fn table<const N: usize>(rows: &[[String; N]], numbers: usize) -> String {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
            .max(3)
    };
    let widths: [usize; N] = core::array::from_fn(width);
    let mut out = String::new();
    for (number, row) in rows.iter().enumerate() {
        for (column, text) in row.iter().enumerate() {
            let width = widths[column];
            let _ = if column < numbers {
                write!(out, "| {text:<width$} ")
            } else {
                write!(out, "| {text:>width$} ")
            };
        }
        line!(out, "|");
        if number == 0 {
            for (column, width) in widths.iter().enumerate() {
                let dashes = "-".repeat(*width);
                let _ = if column < numbers {
                    write!(out, "| {dashes} ")
                } else {
                    write!(out, "| {}: ", &dashes[1..])
                };
            }
            line!(out, "|");
        }
    }
    out
}

#[cfg(test)]
mod tests;
