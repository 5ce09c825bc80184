//! What was measured while runtimes were kept busy.

use crate::{BusyShare, ByQuantile, Cell, ErrorKind, Estimate, Runtime};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The latencies of a cell while a runtime is kept busy for a share of the time. Calls come at any moment of the neighbour's cycle alike.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Neighbours {
    /// The cell. Of `direct`, the control, it is the native function in the stub.
    pub id: Cell,
    /// The runtime that is kept busy.
    pub runtime: Runtime,
    /// The share of the time that was asked for, in [0, 1].
    pub busy: BusyShare,
    /// What the neighbour achieved.
    pub achieved: Achieved,
    /// Samples behind the statistics.
    pub count: u64,
    /// Failed calls by kind, not the neighbour's.
    pub errors: BTreeMap<ErrorKind, u64>,
    /// Planned calls that were not made, because too many before them timed out.
    pub skipped: u64,
    /// Calls that succeeded but whose interpolation was lost to a stall after the call.
    pub lost: u64,
    /// Its quantiles: `p50_us`, `p95_us`, `p99_us`.
    #[serde(flatten)]
    pub quantiles: ByQuantile<Estimate>,
    /// What a queue with one server makes one expect of them; absent where nobody else calls, where it is not known what a call takes then, and in a report of several places: each place has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<ByQuantile<Expectation>>,
    /// The samples as an `HdrHistogram` in ns, V2 with DEFLATE, base64.
    pub histogram: String,
}

/// What a neighbour did, by the clock of the stub that called: from before each of its calls until after it.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Achieved {
    /// The share of the time in which its calls were under way, in [0, 1]; `None` where no time was measured.
    pub share: Option<f64>,
    /// Its calls.
    pub calls: u64,
    /// Those that failed.
    pub failed_calls: u64,
    /// What one took on average, in ms; `None` without any.
    pub call_ms: Option<f64>,
    /// The time that this is about, in seconds.
    pub seconds: f64,
    /// Whether the runtime was one that only slices with neighbours call, in a process of its own.
    pub apart: bool,
    /// The same in words.
    pub text: String,
}

/// Where a quantile is to be expected: a simulated queue with one server, and as far from it as chance and a stated tolerance allow.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expectation {
    /// What the simulation says, in us.
    pub value_us: f64,
    /// Lower end of the band, in us.
    pub lower_us: f64,
    /// Upper end of the band, in us.
    pub upper_us: f64,
    /// Whether what was measured lies in the band; `None` where nothing could be stated.
    pub holds: Option<bool>,
    /// The band in ms: `0.08 to 0.41`.
    pub text: String,
}
