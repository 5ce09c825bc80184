//! What is wrong with what was measured beside neighbours.

use super::warning;
use crate::{format::percent, neighbours::moved_us, wording::ms};
use protocol::{
    Quantile,
    limits::LimitsProfile,
    report::{Neighbours, Warning, WarningKind},
    units::US_PER_MS,
};

/// Held against the queue: the p99 of some hundred calls says too little.
const HELD: [Quantile; 2] = [Quantile::P50, Quantile::P95];

/// A share that is off by more than this, as a part of itself, is another one.
const SHARE_OFF: f64 = 0.2;

/// Every warning of them, one for each row and kind at most.
pub(crate) fn of_neighbours(rows: &[Neighbours], limits: LimitsProfile) -> Vec<Warning> {
    let mut warnings = Vec::new();
    warnings.extend(not_apart(rows, limits));
    for row in rows.iter().filter(|row| !row.busy.is_idle()) {
        warnings.extend(off(row));
        warnings.extend(if row.id.transport.delegates() {
            unexpected(row)
        } else {
            moved(rows, row)
        });
    }
    warnings
}

fn not_apart(rows: &[Neighbours], limits: LimitsProfile) -> Option<Warning> {
    let found = rows
        .iter()
        .find(|row| !row.busy.is_idle() && !row.achieved.apart)?;
    (limits == LimitsProfile::Local).then(|| {
        let text = format!(
            "the runtime {} shares a thread with the stub that measures, as all Workers of one local process do: while it works the stub cannot call, so calls do not meet it; serve with a runtime apart (run --local does so for a plan with busy)",
            found.runtime
        );
        warning(WarningKind::NeighbourNotApart, None, text, [("rows", rows.len() as f64)])
    })
}

fn off(row: &Neighbours) -> Option<Warning> {
    let (asked, achieved) = (row.busy.share(), row.achieved.share.unwrap_or(0.0));
    let failed = row.achieved.failed_calls;
    ((achieved - asked).abs() > SHARE_OFF * asked || failed > 0).then(|| {
        let text = format!(
            "while {} was to be {} busy: {}; {failed} of the neighbour's calls failed",
            row.runtime,
            row.busy,
            achieved_words(row)
        );
        let figures = [
            ("asked_share", asked),
            ("achieved_share", achieved),
            ("failed_calls", failed as f64),
        ];
        warning(WarningKind::NeighbourOff, Some(row.id), text, figures)
    })
}

fn achieved_words(row: &Neighbours) -> String {
    row.achieved.share.map_or_else(
        || "it cannot be told for how long it was".to_owned(),
        |share| format!("{} were achieved", percent(share)),
    )
}

/// The first quantile that is not what the queue makes one expect.
fn unexpected(row: &Neighbours) -> Option<Warning> {
    let expected = row.expected.as_ref()?;
    let outside = HELD
        .into_iter()
        .find(|&q| expected[q].holds == Some(false))?;
    let (band, measured) = (&expected[outside], &row.quantiles[outside]);
    let found = measured.value.or(measured.upper).unwrap_or_default();
    let (lower, upper) = (band.lower_us / US_PER_MS, band.upper_us / US_PER_MS);
    let text = format!(
        "while {} is {} busy, the {} is {}, where a queue with one server gives {lower:.1} to {upper:.1} ms: calls do not wait as for one thread, or something else was in the way",
        row.runtime,
        row.busy,
        outside.title(),
        ms(found, measured.resolution)
    );
    let figures = [
        ("measured_us", found),
        ("expected_lower_us", band.lower_us),
        ("expected_upper_us", band.upper_us),
    ];
    Some(warning(
        WarningKind::BusyUnexpected,
        Some(row.id),
        text,
        figures,
    ))
}

/// `direct` calls no runtime: where it moves, the load is on more than the runtime.
fn moved(rows: &[Neighbours], row: &Neighbours) -> Option<Warning> {
    let expected = row.expected.as_ref()?;
    let outside = HELD
        .into_iter()
        .find(|&q| expected[q].holds == Some(false))?;
    let by_us = moved_us(rows, row, outside)?;
    let text = format!(
        "while {} is {} busy, the {} of {} moves by {} although it calls no runtime: the neighbour takes the processor from the stub, too, and so much of the others' latencies is not waiting",
        row.runtime,
        percent(row.achieved.share.unwrap_or(0.0)),
        outside.title(),
        row.id,
        ms(by_us, row.quantiles[outside].resolution)
    );
    let figures = [("moved_us", by_us)];
    Some(warning(
        WarningKind::ControlMoved,
        Some(row.id),
        text,
        figures,
    ))
}
