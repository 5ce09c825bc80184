//! One run as it is stored.

use super::{
    Millis, ReportState, StoreError, from_json,
    sql::{Columns, Row},
};
use protocol::{
    Limits, Plan, RunId, RunState,
    plan::Geometry,
    run::{Sibling, Trigger, Usage},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was asked for, with all that the run's course depends on. It never changes, whatever is deployed while the run goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRequest {
    /// What started the run.
    pub trigger: Trigger,
    /// The location whose coordinator runs it.
    pub location: String,
    /// What it measures.
    pub plan: Plan,
    /// How the plan divides, by the limits that applied when it was accepted.
    pub geometry: Geometry,
    /// Those limits. Absent in runs that releases before schema version 3 accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// Runs of the same request at other locations.
    pub siblings: Vec<Sibling>,
    /// When it was asked for.
    pub created_ms: Millis,
    /// Its first slice is dispatched no earlier: runs at several locations start one after the other.
    pub not_before_ms: Millis,
    /// The version that accepted it, by Cloudflare's id.
    pub deployed_version_id: Option<String>,
    /// What it is estimated to take of the account.
    pub estimated: Usage,
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
pub(super) const COLUMNS: &str =
    "id, state, request, cursor, tally, started_ms, finished_ms, progress_ms, reason, colo, report";

impl RunRow {
    /// Reads a row of [`COLUMNS`].
    pub(super) fn read(row: Row) -> Result<Self, StoreError> {
        let mut columns = Columns::of(row);
        Ok(Self {
            id: parse("run id", &columns.text()?)?,
            state: parse("run state", &columns.text()?)?,
            request: from_json("request", &columns.text()?)?,
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
    pub fn new(id: RunId, request: RunRequest) -> Self {
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
            request,
        }
    }

    /// Whether every slice is committed.
    #[must_use]
    pub const fn is_measured(&self) -> bool {
        self.cursor >= self.request.geometry.slices()
    }
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
