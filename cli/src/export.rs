//! `export`: a run in the form of another tool.

use crate::{
    api_options::ApiOptions,
    arguments::{ExportOptions, Form},
    exit::Exit,
    output, runs,
};
use anyhow::{Context as _, bail};
use cli::client::Client;
use protocol::{Cell, Estimate, Report, RunId, routes};
use serde_json::{Map, Value, json};
use std::fs;

/// `rpc-latency export`
pub(crate) fn export(api: &ApiOptions, options: &ExportOptions) -> anyhow::Result<Exit> {
    let client = api.client();
    let run = runs::named_or_newest(&client, options.run.as_ref())?;
    let text = match options.form {
        Form::Bencher => serde_json::to_string_pretty(&bencher(&client.report(&run)?))? + "\n",
        Form::Json => client.report_json(&run)?,
        Form::Markdown => client.report_markdown(&run)?,
        Form::Hgrm => cell(&client, &run, options, routes::Export::Hgrm)?,
        Form::Hlog => cell(&client, &run, options, routes::Export::Hlog)?,
        Form::Csv => cell(&client, &run, options, routes::Export::Csv)?,
    };
    if let Some(file) = &options.file {
        fs::write(file, text).with_context(|| format!("writing {}", file.display()))?;
    } else {
        output::result(&text)?;
    }
    Ok(Exit::Pass)
}

/// The samples of one cell, as the orchestrator writes them.
fn cell(
    client: &Client,
    run: &RunId,
    options: &ExportOptions,
    form: routes::Export,
) -> anyhow::Result<String> {
    let Some(cell) = options.cell else {
        bail!(
            "this form holds one cell: name it with --cell, as in --cell service-binding.echo.100"
        );
    };
    Ok(client.text(&format!("/results/{run}/cells/{cell}.{form}"))?)
}

/// Bencher Metric Format (<https://bencher.dev/docs/reference/bencher-metric-format/>): by cell, by measure, a value with
/// its interval. What cannot be stated, and what is too small to see, is left out: the format has no word for either.
fn bencher(report: &Report) -> Value {
    let mut benchmarks: Map<String, Value> = report
        .cells
        .iter()
        .map(|cell| {
            let means = [
                ("mean_us".to_owned(), &cell.mean_us),
                ("chain_mean_us".to_owned(), &cell.chain_mean_us),
            ];
            let quantiles = cell
                .quantiles
                .iter()
                .map(|(q, estimate)| (q.field(), estimate));
            (
                cell.id.to_string(),
                metrics(means.into_iter().chain(quantiles)),
            )
        })
        .collect();
    for overhead in &report.overheads {
        let quantiles = overhead.quantiles.iter();
        let measures = quantiles.map(|(q, estimate)| (format!("overhead_{}", q.field()), estimate));
        extend(&mut benchmarks, overhead.id, metrics(measures));
    }
    benchmarks.retain(|_, measures| {
        measures
            .as_object()
            .is_some_and(|measures| !measures.is_empty())
    });
    Value::Object(benchmarks)
}

fn extend(benchmarks: &mut Map<String, Value>, cell: Cell, more: Value) {
    let measures = benchmarks
        .entry(cell.to_string())
        .or_insert_with(|| json!({}));
    if let (Value::Object(measures), Value::Object(more)) = (measures, more) {
        measures.extend(more);
    }
}

fn metrics<'a>(measures: impl Iterator<Item = (String, &'a Estimate)>) -> Value {
    let visible = measures.filter(|(_, estimate)| !estimate.is_below_resolution());
    let stated = visible.filter_map(|(name, estimate)| {
        let mut metric = Map::from_iter([("value".to_owned(), json!(estimate.value?))]);
        for (name, end) in [
            ("lower_value", estimate.lower),
            ("upper_value", estimate.upper),
        ] {
            if let Some(end) = end {
                metric.insert(name.to_owned(), json!(end));
            }
        }
        Some(((*name).to_owned(), Value::Object(metric)))
    });
    Value::Object(stated.collect())
}
