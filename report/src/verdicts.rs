//! Every threshold against every delegated cell.
//!
//! A verdict rests on the calls of one condition, which its threshold designates before anything is measured ([`measurement::condition`]), and on
//! looks that were planned ([`crate::looks`]).

use super::{
    cells::CellFigures, evidence::CellEvidence, looks::Series, overheads::OverheadFigures,
    wire::published_share,
};
use measurement::{
    condition::{contradict, judging},
    exceedance::{Counting, Exceedance, Fineness, ShareTest, allowed_above},
    interval::Undefined,
    quantile::blur_ns,
};
use protocol::{
    Cell, Estimate, Plan, Quantile, Until,
    measure::Timer,
    report::{Condition, Outcome, Quantity, Verdict},
    units::NS_PER_MS,
};

/// One delegated cell against one threshold.
pub(super) struct Judged {
    pub(super) cell: Cell,
    pub(super) quantile: Quantile,
    pub(super) threshold_ms: f64,
    pub(super) quantity: Quantity,
    pub(super) condition: Option<Condition>,
    /// The quantile as the report states it.
    pub(super) stated: Estimate,
    /// The share of calls at or above the threshold.
    pub(super) above: Option<Exceedance>,
}

/// The share of a cell's calls at or above a threshold, by the calls of the condition that judges it.
#[derive(Clone, Debug)]
pub(super) struct Tested {
    pub(super) cell: Cell,
    pub(super) quantile: Quantile,
    pub(super) condition: Condition,
    pub(super) test: ShareTest,
}

/// Every threshold that the samples so far say something of.
pub(super) fn tested(
    plan: &Plan,
    cells: &[(&CellEvidence, &CellFigures)],
    overheads: &[OverheadFigures],
) -> Vec<Tested> {
    let delegated = cells.iter().filter(|(e, _)| e.cell.transport.delegates());
    let mut tested = Vec::new();
    for (evidence, _) in delegated {
        let overhead = overheads.iter().find(|o| o.cell == evidence.cell);
        for (quantile, threshold_ms) in plan.thresholds.limits_ms() {
            let limit_ns = threshold_ms * NS_PER_MS;
            let direct = overhead.map(|overhead| &overhead.direct[quantile]);
            let condition = condition(plan, evidence, limit_ns);
            let counting = Counting::at(limit_ns).beyond(direct);
            tested.extend(
                test(evidence, quantile, condition, counting).map(|test| Tested {
                    cell: evidence.cell,
                    quantile,
                    condition,
                    test,
                }),
            );
        }
    }
    tested
}

/// Which calls judge a threshold. A run of fixed size has its isolated samples for all of them, and one that was stopped before its round of
/// back-to-back calls has nothing else.
fn condition(plan: &Plan, evidence: &CellEvidence, limit_ns: f64) -> Condition {
    match (evidence.timer, evidence.back_to_back()) {
        (Some(Timer::Interpolated | Timer::IoInterpolated), Some(row))
            if plan.until == Until::Settled =>
        {
            judging(limit_ns, row.tick_ns, Fineness::Fine)
        }
        (Some(Timer::Interpolated | Timer::IoInterpolated), _) => Condition::Isolated,
        _ => Condition::BackToBack,
    }
}

/// The share of a cell's calls of a condition that count.
fn test(
    evidence: &CellEvidence,
    quantile: Quantile,
    condition: Condition,
    counting: Counting,
) -> Result<ShareTest, Undefined> {
    let order = quantile.order();
    let in_ticks = |tick_ns: u64, latencies| {
        let tick_ns = tick_ns.max(1);
        let counting = counting.in_ticks(tick_ns);
        ShareTest::of_cell(latencies, order, counting, Fineness::Ticks(tick_ns))
    };
    match (evidence.timer, evidence.back_to_back()) {
        (Some(Timer::Interpolated | Timer::IoInterpolated), Some(row))
            if condition == Condition::BackToBack =>
        {
            in_ticks(row.tick_ns, &row.latencies)
        }
        (Some(Timer::Interpolated | Timer::IoInterpolated), _) => {
            let blur_ns = blur_ns(&evidence.samples, evidence.resolution_ns() as f64);
            let counting = counting.blurred_by(blur_ns);
            ShareTest::of_cell(evidence.latencies(), order, counting, Fineness::Fine)
        }
        (Some(Timer::Ticked), _) => in_ticks(evidence.resolution_ns(), evidence.latencies()),
        (None, _) => Err(Undefined::NoSamples),
    }
}

