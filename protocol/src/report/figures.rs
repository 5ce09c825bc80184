//! What was measured: cells, overheads, parts of a call, growth with the payload.

use crate::{ByQuantile, Cell, ErrorKind, Estimate, Function, Runtime, Transport};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything measured of one cell.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellReport {
    /// `transport.function.payload_bytes`, with the runtime's name before it where that is not the native one.
    pub id: Cell,
    /// Whose function it is.
    #[serde(default)]
    pub runtime: Runtime,
    /// How the caller reached the code.
    pub transport: Transport,
    /// What was executed.
    pub function: Function,
    /// Size of the payload's JSON text.
    pub payload_bytes: u32,
    /// Samples behind the statistics: calls that succeeded and were timed.
    pub count: u64,
    /// Failed calls by kind.
    pub errors: BTreeMap<ErrorKind, u64>,
    /// Planned calls that were not made, because too many before them timed out.
    pub skipped: u64,
    /// Calls that succeeded but whose interpolation was lost to a stall after the call.
    pub lost: u64,
    /// Calls made before the timed ones.
    pub warmup_calls: u64,
    /// Smallest sample, in us; `None` without samples, or where it is below the resolution of a ticked timer.
    pub min_us: Option<f64>,
    /// Largest sample, in us.
    pub max_us: Option<f64>,
    /// Mean of the samples.
    pub mean_us: Estimate,
    /// Mean of back-to-back calls between two clock readings: the anchor that needs no interpolation.
    pub chain_mean_us: Estimate,
    /// The slice that `mean_us` is mostly about, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_dominated_by: Option<Stretch>,
    /// The slice that `chain_mean_us` is mostly about, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain_dominated_by: Option<Stretch>,
    /// `mean_us` minus `chain_mean_us`: a call after the timer's spinning and polling against a back-to-back call.
    pub isolation_cost_us: Estimate,
    /// Its quantiles: `p50_us`, `p95_us`, `p99_us`, `p99_9_us`.
    #[serde(flatten)]
    pub quantiles: ByQuantile<Estimate>,
    /// The samples as an `HdrHistogram` in ns, V2 with DEFLATE, base64.
    pub histogram: String,
}

/// One slice whose calls took so long that a mean is about them more than about the others: without it the mean would be lower by a fifth at least.
/// Such a mean is true, and says little of an ordinary call. No verdict rests on a mean; but a slow call among the isolated ones may be the upper end of a p99.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// Its block, from 0.
    pub block: u32,
    /// Its calls.
    pub calls: u64,
    /// Its part of the time of all calls, in (0, 1).
    pub share: f64,
    /// The mean of the calls of all other slices, in us.
    pub mean_without_us: f64,
}

/// Latency of a transport minus `direct`, same function and payload, paired by block.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overhead {
    /// The delegated cell.
    pub id: Cell,
    /// Difference of the means.
    pub mean_us: Estimate,
    /// Differences of the quantiles: `p50_us`, `p95_us`, `p99_us`.
    #[serde(flatten)]
    pub quantiles: ByQuantile<Estimate>,
}

/// Where the time of a `service-binding` back-to-back call goes.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breakdown {
    /// The function.
    pub function: Function,
    /// Size of the payload.
    pub payload_bytes: u32,
    /// The whole: mean of back-to-back calls.
    pub total_us: Estimate,
    /// A call that carries nothing and does nothing: dispatch and isolate switch.
    pub empty_hop_us: Estimate,
    /// Encoding of request and answer.
    pub encode_us: Estimate,
    /// Decoding of request and answer.
    pub decode_us: Estimate,
    /// The function itself.
    pub function_us: Estimate,
    /// What the parts do not explain: the bodies' way between the isolates, mostly.
    pub residual_us: Estimate,
}

/// How mean latency grows with the payload: that of samples, or for `direct` of repetitions, where the run timed every size by them.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slope {
    /// Whose function it is.
    #[serde(default)]
    pub runtime: Runtime,
    /// The transport.
    pub transport: Transport,
    /// The function.
    pub function: Function,
    /// Microseconds for each kilobyte (1,000 bytes) of payload.
    pub us_per_kb: Estimate,
    /// Latency at no payload, by extrapolation.
    pub intercept_us: Estimate,
}
