//! A table within a width: as it is, else by groups, else in parts.

use super::coloured;
use console::{Alignment, measure_text_width, pad_str};
use core::ops::Range;
use report::document::Table;

/// Columns are this far apart.
const GAP: &str = "   ";

/// Columns of a table that is too wide are this far apart, and this far from the line of their group.
const NARROW_GAP: &str = "  ";

/// A table: heading, rule, rows; every column as wide as its widest cell. Where that is wider than `width`, the first column becomes lines of their own
/// above their rows; where that does not do either, the table is printed in parts, each with the columns that name its rows.
pub(super) fn table(of: &Table, width: usize) -> String {
    let whole = Columns::of(of, 0..of.head.len(), GAP);
    if whole.width() <= width {
        return whole.print(of);
    }
    let keys = of.numbers.start;
    if keys >= 2 {
        let inner = Columns::of(of, 1..of.head.len(), NARROW_GAP);
        if inner.width() + NARROW_GAP.len() <= width {
            return grouped(of, &inner);
        }
    }
    parts(of, keys.max(1), width)
}

/// Some columns of a table, each with its width.
struct Columns {
    /// Place in the table, and width.
    each: Vec<(usize, usize)>,
    gap: &'static str,
}

impl Columns {
    fn of(table: &Table, columns: impl IntoIterator<Item = usize>, gap: &'static str) -> Self {
        let width = |column: usize| {
            let cells = table.rows.iter().chain([&table.head]);
            let widths = cells.filter_map(|row| row.get(column));
            widths.map(|cell| measure_text_width(cell)).max()
        };
        let each = columns.into_iter();
        Self {
            each: each
                .map(|column| (column, width(column).unwrap_or(0)))
                .collect(),
            gap,
        }
    }

    fn width(&self) -> usize {
        let gaps = self.gap.len() * self.each.len().saturating_sub(1);
        self.each.iter().map(|(_, width)| width).sum::<usize>() + gaps
    }

    fn rule(&self) -> String {
        let each = self.each.iter().map(|(_, width)| "-".repeat(*width));
        each.collect::<Vec<_>>().join(self.gap) + "\n"
    }

    fn line(&self, row: &[String], numbers: &Range<usize>) -> String {
        let cells = self.each.iter().map(|(column, width)| {
            let cell = row.get(*column).map_or("", String::as_str);
            let side = if numbers.contains(column) {
                Alignment::Right
            } else {
                Alignment::Left
            };
            pad_str(&coloured(cell), *width, side, None).into_owned()
        });
        let cells: Vec<String> = cells.collect();
        cells.join(self.gap).trim_end().to_owned() + "\n"
    }

    fn print(&self, of: &Table) -> String {
        let rows = of.rows.iter().map(|row| self.line(row, &of.numbers));
        self.line(&of.head, &of.numbers) + &self.rule() + &rows.collect::<String>()
    }
}

/// The first column as a line above the rows that share it.
fn grouped(of: &Table, inner: &Columns) -> String {
    let mut out = format!(
        "{NARROW_GAP}{}{NARROW_GAP}{}",
        inner.line(&of.head, &of.numbers),
        inner.rule()
    );
    let mut group: Option<&String> = None;
    for row in &of.rows {
        let first = row.first();
        if first != group {
            group = first;
            out.push_str(&coloured(first.map_or("", String::as_str)));
            out.push('\n');
        }
        out.push_str(NARROW_GAP);
        out.push_str(&inner.line(row, &of.numbers));
    }
    out
}

/// As many columns at a time as there is room for, each time behind the first `keys`.
fn parts(of: &Table, keys: usize, width: usize) -> String {
    let mut printed = Vec::new();
    let mut from = keys.min(of.head.len());
    while from < of.head.len() {
        let upto = |end: usize| Columns::of(of, (0..keys).chain(from..end), NARROW_GAP);
        let fits = |end: &usize| upto(*end).width() <= width;
        // a column that is too wide by itself has a part of its own
        let end = (from + 1..=of.head.len()).rev().find(fits);
        let end = end.unwrap_or(from + 1);
        printed.push(upto(end).print(of));
        from = end;
    }
    printed.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latencies() -> Table {
        let row = |method: &str, payload: &str, figure: &str| {
            let first = [method, payload].map(str::to_owned);
            let figures = [figure; 3].map(str::to_owned);
            first.into_iter().chain(figures).collect()
        };
        Table {
            head: ["Method", "Payload", "p50", "p95", "p99"]
                .map(str::to_owned)
                .to_vec(),
            rows: vec![
                row("Direct", "100 B", "< 0.001"),
                row("Service Binding", "100 B", "0.124 [0.120, 0.129]"),
                row("Service Binding", "100 KB", "0.524 [0.520, 0.529]"),
            ],
            numbers: 2..5,
        }
    }

    #[test]
    fn a_table_that_is_too_wide_has_lines_for_its_first_column() {
        assert_eq!(
            table(&latencies(), 80),
            "  Payload                   p50                   p95                   p99
  -------  --------------------  --------------------  --------------------
Direct
  100 B                 < 0.001               < 0.001               < 0.001
Service Binding
  100 B    0.124 [0.120, 0.129]  0.124 [0.120, 0.129]  0.124 [0.120, 0.129]
  100 KB   0.524 [0.520, 0.529]  0.524 [0.520, 0.529]  0.524 [0.520, 0.529]
"
        );
    }

    #[test]
    fn one_that_is_wider_still_comes_in_parts() {
        let shown = table(&latencies(), 60);
        assert!(shown.lines().all(|line| line.len() <= 60), "{shown}");
        let heads = shown.lines().filter(|line| line.starts_with("Method"));
        assert_eq!(heads.count(), 3, "{shown}");
        for head in ["p50", "p95", "p99"] {
            assert_eq!(shown.matches(head).count(), 1, "{shown}");
        }
    }

    #[test]
    fn one_that_fits_is_as_it_is() {
        assert!(table(&latencies(), 120).starts_with("Method            Payload   "));
    }
}
