//! What delegation may cost, and how many of its calls may fail.

use crate::Quantile;
use serde::{Deserialize, Serialize};

/// Upper limits: of the cost, in milliseconds, one for each of three quantiles, and of failed calls.
///
/// Each is a limit that must not be reached: `p95_ms` asks for p95 < 3 ms.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// Limit of the median, in ms.
    pub p50_ms: f64,
    /// Limit of the 95th percentile, in ms.
    pub p95_ms: f64,
    /// Limit of the 99th percentile, in ms.
    pub p99_ms: f64,
    /// Limit of the share of calls that fail other than by their timeout, above 0 and at most 1. (A call that times out is a latency.)
    #[serde(default = "max_error_share")]
    pub max_error_share: f64,
    /// Limit of the median of a cold start, in ms.
    #[serde(default = "cold_start_ms")]
    pub cold_p50_ms: f64,
    /// Limit of the 95th percentile of a cold start, in ms.
    #[serde(default = "cold_start_ms")]
    pub cold_p95_ms: f64,
}

/// One call in a hundred.
const fn max_error_share() -> f64 {
    0.01
}

/// What the architecture promises: a cold start that nobody sees.
const fn cold_start_ms() -> f64 {
    100.0
}

impl Thresholds {
    /// The limit of each quantile of a cold start that has one, in ms.
    #[must_use]
    pub const fn cold_limits_ms(&self) -> [(Quantile, f64); 2] {
        [
            (Quantile::P50, self.cold_p50_ms),
            (Quantile::P95, self.cold_p95_ms),
        ]
    }

    /// The limit of each quantile that has one, in ms.
    #[must_use]
    pub const fn limits_ms(&self) -> [(Quantile, f64); 3] {
        [
            (Quantile::P50, self.p50_ms),
            (Quantile::P95, self.p95_ms),
            (Quantile::P99, self.p99_ms),
        ]
    }
}

impl Default for Thresholds {
    /// 1, 3 and 5 ms: imperceptible; within a service's tolerance; an acceptable tail. 1 % of the calls. 100 ms for a cold start.
    fn default() -> Self {
        Self {
            p50_ms: 1.0,
            p95_ms: 3.0,
            p99_ms: 5.0,
            max_error_share: max_error_share(),
            cold_p50_ms: cold_start_ms(),
            cold_p95_ms: cold_start_ms(),
        }
    }
}
