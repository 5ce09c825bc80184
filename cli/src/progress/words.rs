//! The state of a run in words: which round it is in, what is open, how much time is left.

use protocol::{Cell, RunState, Until, run::RunStatus};
use report::format::{count, duration};

/// Open cells that are named.
const NAMED: usize = 2;

/// What is being measured: `round 3: 2 cells open (service-binding.echo.100, rpc.echo.100)`.
pub(super) fn what(run: &RunStatus) -> String {
    let cells = run.plan.cells();
    if run.state == RunState::Pending {
        return format!("waiting for its first slice of {} cells", cells.len());
    }
    if run.progress.cold_starts {
        return "cold starts".to_owned();
    }
    if run.plan.until == Until::Samples {
        return format!("all {} cells", cells.len());
    }
    let progress = &run.progress;
    let delegated = cells.iter().filter(|cell| cell.transport.delegates());
    let of_round = match (progress.round, &progress.open[..]) {
        (0 | 1, _) => format!("all {} cells", cells.len()),
        (_, []) => format!("back-to-back calls of {} cells", delegated.count()),
        (_, open) => of_open(open),
    };
    format!("round {}: {of_round}", progress.round)
}

fn of_open(open: &[Cell]) -> String {
    let noun = if open.len() == 1 { "cell" } else { "cells" };
    let mut named: Vec<String> = open.iter().take(NAMED).map(Cell::to_string).collect();
    if open.len() > NAMED {
        named.truncate(1);
        named.push(format!("{} more", open.len() - 1));
    }
    format!("{} {noun} open ({})", open.len(), named.join(", "))
}

/// The time left, and calls that failed: `25 s left in this round`, `1 min 40 s at most`.
pub(super) fn times(run: &RunStatus) -> Vec<String> {
    let progress = &run.progress;
    let settles = run.plan.until == Until::Settled && !progress.cold_starts;
    let left = progress.seconds_left.map(|left| {
        let of_round = if settles { " in this round" } else { "" };
        format!("{} left{of_round}", duration(left))
    });
    // no limit ends a round of cold starts
    let limit = progress.seconds_to_limit.filter(|_| settles);
    let most = limit.map(|limit| {
        let most = limit.max(progress.seconds_left.unwrap_or(0.0));
        format!("{} at most", duration(most))
    });
    let failed = (progress.errors > 0).then(|| {
        let (failed, all) = (count(progress.errors), count(progress.samples));
        format!("{failed} of {all} calls failed")
    });
    left.into_iter().chain(most).chain(failed).collect()
}

/// All of it on one line of a log: `40 %, round 1: all 36 cells, 25 s left in this round, 1 min 40 s at most`.
pub(super) fn line(run: &RunStatus) -> String {
    let progress = &run.progress;
    let percent = (u64::from(progress.slices_done) * 100)
        .checked_div(progress.slices_total.into())
        .unwrap_or(0);
    let mut parts = vec![format!("{percent} %"), what(run)];
    if !run.state.is_final() {
        parts.extend(times(run));
    }
    parts.join(", ")
}
