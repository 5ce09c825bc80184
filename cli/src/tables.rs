//! Documents on a terminal: tables aligned, verdicts in colour. What they say is made in crate `report`; here they get their looks.

mod layout;

use crate::{
    answer,
    api_options::ApiOptions,
    saved::Fetched,
    screen::{COLUMNS, columns, wrap},
};
use console::Style;
use protocol::Report;
use report::document::{Block, Document, Span};
use std::io::{self, Write as _};

/// Prints a report to standard output: as JSON or in full if that is asked for, else what most readers want of it.
pub(crate) fn print(api: &ApiOptions, fetched: &Fetched) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if api.json {
        out.write_all(fetched.json.as_bytes())?;
        writeln!(out)
    } else if api.full {
        out.write_all(render(&report::document(&fetched.report)).as_bytes())
    } else {
        out.write_all(brief(&fetched.report, columns().unwrap_or(COLUMNS)).as_bytes())
    }
}

/// The tables of latency, and the answer below them, where a terminal leaves it in sight.
fn brief(report: &Report, width: usize) -> String {
    let tables = render_within(&report::latency_tables(report), width);
    format!(
        "{tables}\n{}",
        answer::render(&report::answer(report), width)
    )
}

/// A document for reading on a terminal. Colours appear only where `console` finds that standard output has them. Where it is no terminal, what searches
/// it line by line finds each row of a table, and each sentence, on one.
pub(crate) fn render(document: &Document) -> String {
    render_within(document, columns().unwrap_or(usize::MAX))
}

fn render_within(document: &Document, width: usize) -> String {
    let blocks = document.blocks().iter();
    let blocks: Vec<String> = blocks.map(|one| block(one, width)).collect();
    blocks.join("\n")
}

fn block(block: &Block, width: usize) -> String {
    let lines = |text: &str| wrap(text, width, "", "").join("\n");
    match block {
        Block::Heading { text, .. } => {
            format!("{}\n", Style::new().bold().apply_to(lines(text)))
        }
        Block::Paragraph(text) => format!("{}\n", lines(text)),
        Block::Items(items) => items.iter().map(|spans| item(spans, width)).collect(),
        Block::Table(of) => layout::table(of, width),
    }
}

fn item(spans: &[Span], width: usize) -> String {
    let text: String = spans.iter().map(text).collect();
    let mut shown = wrap(&text, width, "- ", "  ").join("\n");
    for span in spans {
        if let Span::Strong(word) = span {
            shown = shown.replacen(word, &coloured(word), 1);
        }
    }
    shown + "\n"
}

const fn text(span: &Span) -> &str {
    match span {
        Span::Plain(text) | Span::Strong(text) => text.as_str(),
    }
}

/// A verdict or an answer in its colour; anything else as it is.
pub(crate) fn coloured(cell: &str) -> String {
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
            console::strip_ansi_codes(&render_within(&document, 80)),
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

    #[test]
    fn paragraphs_and_items_are_wrapped() {
        let mut document = Document::new();
        document.paragraph("one two three four five six seven eight nine");
        document.items([plain("one two three four five six seven eight nine")]);
        assert_eq!(
            render_within(&document, 24),
            "one two three four five\nsix seven eight nine\n\n- one two three four\n  five six seven eight\n  nine\n"
        );
    }
}
