//! Where, with what and how finely a run was measured.

use crate::{
    ByQuantile, Estimate,
    limits::LimitsProfile,
    measure::{Rung, Timer, Unfit},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where, with what and how finely a run was measured.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// Version of this package.
    pub package_version: String,
    /// Cloudflare's id of the deployed version; absent locally.
    pub deployed_version_id: Option<String>,
    /// Version of the workerd that served the Workers; absent in production, whose platform has no such number, and in reports of earlier releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workerd_version: Option<String>,
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
    /// Readings of the clock in one request to the caller: median over slices; absent where they were not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_readings_per_request: Option<f64>,
    /// The timer's procedure around no call at all (interpolated only).
    pub noise_floor: Option<NoiseFloor>,
    /// Mean of isolated calls minus mean of back-to-back calls, over all delegated cells (interpolated only).
    pub isolation_cost_us: Option<Estimate>,
    /// What I/O did to the caller's clock, for each kind of polls that was tried; empty where the clock runs, or where polls were not asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clock: Vec<PolledClock>,
}

/// What the polls of one rung showed of a clock that stands still while the Worker computes, over all slices that tried it.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolledClock {
    /// The rung.
    pub rung: Rung,
    /// Looks at the clock by it: one for each slice, two where the first found its steps irregular.
    pub looks: u64,
    /// Looks that found the clock fit to be interpolated.
    pub fit: u64,
    /// Looks that found it unfit, by reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unfit: BTreeMap<Unfit, u64>,
    /// The clock's step, in ms: the smallest over slices; `null` where it never moved.
    pub tick_ms: Option<u64>,
    /// Polls in one step: median over slices; `null` where it was not found.
    pub polls_per_tick: Option<f64>,
    /// How far the times of steps spread, in us, the polls' own spread included: median over slices; `null` where it was not found.
    pub spread_us: Option<f64>,
    /// Times that the clock was set back.
    pub set_back: u64,
    /// Polls made by probes; each is followed by a reading of the clock.
    pub polls: u64,
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
