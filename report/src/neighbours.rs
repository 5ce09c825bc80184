//! What was measured while runtimes were kept busy, against what a queue with one server makes one expect.

use super::{
    cells::CellFigures,
    evidence::{CellEvidence, Evidence},
    format::{Scale, percent},
    wire::{published, us},
};
use measurement::{
    busy_server::{Band, Expected, Load},
    histogram::EncodeError,
    interval::{Known, Missing, Undefined},
};
use protocol::{
    ByQuantile, Plan, Transport,
    busy::{BusyCell, Kept},
    report::{Achieved, Expectation, Neighbours},
    units::NS_PER_MS,
};

/// What slices beside one neighbour say.
pub(super) struct Beside {
    pub(super) busy: BusyCell,
    pub(super) evidence: CellEvidence,
    pub(super) kept: Kept,
}

/// One row for each cell and share that was measured, in the plan's order.
pub(super) fn neighbours(
    plan: &Plan,
    rows: &[Beside],
    all: &Evidence,
) -> Result<Vec<Neighbours>, EncodeError> {
    rows.iter()
        .map(|row| report(plan, rows, row, all))
        .collect()
}

fn report(
    plan: &Plan,
    rows: &[Beside],
    row: &Beside,
    all: &Evidence,
) -> Result<Neighbours, EncodeError> {
    let evidence = &row.evidence;
    let figures = CellFigures::of(evidence, all, 1);
    let known = figures.quantiles.compared().map(|_, known| {
        if evidence.frozen && evidence.cell.transport == Transport::Direct {
            // its repetitions know nothing of neighbours
            Known::Unknown(Undefined::NotMeasured(Missing::Repetition))
        } else {
            *known
        }
    });
    let expected = expected(plan, rows, row).map(|expected| {
        let calls = evidence.latencies().count();
        known.map(|q, known| expectation(expected.band(q.order(), calls), known))
    });
    Ok(Neighbours {
        id: evidence.cell,
        runtime: row.busy.runtime,
        busy: row.busy.share,
        achieved: achieved(&row.kept),
        count: evidence.samples.count(),
        errors: evidence.errors.clone(),
        skipped: evidence.skipped,
        lost: evidence.lost,
        quantiles: known.map(|_, known| published(known, figures.resolution_ns)),
        expected,
        histogram: evidence.latencies().histogram().encode()?,
    })
}

/// What to expect of a row with a neighbour, from the latencies without one. `direct` calls no runtime: nothing should change for it.
fn expected(plan: &Plan, rows: &[Beside], row: &Beside) -> Option<Expected> {
    let is_idle_one = |other: &&Beside| {
        other.busy.share.is_idle()
            && (other.busy.cell, other.busy.runtime) == (row.busy.cell, row.busy.runtime)
    };
    let idle = rows.iter().find(is_idle_one)?;
    if row.busy.share.is_idle() || row.kept.completed == 0 {
        return None;
    }
    let delegates = row.busy.cell.transport.delegates();
    let load = Load {
        share: share(&row.kept).filter(|_| delegates).unwrap_or(0.0),
        call_ns: call_ms(&row.kept)? * NS_PER_MS,
        pause_ns: f64::from(row.busy.pause_ms) * NS_PER_MS,
    };
    Expected::simulate(idle.evidence.samples.pooled_ns(), load, plan.seed)
}

fn expectation(band: Band, known: &Known) -> Expectation {
    let holds = match known {
        Known::Estimated(estimate) => Some(band.may_hold(estimate.value_ns, estimate.value_ns)),
        Known::Bounded {
            lower_ns, upper_ns, ..
        } => Some(band.may_hold(lower_ns.unwrap_or(0.0), upper_ns.unwrap_or(f64::INFINITY))),
        Known::Unknown(_) => None,
    };
    Expectation {
        value_us: us(band.value_ns),
        lower_us: us(band.lower_ns),
        upper_us: us(band.upper_ns),
        holds,
        text: String::new(),
    }
}

fn share(kept: &Kept) -> Option<f64> {
    (kept.elapsed_ms > 0).then(|| kept.busy_ms as f64 / kept.elapsed_ms as f64)
}

fn call_ms(kept: &Kept) -> Option<f64> {
    (kept.completed > 0).then(|| kept.completed_ms as f64 / f64::from(kept.completed))
}

/// A share, or a time in ms, as far as it is worth writing down.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

fn achieved(kept: &Kept) -> Achieved {
    Achieved {
        share: share(kept).map(rounded),
        calls: kept.calls.into(),
        failed_calls: kept.failed.into(),
        call_ms: call_ms(kept).map(rounded),
        seconds: kept.elapsed_ms as f64 / 1e3,
        apart: kept.apart,
        text: String::new(),
    }
}

/// Fills in the texts of a row, but those of its estimates.
pub(crate) fn write(row: &mut Neighbours) {
    let achieved = &mut row.achieved;
    achieved.text = match (achieved.share, achieved.call_ms) {
        (Some(share), Some(call_ms)) => format!(
            "{} by the stub's clock around {} calls of {call_ms:.1} ms each",
            percent(share),
            achieved.calls
        ),
        (Some(_), None) if achieved.calls == 0 => "0 %: nobody else called".to_owned(),
        _ => format!("none of the neighbour's {} calls succeeded", achieved.calls),
    };
    let resolution = row
        .quantiles
        .values()
        .find_map(|estimate| estimate.resolution);
    // The band is no finer than a tenth of a millisecond's tolerance; two digits more than that would say nothing.
    let scale = Scale::milliseconds(Some(resolution.unwrap_or(0.0).max(BAND_US)));
    for expectation in row.expected.iter_mut().flat_map(ByQuantile::values_mut) {
        let [lower, upper] = [expectation.lower_us, expectation.upper_us];
        expectation.text = format!(
            "{} to {}",
            scale.lower_bound(lower),
            scale.upper_bound(upper)
        );
    }
}

/// Digits of a band, in us.
const BAND_US: f64 = 10.0;

/// How far a quantile moved from that of the same cell without a neighbour, in us; `None` where one of the two is not stated.
pub(crate) fn moved_us(
    rows: &[Neighbours],
    row: &Neighbours,
    quantile: protocol::Quantile,
) -> Option<f64> {
    let idle = rows
        .iter()
        .find(|other| other.busy.is_idle() && (other.id, other.runtime) == (row.id, row.runtime))?;
    Some(row.quantiles[quantile].value? - idle.quantiles[quantile].value?)
}

/// Sums up what the neighbours of several slices did.
pub(super) fn together(all: impl Iterator<Item = Kept>) -> Kept {
    all.fold(Kept::default(), |sum, one| Kept {
        calls: sum.calls + one.calls,
        failed: sum.failed + one.failed,
        busy_ms: sum.busy_ms + one.busy_ms,
        elapsed_ms: sum.elapsed_ms + one.elapsed_ms,
        completed: sum.completed + one.completed,
        completed_ms: sum.completed_ms + one.completed_ms,
        strokes: one.strokes,
        apart: sum.apart || one.apart,
    })
}
