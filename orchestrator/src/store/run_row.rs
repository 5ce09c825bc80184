//! One run as it is stored.

use super::{
    Millis, ReportState, StoreError, from_json,
    sql::{Columns, Row},
};
use protocol::{
    Plan, Round, Rounds, RunId, RunState,
    run::{Sibling, Trigger, Usage},
    usage,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was asked for. It never changes, whatever is deployed while the run goes on; how it is measured is in its rounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRequest {
    /// What started the run.
    pub trigger: Trigger,
    /// The location whose coordinator runs it.
    pub location: String,
    /// What it measures.
    pub plan: Plan,
    /// Runs of the same request at other locations.
    pub siblings: Vec<Sibling>,
    /// When it was asked for.
    pub created_ms: Millis,
    /// Its first slice is dispatched no earlier: runs at several locations start one after the other.
    pub not_before_ms: Millis,
    /// The version that accepted it, by Cloudflare's id.
    pub deployed_version_id: Option<String>,
    /// For a confirming run: the run whose suspicion it is to confirm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirms: Option<RunId>,
}

/// What is counted as the run goes on; committed together with the cursor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Failed attempts at the slice under the cursor.
    pub failed_attempts: u32,
    /// The next attempt is made no earlier.
    pub retry_at_ms: Millis,
    /// Samples committed, succeeded or failed.
    pub samples: u64,
    /// Those that failed.
    pub errors: u64,
    /// Repetitions of each component, once its first slice has found them.
    pub repetitions: BTreeMap<String, u32>,
    /// Attempts at assembling the report.
    #[serde(default)]
    pub assembly_attempts: u32,
    /// When the last round was decided; 0 in the first.
    #[serde(default)]
    pub round_began_ms: Millis,
    /// Whether the colo has been looked for.
    #[serde(default)]
    pub colo_sought: bool,
    /// When the run was taken up again after a time in which its coordinator could not be opened.
    #[serde(default)]
    pub resumed_ms: Millis,
    /// What the run has taken of the account.
    pub usage: Usage,
}

/// One run as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRow {
    /// The run.
    pub id: RunId,
    /// Where it stands.
    pub state: RunState,
    /// What was asked for.
    pub request: RunRequest,
    /// Which cells are measured and how much, as far as that is decided.
    pub rounds: Rounds,
    /// Slices committed; the index of the next one.
    pub cursor: u32,
    /// What has been counted.
    pub tally: Tally,
    /// When its first slice was dispatched.
    pub started_ms: Option<Millis>,
    /// When it reached a final state.
    pub finished_ms: Option<Millis>,
    /// When it last got ahead.
    pub progress_ms: Millis,
    /// Why it failed or was cancelled.
    pub reason: Option<String>,
    /// Cloudflare's code of the datacenter that measures.
    pub colo: Option<String>,
    /// Where its report stands.
    pub report: ReportState,
}

/// The columns of [`RunRow`], in its order.
pub(super) const COLUMNS: &str = "id, state, request, (SELECT json_group_array(json(round)) FROM rounds WHERE run = id), cursor, tally, started_ms, \
     finished_ms, progress_ms, reason, colo, report";

impl RunRow {
    /// Reads a row of [`COLUMNS`].
    pub(super) fn read(row: Row) -> Result<Self, StoreError> {
        let mut columns = Columns::of(row);
        Ok(Self {
            id: parse("run id", &columns.text()?)?,
            state: parse("run state", &columns.text()?)?,
            request: from_json("request", &columns.text()?)?,
            rounds: rounds(&columns.text()?)?,
            cursor: u32::try_from(columns.integer()?).map_err(|error| StoreError::Unreadable {
                what: "cursor",
                error: error.to_string(),
            })?,
            tally: from_json("tally", &columns.text()?)?,
            started_ms: columns.optional_integer()?,
            finished_ms: columns.optional_integer()?,
            progress_ms: columns.integer()?,
            reason: columns.optional_text()?,
            colo: columns.optional_text()?,
            report: parse("report state", &columns.text()?)?,
        })
    }

    /// A run that has just been asked for.
    #[must_use]
    pub fn new(id: RunId, request: RunRequest, rounds: Rounds) -> Self {
        Self {
            id,
            state: RunState::Pending,
            cursor: 0,
            tally: Tally::default(),
            started_ms: None,
            finished_ms: None,
            progress_ms: request.not_before_ms.max(request.created_ms),
            reason: None,
            colo: None,
            report: ReportState::None,
            rounds,
            request,
        }
    }

    /// Whether every slice of the rounds decided so far is committed.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        self.cursor >= self.rounds.slices()
    }

    /// What the rounds decided so far, and those that are yet to come whatever is found, are estimated to take of the account.
    #[must_use]
    pub fn estimated(&self) -> Usage {
        usage::estimate_of_run(&self.request.plan, &self.rounds)
    }
}

/// Reads the rounds of a run, a JSON list in any order.
fn rounds(json: &str) -> Result<Rounds, StoreError> {
    let list: Vec<Round> = from_json("rounds", json)?;
    Rounds::of(list).map_err(|error| StoreError::Unreadable {
        what: "rounds",
        error: error.to_string(),
    })
}

/// Parses a stored name.
pub(super) fn parse<T: core::str::FromStr>(what: &'static str, text: &str) -> Result<T, StoreError>
where
    T::Err: core::fmt::Display,
{
    text.parse()
        .map_err(|error: T::Err| StoreError::Unreadable {
            what,
            error: error.to_string(),
        })
}
