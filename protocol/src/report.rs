//! The report: the published JSON of a run.
//!
//! Times are in microseconds unless a name says otherwise. Every figure is an [`Estimate`](crate::Estimate) with its 95 % confidence
//! interval, or says why it is none.

mod environment;
mod figures;
mod verdict;

pub use environment::{Environment, NoiseFloor};
pub use figures::{Breakdown, CellReport, Overhead, Slope, Stretch};
pub use verdict::{
    FailedCalls, Metric, Outcome, Quantity, Share, Summary, TransportSummary, Verdict,
};

use crate::{Cell, Plan, RunId, RunState, run::Trigger};
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
    /// Failed calls against what is allowed, for each transport and each of its cells.
    #[serde(default)]
    pub failed_calls: Vec<FailedCalls>,
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
