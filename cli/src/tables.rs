//! Documents on a terminal: tables aligned, verdicts in colour. What they say is made in crate `report`; here they get their looks.

use crate::{api_options::ApiOptions, saved::Fetched};
use console::{Style, measure_text_width};
use report::document::{Block, Document, Span, Table};
use std::io::{self, Write as _};

/// Columns are this far apart.
const GAP: &str = "   ";

/// Prints a report to standard output: as JSON or in full if that is asked for, else what most readers want of it.
pub(crate) fn print(api: &ApiOptions, fetched: &Fetched) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if api.json {
        out.write_all(fetched.json.as_bytes())?;
        writeln!(out)
    } else {
        let document = if api.full {
            report::document(&fetched.report)
        } else {
            report::brief(&fetched.report)
        };
        out.write_all(render(&document).as_bytes())
    }
}

/// A document for reading on a terminal. Colours appear only where `console` finds that standard output has them.
pub(crate) fn render(document: &Document) -> String {
    let blocks: Vec<String> = document.blocks().iter().map(block).collect();
    blocks.join("\n")
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading { text, .. } => format!("{}\n", Style::new().bold().apply_to(text)),
        Block::Paragraph(text) => format!("{text}\n"),
        Block::Items(items) => items.iter().map(|spans| item(spans)).collect(),
        Block::Table(of) => table(of),
    }
}

fn item(spans: &[Span]) -> String {
    let shown = spans.iter().map(|span| match span {
        Span::Plain(text) => text.clone(),
        Span::Strong(text) => coloured(text),
    });
    format!("- {}\n", shown.collect::<String>())
}

/// A table: heading, rule, rows; every column as wide as its widest cell.
fn table(of: &Table) -> String {
    let width = |column: usize| {
        let cells = of.rows.iter().chain([&of.head]);
        let widths = cells
            .filter_map(|row| row.get(column))
            .map(|cell| measure_text_width(cell));
        widths.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..of.head.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, width))| {
            let space = " ".repeat(width - measure_text_width(cell));
            let cell = coloured(cell);
            if of.numbers.contains(&column) {
                format!("{space}{cell}")
            } else {
                format!("{cell}{space}")
            }
        });
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned() + "\n"
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    line(&of.head) + &rule.join(GAP) + "\n" + &of.rows.iter().map(line).collect::<String>()
}

/// A verdict or an answer in its colour; anything else as it is.
fn coloured(cell: &str) -> String {
    let style = match cell {
        "pass" | "yes" => Style::new().green(),
        "fail" | "no" => Style::new().red(),
        "inconclusive" | "open" => Style::new().yellow(),
        _ => return cell.to_owned(),
    };
    style.apply_to(cell).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use report::document::plain;

    #[test]
    fn blocks_stand_apart_and_tables_are_aligned() {
        let mut document = Document::new();
        document.section("echo");
        let rows = [
            ["Direct", "100 B", "< 0.001"].map(str::to_owned),
            ["Service Binding", "100 KB", "0.475"].map(str::to_owned),
        ];
        document.table(["Method", "Payload", "p50"], 1..3, rows);
        document.paragraph("A sentence.");
        document.items([
            vec![
                Span::Strong("fail".to_owned()),
                Span::Plain(": why".to_owned()),
            ],
            plain("another"),
        ]);
        assert_eq!(
            console::strip_ansi_codes(&render(&document)),
            "echo

Method            Payload       p50
---------------   -------   -------
Direct              100 B   < 0.001
Service Binding    100 KB     0.475

A sentence.

- fail: why
- another
"
        );
    }
}
