//! What a run takes of the account: estimated before, counted as it goes, priced.
//!
//! Prices of a paid plan in 2026 (developers.cloudflare.com/workers/platform/pricing, /durable-objects/platform/pricing).

#[cfg(test)]
mod tests;

use crate::{
    Plan, Round, RoundKind, Rounds,
    breakdown::Component,
    busy::{BusyCell, MAX_NEIGHBOUR_CALLS},
    limits::LimitsProfile,
    measure::TimerChoice,
    run::Usage,
    slice::{SliceRecord, Work},
};

/// Rows that one wake writes: the slice, its run, and the alarm, which counts as a row.
pub const ROWS_PER_WAKE: u64 = 3;

/// US dollars for a request: to a Worker from outside, as each `raw-fetch` is.
const USD_PER_WORKER_REQUEST: f64 = 0.30e-6;
/// US dollars for a Durable Object request, alarms included.
const USD_PER_OBJECT_REQUEST: f64 = 0.15e-6;
/// US dollars for a row written.
const USD_PER_ROW_WRITTEN: f64 = 1e-6;
/// US dollars for an active second of a Durable Object: 128 MB at 12.50 for a million GB-s.
const USD_PER_ACTIVE_SECOND: f64 = 0.128 * 12.5e-6;
/// US dollars for a second of CPU: 0.02 for a million ms.
const USD_PER_CPU_SECOND: f64 = 0.02e-6 * 1_000.0;

/// US dollars for a unique Worker that the loader makes in a day, beyond 1,000 a month (developers.cloudflare.com/dynamic-workers/pricing).
const USD_PER_ISOLATE: f64 = 0.002;

/// Assumed time of a cold start, in seconds: settling, the load, ten calls and the polls around them. That of a heavy runtime is its own.
const SECONDS_PER_COLD_START: f64 = 0.2;
/// Assumed time of a sample, in seconds: waiting for an edge of the clock, a call of up to a tick, polling to the next edge.
const SECONDS_PER_SAMPLE: f64 = 0.0025;
/// Assumed time of a slice beside its samples, in seconds: alarm, dispatch, clock probe, chain, commit.
const SECONDS_PER_SLICE: f64 = 0.025;
/// Assumed time of finding out whether I/O moves the clock of a slice, in seconds: 110 ticks.
const SECONDS_PER_PROBE_BY_IO: f64 = 0.11;

/// What the given rounds will take, on the assumptions above.
#[must_use]
pub fn estimate<'a>(rounds: impl IntoIterator<Item = &'a Round>) -> Usage {
    let mut usage = Usage::default();
    for round in rounds {
        let (blocks, wakes) = (u64::from(round.blocks), u64::from(round.slices()));
        let calls: u64 = round
            .works
            .iter()
            .map(|work| delegated_calls(round, *work))
            .sum();
        let busy_seconds: f64 = busy(round).map(|busy| busy_seconds(round, busy)).sum();
        let seconds_per_block = cold_starts(round).count() as f64 * SECONDS_PER_COLD_START
            + busy_seconds
            + f64::from(round.slices_per_block()) * SECONDS_PER_SLICE
            + f64::from(round.cells()) * f64::from(round.samples_per_slice) * SECONDS_PER_SAMPLE
            + f64::from(probed_by_io(round)) * SECONDS_PER_PROBE_BY_IO;
        usage.wakes += wakes;
        usage.dispatches += wakes;
        usage.delegated_calls += calls * blocks;
        usage.isolates_loaded += cold_starts(round).map(u64::from).sum::<u64>() * blocks;
        usage.rows_written += wakes * ROWS_PER_WAKE;
        usage.active_seconds += blocks as f64 * seconds_per_block;
    }
    usage.priced()
}

/// The isolates that each cold start of a block of `round` loads.
fn cold_starts(round: &Round) -> impl Iterator<Item = u32> {
    round.works.iter().filter_map(|work| match work {
        Work::ColdStart(cold_start) => Some(cold_start.scenario.loads()),
        Work::Cell(_) | Work::Component(_) | Work::Busy(_) => None,
    })
}

/// What the given rounds of a run will take, and those that its plan asks for whatever is found, if they are yet to come.
#[must_use]
pub fn estimate_of_run(plan: &Plan, rounds: &Rounds) -> Usage {
    let coming = rounds.yet_to_come(plan);
    estimate(rounds.iter().chain(&coming))
}

/// What a run until it is settled takes at most, given its first round: all the calls and all the time that its plan allows. `None` of a run of
/// fixed size, which takes what [`estimate`] says.
#[must_use]
pub fn at_most(plan: &Plan, first: &Round) -> Option<Usage> {
    let (calls, seconds) = (plan.max_calls?, plan.max_seconds?);
    let begun = estimate([first]);
    let coming = Rounds::new(first.clone()).map(|rounds| rounds.yet_to_come(plan));
    let beside = estimate(&coming.unwrap_or_default());
    let later = calls.saturating_sub(begun.delegated_calls);
    let per_slice = first
        .samples_per_slice
        .saturating_add(first.warmup_per_slice);
    let wakes = beside.wakes + begun.wakes + later.div_ceil(u64::from(per_slice.max(1)));
    let usage = Usage {
        wakes,
        dispatches: wakes,
        delegated_calls: calls.max(begun.delegated_calls) + beside.delegated_calls,
        isolates_loaded: beside.isolates_loaded,
        rows_written: wakes * ROWS_PER_WAKE,
        // the first two rounds are measured whatever they take
        active_seconds: f64::from(seconds)
            .max(begun.active_seconds + estimate([&back_to_back(first)]).active_seconds)
            + beside.active_seconds,
        ..Usage::default()
    };
    Some(usage.priced())
}

