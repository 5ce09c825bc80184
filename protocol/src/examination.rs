//! What a deployment finds out about itself: `POST /doctor`, and the caller's part of it.

use crate::{limits::LimitsProfile, measure::RungFacts};
use serde::{Deserialize, Serialize};

/// Calls that the caller makes one after the other in one request, to see whether the platform lets it. Four times what one slice makes.
pub const SEQUENTIAL_CALLS: u32 = 120;

crate::named::named! {
    /// What the caller is to find out: `GET /health?probe=clock`.
    pub enum Probing ("probe") {
        /// What its clock does, and how many calls it may make one after the other. Polls take some 100 ms of CPU.
        Clock = "clock",
        /// Only the calls, for accounts whose CPU time does not last for polls.
        Calls = "calls",
    }
}

/// What the caller finds out.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallerFindings {
    /// What its clock does; absent where it was not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockFindings>,
    /// Calls on the binding, one after the other.
    pub sequential_calls: SequentialCalls,
    /// Whether `RUNTIME_URL` is set, where `raw-fetch` goes.
    pub has_runtime_url: bool,
    /// Whether the secret `RUNTIME_TOKEN` is set, which the runtime asks of public calls.
    pub has_runtime_token: bool,
}

/// What the caller's clock does.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClockFindings {
    /// Whether it advances while the Worker computes.
    pub advances_during_cpu: bool,
    /// One step of it, in ms; of a clock that no I/O moves, the platform's.
    pub tick_ms: u64,
    /// What I/O does to a clock that stands still, for each kind of polls that was tried.
    pub polls: Vec<RungFacts>,
    /// Readings of the clock that this took.
    pub readings: u64,
}

/// Calls one after the other in one request.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequentialCalls {
    /// Calls that were answered.
    pub made: u32,
    /// Calls that were to be made.
    pub wanted: u32,
    /// What the platform or the runtime said to the first that was not; it was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// Answer of `POST /doctor`.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Examination {
    /// Version of this package.
    pub package_version: String,
    /// Cloudflare's id of the deployed version; null locally.
    pub deployed_version_id: Option<String>,
    /// Compatibility date of the Workers.
    pub compatibility_date: String,
    /// Whose budgets apply.
    pub limits: LimitsProfile,
    /// The locations that runs are started at.
    pub locations: Vec<String>,
    /// What the caller found out; null where it did not answer.
    pub caller: Option<CallerFindings>,
    /// Why the caller did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller_problem: Option<String>,
    /// Whether the Worker for cold starts is bound (`COLD`).
    pub cold_starts: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_on_the_wire_is_pinned() {
        let findings = CallerFindings {
            clock: None,
            sequential_calls: SequentialCalls {
                made: 50,
                wanted: SEQUENTIAL_CALLS,
                refused: Some("Too many subrequests.".to_owned()),
            },
            has_runtime_url: true,
            has_runtime_token: false,
        };
        let json = "{\"sequential_calls\":{\"made\":50,\"wanted\":120,\"refused\":\"Too many subrequests.\"},\
                    \"has_runtime_url\":true,\"has_runtime_token\":false}";
        assert_eq!(serde_json::to_string(&findings).unwrap(), json);
        assert_eq!(
            serde_json::from_str::<CallerFindings>(json).unwrap(),
            findings
        );
        assert_eq!("clock".parse(), Ok(Probing::Clock));
    }
}
