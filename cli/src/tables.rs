//! The report on a terminal: the Markdown that the orchestrator serves, its tables aligned, its marks taken off.
//!
//! There is one wording of a report, that of `GET /results/{run}.md`; here it only gets its looks.

use crate::{api_options::ApiOptions, saved::Fetched};
use console::{Style, measure_text_width};
use std::io::{self, Write as _};

/// Columns are this far apart.
const GAP: &str = "   ";

/// Prints a report to standard output: as JSON if that is asked for, else its tables.
pub(crate) fn print(api: &ApiOptions, fetched: &Fetched) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if api.json {
        out.write_all(fetched.json.as_bytes())?;
        writeln!(out)
    } else {
        out.write_all(render(&fetched.markdown).as_bytes())
    }
}

/// Markdown for reading on a terminal. Colours appear only where `console` finds that standard output has them.
pub(crate) fn render(markdown: &str) -> String {
    let mut text = String::new();
    let mut table: Vec<Vec<String>> = Vec::new();
    for line in markdown.lines() {
        if let Some(cells) = cells(line) {
            table.push(cells);
            continue;
        }
        text.push_str(&aligned(&table));
        table.clear();
        text.push_str(&prose(line));
        text.push('\n');
    }
    text.push_str(&aligned(&table));
    text
}

/// The cells of a line of a table.
fn cells(line: &str) -> Option<Vec<String>> {
    let inside = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inside.split('|').map(|cell| plain(cell.trim())).collect())
}

/// A line that is not of a table.
fn prose(line: &str) -> String {
    match line.strip_prefix('#') {
        Some(heading) => {
            let heading = plain(heading.trim_start_matches('#').trim());
            Style::new().bold().apply_to(heading).to_string()
        }
        None => plain(line),
    }
}

/// Text without the marks of emphasis and code.
fn plain(text: &str) -> String {
    text.replace("**", "").replace('`', "")
}

/// A table: heading, rule, rows; every column as wide as its widest cell.
fn aligned(table: &[Vec<String>]) -> String {
    let Some((heading, rest)) = table.split_first() else {
        return String::new();
    };
    let to_the_right: Vec<bool> = rest.first().map(|rule| is_rule(rule)).unwrap_or_default();
    let rows = if to_the_right.is_empty() {
        rest
    } else {
        &rest[1..]
    };
    let widths: Vec<usize> = (0..heading.len())
        .map(|column| {
            let cells = rows
                .iter()
                .chain([heading])
                .filter_map(|row| row.get(column));
            cells
                .map(|cell| measure_text_width(cell))
                .max()
                .unwrap_or(0)
        })
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| {
                let space = " ".repeat(width - measure_text_width(cell));
                let cell = coloured(cell);
                if to_the_right.get(column) == Some(&true) {
                    format!("{space}{cell}")
                } else {
                    format!("{cell}{space}")
                }
            });
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned() + "\n"
    };
    let rule = widths
        .iter()
        .map(|width| "-".repeat(*width))
        .collect::<Vec<_>>()
        .join(GAP)
        + "\n";
    line(heading) + &rule + &rows.iter().map(line).collect::<String>()
}

/// Which columns are set to the right, if the row is the one under a heading: `| --- | ---: |`.
fn is_rule(row: &[String]) -> Vec<bool> {
    let rule = row
        .iter()
        .all(|cell| cell.contains('-') && cell.chars().all(|mark| matches!(mark, '-' | ':')));
    if rule {
        row.iter().map(|cell| cell.ends_with(':')).collect()
    } else {
        Vec::new()
    }
}

/// A verdict in its colour; anything else as it is.
fn coloured(cell: &str) -> String {
    let style = match cell {
        "pass" => Style::new().green(),
        "fail" => Style::new().red(),
        "inconclusive" => Style::new().yellow(),
        _ => return cell.to_owned(),
    };
    style.apply_to(cell).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_aligned_and_marks_taken_off() {
        let markdown = "## Latency of `echo`\n\n| Method | Payload | p50 |\n| --- | ---: | ---: |\n| Direct | 100 B | < 0.001 |\n| **Service Binding** | 100 KB | 0.475 |\n\nA *sentence*.\n";
        assert_eq!(
            console::strip_ansi_codes(&render(markdown)),
            "Latency of echo

Method            Payload       p50
---------------   -------   -------
Direct              100 B   < 0.001
Service Binding    100 KB     0.475

A *sentence*.
"
        );
    }

    #[test]
    fn a_table_at_the_end_and_one_without_rule_are_shown_too() {
        assert_eq!(render("|a|b|\n|1|22|"), "a   b\n-   --\n1   22\n");
    }
}
