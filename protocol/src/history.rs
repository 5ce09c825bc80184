//! The series of a figure over the runs: answer of `GET /history`.

mod subject;

pub use subject::Subject;

use crate::{
    Estimate, PayloadShape, Quantile, RunId,
    measure::Timer,
    named::UnknownName,
    report::{CellReport, ColdScenario, Residency, Share},
};
use chrono::{DateTime, Utc};
use core::{fmt, iter, str::FromStr};
use serde::{Deserialize, Serialize};

/// A figure whose series is kept; of cold starts, mean, p50 and p95.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SeriesMetric {
    /// Mean.
    Mean,
    /// A quantile: one of [`Quantile::COMPARED`].
    Quantile(Quantile),
}

const MEAN: &str = "mean";

impl SeriesMetric {
    /// Those that cold starts have: what their few samples can state.
    pub const OF_COLD_STARTS: [Self; 3] = [
        Self::Mean,
        Self::Quantile(Quantile::P50),
        Self::Quantile(Quantile::P95),
    ];

    /// Each, in the order in which tables show them.
    pub fn all() -> impl Iterator<Item = Self> {
        let quantiles = Quantile::COMPARED.iter().copied().map(Self::Quantile);
        iter::once(Self::Mean).chain(quantiles)
    }

    /// The name on the wire and in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mean => MEAN,
            Self::Quantile(quantile) => quantile.as_str(),
        }
    }

    /// What a report says of it.
    #[must_use]
    pub fn of(self, cell: &CellReport) -> Option<&Estimate> {
        match self {
            Self::Mean => Some(&cell.mean_us),
            Self::Quantile(quantile) => cell.quantiles.get(quantile),
        }
    }

    /// What a report says of it for a kind of cold start.
    #[must_use]
    pub const fn of_cold_start(self, scenario: &ColdScenario) -> Option<&Estimate> {
        match self {
            Self::Mean => Some(&scenario.mean_us),
            Self::Quantile(Quantile::P50) => Some(&scenario.p50_us),
            Self::Quantile(Quantile::P95) => Some(&scenario.p95_us),
            Self::Quantile(_) => None,
        }
    }

    /// The names, comma-separated, for error messages.
    fn expected() -> String {
        let names: Vec<_> = Self::all().map(Self::as_str).collect();
        names.join(", ")
    }
}

impl fmt::Display for SeriesMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for SeriesMetric {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::all().find(|metric| metric.as_str() == text);
        found.ok_or_else(|| UnknownName {
            what: "metric",
            name: text.chars().take(64).collect(),
            expected: Self::expected(),
        })
    }
}

crate::named::serde_by_name!(SeriesMetric);

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for SeriesMetric {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SeriesMetric".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let names: Vec<_> = Self::all().map(Self::as_str).collect();
        schemars::json_schema!({
            "description": "A figure whose series is kept; of cold starts, mean, p50 and p95.",
            "type": "string",
            "enum": names,
        })
    }
}

/// Answer of `GET /history?cell=&metric=`.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// The location whose runs these are.
    pub location: String,
    /// The cell, or the kind of cold start.
    pub cell: Subject,
    /// The figure.
    pub metric: SeriesMetric,
    /// What else determines a latency beside the cell. Runs that differ in it from the latest one are left out.
    pub conditions: Conditions,
    /// Completed runs, oldest first.
    pub points: Vec<HistoryPoint>,
    /// Where the level changed, oldest first.
    pub change_points: Vec<HistoryChange>,
}

/// What else determines a latency, beside the cell: series hold runs that are alike in all of it.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditions {
    /// What payloads are made of.
    pub payload_shape: PayloadShape,
    /// Invocations in one message.
    pub batch_size: u32,
    /// Calls in flight at once.
    pub concurrency: u32,
    /// The timers that were used.
    pub timers: Vec<Timer>,
    /// All of it in words.
    #[serde(default)]
    pub text: String,
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
    /// The isolates of the cell's runtime that the run met by the way that the cell takes; absent where it was not counted, and of `direct`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residency: Option<MetIsolates>,
}

/// What a run met of a runtime's isolates, in short: see [`Residency`].
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetIsolates {
    /// Answers that said which isolate gave them.
    pub calls: u64,
    /// Isolates that gave them.
    pub isolates: u64,
    /// Calls that met a fresh isolate.
    pub cold_calls: u64,
    /// Their share of `calls`.
    pub cold_share: Share,
}

impl MetIsolates {
    /// In short, what a report says; nothing where it knows nothing.
    #[must_use]
    pub fn of(found: &Residency) -> Option<Self> {
        Some(Self {
            calls: found.calls,
            isolates: found.isolates,
            cold_calls: found.cold_calls,
            cold_share: found.cold_share.clone()?,
        })
    }
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
    /// Both levels and the change: `0.090 to 0.112 ms, +24 % (95 % CI +21 % to +28 %)`.
    #[serde(default)]
    pub text: String,
}
