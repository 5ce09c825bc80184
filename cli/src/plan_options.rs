//! The plan, from a file and from options; an option wins over the file.

use crate::plan_file;
use anyhow::{Context as _, bail};
use clap::{Args, builder::PossibleValuesParser};
use protocol::{
    BusyShare, Function, Limits, PayloadShape, Plan, Runtime, Transport, Until,
    measure::TimerChoice,
    plan::{Judged, MAX_THRESHOLD_MS, PlanError},
};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Stands for every transport.
const ALL_TRANSPORTS: &str = "all";

/// What to measure; what is left out is the orchestrator's default.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Plan")]
pub(crate) struct PlanOptions {
    /// JSON file with a plan; `-` reads it from standard input
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Runtimes whose functions are delegated, comma-separated; `native` is this project's own
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    runtimes: Vec<Runtime>,
    /// Transports to compare, comma-separated; `all` for every one
    #[arg(long, value_delimiter = ',', value_parser = transports())]
    transports: Vec<String>,
    /// Functions to execute, comma-separated: echo, transform, compute, or one that only a runtime knows
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    functions: Vec<Function>,
    /// Payload sizes in bytes of JSON text, comma-separated
    #[arg(
        long,
        visible_alias = "payload-bytes",
        value_delimiter = ',',
        value_name = "BYTES",
        allow_negative_numbers = true
    )]
    payloads: Vec<u32>,
    /// What makes the answer, comma-separated: transports, by default the service binding (and rpc, where it is measured), and cold-starts
    #[arg(long, value_delimiter = ',', value_parser = judged())]
    judge: Vec<String>,
    /// Sample cold starts after the latencies, so many of each scenario [default: 80]
    #[arg(long, value_name = "SAMPLES", num_args = 0..=1, require_equals = true, allow_negative_numbers = true)]
    #[expect(
        clippy::option_option,
        reason = "the option may be absent, or there without a number"
    )]
    cold_starts: Option<Option<u32>>,
    /// What payloads are made of
    #[arg(long, value_parser = names(PayloadShape::ALL, |shape| shape.as_str()))]
    payload_shape: Option<String>,
    /// Timed calls of each cell, at least: a run of fixed size
    #[arg(
        long,
        visible_alias = "samples-per-cell",
        value_name = "N",
        allow_negative_numbers = true
    )]
    samples: Option<u32>,
    /// What ends the measuring: that the verdicts are settled (unless --samples names a size), or the size
    #[arg(long, value_parser = names(Until::ALL, |until| until.as_str()))]
    until: Option<String>,
    /// Time of a run until it is settled, in seconds
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    max_seconds: Option<u32>,
    /// Delegated calls of a run until it is settled
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_calls: Option<u64>,
    /// Calls before the timed ones of each slice
    #[arg(
        long,
        visible_alias = "warmup-per-slice",
        value_name = "N",
        allow_negative_numbers = true
    )]
    warmup: Option<u32>,
    /// Estimator of latencies; `ticked` shows locally what production can show
    #[arg(long, value_parser = names(TimerChoice::ALL, |timer| timer.as_str()))]
    timer: Option<String>,
    /// Seed of the order of cells, and of whatever else is random
    #[arg(long, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Threshold of the median, in ms
    #[arg(long, value_name = "MS", allow_negative_numbers = true, value_parser = threshold)]
    p50_ms: Option<f64>,
    /// Threshold of the 95th percentile, in ms
    #[arg(long, value_name = "MS", allow_negative_numbers = true, value_parser = threshold)]
    p95_ms: Option<f64>,
    /// Threshold of the 99th percentile, in ms
    #[arg(long, value_name = "MS", allow_negative_numbers = true, value_parser = threshold)]
    p99_ms: Option<f64>,
    /// Threshold of the median of a cold start, in ms
    #[arg(long, value_name = "MS", allow_negative_numbers = true, value_parser = threshold)]
    cold_p50_ms: Option<f64>,
    /// Threshold of the 95th percentile of a cold start, in ms
    #[arg(long, value_name = "MS", allow_negative_numbers = true, value_parser = threshold)]
    cold_p95_ms: Option<f64>,
    /// Share of calls that may fail, other than by their timeout: 0.01 is one in a hundred
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true, value_parser = share)]
    max_error_share: Option<f64>,
    /// A call that takes longer is a counted error, in ms
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    call_timeout_ms: Option<u32>,
    /// Invocations carried by one message, for transports that can
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    batch_size: Option<u32>,
    /// Calls in flight at once
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    concurrency: Option<u32>,
    /// Whether the parts of a call are measured too
    #[arg(long, value_name = "BOOL")]
    breakdown: Option<bool>,
    /// Shares of the time that others keep the runtime busy, comma-separated, from 0.05 to 0.9: latencies are measured beside each, after all else
    #[arg(long, value_delimiter = ',', value_name = "SHARE", allow_negative_numbers = true, value_parser = busy_share)]
    busy: Vec<BusyShare>,
}

fn names<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> PossibleValuesParser {
    PossibleValuesParser::new(all.iter().copied().map(name).collect::<Vec<_>>())
}

/// A threshold in ms, in the range that a plan may hold: what JSON has no number for must not become a default.
fn threshold(text: &str) -> Result<f64, String> {
    let max = f64::from(MAX_THRESHOLD_MS);
    match text.parse::<f64>() {
        Ok(ms) if ms > 0.0 && ms <= max => Ok(ms),
        _ => Err(format!("must be a number of ms above 0, at most {max}")),
    }
}

