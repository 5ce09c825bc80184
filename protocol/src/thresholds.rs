//! The latencies up to which delegation is acceptable.

use serde::{Deserialize, Serialize};

/// Upper limits of acceptable cost, in milliseconds, one for each of three quantiles.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// Limit of the median, in ms.
    pub p50_ms: f64,
    /// Limit of the 95th percentile, in ms.
    pub p95_ms: f64,
    /// Limit of the 99th percentile, in ms.
    pub p99_ms: f64,
}

impl Default for Thresholds {
    /// 1, 3 and 5 ms: imperceptible; within a service's tolerance; an acceptable tail.
    fn default() -> Self {
        Self {
            p50_ms: 1.0,
            p95_ms: 3.0,
            p99_ms: 5.0,
        }
    }
}
