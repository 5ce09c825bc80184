//! The series of a cell's figure over the runs: answer of `GET /history`.

use crate::{Cell, RunId, named::named};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

named! {
    /// A figure of a cell whose series is kept.
    pub enum SeriesMetric ("metric") {
        /// Mean.
        Mean = "mean",
        /// Median.
        P50 = "p50",
        /// 95th percentile.
        P95 = "p95",
        /// 99th percentile.
        P99 = "p99",
    }
}

/// Answer of `GET /history?cell=&metric=`.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// The location whose runs these are.
    pub location: String,
    /// The cell.
    pub cell: Cell,
    /// The figure.
    pub metric: SeriesMetric,
    /// What else determines a latency beside the cell (payload shape, batch size, concurrency, timer). Runs that differ in it from the
    /// latest one are left out.
    pub conditions: String,
    /// Completed runs, oldest first.
    pub points: Vec<HistoryPoint>,
    /// Where the level changed, oldest first.
    pub change_points: Vec<HistoryChange>,
}

/// One run's figure.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryPoint {
    /// The run.
    pub run: RunId,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// Cloudflare's id of the version that measured; absent locally.
    pub version: Option<String>,
    /// The figure, in us; absent where it could not be stated.
    pub value_us: Option<f64>,
    /// Lower end of its 95 % interval, or a proven bound, in us.
    pub lower_us: Option<f64>,
    /// Upper end of its 95 % interval, or a proven bound, in us.
    pub upper_us: Option<f64>,
    /// What the timer could resolve, in us.
    pub resolution_us: Option<f64>,
    /// Samples behind it.
    pub n: Option<u64>,
    /// The figure as it is shown everywhere, in ms.
    #[serde(default)]
    pub text: String,
}

/// A change of level.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryChange {
    /// The first run on the new level.
    pub run: RunId,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// The version that measured it; absent locally.
    pub version: Option<String>,
    /// Mean of the figure over the runs since the change before, in us.
    pub before_us: f64,
    /// Mean of the figure over the runs from this one on, up to the next change, in us.
    pub after_us: f64,
    /// `after` relative to `before`, in percent: 20 is a fifth slower.
    pub change_percent: f64,
    /// Lower end of the 95 % interval of that, in percent.
    pub change_percent_lower: f64,
    /// Upper end of the 95 % interval of that, in percent.
    pub change_percent_upper: f64,
    /// Probability of a difference at least this large on a level that did not change.
    pub p_value: f64,
}
