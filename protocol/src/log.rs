//! The Workers' structured log lines: one JSON object each, so that `wrangler tail`, log stores and the command line can read them.

use crate::{RunId, RunState, report::Outcome, run::Trigger};
use serde::{Deserialize, Serialize};

/// One log line. It holds no secrets and no payloads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum LogLine {
    /// A run has been accepted.
    RunAccepted {
        /// The run.
        run: RunId,
        /// Where.
        location: String,
        /// What started it.
        trigger: Trigger,
        /// Slices it will measure.
        slices: u32,
        /// What it is estimated to cost.
        estimated_usd: f64,
    },
    /// The first slice of a run is committed.
    RunStarted {
        /// The run.
        run: RunId,
        /// Where.
        location: String,
        /// Cloudflare's code of the datacenter.
        colo: Option<String>,
    },
    /// Another twentieth of a run is committed.
    RunProgress {
        /// The run.
        run: RunId,
        /// Slices committed.
        slices_done: u32,
        /// Slices in all.
        slices_total: u32,
        /// How much that is, in percent.
        percent: u32,
        /// Failed samples so far.
        errors: u64,
    },
    /// Another round of a run has been decided and stored.
    RoundDecided {
        /// The run.
        run: RunId,
        /// The round, from 0.
        round: u32,
        /// Cells that it measures.
        cells: u32,
        /// Slices that it measures.
        slices: u32,
        /// Slices of the run with it.
        slices_total: u32,
    },
    /// A run has reached a final state.
    RunFinished {
        /// The run.
        run: RunId,
        /// That state.
        state: RunState,
        /// Why, for one that failed or was cancelled.
        reason: Option<String>,
        /// Samples committed.
        samples: u64,
        /// Those that failed.
        errors: u64,
        /// From its first dispatch to its end, in seconds.
        seconds: Option<f64>,
    },
    /// The report of a run is stored.
    ReportStored {
        /// The run.
        run: RunId,
        /// What it says over all.
        outcome: Outcome,
        /// What it says of each transport, in words.
        transports: Vec<String>,
        /// What a reader should know before trusting the figures: how many of it.
        warnings: usize,
    },
    /// A dispatch failed; it will be tried again unless the run is given up.
    DispatchFailed {
        /// The run.
        run: RunId,
        /// The slice.
        slice: u32,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// Why.
        reason: String,
    },
    /// A slice came too late: it was committed before, or its run has ended.
    SliceDropped {
        /// The run.
        run: RunId,
        /// The slice.
        slice: u32,
    },
    /// A request to start a run was turned down.
    RunRefused {
        /// What would have started it.
        trigger: Trigger,
        /// Where.
        location: String,
        /// Why.
        reason: String,
    },
    /// A finding is to be told.
    AlertRaised {
        /// The alert.
        alert: String,
        /// The finding in words.
        text: String,
    },
    /// A scheduled run has not come; where nobody is to be alerted, this line is all that says so.
    ScheduleOverdue {
        /// The alert.
        alert: String,
        /// It in words.
        text: String,
    },
    /// An attempt at delivering an alert.
    AlertSent {
        /// The alert.
        alert: String,
        /// The attempt, from 1.
        attempt: u32,
        /// Why it failed, if it did.
        failure: Option<String>,
    },
    /// Something is wrong with the system itself.
    Fault {
        /// What.
        message: String,
    },
}

impl LogLine {
    /// The line as JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| {
            format!(
                "{{\"event\":\"fault\",\"message\":\"a log line could not be written: {error}\"}}"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_line_is_pinned() {
        let line = LogLine::RunProgress {
            run: "20261122T172800Z-4f9a1c07".parse().unwrap(),
            slices_done: 58,
            slices_total: 1_160,
            percent: 5,
            errors: 0,
        };
        assert_eq!(
            line.to_json(),
            "{\"event\":\"run-progress\",\"run\":\"20261122T172800Z-4f9a1c07\",\"slices_done\":58,\"slices_total\":1160,\"percent\":5,\"errors\":0}"
        );
        assert_eq!(
            serde_json::from_str::<LogLine>(&line.to_json()).unwrap(),
            line
        );
    }
}