/// A verdict on back-to-back calls that isolated calls contradict, with all the error of one test.
pub(super) struct Contradiction {
    pub(super) cell: Cell,
    pub(super) quantile: Quantile,
    pub(super) threshold_ms: f64,
    /// What back-to-back calls say, and isolated ones.
    pub(super) outcomes: [Outcome; 2],
    pub(super) isolated: Exceedance,
}

/// Where the two conditions exclude each other.
pub(super) fn contradictions(
    verdicts: &[Verdict],
    cells: &[(&CellEvidence, &CellFigures)],
    overheads: &[OverheadFigures],
) -> Vec<Contradiction> {
    let of = |verdict: &Verdict| {
        let (evidence, _) = cells.iter().find(|(e, _)| e.cell == verdict.id)?;
        let is_apart = evidence.back_to_back().is_some();
        if !is_apart || verdict.condition != Some(Condition::BackToBack) {
            return None;
        }
        let overhead = overheads.iter().find(|o| o.cell == verdict.id);
        let direct = overhead.map(|overhead| &overhead.direct[verdict.metric]);
        let counting = Counting::at(verdict.threshold_ms * NS_PER_MS).beyond(direct);
        let test = test(evidence, verdict.metric, Condition::Isolated, counting).ok()?;
        let isolated = test.at(measurement::confidence::TAIL);
        let said = isolated.outcome(verdict.allowed_share);
        contradict(verdict.outcome, said).then_some(Contradiction {
            cell: verdict.id,
            quantile: verdict.metric,
            threshold_ms: verdict.threshold_ms,
            outcomes: [verdict.outcome, said],
            isolated,
        })
    };
    verdicts.iter().filter_map(of).collect()
}

/// The overhead of each delegated cell, or its latency where the plan has no `direct`, against each threshold; `series` holds what each look saw.
pub(super) fn judged(
    plan: &Plan,
    cells: &[(&CellEvidence, &CellFigures)],
    overheads: &[OverheadFigures],
    series: &Series,
) -> Vec<Judged> {
    let delegated = cells.iter().filter(|(e, _)| e.cell.transport.delegates());
    let mut judged = Vec::new();
    for (evidence, figures) in delegated {
        let overhead = overheads.iter().find(|o| o.cell == evidence.cell);
        let (quantity, stated) = overhead.map_or_else(
            || (Quantity::Latency, figures.published_quantiles()),
            |overhead| (Quantity::Overhead, overhead.published().quantiles),
        );
        for (quantile, threshold_ms) in plan.thresholds.limits_ms() {
            let found = series.of_cell(evidence.cell, quantile);
            judged.push(Judged {
                cell: evidence.cell,
                quantile,
                threshold_ms,
                quantity,
                condition: found.map(|tests| tests.condition),
                stated: stated[quantile].clone(),
                above: found.and_then(|tests| series.looks().settled(&tests.tests)),
            });
        }
    }
    judged
}

/// Holds what was judged against what each quantile allows.
pub(super) fn verdicts(judged: &[Judged]) -> Vec<Verdict> {
    let verdict = |judged: &Judged| {
        let allowed_share = allowed_above(judged.quantile.order());
        let above = judged.above;
        Verdict {
            id: judged.cell,
            metric: judged.quantile,
            quantity: judged.quantity,
            threshold_ms: judged.threshold_ms,
            condition: judged.condition.filter(|_| above.is_some()),
            estimate_us: judged.stated.clone(),
            share_above: above.as_ref().map(published_share),
            allowed_share,
            outcome: above.map_or(Outcome::Inconclusive, |share| share.outcome(allowed_share)),
            samples_needed: above.and_then(|share| share.needed),
            text: String::new(),
        }
    };
    judged.iter().map(verdict).collect()
}
