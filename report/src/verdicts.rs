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
    quantile::{REPORTED, blur_ns},
    verdict::judge,
};
use protocol::{
    Cell, Estimate, Plan,
    measure::Timer,
    report::{Metric, Outcome, Quantity, Verdict},
};

const NS_PER_MS: f64 = 1e6;

/// One delegated cell against the thresholds of p50, p95 and p99.
pub(super) struct Judged {
    pub(super) cell: Cell,
    pub(super) quantity: Quantity,
    /// The quantiles as the report states them.
    pub(super) stated: [Estimate; 3],
    /// The share of calls at or above each threshold.
    pub(super) above: [Result<Exceedance, Undefined>; 3],
}

/// The thresholds of a plan, in the order of [`REPORTED`].
pub(super) fn thresholds(plan: &Plan) -> [(Metric, f64); 3] {
    [
        (Metric::P50, plan.thresholds.p50_ms),
        (Metric::P95, plan.thresholds.p95_ms),
        (Metric::P99, plan.thresholds.p99_ms),
    ]
}

/// The overhead of each delegated cell, or its latency where the plan has no `direct`.
pub(super) fn judged(
    plan: &Plan,
    cells: &[(&CellEvidence, CellFigures)],
    overheads: &[OverheadFigures],
) -> Vec<Judged> {
    let limits_ns = thresholds(plan).map(|(_, ms)| ms * NS_PER_MS);
    let delegated = cells.iter().filter(|(e, _)| e.cell.transport.delegates());
    delegated
        .map(|(evidence, figures)| {
            let overhead = overheads.iter().find(|o| o.cell == evidence.cell);
            let [p50, p95, p99, _] = figures.quantiles;
            let latency = (Quantity::Latency, [p50, p95, p99], figures.resolution_ns);
            let (quantity, quantiles, resolution_ns) = overhead.map_or(latency, |o| {
                (Quantity::Overhead, o.quantiles, o.resolution_ns)
            });
            let above = |i: usize| {
                let direct = overhead.map(|overhead| &overhead.direct[i]);
                share_above(evidence, REPORTED[i], limits_ns[i], direct)
            };
            Judged {
                cell: evidence.cell,
                quantity,
                stated: quantiles.map(|known| published(&known, resolution_ns)),
                above: [0, 1, 2].map(above),
            }
        })
        .collect()
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

/// Holds each cell against the plan's thresholds.
pub(super) fn verdicts(plan: &Plan, judged: &[Judged]) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for cell in judged {
        for (i, (metric, threshold_ms)) in thresholds(plan).into_iter().enumerate() {
            let allowed_share = allowed_above(REPORTED[i]);
            let above = cell.above[i].ok();
            verdicts.push(Verdict {
                id: cell.cell,
                metric,
                quantity: cell.quantity,
                threshold_ms,
                estimate_us: cell.stated[i].clone(),
                share_above: above.as_ref().map(published_share),
                allowed_share,
                outcome: above.map_or(Outcome::Inconclusive, |share| {
                    judge(share.lower, share.upper, allowed_share)
                }),
                samples_needed: above.and_then(|share| share.needed),
                text: String::new(),
            });
        }
    }
    verdicts
}
