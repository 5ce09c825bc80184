//! Which round follows in a run: a pure function of what is stored.
//!
//! A run of fixed size has one round, which holds all that it asks for. A run until it is settled begins with the same round, goes on with
//! back-to-back calls of every delegated cell, and then measures the cells in doubt, as many blocks as the next planned look needs, as long as what is in
//! doubt can probably be settled within the time and the calls that its plan allows.

use crate::store::{Millis, RunRow};
use protocol::{
    Cell, Plan, Round, RoundKind, Rounds, Transport, Until,
    slice::{SliceRecord, Work},
    usage,
};
use report::{Doubt, doubts, has_isolated_calls, samples_of_look};

/// Decides which round follows those of a run, all of whose slices are committed; `None` ends the measuring. A pure function of what is stored.
pub type NextRound = fn(&RunRow, &[SliceRecord]) -> Option<Round>;

/// The round that follows in a run of its plan. What is measured beside neighbours follows the latencies: it is no evidence of them. Cold starts come last,
/// for each disturbs what is measured after it.
#[must_use]
pub fn next_round(run: &RunRow, records: &[SliceRecord]) -> Option<Round> {
    let of_latencies = match run.rounds.last().kind {
        RoundKind::Isolated | RoundKind::BackToBack => round_of_latencies(run, records),
        RoundKind::Busy | RoundKind::ColdStarts => None,
    };
    of_latencies.or_else(|| run.rounds.beside(&run.request.plan))
}

/// The round that measures the cells by themselves.
fn round_of_latencies(run: &RunRow, records: &[SliceRecord]) -> Option<Round> {
    let (plan, rounds) = (&run.request.plan, &run.rounds);
    if plan.until == Until::Samples {
        return None;
    }
    let left = Left::of(run)?;
    let pace = Pace::of(run, records);
    if rounds.last().number == 0 && has_isolated_calls(records) {
        // both first rounds are of every cell, and measured whatever they take: a clock that stands still makes isolated calls slow, never these
        return back_to_back(plan, rounds).filter(|round| left.has_calls_for(round));
    }
    let affordable = affordable(doubts(plan, rounds, records), rounds, &left, &pace);
    let kind = affordable.iter().map(|doubt| doubt.kind).max()?;
    let cells = affordable.into_iter().filter(|doubt| doubt.kind == kind);
    let cells: Vec<Cell> = cells.map(|doubt| doubt.cell).collect();
    let round = rounds.next(kind, works(plan, kind, &cells), blocks(plan, rounds, kind)?);
    left.allows(&round, &pace).then_some(round)
}

/// The first round of back-to-back calls: of every delegated cell, as many as there are isolated ones.
fn back_to_back(plan: &Plan, rounds: &Rounds) -> Option<Round> {
    let cells = plan.cells().into_iter();
    let works: Vec<Work> = cells
        .filter(|cell| cell.transport.delegates())
        .map(Work::Cell)
        .collect();
    let blocks = rounds.first().blocks;
    (!works.is_empty()).then(|| rounds.next(RoundKind::BackToBack, works, blocks))
}

/// What a round of `kind` measures for `cells`. An overhead of isolated calls is over those of `direct`, block by block.
fn works(plan: &Plan, kind: RoundKind, cells: &[Cell]) -> Vec<Work> {
    let is_paired = kind == RoundKind::Isolated && plan.transports.contains(&Transport::Direct);
    let direct = |cell: &Cell| Cell {
        transport: Transport::Direct,
        ..*cell
    };
    let baselines = cells.iter().filter(|_| is_paired).map(direct);
    let mut all: Vec<Cell> = cells.iter().copied().chain(baselines).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter().map(Work::Cell).collect()
}

/// The blocks that the next look of `kind` needs.
fn blocks(plan: &Plan, rounds: &Rounds, kind: RoundKind) -> Option<u32> {
    let looks = rounds.iter().filter(|round| round.kind == kind).count();
    let samples = samples_of_look(plan, rounds, looks)?;
    u32::try_from(slices(samples, rounds)).ok()
}

/// Slices of a cell that hold so many samples.
fn slices(samples: u64, rounds: &Rounds) -> u64 {
    samples.div_ceil(u64::from(rounds.first().samples_per_slice.max(1)))
}