/// A share of calls, in the range that a plan may hold.
fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if share > 0.0 && share <= 1.0 => Ok(share),
        _ => Err("must be a share above 0, at most 1".to_owned()),
    }
}

fn judged() -> PossibleValuesParser {
    let transports = Transport::ALL.iter().map(|name| name.as_str());
    let names: Vec<&str> = transports.chain([Judged::ColdStarts.as_str()]).collect();
    PossibleValuesParser::new(names)
}

/// A share of the time, as a plan may hold it.
fn busy_share(text: &str) -> Result<BusyShare, String> {
    let share = text.parse().ok().and_then(BusyShare::of);
    share.ok_or_else(|| format!("must be {}", BusyShare::ACCEPTED))
}

fn transports() -> PossibleValuesParser {
    let mut accepted: Vec<&str> = Transport::ALL.iter().map(|name| name.as_str()).collect();
    accepted.push(ALL_TRANSPORTS);
    PossibleValuesParser::new(accepted)
}

impl PlanOptions {
    /// The whole plan, with the defaults of this version filled in.
    pub(crate) fn plan(&self, limits: &Limits) -> anyhow::Result<Plan> {
        checked(&self.asked()?, limits)
    }

    /// What was asked for, as JSON.
    fn asked(&self) -> anyhow::Result<Vec<u8>> {
        Ok(serde_json::to_vec(&self.fields()?)?)
    }

    /// What was asked for, field by field, and the whole plan that it makes. Both from one reading: standard input can be read once.
    ///
    /// The API is given what was asked for: the rest is for the orchestrator to fill in. Its own limits may be tighter than `limits`; it says so then.
    pub(crate) fn fields_and_plan(
        &self,
        limits: &Limits,
    ) -> anyhow::Result<(Map<String, Value>, Plan)> {
        let fields = self.fields()?;
        let plan = checked(&serde_json::to_vec(&fields)?, limits)?;
        Ok((fields, plan))
    }

    /// What was asked for, field by field.
    fn fields(&self) -> anyhow::Result<Map<String, Value>> {
        let mut plan = match &self.plan {
            Some(file) => plan_file::read(file)?,
            None => Map::new(),
        };
        self.overlay(&mut plan)?;
        Ok(plan)
    }

    fn overlay(&self, plan: &mut Map<String, Value>) -> anyhow::Result<()> {
        let transports = match self.transports.as_slice() {
            [all] if all == ALL_TRANSPORTS => json!(Transport::ALL),
            named if named.iter().any(|name| name == ALL_TRANSPORTS) => {
                bail!("--transports: `{ALL_TRANSPORTS}` stands for every one; name none beside it")
            }
            named => json!(named),
        };
        let options = [
            ("runtimes", list(json!(self.runtimes))),
            ("transports", list(transports)),
            ("functions", list(json!(self.functions))),
            ("payload_bytes", list(json!(self.payloads))),
            ("judge", list(json!(self.judge))),
            ("payload_shape", json!(self.payload_shape)),
            ("samples_per_cell", json!(self.samples)),
            ("until", json!(self.until)),
            ("max_seconds", json!(self.max_seconds)),
            ("max_calls", json!(self.max_calls)),
            ("warmup_per_slice", json!(self.warmup)),
            ("timer", json!(self.timer)),
            ("seed", json!(self.seed)),
            ("call_timeout_ms", json!(self.call_timeout_ms)),
            ("batch_size", json!(self.batch_size)),
            ("concurrency", json!(self.concurrency)),
            ("breakdown", json!(self.breakdown)),
            ("busy", list(json!(self.busy))),
        ];
        set(plan, options);
        if let Some(samples) = self.cold_starts {
            let given = plan.entry("cold_starts").or_insert(Value::Null);
            if given.is_null() {
                *given = json!({});
            }
            let given = given
                .as_object_mut()
                .context("cold_starts: must be an object, or null")?;
            set(given, [("samples", json!(samples))]);
        }
        let thresholds = [
            ("p50_ms", json!(self.p50_ms)),
            ("p95_ms", json!(self.p95_ms)),
            ("p99_ms", json!(self.p99_ms)),
            ("max_error_share", json!(self.max_error_share)),
            ("cold_p50_ms", json!(self.cold_p50_ms)),
            ("cold_p95_ms", json!(self.cold_p95_ms)),
        ];
        if thresholds.iter().any(|(_, value)| !value.is_null()) {
            let given = plan.entry("thresholds").or_insert_with(|| json!({}));
            let given = given
                .as_object_mut()
                .context("thresholds: must be an object")?;
            set(given, thresholds);
        }
        Ok(())
    }
}

/// The plan that a text is, or every bad field of it.
fn checked(json: &[u8], limits: &Limits) -> anyhow::Result<Plan> {
    match Plan::parse(json, limits) {
        Ok(plan) => Ok(plan),
        Err(PlanError::Fields(errors)) => {
            let lines = errors
                .iter()
                .map(|error| format!("\n  {}: {}", error.field, error.detail));
            bail!("the plan cannot be measured:{}", lines.collect::<String>())
        }
        Err(error) => Err(error.into()),
    }
}

/// Sets what an option gave.
fn set<const N: usize>(fields: &mut Map<String, Value>, options: [(&str, Value); N]) {
    for (name, value) in options {
        if !value.is_null() {
            fields.insert(name.to_owned(), value);
        }
    }
}

/// A list that an option gave; without the option it is empty, and nothing is set.
fn list(values: Value) -> Value {
    match values {
        Value::Array(values) if values.is_empty() => Value::Null,
        values => values,
    }
}

#[cfg(test)]
mod tests;
