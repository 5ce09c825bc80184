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
            let measures = [
                ("mean_us", &cell.mean_us),
                ("chain_mean_us", &cell.chain_mean_us),
                ("p50_us", &cell.p50_us),
                ("p95_us", &cell.p95_us),
                ("p99_us", &cell.p99_us),
                ("p99_9_us", &cell.p99_9_us),
            ];
            (cell.id.to_string(), metrics(&measures))
        })
        .collect();
    for overhead in &report.overheads {
        let measures = [
            ("overhead_p50_us", &overhead.p50_us),
            ("overhead_p95_us", &overhead.p95_us),
            ("overhead_p99_us", &overhead.p99_us),
        ];
        extend(&mut benchmarks, overhead.id, metrics(&measures));
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

fn metrics(measures: &[(&str, &Estimate)]) -> Value {
    let visible = measures
        .iter()
        .filter(|(_, estimate)| !estimate.is_below_resolution());
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
