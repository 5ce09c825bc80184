//! The report: the published JSON of a run.
//!
//! Times are in microseconds unless a name says otherwise. Every figure is an [`Estimate`] with its 95 % confidence
//! interval, or says why it is none.

use crate::{
    Cell, ErrorKind, Estimate, Function, Plan, RunId, RunState, Transport, limits::LimitsProfile,
    measure::Timer, named::named, run::Trigger,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the report's layout. A reader accepts what it knows; fields are only ever added within a version.
pub const SCHEMA_VERSION: u32 = 1;

/// The published JSON of a run.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`] of the writer.
    pub schema_version: u32,
    /// Which run.
    pub run: RunFacts,
    /// What was asked for.
    pub plan: Plan,
    /// Where, with what and how finely it was measured.
    pub environment: Environment,
    /// The answer in short: one line for each transport, and over all.
    pub summary: Summary,
    /// Every cell.
    pub cells: Vec<CellReport>,
    /// Latency of a transport minus `direct`, same function and payload, paired by block.
    pub overheads: Vec<Overhead>,
    /// Where the time of a delegated call goes, for each payload size.
    pub breakdown: Vec<Breakdown>,
    /// How latency grows with the payload, for each transport and function.
    pub slopes: Vec<Slope>,
    /// Every threshold against every delegated cell.
    pub verdicts: Vec<Verdict>,
    /// Sentences with the figures they rest on.
    pub analysis: Vec<Finding>,
    /// What a reader should know before trusting the figures.
    pub faults: Vec<Fault>,
}

/// Which run a report is of.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunFacts {
    /// The run.
    pub id: RunId,
    /// What started it.
    pub trigger: Trigger,
    /// The location whose coordinator ran it; several, joined by `+`, in a merged report.
    pub location: String,
    /// Cloudflare's code of the datacenter, as the coordinator learnt it; absent where it could not.
    pub colo: Option<String>,
    /// When its first slice was dispatched.
    pub started_at: Option<DateTime<Utc>>,
    /// When it reached its final state.
    pub finished_at: Option<DateTime<Utc>>,
    /// That state.
    pub state: RunState,
}

/// Where, with what and how finely a run was measured.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// Version of this package.
    pub package_version: String,
    /// Cloudflare's id of the deployed version; absent locally.
    pub deployed_version_id: Option<String>,
    /// Compatibility date of the Workers.
    pub compatibility_date: String,
    /// Whose budgets applied.
    pub limits: LimitsProfile,
    /// The timers that were used; one, unless the clock changed its nature in mid-run.
    pub timers: Vec<Timer>,
    /// One step of the clock, in ms.
    pub tick_ms: Option<u64>,
    /// Whether the caller's clock advances while it computes.
    pub clock_advances_during_cpu: Option<bool>,
    /// Clock readings in one tick while polling: median over slices of each slice's mean over the middle half of its ticks (interpolated only).
    pub polls_per_tick: Option<f64>,
    /// Median over slices of the median absolute deviation of a slice's ticks from that mean.
    pub polls_per_tick_mad: Option<f64>,
    /// The timer's procedure around no call at all (interpolated only).
    pub noise_floor: Option<NoiseFloor>,
    /// Mean of isolated calls minus mean of calls in a row, over all delegated cells (interpolated only).
    pub isolation_cost_us: Option<Estimate>,
}

/// What the timer reads around no call at all.
///
/// A reading cannot be negative, so most of them may be 0. A figure below [`resolution_us`](Self::resolution_us) says "too small to see", whatever
/// its digits: it is no measurement of nothing.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoiseFloor {
    /// Median, in us.
    pub p50_us: f64,
    /// 95th percentile, in us.
    pub p95_us: f64,
    /// 99th percentile, in us.
    pub p99_us: f64,
    /// Readings behind them.
    pub n: u64,
    /// What a single reading is good to, in us: median over slices; absent in reports from before it was stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution_us: Option<f64>,
}

named! {
    /// What an interval says about a threshold.
    pub enum Outcome ("outcome") {
        /// The interval's upper end is below the threshold.
        Pass = "pass",
        /// Its lower end is above.
        Fail = "fail",
        /// The threshold lies inside the interval, or there is no interval.
        Inconclusive = "inconclusive",
    }
}

/// The answer in short.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Over all delegated cells: fail if any fails, else inconclusive if any is, else pass.
    pub outcome: Outcome,
    /// One for each delegating transport, in the plan's order.
    pub transports: Vec<TransportSummary>,
}

/// The answer for one transport.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransportSummary {
    /// The transport.
    pub transport: Transport,
    /// Over its cells, as in [`Summary::outcome`].
    pub outcome: Outcome,
    /// Why, in a sentence that names the deciding cell and figure.
    pub reason: String,
}

