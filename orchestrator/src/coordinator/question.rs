//! What the API asks a coordinator, and how it is answered.

use crate::store::Millis;
use protocol::{
    Cell, Estimate, Plan, Problem, RoundKind, RunId,
    deployment_starts::DeploymentStart,
    history::{Conditions, MetIsolates, SeriesMetric, Subject},
    run::{Sibling, Trigger},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A question of the API to one coordinator. It has been authorised and validated; a coordinator is reachable over its binding alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "question", rename_all = "kebab-case")]
pub enum Question {
    /// Start a run. Answer: its status.
    Start(Box<Start>),
    /// Whether a run could start now. Answer: `true`, or the problem that starting one would meet.
    MayStart,
    /// Where a run stands. Answer: its status.
    Status {
        /// The run.
        run: RunId,
    },
    /// Runs, newest first. Answer: a list of statuses.
    List {
        /// Only those before this one.
        before: Option<RunId>,
        /// At most this many.
        limit: u32,
    },
    /// Stop a run. Answer: its status.
    Cancel {
        /// The run.
        run: RunId,
    },
    /// The report of a run, or of the latest completed one. Answer: the report.
    Report {
        /// The run; `None` for the latest completed one.
        run: Option<RunId>,
    },
    /// The slices of one cell. Answer: a list of [`CellSlice`].
    Slices {
        /// The run.
        run: RunId,
        /// The cell.
        cell: Cell,
    },
    /// The figures of a cell in the last runs. Answer: a list of [`Figures`], oldest first.
    History {
        /// The cell, or the kind of cold start.
        cell: Subject,
        /// At most this many runs.
        limit: u32,
    },
    /// The start by deployment of this key. Answer: it, or `null`.
    DeploymentStart {
        /// The key.
        key: String,
    },
    /// Keep a start by deployment, unless there is one of its key. Answer: the one that is kept.
    KeepDeploymentStart(DeploymentStart),
    /// Counts for monitoring. Answer: an [`Overview`].
    Overview,
    /// The latest completed run that has a report. Answer: its id.
    Latest,
    /// A text made of reports, if it is kept and made of just these. Answer: the text as it is.
    Derived {
        /// Which text.
        what: Derived,
        /// What it is made of.
        of: String,
    },
    /// Keep such a text in place of the one before. Answer: `true`.
    KeepDerived {
        /// Which text.
        what: Derived,
        /// What it is made of.
        of: String,
        /// The text.
        text: String,
    },
}

/// A text made of the latest reports of all locations, which the coordinator of the first location keeps for every reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Derived {
    /// The merged report.
    Merged,
    /// The figures of all reports as Prometheus wants them.
    Metrics,
}

impl Derived {
    /// The stored name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Merged => "merged",
            Self::Metrics => "metrics",
        }
    }
}

/// A run to start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Its id.
    pub id: RunId,
    /// What starts it.
    pub trigger: Trigger,
    /// The location of the coordinator that is asked.
    pub location: String,
    /// What it measures.
    pub plan: Plan,
    /// Runs of the same request at other locations.
    pub siblings: Vec<Sibling>,
    /// How long it waits before its first slice, in ms.
    pub delay_ms: Millis,
}

/// One slice of a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellSlice {
    /// Position in the run.
    pub index: u32,
    /// The block it belongs to.
    pub block: u32,
    /// What its round is evidence of.
    pub kind: RoundKind,
    /// When it was committed.
    pub committed_ms: Millis,
    /// The record, for as long as raw samples are kept.
    pub record: Option<protocol::slice::SliceRecord>,
    /// Its samples as an encoded histogram.
    pub histogram: Option<String>,
}

/// The figures of one cell in one completed run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The run.
    pub run: RunId,
    /// When it ended.
    pub finished_ms: Millis,
    /// The version that measured, by Cloudflare's id.
    pub version: Option<String>,
    /// What else determines a latency beside the cell; runs that differ in it are not comparable.
    pub conditions: Conditions,
    /// Estimates by metric, in us.
    pub figures: BTreeMap<SeriesMetric, Estimate>,
    /// The isolates that the run met by the cell's way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residency: Option<MetIsolates>,
}

/// Counts for monitoring.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// Runs in each state.
    pub runs_by_state: Vec<(String, i64)>,
    /// The active run's status, if one is active.
    pub active: Option<protocol::run::RunStatus>,
}

/// A coordinator's answer: JSON text (a derived text as it is), or what is wrong.
pub type Answer = Result<String, Problem>;
