//! Where, with what and how finely a run was measured.

use crate::{ByQuantile, Estimate, limits::LimitsProfile, measure::Timer};
use serde::{Deserialize, Serialize};

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
    /// Mean of isolated calls minus mean of back-to-back calls, over all delegated cells (interpolated only).
    pub isolation_cost_us: Option<Estimate>,
}

/// What the timer reads around no call at all.
///
/// A reading cannot be negative, so most of them may be 0. A figure below [`resolution_us`](Self::resolution_us) says "too small to see", whatever
/// its digits: it is no measurement of nothing.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoiseFloor {
    /// In us: `p50_us`, `p95_us`, `p99_us`.
    #[serde(flatten)]
    pub quantiles: ByQuantile<f64>,
    /// Readings behind them.
    pub n: u64,
    /// What a single reading is good to, in us: median over slices; absent in reports from before it was stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution_us: Option<f64>,
}
