//! Two runs, or two transports of them, beside each other.
//!
//! Two runs were not made at the same time, so their blocks cannot be paired with each other. What is compared is therefore the
//! overhead over `direct`, which is paired by block inside each run: what slowed a whole run (a busy machine, another
//! datacenter) is in both of its cells and cancels. Where a run has no `direct`, latencies are compared as they are, and so are
//! two transports of one run, whose `direct` is the same: their intervals are taken as independent, which makes that of the
//! difference wider than pairing would, never narrower.

use crate::difference::Difference;
use core::fmt::Write as _;
use protocol::{
    Cell, Estimate, Quantile, Report, Transport,
    comparison::{ComparedFigure, Comparison, Finding, Side},
    report::Quantity,
};
use std::collections::BTreeSet;

/// Share of intervals that miss the truth.
const MISSED: f64 = 0.05;

/// Compares `second` with `first`: the cells of a transport of the one with those of a transport of the other, or with `None` each delegated cell with
/// itself.
#[must_use]
pub fn compare(
    first: &Report,
    second: &Report,
    transports: Option<(Transport, Transport)>,
) -> Comparison {
    let counterpart = |cell: Cell| match transports {
        None => cell.transport.delegates().then_some(cell),
        Some((one, other)) => (cell.transport == one).then_some(Cell {
            transport: other,
            ..cell
        }),
    };
    let pairs = first
        .cells
        .iter()
        .filter_map(|cell| Some((cell.id, counterpart(cell.id)?)));
    let rows: Vec<ComparedFigure> = pairs
        .flat_map(|pair| Quantile::COMPARED.iter().map(move |&metric| (pair, metric)))
        .filter_map(|(pair, metric)| figure(first, second, pair, metric))
        .collect();
    let side = |report: &Report, transport| Side {
        run: report.run.id.clone(),
        transport,
    };
    Comparison {
        first: side(first, transports.map(|pair| pair.0)),
        second: side(second, transports.map(|pair| pair.1)),
        text: in_words(first, second, &rows),
        rows,
    }
}

/// One figure, if both sides have it.
fn figure(
    first: &Report,
    second: &Report,
    (one, other): (Cell, Cell),
    metric: Quantile,
) -> Option<ComparedFigure> {
    let overheads = || overhead(first, one, metric).zip(overhead(second, other, metric));
    let latencies = || latency(first, one, metric).zip(latency(second, other, metric));
    let paired = if one != other && is_one_run(first, second) {
        None
    } else {
        overheads()
    };
    let (quantity, (first_us, second_us)) = match paired {
        Some(pair) => (Quantity::Overhead, pair),
        None => (Quantity::Latency, latencies()?),
    };
    let difference = Difference::of(first_us, second_us);
    Some(ComparedFigure {
        first: one,
        second: other,
        metric,
        quantity,
        first_us: first_us.clone(),
        second_us: second_us.clone(),
        finding: difference.finding(),
        text: difference.to_string(),
        difference_us: difference.us,
        difference_percent: difference.percent,
    })
}

fn is_one_run(first: &Report, second: &Report) -> bool {
    first.run.id == second.run.id
}

fn overhead(report: &Report, cell: Cell, metric: Quantile) -> Option<&Estimate> {
    let mut overheads = report.overheads.iter();
    overheads
        .find(|overhead| overhead.id == cell)?
        .quantiles
        .get(metric)
}

fn latency(report: &Report, id: Cell, metric: Quantile) -> Option<&Estimate> {
    let mut cells = report.cells.iter();
    cells.find(|cell| cell.id == id)?.quantiles.get(metric)
}

/// What all of it says, what may have come about by chance, and what else was not the same.
fn in_words(first: &Report, second: &Report, rows: &[ComparedFigure]) -> String {
    if rows.is_empty() {
        return "The two have no cell in common.".to_owned();
    }
    let mut text = counts(rows);
    let has = |quantity| rows.iter().any(|row| row.quantity == quantity);
    if has(Quantity::Overhead) {
        text.push_str(" An overhead is paired with direct, block by block, inside each run; the two runs are independent of each other.");
    }
    if first == second && rows.iter().all(|row| row.first == row.second) {
        text.push_str(" A run is compared with itself.");
    } else if rows.iter().any(|row| row.first != row.second) && is_one_run(first, second) {
        text.push_str(" Both are of one run: their intervals are taken as independent, so the one of a difference is wider than it could be.");
    } else if has(Quantity::Latency) {
        text.push_str(" A figure marked latency is not paired with direct: what slowed the whole run is in it.");
    }
    for (what, one, other) in conditions(first)
        .into_iter()
        .zip(conditions(second))
        .map(|((what, one), (_, other))| (what, one, other))
    {
        if one != other {
            let _ = write!(text, " {what} differ: {one} and {other}.");
        }
    }
    let runs: BTreeSet<_> = [first, second]
        .into_iter()
        .filter(|report| !report.run.state.is_final())
        .map(|report| report.run.id.as_str())
        .collect();
    for run in runs {
        let _ = write!(text, " {run} is still measured: its figures change.");
    }
    text
}

/// How many figures differ, and how many would by chance.
fn counts(rows: &[ComparedFigure]) -> String {
    let found = |finding| rows.iter().filter(|row| row.finding == finding).count();
    let compared = rows.len() - found(Finding::Unclear);
    let (slower, faster) = (found(Finding::Slower), found(Finding::Faster));
    let differ = match (slower, faster) {
        (0, 0) => format!("No difference shown in any of {compared} figures."),
        (_, 0) => format!("Slower in {slower} of {compared} figures, faster in none."),
        (0, _) => format!("Faster in {faster} of {compared} figures, slower in none."),
        _ => format!("Slower in {slower} of {compared} figures, faster in {faster}."),
    };
    let chance = compared as f64 * MISSED;
    format!(
        "{differ} Times in ms with 95 % intervals: about {chance:.0} of {compared} would look different by chance alone."
    )
}

/// What two runs should have in common, by name.
fn conditions(report: &Report) -> [(&'static str, String); 3] {
    let timers: Vec<&str> = report
        .environment
        .timers
        .iter()
        .map(|timer| timer.as_str())
        .collect();
    [
        ("Timers", timers.join(" and ")),
        ("Locations", report.run.location.clone()),
        ("Payload shapes", report.plan.payload_shape.to_string()),
    ]
}
