//! A stored run as its published status.

use super::order;
use crate::store::{Millis, RunRow};
use chrono::{DateTime, Utc};
use protocol::{
    Cell, Round, RoundKind,
    run::{Progress, RunStatus, RunUsage},
    slice::Work,
    usage,
};

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
            seconds_to_limit: seconds_to_limit(run),
            round: rounds.last().number + 1,
            cold_starts: rounds.last().kind == RoundKind::ColdStarts,
            open: open(run),
        },
        plan: request.plan.clone(),
        colo: run.colo.clone(),
        siblings: request.siblings.clone(),
        usage: RunUsage {
            estimated: run.estimated(),
            at_most: usage::at_most(&request.plan, rounds.first()),
            actual: run.tally.usage.priced(),
        },
    }
}

/// Time to the end of the rounds decided so far, by the pace of the last one, in seconds.
fn seconds_left(run: &RunRow) -> Option<f64> {
    let round = run.rounds.last();
    let done = run.cursor.saturating_sub(round.first_slice);
    if run.state.is_final() || done == 0 {
        return None;
    }
    let began_ms = run.tally.round_began_ms.max(run.started_ms?);
    let left = f64::from(round.end_slice() - run.cursor);
    Some(in_seconds(run.progress_ms - began_ms) / f64::from(done) * left)
}

/// Time until a run begins no more rounds, in seconds.
fn seconds_to_limit(run: &RunRow) -> Option<f64> {
    let most = f64::from(run.request.plan.max_seconds?);
    let elapsed = in_seconds(run.progress_ms - run.started_ms?);
    (!run.state.is_final()).then_some((most - elapsed).max(0.0))
}

fn in_seconds(ms: Millis) -> f64 {
    ms as f64 / 1_000.0
}

/// The delegated cells of a later round. The first ones measure every cell, whatever is open.
fn open(run: &RunRow) -> Vec<Cell> {
    let round = run.rounds.last();
    let is_of_all = match round.kind {
        RoundKind::Isolated => round.number == 0,
        RoundKind::BackToBack => round.number == 1,
        RoundKind::Busy | RoundKind::ColdStarts => true,
    };
    if run.state.is_final() || is_of_all {
        return Vec::new();
    }
    delegated(round).collect()
}

fn delegated(round: &Round) -> impl Iterator<Item = Cell> + '_ {
    round.works.iter().filter_map(|work| match work {
        Work::Cell(cell) if cell.transport.delegates() => Some(*cell),
        Work::Cell(_) | Work::Component(_) | Work::Busy(_) | Work::ColdStart(_) => None,
    })
}
