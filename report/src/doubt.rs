//! What a run until it is settled leaves in doubt, and how much more measuring would probably settle it.

use super::{
    evidence::CellEvidence,
    failed_calls::{failed_calls, tests, together},
    looks::{Looks, Series},
    standing::Standing,
    summary::summary,
    verdicts,
};
use protocol::{
    Cell, Plan, RoundKind, Rounds,
    measure::Timer,
    report::{Condition, FailedCalls, Outcome, Verdict},
    slice::SliceRecord,
};
use std::collections::BTreeMap;

/// A cell in doubt, by the kind of round that would go on with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The cell.
    pub cell: Cell,
    /// How its calls are to be made.
    pub kind: RoundKind,
    /// Samples more that would probably settle all of it, if shares and blocks stay as they are; `None` where no number within the limits would.
    pub missing: Option<u64>,
}

/// The cells whose verdicts are open, or fail in a way that chance alone might explain. Of judged transports, and of every one of which an open
/// share of the calls fails.
#[must_use]
pub fn doubts(plan: &Plan, rounds: &Rounds, records: &[SliceRecord]) -> Vec<Doubt> {
    let standing = Standing::of(plan, rounds, records);
    let (cells, overheads) = (&standing.cells()[..], &standing.overheads);
    let series = Series::of(plan, rounds, records, standing.tested(plan));
    let found = verdicts::verdicts(&verdicts::judged(plan, cells, overheads, &series));
    let failed = failed_calls(plan, rounds, &standing.evidence.cells);
    let is_no = summary(plan, &found, &failed).outcome == Outcome::Fail;
    let mut doubts = Doubts::default();
    let judged = plan.judged();
    for verdict in found
        .iter()
        .filter(|verdict| judged.contains(&verdict.id.transport))
    {
        let Some(evidence) = standing.evidence.cell(verdict.id) else {
            continue;
        };
        if is_in_doubt(verdict, is_no) {
            let missing = missing(verdict, &series);
            doubts.add(verdict.id, kind(evidence, verdict.condition), missing);
        }
    }
    for row in &failed {
        for (evidence, missing) in of_failed(row, plan, rounds, &standing) {
            doubts.add(
                evidence.cell,
                kind(evidence, Some(Condition::BackToBack)),
                missing,
            );
        }
    }
    doubts.all()
}

/// Samples of the look after round `index` of a kind (from 0) that those before it do not have. `None` where no more looks are planned.
#[must_use]
pub fn samples_of_look(plan: &Plan, rounds: &Rounds, index: usize) -> Option<u64> {
    Looks::of(plan, rounds).added_by(index)
}

/// Whether calls were timed finer than a tick, so that back-to-back ones are evidence of their own.
#[must_use]
pub fn has_isolated_calls(records: &[SliceRecord]) -> bool {
    let mut clocks = records.iter().filter_map(|record| match &record.measured {
        protocol::slice::Measured::Samples(answer) => answer.clock,
        protocol::slice::Measured::Repeated(_) | protocol::slice::Measured::ColdStart(_) => None,
    });
    clocks.any(|clock| clock.timer.interpolates())
}

/// Whether a verdict is open, or fails alone but not yet among so many.
fn is_in_doubt(verdict: &Verdict, is_no: bool) -> bool {
    match verdict.outcome {
        Outcome::Pass => false,
        Outcome::Fail => !is_no,
        Outcome::Inconclusive => true,
    }
}

/// The samples that are missing: up to the look that would probably settle it, or for one that fails up to the next, which makes that clearer.
fn missing(verdict: &Verdict, series: &Series) -> Option<u64> {
    let tests = &series.of_cell(verdict.id, verdict.metric)?.tests;
    let looks = series.looks();
    match verdict.outcome {
        Outcome::Fail => looks.added_by(tests.len()),
        Outcome::Pass | Outcome::Inconclusive => looks.missing(tests),
    }
}

/// The cells of an open row of failed calls, and the calls of each that are missing.
fn of_failed<'a>(
    row: &FailedCalls,
    plan: &Plan,
    rounds: &Rounds,
    standing: &'a Standing,
) -> Vec<(&'a CellEvidence, Option<u64>)> {
    if row.outcome != Outcome::Inconclusive {
        return Vec::new();
    }
    let cells = standing.evidence.cells.iter();
    let of_row = |evidence: &&CellEvidence| {
        row.id
            .map_or(evidence.cell.transport == row.transport, |id| {
                id == evidence.cell
            })
    };
    let cells: Vec<&CellEvidence> = cells.filter(of_row).collect();
    let blocks = together(cells.iter().copied());
    let missing = Looks::of(plan, rounds).missing(&tests(plan, rounds, &blocks));
    let each = missing.map(|calls| calls.div_ceil(cells.len().max(1) as u64));
    cells.into_iter().map(|cell| (cell, each)).collect()
}

/// The kind of round that gives a condition's evidence. Where the clock allows whole ticks only, every round does.
fn kind(evidence: &CellEvidence, condition: Option<Condition>) -> RoundKind {
    match (evidence.timer, condition) {
        (Some(Timer::Interpolated | Timer::IoInterpolated), Some(Condition::BackToBack)) => {
            RoundKind::BackToBack
        }
        _ => RoundKind::Isolated,
    }
}

/// One doubt for each cell and kind: the one that takes longest to settle.
#[derive(Default)]
struct Doubts(BTreeMap<(Cell, RoundKind), Option<u64>>);

impl Doubts {
    fn add(&mut self, cell: Cell, kind: RoundKind, missing: Option<u64>) {
        let known = self.0.entry((cell, kind)).or_insert(Some(0));
        *known = known.zip(missing).map(|(one, other)| one.max(other));
    }

    fn all(self) -> Vec<Doubt> {
        let doubt = |((cell, kind), missing)| Doubt {
            cell,
            kind,
            missing,
        };
        self.0.into_iter().map(doubt).collect()
    }
}
