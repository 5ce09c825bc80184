//! What the figures say about the plan's thresholds.

use crate::{Cell, Estimate, Transport, named::named};
use serde::{Deserialize, Serialize};

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
