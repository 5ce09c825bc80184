//! `compare`: what changed from one run to another.
//!
//! Two runs were not made at the same time, so their blocks cannot be paired with each other. What is compared is therefore the
//! overhead over `direct`, which is paired by block inside each run: what slowed a whole run (a busy machine, another
//! datacenter) is in both of its cells and cancels. Where a run has no `direct`, latencies are compared as they are.

use crate::{
    api_options::ApiOptions, arguments::CompareOptions, exit::Exit, output, saved, tables,
};
use anyhow::{Context as _, bail};
use core::fmt::Write as _;
use protocol::{Cell, Estimate, Quantile, Report, report::Quantity};
use report::{
    difference::{Difference, Finding},
    document::Document,
    format,
};
use serde_json::json;
use std::{fs, path::Path};

/// Share of intervals that miss the truth.
const MISSED: f64 = 0.05;

/// One figure of one cell in both runs.
struct Compared {
    cell: Cell,
    metric: Quantile,
    quantity: Quantity,
    first: Estimate,
    second: Estimate,
    difference: Difference,
}

/// `rpc-latency compare`
pub(crate) fn compare(api: &ApiOptions, options: &CompareOptions) -> anyhow::Result<Exit> {
    let first = report(api, &options.first)?;
    let second = report(api, &options.second)?;
    let compared = compared(&first, &second);
    if compared.is_empty() {
        bail!(
            "{} and {} have no cell in common",
            options.first,
            options.second
        );
    }
    if api.json {
        output::document(&document(&first, &second, &compared))?;
    } else {
        output::result(&tables::render(&tables_of(&first, &second, &compared)))?;
    }
    let limit = options.fail_above;
    let exceeds = |row: &Compared| limit.is_some_and(|percent| grows_by_more_than(row, percent));
    Ok(if compared.iter().any(exceeds) {
        Exit::Fail
    } else {
        Exit::Pass
    })
}

/// A report by its file, or by its run's id from the orchestrator.
fn report(api: &ApiOptions, named: &str) -> anyhow::Result<Report> {
    if let Ok(run) = named.parse() {
        return Ok(saved::fetch(&api.client(), &run)?.report);
    }
    let json = fs::read_to_string(Path::new(named))
        .with_context(|| format!("{named} is neither a run id nor a file that can be read"))?;
    report::read(&json).with_context(|| format!("{named} cannot be read"))
}

/// Every figure that both reports have.
fn compared(first: &Report, second: &Report) -> Vec<Compared> {
    let delegated = first.cells.iter().filter(|cell| cell.transport.delegates());
    let mut rows = Vec::new();
    for cell in delegated {
        for &metric in Quantile::COMPARED {
            let overheads = overhead(first, cell.id, metric).zip(overhead(second, cell.id, metric));
            let latencies = latency(first, cell.id, metric).zip(latency(second, cell.id, metric));
            let (quantity, pair) = match (overheads, latencies) {
                (Some(pair), _) => (Quantity::Overhead, pair),
                (None, Some(pair)) => (Quantity::Latency, pair),
                (None, None) => continue,
            };
            rows.push(Compared {
                cell: cell.id,
                metric,
                quantity,
                difference: Difference::of(pair.0, pair.1),
                first: pair.0.clone(),
                second: pair.1.clone(),
            });
        }
    }
    rows
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

/// Whether even the lower end of the growth is above `percent` of the first figure.
fn grows_by_more_than(row: &Compared, percent: f64) -> bool {
    match (row.difference.us.lower, row.first.value) {
        (Some(lower), Some(first)) if first > 0.0 => lower / first * 100.0 > percent,
        _ => false,
    }
}

fn document(first: &Report, second: &Report, rows: &[Compared]) -> serde_json::Value {
    let rows = rows.iter().map(|row| {
        json!({"cell": row.cell, "metric": row.metric, "quantity": row.quantity, "first_us": row.first, "second_us": row.second,
            "difference_us": row.difference.us, "difference_percent": row.difference.percent,
            "finding": row.difference.finding().to_string()})
    });
    json!({"first": first.run.id, "second": second.run.id, "differences": rows.collect::<Vec<_>>()})
}

fn tables_of(first: &Report, second: &Report, rows: &[Compared]) -> Document {
    let mut out = Document::new();
    out.title(format!("{} and then {}", first.run.id, second.run.id));
    let shown = rows.iter().map(|row| {
        [
            row.cell.to_string(),
            format!("{} {}", row.metric, row.quantity),
            format::value(&row.first, format::Unit::Milliseconds),
            format::value(&row.second, format::Unit::Milliseconds),
            row.difference.to_string(),
            row.difference.finding().to_string(),
        ]
    });
    let head = ["Cell", "Figure", "First", "Then", "Difference", "Finding"];
    out.table(head, 2..5, shown);
    out.paragraph(in_words(first, second, rows).trim_end());
    out
}

/// What all of it says, and what may have come about by chance.
fn in_words(first: &Report, second: &Report, rows: &[Compared]) -> String {
    let found = |finding: Finding| {
        rows.iter()
            .filter(|row| row.difference.finding() == finding)
            .count()
    };
    let compared = rows.len() - found(Finding::Unclear);
    let (slower, faster) = (found(Finding::Slower), found(Finding::Faster));
    let mut text = match (slower, faster) {
        (0, 0) => format!("No difference shown in any of {compared} figures."),
        (_, 0) => format!("Slower in {slower} of {compared} figures, faster in none."),
        (0, _) => format!("Faster in {faster} of {compared} figures, slower in none."),
        _ => format!("Slower in {slower} of {compared} figures, faster in {faster}."),
    };
    let chance = compared as f64 * MISSED;
    let _ = writeln!(
        text,
        " Times in ms with 95 % intervals: about {chance:.0} of {compared} would look different by chance alone."
    );
    if rows.iter().any(|row| row.quantity == Quantity::Overhead) {
        text.push_str("An overhead is paired with direct, block by block, inside each run; the two runs are independent of each other.\n");
    }
    if rows.iter().any(|row| row.quantity == Quantity::Latency) {
        text.push_str("A figure marked latency is not paired with direct: what slowed the whole run is in it.\n");
    }
    for (what, one, other) in [
        (
            "Timers",
            format!("{:?}", first.environment.timers),
            format!("{:?}", second.environment.timers),
        ),
        (
            "Locations",
            first.run.location.clone(),
            second.run.location.clone(),
        ),
        (
            "Payload shapes",
            first.plan.payload_shape.to_string(),
            second.plan.payload_shape.to_string(),
        ),
    ] {
        if one != other {
            let _ = writeln!(text, "{what} differ: {one} and {other}.");
        }
    }
    text
}
