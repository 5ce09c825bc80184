//! `compare`: what changed from one run to another.

use crate::{
    api_options::ApiOptions, arguments::CompareOptions, exit::Exit, output, saved, tables,
};
use anyhow::{Context as _, bail};
use protocol::{
    Report,
    comparison::{ComparedFigure, Comparison},
};
use report::{comparison, document::Document, format};
use serde_json::json;
use std::{fs, path::Path};

/// `rpc-latency compare`
pub(crate) fn compare(api: &ApiOptions, options: &CompareOptions) -> anyhow::Result<Exit> {
    let first = report(api, &options.first)?;
    let second = report(api, &options.second)?;
    let compared = comparison::compare(&first, &second, None);
    if compared.rows.is_empty() {
        bail!(
            "{} and {} have no cell in common",
            options.first,
            options.second
        );
    }
    if api.json {
        output::document(&document(&compared))?;
    } else {
        output::result(&tables::render(&tables_of(&compared)))?;
    }
    let limit = options.fail_above;
    let exceeds =
        |row: &ComparedFigure| limit.is_some_and(|percent| grows_by_more_than(row, percent));
    Ok(if compared.rows.iter().any(exceeds) {
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

/// Whether even the lower end of the growth is above `percent` of the first figure.
fn grows_by_more_than(row: &ComparedFigure, percent: f64) -> bool {
    match (row.difference_us.lower, row.first_us.value) {
        (Some(lower), Some(first)) if first > 0.0 => lower / first * 100.0 > percent,
        _ => false,
    }
}

fn document(compared: &Comparison) -> serde_json::Value {
    let rows = compared.rows.iter().map(|row| {
        json!({"cell": row.first, "metric": row.metric, "quantity": row.quantity, "first_us": row.first_us, "second_us": row.second_us,
            "difference_us": row.difference_us, "difference_percent": row.difference_percent, "finding": row.finding})
    });
    json!({"first": compared.first.run, "second": compared.second.run, "differences": rows.collect::<Vec<_>>()})
}

fn tables_of(compared: &Comparison) -> Document {
    let mut out = Document::new();
    out.title(format!(
        "{} and then {}",
        compared.first.run, compared.second.run
    ));
    let shown = compared.rows.iter().map(|row| {
        [
            row.first.to_string(),
            format!("{} {}", row.metric, row.quantity),
            format::value(&row.first_us, format::Unit::Milliseconds),
            format::value(&row.second_us, format::Unit::Milliseconds),
            row.text.clone(),
            row.finding.to_string(),
        ]
    });
    let head = ["Cell", "Figure", "First", "Then", "Difference", "Finding"];
    out.table(head, 2..5, shown);
    out.paragraph(compared.text.clone());
    out
}
