//! The latencies of an active run as they stand, on so many rows and columns as a terminal has.
//!
//! A pure function from a report to lines. Functions and payloads are rows, ways of calling are columns, three figures each, so that the default plan
//! fits a window of 80 by 24. Ways that do not fit beside the others follow below; what does not fit at all is counted.

use console::{Alignment, measure_text_width, pad_str, truncate_str};
use protocol::{
    Cell, Estimate, Function, Quantile, Report, Runtime, Transport, report::CellReport,
};
use report::format::{Unit, method, size, value};
use std::collections::BTreeMap;

/// Between two ways of calling.
const GAP: &str = "   ";

/// Before a payload, below its function.
const INDENT: &str = "  ";

/// What stands above the figures.
const LEGEND: &str = "Latency so far, in ms:";

/// What stands for a figure that takes more samples.
const NOT_YET: &str = "-";

/// The table in at most `height` lines of at most `width` columns.
pub(crate) fn lines(report: &Report, width: usize, height: usize) -> Vec<String> {
    let ways = Way::all(report);
    let rows = rows(report);
    let labels = rows.iter().map(|row| measure_text_width(&row.label()));
    let label_width = labels.max().unwrap_or(0);
    let mut lines = vec![LEGEND.to_owned()];
    for band in bands(&ways, label_width, width) {
        lines.extend(of_band(band, &rows, label_width));
    }
    let lines = lines.into_iter();
    let fitting = lines.map(|line| truncate_str(&line, width, "").trim_end().to_owned());
    shortened(fitting.collect(), height)
}

/// The first lines, and how many there are beside them.
fn shortened(mut lines: Vec<String>, height: usize) -> Vec<String> {
    if lines.len() <= height {
        return lines;
    }
    let shown = height.saturating_sub(1);
    let missing = lines.len() - shown;
    lines.truncate(shown);
    lines.push(format!("... {missing} more lines in a larger window"));
    lines.truncate(height);
    lines
}

/// A row: a function's name, or one of its payloads.
#[derive(Clone, Copy)]
enum Row {
    Function(Function),
    Payload(Function, u32),
}

impl Row {
    fn label(self) -> String {
        match self {
            Self::Function(function) => function.to_string(),
            Self::Payload(_, bytes) => format!("{INDENT}{:>6}", size(bytes)),
        }
    }
}

fn rows(report: &Report) -> Vec<Row> {
    let mut rows = Vec::new();
    for &function in &report.plan.functions {
        rows.push(Row::Function(function));
        let of_function = report.cells.iter().filter(|cell| cell.function == function);
        let mut sizes: Vec<u32> = of_function.map(|cell| cell.payload_bytes).collect();
        sizes.sort_unstable();
        sizes.dedup();
        rows.extend(sizes.into_iter().map(|bytes| Row::Payload(function, bytes)));
    }
    rows
}

/// A way of calling: its title, and the figures of its cells as text.
struct Way {
    runtime: Runtime,
    transport: Transport,
    title: String,
    figures: BTreeMap<Cell, Vec<String>>,
    /// Of each figure, the widest.
    widths: Vec<usize>,
}

impl Way {
    /// Those of a report, in the order of its final tables.
    fn all(report: &Report) -> Vec<Self> {
        let mut ways: Vec<(Transport, Runtime)> = report
            .cells
            .iter()
            .map(|cell| (cell.transport, cell.runtime))
            .collect();
        ways.sort_unstable();
        ways.dedup();
        let of = |(transport, runtime)| Self::of(report, transport, runtime);
        ways.into_iter().map(of).collect()
    }

    fn of(report: &Report, transport: Transport, runtime: Runtime) -> Self {
        let own = |cell: &&CellReport| (cell.transport, cell.runtime) == (transport, runtime);
        let cells = report.cells.iter().filter(own);
        let figures: BTreeMap<Cell, Vec<String>> =
            cells.map(|cell| (cell.id, figures(cell))).collect();
        let heads = Quantile::COMPARED.iter().enumerate();
        let widths = heads.map(|(place, quantile)| {
            let texts = figures.values().filter_map(|texts| texts.get(place));
            let widths = texts.map(|text| measure_text_width(text));
            widths.max().unwrap_or(0).max(quantile.title().len())
        });
        Self {
            runtime,
            transport,
            title: method(runtime, transport),
            widths: widths.collect(),
            figures,
        }
    }

    fn width(&self) -> usize {
        let figures = self.widths.iter().sum::<usize>() + self.widths.len().saturating_sub(1);
        figures.max(measure_text_width(&self.title))
    }

    fn head(&self) -> String {
        let titles = Quantile::COMPARED.iter().map(|q| q.title());
        self.line(&titles.collect::<Vec<_>>())
    }

    fn row(&self, row: Row) -> String {
        let Row::Payload(function, payload_bytes) = row else {
            return " ".repeat(self.width());
        };
        let cell = Cell {
            runtime: self.runtime,
            transport: self.transport,
            function,
            payload_bytes,
        };
        let none = vec![NOT_YET.to_owned(); self.widths.len()];
        self.line(self.figures.get(&cell).unwrap_or(&none))
    }

    /// Figures below each other, as a whole to the right.
    fn line(&self, figures: &[String]) -> String {
        let padded = figures
            .iter()
            .zip(&self.widths)
            .map(|(text, &width)| to_the_right(text, width));
        let line = padded.collect::<Vec<_>>().join(" ");
        to_the_right(&line, self.width())
    }
}

fn figures(cell: &CellReport) -> Vec<String> {
    // a lower bound alone is all that too few samples say: it would make wide columns of what follows soon anyway
    let text = |estimate: &Estimate| match (estimate.value, estimate.upper) {
        (None, None) => NOT_YET.to_owned(),
        _ => value(estimate, Unit::Milliseconds),
    };
    let each = Quantile::COMPARED.iter();
    each.map(|&quantile| text(&cell.quantiles[quantile]))
        .collect()
}

fn to_the_right(text: &str, width: usize) -> String {
    pad_str(text, width, Alignment::Right, None).into_owned()
}

/// As many ways beside each other as there is room for.
fn bands(ways: &[Way], label_width: usize, width: usize) -> Vec<&[Way]> {
    let mut bands = Vec::new();
    let mut rest = ways;
    while !rest.is_empty() {
        let mut taken = label_width;
        let fits = |way: &&Way| {
            taken += GAP.len() + way.width();
            taken <= width
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (band, others) = rest.split_at(count);
        bands.push(band);
        rest = others;
    }
    bands
}

fn of_band(band: &[Way], rows: &[Row], label_width: usize) -> Vec<String> {
    let line = |label: &str, texts: &mut dyn Iterator<Item = String>| {
        let label = pad_str(label, label_width, Alignment::Left, None);
        let texts = texts.map(|text| format!("{GAP}{text}"));
        format!("{label}{}", texts.collect::<String>())
    };
    let mut titles = band.iter().map(|way| to_the_right(&way.title, way.width()));
    let mut lines = vec![
        line("", &mut titles),
        line("", &mut band.iter().map(Way::head)),
    ];
    lines.extend(rows.iter().map(|&row| {
        let mut texts = band.iter().map(|way| way.row(row));
        line(&row.label(), &mut texts)
    }));
    lines
}