/// The doubts that can probably be settled with what is left, all of them together; the cheapest first.
fn affordable(mut doubts: Vec<Doubt>, rounds: &Rounds, left: &Left, pace: &Pace) -> Vec<Doubt> {
    doubts.retain(|doubt| doubt.missing.is_some_and(|samples| samples > 0));
    doubts.sort_by_key(|doubt| (doubt.missing, doubt.cell, doubt.kind));
    let per_slice = u64::from(rounds.first().samples_per_slice + rounds.first().warmup_per_slice);
    let (mut ms, mut calls) = (0.0, 0);
    let mut fits = |doubt: &Doubt| {
        let slices = slices(doubt.missing.unwrap_or_default(), rounds);
        ms += slices as f64 * pace.of_cell_ms(doubt.kind);
        calls += slices * per_slice;
        ms <= left.ms && calls <= left.calls
    };
    doubts.into_iter().take_while(|doubt| fits(doubt)).collect()
}

/// What a run may still take.
struct Left {
    /// Negative where the first round outlasted the time of the plan.
    ms: f64,
    calls: u64,
}

impl Left {
    /// `None` where no calls are left.
    fn of(run: &RunRow) -> Option<Self> {
        let plan = &run.request.plan;
        let until_ms = run.started_ms? + Millis::from(plan.max_seconds?) * 1_000;
        let calls = plan
            .max_calls?
            .checked_sub(run.tally.usage.delegated_calls)?;
        let ms = (until_ms - run.progress_ms) as f64;
        (calls > 0).then_some(Self { ms, calls })
    }

    fn allows(&self, round: &Round, pace: &Pace) -> bool {
        let ms = f64::from(round.slices()) * pace.of_slice_ms(round.kind);
        ms <= self.ms && self.has_calls_for(round)
    }

    fn has_calls_for(&self, round: &Round) -> bool {
        let calls = usage::estimate([round]).delegated_calls;
        calls <= self.calls && round.end_slice() <= round.limits.slices_per_run
    }
}

/// How long the slices of a run take.
struct Pace {
    isolated_ms: f64,
    back_to_back_ms: f64,
    /// An isolated slice of a cell comes with one of `direct`.
    isolated_slices: f64,
}

impl Pace {
    fn of(run: &RunRow, records: &[SliceRecord]) -> Self {
        let of_kind = |kind: RoundKind| {
            let of = |record: &&SliceRecord| {
                let round = run.rounds.of_block(record.block);
                matches!(record.work, Work::Cell(_)) && round.is_some_and(|r| r.kind == kind)
            };
            let dispatches = || {
                records
                    .iter()
                    .filter(of)
                    .map(|record| record.dispatch_ms as f64)
            };
            let n = dispatches().count();
            (n > 0).then(|| dispatches().sum::<f64>() / n as f64)
        };
        let dispatched: f64 = records.iter().map(|record| record.dispatch_ms as f64).sum();
        let elapsed = run
            .started_ms
            .map_or(0, |started| run.progress_ms - started) as f64;
        // alarms, commits, pauses after failed attempts
        let beside_ms = (elapsed - dispatched).max(0.0) / f64::from(run.cursor.max(1));
        let isolated_ms = of_kind(RoundKind::Isolated).unwrap_or_default() + beside_ms;
        let has_direct = run.request.plan.transports.contains(&Transport::Direct);
        Self {
            isolated_ms,
            back_to_back_ms: of_kind(RoundKind::BackToBack)
                .map_or(isolated_ms, |ms| ms + beside_ms),
            isolated_slices: if has_direct { 2.0 } else { 1.0 },
        }
    }

    const fn of_slice_ms(&self, kind: RoundKind) -> f64 {
        match kind {
            RoundKind::Isolated => self.isolated_ms,
            // none of the others is decided by its pace
            RoundKind::BackToBack | RoundKind::Busy | RoundKind::ColdStarts => self.back_to_back_ms,
        }
    }

    /// Of one slice of a delegated cell, and what comes with it.
    fn of_cell_ms(&self, kind: RoundKind) -> f64 {
        match kind {
            RoundKind::Isolated => self.isolated_ms * self.isolated_slices,
            RoundKind::BackToBack | RoundKind::Busy | RoundKind::ColdStarts => self.back_to_back_ms,
        }
    }
}
