//! The report: the published JSON of a run.
//!
//! Times are in microseconds unless a name says otherwise. Every figure is an [`Estimate`](crate::Estimate) with its 95 % confidence
//! interval, or says why it is none.

mod cold_starts;
mod deployment;
mod environment;
mod figures;
mod neighbours;
mod residency;
mod verdict;

pub use cold_starts::{
    ColdCall, ColdSaving, ColdScenario, ColdStarts, ColdVerdict, ExpectedLatency,
};
pub use deployment::{DeploymentScenario, DeploymentStarts};
pub use environment::{Environment, NoiseFloor, PolledClock};
pub use figures::{Breakdown, CellReport, Overhead, Slope, Stretch};
pub use neighbours::{Achieved, Expectation, Neighbours};
pub use residency::{Reach, Residency};
pub use verdict::{
    Condition, FailedCalls, Outcome, Quantity, Share, Summary, TransportSummary, Verdict,
};

use crate::{
    Cell, Plan, RunId, RunState,
    named::named,
    run::{Progress, Trigger},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the report's layout. A reader accepts what it knows; fields are only ever added within a version.
pub const SCHEMA_VERSION: u32 = 2;

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
    /// Latencies while runtimes were kept busy; absent where the plan asks for none. A merged report has none: each location's own does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub neighbours: Vec<Neighbours>,
    /// Every threshold against every delegated cell.
    pub verdicts: Vec<Verdict>,
    /// Failed calls against what is allowed, for each transport and each of its cells.
    #[serde(default)]
    pub failed_calls: Vec<FailedCalls>,
    /// The runtimes' isolates: how many calls each served, and how many met a fresh one. Empty in reports of before it was counted.
    #[serde(default)]
    pub residency: Vec<Residency>,
    /// The latest cold starts by deployment, for each runtime; empty where none has been timed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deployment_starts: Vec<DeploymentStarts>,
    /// Cold starts, one entry for each runtime; empty unless the plan asks for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cold_starts: Vec<ColdStarts>,
    /// Sentences with the figures they rest on.
    pub analysis: Vec<Statement>,
    /// What a reader should know before trusting the figures.
    pub warnings: Vec<Warning>,
}

/// Which run a report is of.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunFacts {
    /// The run.
    pub id: RunId,
    /// What started it.
    pub trigger: Trigger,
    /// The location whose coordinator ran it; several, joined by `+`, in a merged report, for people to read.
    pub location: String,
    /// The locations whose runs it holds, one by one: a report with more than one is merged, and has no address of its own. Empty in reports of
    /// before it was written down, each of which is of one run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<String>,
    /// Cloudflare's code of the datacenter, as the coordinator learnt it; absent where it could not.
    pub colo: Option<String>,
    /// When its first slice was dispatched.
    pub started_at: Option<DateTime<Utc>>,
    /// When it reached its final state.
    pub finished_at: Option<DateTime<Utc>>,
    /// That state; `running` in a report as it stands, which has no answer yet.
    pub state: RunState,
    /// How far the run was, in a report as it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

named! {
    /// What a statement of the analysis is about.
    pub enum Topic ("topic") {
        /// A transport against direct execution.
        TransportVsDirect = "transport-vs-direct",
        /// One transport against another.
        TransportVsTransport = "transport-vs-transport",
        /// How latency grows with the payload.
        PayloadEffect = "payload-effect",
        /// What the function adds.
        FunctionEffect = "function-effect",
        /// Isolated calls against back-to-back ones.
        Isolation = "isolation",
        /// Where the time goes.
        Breakdown = "breakdown",
        /// What calls wait for while others keep the runtime busy.
        Neighbours = "neighbours",
        /// What follows for the architecture.
        Implication = "implication",
    }
}

/// A statement of the analysis with the figures it rests on.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// What it is about.
    pub topic: Topic,
    /// The sentence.
    pub text: String,
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

named! {
    /// What a warning is about.
    pub enum WarningKind ("warning") {
        /// Isolated calls take longer than back-to-back ones.
        IsolationCost = "isolation-cost",
        /// The timer reads too much around no call at all.
        NoiseFloor = "noise-floor",
        /// Interpolations lost to stalls of the machine.
        LostInterpolations = "lost-interpolations",
        /// The caller reports more time than the coordinator saw go by.
        SamplesExceedDispatch = "samples-exceed-dispatch",
        /// The first call of a slice is slower than the others.
        SlowFirstCalls = "slow-first-calls",
        /// First and last third of the run differ.
        Drift = "drift",
        /// The latencies have two humps.
        Bimodal = "bimodal",
        /// One slice makes a mean.
        OutlierSlice = "outlier-slice",
        /// Blocks differ as a whole.
        BetweenBlockVariance = "between-block-variance",
        /// Errors came together.
        ErrorBurst = "error-burst",
        /// More than one call in a hundred failed.
        Errors = "errors",
        /// The platform's limit on invocations or subrequests was reached.
        LimitExceeded = "limit-exceeded",
        /// Nothing succeeded.
        NoSamples = "no-samples",
        /// Isolated and back-to-back calls answer the same threshold differently.
        ConditionsDisagree = "conditions-disagree",
        /// Slices were dispatched again.
        Retried = "retried",
        /// Isolated calls read shorter than back-to-back ones, by a clock that was polled by I/O: the clock is not what the timer takes it for.
        ClockContradicted = "clock-contradicted",
        /// The clock changed in mid-run.
        TimerChanged = "timer-changed",
        /// Beside a neighbour, calls waited longer or less long than for a queue with one server.
        BusyUnexpected = "busy-unexpected",
        /// Beside a neighbour of the runtime, calls that do not go there became slower.
        ControlMoved = "control-moved",
        /// A neighbour's calls failed, or kept the runtime busy for another share than was asked for.
        NeighbourOff = "neighbour-off",
        /// A neighbour's runtime shares its process with the stub that measures.
        NeighbourNotApart = "neighbour-not-apart",
        /// A location could not be asked.
        LocationMissing = "location-missing",
        /// A location measured another plan.
        LocationLeftOut = "location-left-out",
    }
}

/// Something a reader should know before trusting the figures.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    /// What kind.
    pub kind: WarningKind,
    /// The cell it concerns, if one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cell: Option<Cell>,
    /// What was found, with figures, and what it means.
    pub text: String,
    /// The figures, by name with unit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, f64>,
}