/// Everything measured of one cell.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellReport {
    /// `transport.function.payload_bytes`.
    pub id: Cell,
    /// How the caller reached the code.
    pub transport: Transport,
    /// What was executed.
    pub function: Function,
    /// Size of the payload's JSON text.
    pub payload_bytes: u32,
    /// Samples behind the statistics: calls that succeeded and were timed.
    pub count: u64,
    /// Failed calls by kind.
    pub errors: BTreeMap<ErrorKind, u64>,
    /// Planned calls that were not made, because too many before them timed out.
    pub skipped: u64,
    /// Calls that succeeded but whose interpolation was lost to a stall after the call.
    pub lost: u64,
    /// Calls made before the timed ones.
    pub warmup_calls: u64,
    /// Smallest sample, in us; `None` without samples, or where it is below the resolution of a ticked timer.
    pub min_us: Option<f64>,
    /// Largest sample, in us.
    pub max_us: Option<f64>,
    /// Mean of the samples.
    pub mean_us: Estimate,
    /// Mean of calls in a row between two clock readings: the anchor that needs no interpolation.
    pub chain_mean_us: Estimate,
    /// `mean_us` minus `chain_mean_us`: a call after CPU work against a call in a row.
    pub isolation_cost_us: Estimate,
    /// Median.
    pub p50_us: Estimate,
    /// 95th percentile.
    pub p95_us: Estimate,
    /// 99th percentile.
    pub p99_us: Estimate,
    /// 99.9th percentile.
    pub p99_9_us: Estimate,
    /// The samples as an `HdrHistogram` in ns, V2 with DEFLATE, base64.
    pub histogram: String,
}

/// Latency of a transport minus `direct`, same function and payload, paired by block.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overhead {
    /// The delegated cell.
    pub id: Cell,
    /// Difference of the means.
    pub mean_us: Estimate,
    /// Difference of the medians.
    pub p50_us: Estimate,
    /// Difference of the 95th percentiles.
    pub p95_us: Estimate,
    /// Difference of the 99th percentiles.
    pub p99_us: Estimate,
}

/// Where the time of a `service-binding` call in a row goes.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breakdown {
    /// The function.
    pub function: Function,
    /// Size of the payload.
    pub payload_bytes: u32,
    /// The whole: mean of calls in a row.
    pub total_us: Estimate,
    /// A call that carries nothing and does nothing: dispatch and isolate switch.
    pub empty_hop_us: Estimate,
    /// Encoding of request and answer.
    pub encode_us: Estimate,
    /// Decoding of request and answer.
    pub decode_us: Estimate,
    /// The function itself.
    pub function_us: Estimate,
    /// What the parts do not explain: the bodies' way between the isolates, mostly.
    pub residual_us: Estimate,
}

/// How mean latency grows with the payload: that of samples, or for `direct` of repetitions, where the run timed every size by them.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slope {
    /// The transport.
    pub transport: Transport,
    /// The function.
    pub function: Function,
    /// Microseconds for each kilobyte (1,000 bytes) of payload.
    pub us_per_kb: Estimate,
    /// Latency at no payload, by extrapolation.
    pub intercept_us: Estimate,
}

named! {
    /// A quantile that has a threshold.
    pub enum Metric ("metric") {
        /// Median.
        P50 = "p50",
        /// 95th percentile.
        P95 = "p95",
        /// 99th percentile.
        P99 = "p99",
    }
}

named! {
    /// What a threshold is held against.
    pub enum Quantity ("quantity") {
        /// Latency minus that of `direct`; used where the plan has `direct`.
        Overhead = "overhead",
        /// Latency; used where it has not.
        Latency = "latency",
    }
}

/// One threshold against one cell.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The delegated cell.
    pub id: Cell,
    /// Which quantile.
    pub metric: Metric,
    /// Of what.
    pub quantity: Quantity,
    /// The limit, in ms.
    pub threshold_ms: f64,
    /// The figure that was held against it, in us.
    pub estimate_us: Estimate,
    /// What it says.
    pub outcome: Outcome,
    /// Samples that would probably settle an inconclusive one, if the interval shrinks with the square root of n; absent where more samples would not help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples_needed: Option<u64>,
}

/// A sentence with the figures it rests on.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is about: `binding-vs-direct`, `payload-effect`, `function-effect`, `implication`, ...
    pub topic: String,
    /// The sentence.
    pub sentence: String,
    /// The figures in it, by their path in this report.
    pub figures: Vec<Figure>,
}

/// A figure that a sentence cites.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Where it stands: `cells/service-binding.echo.100/p50_us`.
    pub path: String,
    /// Its value, in the unit of the path's end; too small to see where it is below `resolution`.
    pub value: f64,
    /// The resolution that stands beside it there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<f64>,
}

/// Something a reader should know before trusting the figures.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What kind: `isolation-cost`, `drift`, `slow-first-calls`, `bimodal`, `error-burst`, `samples-exceed-dispatch`, ...
    pub kind: String,
    /// The cell it concerns, if one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cell: Option<Cell>,
    /// What was found, with figures, and what it means.
    pub message: String,
    /// The figures, by name with unit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, f64>,
}
