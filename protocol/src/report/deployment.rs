//! Cold starts by deployment, as a report has them.

use crate::{Estimate, Runtime, named::named};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

named! {
    /// What made the isolates fresh.
    pub enum DeploymentScenario ("scenario") {
        /// A new version of the runtime was deployed.
        Deployment = "deployment",
    }
}

/// The first calls that new versions of one runtime answered, from the sending of each to its answer, by the service binding. They are of the place, not
/// of the run: the latest that had been timed when the report was made.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeploymentStarts {
    /// The runtime.
    pub runtime: Runtime,
    /// What made the isolates fresh.
    pub scenario: DeploymentScenario,
    /// Starts: each proven to be of a fresh isolate.
    pub n: u64,
    /// Versions that they are of, as far as they were named.
    pub versions: u64,
    /// When the first of them was timed.
    pub first_at: DateTime<Utc>,
    /// When the last of them was timed.
    pub last_at: DateTime<Utc>,
    /// Median.
    pub p50_us: Estimate,
    /// 95th percentile.
    pub p95_us: Estimate,
    /// The shortest, in ms, good to a tick.
    pub min_ms: u64,
    /// The longest, in ms, good to a tick.
    pub max_ms: u64,
    /// The caller's tick, in ms.
    pub tick_ms: u64,
    /// All of them, in ms, oldest first.
    pub readings_ms: Vec<u64>,
    /// All of it in a sentence.
    #[serde(default)]
    pub text: String,
}
