//! A stored run as its published status.

use super::order;
use crate::store::{Millis, RunRow};
use chrono::{DateTime, Utc};
use protocol::run::{Progress, RunStatus, RunUsage};

/// An instant as the platform's clock gives it. One that no calendar has becomes the epoch.
pub(super) fn instant(ms: Millis) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

/// The status of a run.
#[must_use]
pub fn status(run: &RunRow) -> RunStatus {
    let request = &run.request;
    let rounds = &run.rounds;
    let current = if run.state.is_final() {
        None
    } else {
        order::work_at(request.plan.seed, rounds, run.cursor).map(|work| work.to_string())
    };
    RunStatus {
        id: run.id.clone(),
        state: run.state,
        trigger: request.trigger,
        location: request.location.clone(),
        created_at: instant(request.created_ms),
        started_at: run.started_ms.map(instant),
        finished_at: run.finished_ms.map(instant),
        reason: run.reason.clone(),
        progress: Progress {
            slices_done: run.cursor,
            slices_total: rounds.slices(),
            blocks_done: rounds.whole_blocks(run.cursor),
            blocks_total: rounds.blocks(),
            current,
            samples: run.tally.samples,
            errors: run.tally.errors,
            seconds_left: seconds_left(run),
        },
        plan: request.plan.clone(),
        colo: run.colo.clone(),
        siblings: request.siblings.clone(),
        usage: RunUsage {
            estimated: run.estimated(),
            actual: run.tally.usage.priced(),
        },
    }
}

/// Time to the end by the pace so far, in seconds.
fn seconds_left(run: &RunRow) -> Option<f64> {
    if run.state.is_final() || run.cursor == 0 {
        return None;
    }
    let elapsed_ms = run.progress_ms - run.started_ms?;
    let left = f64::from(run.rounds.slices() - run.cursor);
    Some(elapsed_ms as f64 / 1_000.0 / f64::from(run.cursor) * left)
}
