//! What the figures say about the plan's thresholds.

use crate::{Cell, Estimate, Quantile, Transport, named::named};
use serde::{Deserialize, Serialize};

named! {
    /// What a share of calls says about what is allowed.
    pub enum Outcome ("outcome") {
        /// The upper limit of the share is below what is allowed.
        Pass = "pass",
        /// Its lower limit is above.
        Fail = "fail",
        /// What is allowed lies between the limits, or there are none.
        Inconclusive = "inconclusive",
    }
}

impl Outcome {
    /// What a reader is told. JSON keeps the name that it has always had.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "open",
        }
    }
}

/// The answer in short.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Over the verdicts of judged transports and the failed calls of all. Pass if all of them pass. Fail if one fails that would still fail among as many
    /// that are all in order (Holm's procedure, 5 % over all of them). Else inconclusive.
    pub outcome: Outcome,
    /// The answer in a sentence.
    #[serde(default)]
    pub text: String,
    /// One for each delegating transport, in the plan's order; `direct` is among them where too many of its calls fail, or may.
    pub transports: Vec<TransportSummary>,
}

const fn judged() -> bool {
    true
}

/// The answer for one transport.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransportSummary {
    /// The transport.
    pub transport: Transport,
    /// Over its verdicts, as in [`Summary::outcome`].
    pub outcome: Outcome,
    /// Whether its latencies are part of [`Summary::outcome`]. (True for all in reports of before plans named them.)
    #[serde(default = "judged")]
    pub judged: bool,
    /// Why, in a sentence that names the deciding cell and figure.
    pub reason: String,
    /// Its cell that is closest to a threshold, or furthest beyond one; absent without verdicts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closest: Option<Cell>,
    /// What delegating costs in that cell, as it is shown; empty without one.
    #[serde(default)]
    pub figures: String,
}

named! {
    /// How the calls that a verdict rests on follow each other.
    pub enum Condition ("condition") {
        /// After a wait for the clock's next step: some 2 ms a sample, and latencies finer than a tick.
        Isolated = "isolated",
        /// Directly, with one reading of the clock between two calls: the latency itself a sample, in whole ticks.
        BackToBack = "back-to-back",
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

/// A share of calls with its exact 95 % limits, all in [0, 1].
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The share observed; absent where whole ticks of the clock leave it open between the limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Lower limit.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
    /// Calls behind it.
    pub n: u64,
    /// Independent calls that would say as much.
    pub effective_n: f64,
    /// One-sided p-value of "no more than is allowed", in [0, 1]: what the answer "no" rests on. Absent in reports of before it was written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
    /// As it is shown: `0.90 % [0.40 %, 1.7 %]`.
    #[serde(default)]
    pub text: String,
}

/// One threshold against one cell.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The delegated cell.
    pub id: Cell,
    /// Which quantile.
    pub metric: Quantile,
    /// Of what.
    pub quantity: Quantity,
    /// The limit, in ms.
    pub threshold_ms: f64,
    /// How the calls follow each other that `share_above` counts; absent where there are none, and in reports of before it was written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// The quantile, in us, for comparison. The verdict does not rest on its interval.
    pub estimate_us: Estimate,
    /// The share of calls at or above the threshold, which the verdict tests. For an overhead these are the calls that take what `direct`
    /// takes at this quantile, and the threshold on top. Absent where there are no samples to count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_above: Option<Share>,
    /// The share that the quantile allows: 0.05 for a p95. (0 in reports of before it was written down.)
    #[serde(default)]
    pub allowed_share: f64,
    /// What it says.
    pub outcome: Outcome,
    /// Samples of the cell in all that would probably settle an inconclusive one, if the share stays what it is; absent where more samples would not help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples_needed: Option<u64>,
    /// All of it in a sentence.
    #[serde(default)]
    pub text: String,
}

/// The failed calls of one cell, or of all cells of a transport, against the share that the plan allows.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailedCalls {
    /// The transport.
    pub transport: Transport,
    /// The cell; absent for all cells of the transport together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Cell>,
    /// Calls that failed, other than by a timeout that counts as a latency.
    pub failed: u64,
    /// Their share of the calls that were made; absent where none were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
    /// The share that the plan allows.
    pub allowed_share: f64,
    /// What it says.
    pub outcome: Outcome,
    /// Calls in all that would probably settle an inconclusive one; absent where more would not help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_needed: Option<u64>,
    /// All of it in a sentence.
    #[serde(default)]
    pub text: String,
}
