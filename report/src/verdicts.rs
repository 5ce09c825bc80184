//! Every threshold against every delegated cell.

use super::{
    cells::CellFigures,
    evidence::CellEvidence,
    overheads::OverheadFigures,
    wire::{published, published_share},
};
use measurement::{
    exceedance::{Counting, Exceedance, Fineness, allowed_above, exceedance},
    interval::{Known, Undefined},
    quantile::blur_ns,
};
use protocol::{
    Cell, Estimate, Plan, Quantile,
    measure::Timer,
    report::{Outcome, Quantity, Verdict},
    units::NS_PER_MS,
};

/// One delegated cell against one threshold.
pub(super) struct Judged {
    pub(super) cell: Cell,
    pub(super) quantile: Quantile,
    pub(super) threshold_ms: f64,
    pub(super) quantity: Quantity,
    /// The quantile as the report states it.
    pub(super) stated: Estimate,
    /// The share of calls at or above the threshold.
    pub(super) above: Result<Exceedance, Undefined>,
}

/// The overhead of each delegated cell, or its latency where the plan has no `direct`.
pub(super) fn judged(
    plan: &Plan,
    cells: &[(&CellEvidence, CellFigures)],
    overheads: &[OverheadFigures],
) -> Vec<Judged> {
    let delegated = cells.iter().filter(|(e, _)| e.cell.transport.delegates());
    let mut judged = Vec::new();
    for (evidence, figures) in delegated {
        let overhead = overheads.iter().find(|o| o.cell == evidence.cell);
        let latency = (Quantity::Latency, &figures.quantiles, figures.resolution_ns);
        let (quantity, quantiles, resolution_ns) = overhead.map_or(latency, |o| {
            (Quantity::Overhead, &o.quantiles, o.resolution_ns)
        });
        for (quantile, threshold_ms) in plan.thresholds.limits_ms() {
            let direct = overhead.map(|overhead| &overhead.direct[quantile]);
            judged.push(Judged {
                cell: evidence.cell,
                quantile,
                threshold_ms,
                quantity,
                stated: published(&quantiles[quantile], resolution_ns),
                above: share_above(evidence, quantile.order(), threshold_ms * NS_PER_MS, direct),
            });
        }
    }
    judged
}

/// The share of a cell's calls at or above `limit_ns`, or at or above what `direct` takes and that limit on top.
fn share_above(
    evidence: &CellEvidence,
    quantile: f64,
    limit_ns: f64,
    direct: Option<&Known>,
) -> Result<Exceedance, Undefined> {
    let latencies = evidence.latencies();
    let counting = Counting::at(limit_ns).beyond(direct);
    match evidence.timer {
        Some(Timer::Interpolated) => {
            let blur_ns = blur_ns(&evidence.samples, evidence.resolution_ns() as f64);
            let counting = counting.blurred_by(blur_ns);
            exceedance(latencies, quantile, counting, Fineness::Fine)
        }
        Some(Timer::Ticked) => {
            let tick_ns = evidence.resolution_ns().max(1);
            let counting = counting.in_ticks(tick_ns);
            exceedance(latencies, quantile, counting, Fineness::Ticks(tick_ns))
        }
        None => Err(Undefined::NoSamples),
    }
}

/// Holds what was judged against what each quantile allows.
pub(super) fn verdicts(judged: &[Judged]) -> Vec<Verdict> {
    let verdict = |judged: &Judged| {
        let allowed_share = allowed_above(judged.quantile.order());
        let above = judged.above.ok();
        Verdict {
            id: judged.cell,
            metric: judged.quantile,
            quantity: judged.quantity,
            threshold_ms: judged.threshold_ms,
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
