//! Runs: their ids, states and progress.

#[cfg(test)]
mod tests;

use crate::{Cell, Plan, named::named};
use chrono::{DateTime, Utc};
use core::{fmt, str::FromStr};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Identifies a run: `20261122T172800Z-4f9a1c07`, its creation instant and 32 random bits. Ids sort by creation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(String);

/// A text that is not a run id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a run id reads YYYYMMDDThhmmssZ-xxxxxxxx, as in 20261122T172800Z-4f9a1c07")]
pub struct RunIdError;

impl RunId {
    /// The id of a run created at `created_at`; `random` distinguishes those created in the same second.
    #[must_use]
    pub fn new(created_at: DateTime<Utc>, random: u32) -> Self {
        Self(format!(
            "{}-{random:08x}",
            created_at.format("%Y%m%dT%H%M%SZ")
        ))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for RunId {
    type Err = RunIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shape = b"ddddddddTddddddZ-xxxxxxxx";
        let fits = text.len() == shape.len()
            && text.bytes().zip(shape).all(|(byte, kind)| match kind {
                b'd' => byte.is_ascii_digit(),
                b'x' => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
                literal => byte == *literal,
            });
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(RunIdError)
        }
    }
}

#[cfg(feature = "openapi")]
crate::named::text_schema!(
    RunId,
    "^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}$",
    "20261122T172800Z-4f9a1c07"
);

impl Serialize for RunId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

named! {
    /// Where a run stands.
    pub enum RunState ("run state") {
        /// Stored; no slice measured yet.
        Pending = "pending",
        /// Between its first and its last slice.
        Running = "running",
        /// Every slice measured, report stored.
        Completed = "completed",
        /// Given up, with a reason; what was measured is kept.
        Failed = "failed",
        /// Stopped by request; what was measured is kept.
        Cancelled = "cancelled",
    }
}

impl RunState {
    /// Whether the run will change no more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

named! {
    /// What started a run.
    pub enum Trigger ("trigger") {
        /// `POST /runs`.
        Request = "request",
        /// The cron schedule.
        Cron = "cron",
        /// A suspected regression that this run is to confirm or to refute.
        Confirmation = "confirmation",
    }
}

/// Answer of `GET /runs/{run}`, and one entry of `GET /runs`.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunStatus {
    /// The run.
    pub id: RunId,
    /// Where it stands.
    pub state: RunState,
    /// What started it.
    pub trigger: Trigger,
    /// The location whose coordinator runs it.
    pub location: String,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When its first slice was dispatched.
    pub started_at: Option<DateTime<Utc>>,
    /// When it reached a final state.
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it failed or was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How far it is.
    pub progress: Progress,
    /// What it measures.
    pub plan: Plan,
    /// Cloudflare's code of the datacenter that measures, once it is known; absent locally.
    #[serde(default)]
    pub colo: Option<String>,
    /// Runs of the same request at the other locations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub siblings: Vec<Sibling>,
    /// What it takes of the account.
    #[serde(default)]
    pub usage: RunUsage,
}

/// A run of the same request at another location.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sibling {
    /// The location.
    pub location: String,
    /// Its run.
    pub id: RunId,
}

/// What a run takes of the account: estimated from its rounds, and counted so far.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunUsage {
    /// Of the rounds decided so far: of the whole run, for one of fixed size.
    pub estimated: Usage,
    /// Of a run until it is settled: what its plan's limits allow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Usage>,
    /// Counted up to now.
    pub actual: Usage,
}

/// An amount of the platform's billable resources.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Alarms of the coordinator; each is billed as one Durable Object request.
    pub wakes: u64,
    /// Requests to the caller-worker, those of failed attempts included; free of charge over a binding.
    pub dispatches: u64,
    /// Calls that leave the caller; `raw-fetch` ones are billed as requests.
    pub delegated_calls: u64,
    /// Isolates that the Worker Loader makes for cold starts; each is billed as a unique Worker of one day.
    #[serde(default)]
    pub isolates_loaded: u64,
    /// Rows written to the coordinator's database.
    pub rows_written: u64,
    /// Time during which the coordinator is active, in seconds.
    pub active_seconds: f64,
    /// Price of all this on a paid plan, in US dollars, before any free allowance. CPU time is not
    /// observable from inside a Worker: it is charged as if every active second were one.
    pub cost_usd: f64,
}

/// How far a run is.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Slices committed.
    pub slices_done: u32,
    /// Slices of the rounds decided so far: of the plan, for a run of fixed size.
    pub slices_total: u32,
    /// Whole blocks committed.
    pub blocks_done: u32,
    /// Blocks of the rounds decided so far.
    pub blocks_total: u32,
    /// What is measured next, as a cell id or a component's name.
    pub current: Option<String>,
    /// Samples committed, succeeded or failed.
    pub samples: u64,
    /// Those that failed.
    pub errors: u64,
    /// Estimated time to the end of the rounds decided so far, in seconds, from the pace of this round; absent before its first slice.
    pub seconds_left: Option<f64>,
    /// Of a run until it is settled: time until it begins no more rounds, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_to_limit: Option<f64>,
    /// The round that is measured, from 1; a run of fixed size has one.
    #[serde(default)]
    pub round: u32,
    /// Whether that round samples cold starts; it is the last one then.
    #[serde(default)]
    pub cold_starts: bool,
    /// Of a run until it is settled: the delegated cells of this round, whose verdicts are open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<Cell>,
}

/// Runs in one answer of `GET /runs`, unless `?limit=` says otherwise.
pub const DEFAULT_RUNS_LISTED: u32 = 20;
/// Runs in one answer of `GET /runs`, at most.
pub const MAX_RUNS_LISTED: u32 = 100;

/// Answer of `GET /runs`.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunList {
    /// Runs, newest first.
    pub runs: Vec<RunStatus>,
    /// Pass it as `?before=` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_before: Option<RunId>,
    /// Locations that could not be asked, whose runs are therefore missing here; absent where all of them answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_locations: Vec<MissingLocation>,
}

/// A location that could not be asked.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingLocation {
    /// The location.
    pub location: String,
    /// Why its coordinator could not be asked.
    pub reason: String,
}
