//! Documents as Markdown: published by the orchestrator and saved by the command line.
//!
//! Text that came from outside is never in a report, so nothing needs escaping.

use crate::{
    contents,
    document::{Block, Document, Span, Table},
};
use core::fmt::Write as _;
use protocol::{Function, Report};

/// The whole report.
#[must_use]
pub fn render(report: &Report) -> String {
    write(&contents::document(report))
}

/// The table of one function's latencies.
#[must_use]
pub fn latency_table(report: &Report, function: Function) -> String {
    let mut out = Document::new();
    contents::latencies(&mut out, report, function);
    write(&out)
}

/// Any document.
#[must_use]
pub fn write(document: &Document) -> String {
    let blocks: Vec<String> = document.blocks().iter().map(block).collect();
    blocks.join("\n")
}

/// A block, with the end of its last line.
fn block(block: &Block) -> String {
    match block {
        Block::Heading { level, text } => format!("{} {text}\n", "#".repeat((*level).into())),
        Block::Paragraph(text) => format!("{text}\n"),
        Block::Items(items) => items.iter().map(|spans| item(spans)).collect(),
        Block::Table(of) => table(of),
    }
}

fn item(spans: &[Span]) -> String {
    let inline = spans.iter().map(|span| match span {
        Span::Plain(text) => text.clone(),
        Span::Strong(text) => format!("**{text}**"),
    });
    format!("- {}\n", inline.collect::<String>())
}

/// A table whose columns line up in plain text, too.
fn table(of: &Table) -> String {
    let rows = || [&of.head].into_iter().chain(&of.rows);
    let width = |column: usize| {
        let cells = rows().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
            .max(3)
    };
    let widths: Vec<usize> = (0..of.head.len()).map(width).collect();
    let mut out = String::new();
    for (number, row) in rows().enumerate() {
        for (column, (text, &width)) in row.iter().zip(&widths).enumerate() {
            // Writing to a string cannot fail.
            let _ = if of.numbers.contains(&column) {
                write!(out, "| {text:>width$} ")
            } else {
                write!(out, "| {text:<width$} ")
            };
        }
        out.push_str("|\n");
        if number == 0 {
            for (column, &width) in widths.iter().enumerate() {
                let dashes = "-".repeat(width);
                let _ = if of.numbers.contains(&column) {
                    write!(out, "| {}: ", &dashes[1..])
                } else {
                    write!(out, "| {dashes} ")
                };
            }
            out.push_str("|\n");
        }
    }
    out
}

#[cfg(test)]
mod tests;