/// The round that follows the first one: back-to-back calls of every delegated cell, read in whole ticks.
fn back_to_back(first: &Round) -> Round {
    let delegates = |work: &Work| matches!(work, Work::Cell(cell) if cell.transport.delegates());
    Round {
        kind: RoundKind::BackToBack,
        timer: TimerChoice::Ticked,
        chain_calls: 0,
        works: first.works.iter().copied().filter(delegates).collect(),
        ..first.clone()
    }
}

/// The works of a round that have a neighbour.
fn busy(round: &Round) -> impl Iterator<Item = BusyCell> {
    round.works.iter().filter_map(|work| match work {
        Work::Busy(busy) => Some(*busy),
        Work::Cell(_) | Work::Component(_) | Work::ColdStart(_) => None,
    })
}

/// Assumed time of the calls of a slice with a neighbour, in seconds: half the longest pause before each, half a neighbour's call for the share of them that
/// meet one; at the end the neighbour's last call is waited for.
fn busy_seconds(round: &Round, busy: BusyCell) -> f64 {
    let call = f64::from(crate::busy::NEIGHBOUR_CALL_MS) / 1_000.0;
    let pause = f64::from(busy.pause_ms) / 2_000.0;
    let waiting = if busy.cell.transport.delegates() {
        busy.share.share() * call / 2.0
    } else {
        0.0
    };
    f64::from(round.samples_per_slice) * (pause + waiting + SECONDS_PER_SAMPLE) + call
}

/// Calls that the neighbour of a slice makes: a cycle after the other for as long as the slice takes, and a few to find out how long one takes.
fn neighbour_calls(round: &Round, busy: BusyCell) -> u64 {
    let Some(cycle_ms) = busy.share.cycle_ms() else {
        return 0;
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some hundred seconds at most, and positive"
    )]
    let cycles = (busy_seconds(round, busy) * 1_000.0 / f64::from(cycle_ms)).ceil() as u64;
    (cycles + 1).min(u64::from(MAX_NEIGHBOUR_CALLS))
}

/// Slices of a block that may be polled by I/O. Locally the clock runs; elsewhere it stands still.
fn probed_by_io(round: &Round) -> u32 {
    let is_asked_for = match round.timer {
        TimerChoice::Auto => round.limits.profile != LimitsProfile::Local,
        TimerChoice::IoInterpolated => true,
        TimerChoice::Interpolated | TimerChoice::Ticked => false,
    };
    let delegates = |work: &&Work| match work {
        Work::Cell(cell) => cell.transport.delegates(),
        Work::Busy(busy) => busy.cell.transport.delegates(),
        Work::Component(_) | Work::ColdStart(_) => false,
    };
    let cells = round.works.iter().filter(delegates).count();
    u32::from(is_asked_for) * u32::try_from(cells).unwrap_or(u32::MAX)
}

/// Calls that leave the caller in one slice of `work`. An empty hop is repeated as often as the limits allow.
#[must_use]
pub fn delegated_calls(round: &Round, work: Work) -> u64 {
    match work {
        Work::Cell(cell) if cell.transport.delegates() => u64::from(round.calls_per_slice()),
        Work::Component(Component::EmptyHop) => u64::from(round.limits.delegated_calls_per_slice),
        Work::Busy(busy) => {
            let own = if busy.cell.transport.delegates() {
                round.calls_per_slice()
            } else {
                0
            };
            u64::from(own) + neighbour_calls(round, busy)
        }
        Work::Cell(_) | Work::Component(_) | Work::ColdStart(_) => 0,
    }
}

/// Calls that left the caller in a slice that was measured: those of [`delegated_calls`], but the neighbour's as it has counted them.
#[must_use]
pub fn delegated_calls_made(round: &Round, record: &SliceRecord) -> u64 {
    let planned = delegated_calls(round, record.work);
    record.neighbour().map_or(planned, |(busy, kept)| {
        planned - neighbour_calls(round, busy) + u64::from(kept.calls)
    })
}

impl Usage {
    /// The amount with its price filled in.
    ///
    /// Every delegated call is priced as a request from outside: an upper bound, since only `raw-fetch` is one.
    #[must_use]
    pub fn priced(mut self) -> Self {
        self.cost_usd = self.wakes as f64 * USD_PER_OBJECT_REQUEST
            + self.delegated_calls as f64 * USD_PER_WORKER_REQUEST
            + self.isolates_loaded as f64 * USD_PER_ISOLATE
            + self.rows_written as f64 * USD_PER_ROW_WRITTEN
            + self.active_seconds * (USD_PER_ACTIVE_SECOND + USD_PER_CPU_SECOND);
        self
    }
}
