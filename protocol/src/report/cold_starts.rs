//! Cold starts in a report.

use crate::{
    Estimate, Quantile, Runtime,
    cold_start::{Artefact, Flaw, Scenario, WasmBytes},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::Outcome;

/// The cold starts of one runtime at one location.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColdStarts {
    /// Whose function was called.
    pub runtime: Runtime,
    /// Where.
    pub location: String,
    /// Whether the figures are floors: a local loader fetches no script, routes nothing and evicts nothing. A floor can fail a threshold and never pass it.
    pub is_floor: bool,
    /// What the fresh isolates were made of.
    pub artefacts: Vec<Artefact>,
    /// The scenarios, in the plan's order; those that load wasm twice.
    pub scenarios: Vec<ColdScenario>,
    /// What sharing the runtime saves: `cold-monolith` minus `cold-stub`, paired by block.
    pub saved: Vec<ColdSaving>,
    /// Median of the first call of a warm stub and a warm runtime after isolates of others were loaded.
    pub kept_pair_first_us: Estimate,
    /// Median of a later call of the same pair.
    pub kept_pair_settled_us: Estimate,
    /// The thresholds against the scenarios that load something.
    pub verdicts: Vec<ColdVerdict>,
    /// Mean latency of a call, delegated and inlined, by the share of calls that meet a fresh isolate.
    pub expected: Vec<ExpectedLatency>,
    /// The share of cold calls above which delegating is the faster way on average, in [0, 1]; absent where one way is faster at every share, or where
    /// the figures do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_even_share: Option<f64>,
    /// What the figures say, in a sentence.
    #[serde(default)]
    pub text: String,
}

/// One scenario.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColdScenario {
    /// Which isolates were fresh.
    pub scenario: Scenario,
    /// Whether the process knew their wasm.
    pub wasm_bytes: WasmBytes,
    /// Samples behind the figures: each proven as fresh, and as settled, as the scenario wants.
    pub count: u64,
    /// Samples that are in no figure, by why.
    pub discarded: BTreeMap<Flaw, u64>,
    /// What was said of the last one that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Median from before the load to the first answer.
    pub p50_us: Estimate,
    /// 95th percentile of the same.
    pub p95_us: Estimate,
    /// Mean of the same.
    pub mean_us: Estimate,
    /// Medians of calls 1, 2, 3, 5 and 10, each timed from its own start; the first is `p50_us`.
    pub calls: Vec<ColdCall>,
    /// Mean time from before the load until the modules of the loaded isolate had run; of the stub's where a runtime was loaded, too. Absent where the platform
    /// shows no time outside requests, or nothing was loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_us: Option<Estimate>,
    /// Mean time from there until its first request came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_us: Option<Estimate>,
    /// Mean time from there to the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_call_us: Option<Estimate>,
}

/// The median of one of the calls after a load.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColdCall {
    /// Which call of the isolate, from 1.
    pub call: u32,
    /// Its median.
    pub p50_us: Estimate,
}

/// What sharing the runtime saves.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColdSaving {
    /// Whether the process knew the wasm of both.
    pub wasm_bytes: WasmBytes,
    /// Difference of the medians.
    pub p50_us: Estimate,
    /// Difference of the 95th percentiles.
    pub p95_us: Estimate,
    /// Difference of the means.
    pub mean_us: Estimate,
}

/// One threshold against one scenario.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColdVerdict {
    /// Which isolates were fresh.
    pub scenario: Scenario,
    /// Whether the process knew their wasm.
    pub wasm_bytes: WasmBytes,
    /// Which quantile.
    pub metric: Quantile,
    /// The limit, in ms.
    pub threshold_ms: f64,
    /// The quantile, in us.
    pub estimate_us: Estimate,
    /// Whether it is part of the answer: where the plan judges `cold-starts`, `cold-stub` with wasm that the process does not know.
    pub judged: bool,
    /// Fail where the interval is at or above the threshold, pass where it is below and no floor, else inconclusive.
    pub outcome: Outcome,
    /// All of it in a sentence.
    #[serde(default)]
    pub text: String,
}

/// What a call takes on average where a share of the calls meet a fresh isolate.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExpectedLatency {
    /// The share of the calls that are cold, in [0, 1].
    pub cold_share: f64,
    /// Delegated: a cold call loads the stub.
    pub delegated_us: Estimate,
    /// Inlined: a cold call loads the monolith.
    pub inlined_us: Estimate,
}
