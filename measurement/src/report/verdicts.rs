//! Every threshold against every delegated cell, and the answer in short.

use super::{
    cells::CellFigures,
    evidence::CellEvidence,
    figures::published,
    overheads::OverheadFigures,
    wording::{at_least, at_most},
};
use crate::{
    interval::Known,
    quantile::REPORTED,
    verdict::{judge, overall, samples_needed},
};
use protocol::{
    Cell, Estimate, Plan, Transport,
    report::{Metric, Outcome, Quantity, Summary, TransportSummary, Verdict},
};

const NS_PER_MS: f64 = 1e6;
const US_PER_MS: f64 = 1e3;

/// What is known of the quantiles that have thresholds (p50, p95, p99) of one delegated cell.
pub(super) struct Judged {
    pub(super) cell: Cell,
    pub(super) quantity: Quantity,
    pub(super) quantiles: [Known; 3],
    /// The same as the report states it.
    pub(super) stated: [Estimate; 3],
}

/// The overhead of each delegated cell, or its latency where the plan has no `direct`.
pub(super) fn judged(
    cells: &[(&CellEvidence, CellFigures)],
    overheads: &[OverheadFigures],
) -> Vec<Judged> {
    let delegated = cells.iter().filter(|(e, _)| e.cell.transport.delegates());
    delegated
        .map(|(evidence, figures)| {
            let [p50, p95, p99, _] = figures.quantiles;
            let latency = (Quantity::Latency, [p50, p95, p99], figures.resolution_ns);
            let overhead = overheads.iter().find(|o| o.cell == evidence.cell);
            let (quantity, quantiles, resolution_ns) = overhead.map_or(latency, |o| {
                (Quantity::Overhead, o.quantiles, o.resolution_ns)
            });
            Judged {
                cell: evidence.cell,
                quantity,
                quantiles,
                stated: quantiles.map(|known| published(&known, resolution_ns)),
            }
        })
        .collect()
}

/// Holds each cell against the plan's thresholds.
pub(super) fn verdicts(plan: &Plan, judged: &[Judged]) -> Vec<Verdict> {
    let thresholds = plan.thresholds;
    let limits = [
        (Metric::P50, thresholds.p50_ms),
        (Metric::P95, thresholds.p95_ms),
        (Metric::P99, thresholds.p99_ms),
    ];
    let mut verdicts = Vec::new();
    for cell in judged {
        let figures = cell.quantiles.iter().zip(&cell.stated);
        for (((metric, threshold_ms), (known, stated)), quantile) in
            limits.into_iter().zip(figures).zip(REPORTED)
        {
            let limit_ns = threshold_ms * NS_PER_MS;
            verdicts.push(Verdict {
                id: cell.cell,
                metric,
                quantity: cell.quantity,
                threshold_ms,
                estimate_us: stated.clone(),
                outcome: judge(known, limit_ns),
                samples_needed: samples_needed(known, limit_ns, quantile),
            });
        }
    }
    verdicts
}

/// The answer for each delegating transport, and over all of them.
pub(crate) fn summary(plan: &Plan, verdicts: &[Verdict]) -> Summary {
    let delegating = plan
        .transports
        .iter()
        .copied()
        .filter(|transport| transport.delegates());
    let transports: Vec<TransportSummary> = delegating
        .map(|transport| transport_summary(transport, verdicts))
        .collect();
    Summary {
        outcome: overall(transports.iter().map(|summary| summary.outcome)),
        transports,
    }
}

fn transport_summary(transport: Transport, verdicts: &[Verdict]) -> TransportSummary {
    let own: Vec<&Verdict> = verdicts
        .iter()
        .filter(|verdict| verdict.id.transport == transport)
        .collect();
    let outcome = overall(own.iter().map(|verdict| verdict.outcome));
    // the one that decides: of those with the transport's outcome, the one furthest over its threshold, or nearest to it
    let deciding = own
        .iter()
        .filter(|verdict| verdict.outcome == outcome)
        .max_by(|a, b| share_of_threshold(a).total_cmp(&share_of_threshold(b)));
    let reason = deciding.map_or_else(
        || "nothing was measured".to_owned(),
        |verdict| reason(verdict, own.len()),
    );
    TransportSummary {
        transport,
        outcome,
        reason,
    }
}

/// How much of its threshold a verdict's interval takes up; more than all of it where there is no upper end.
fn share_of_threshold(verdict: &Verdict) -> f64 {
    let end = match verdict.outcome {
        Outcome::Fail => verdict.estimate_us.lower,
        Outcome::Pass | Outcome::Inconclusive => verdict.estimate_us.upper,
    };
    end.map_or(f64::INFINITY, |us| us / US_PER_MS / verdict.threshold_ms)
}

fn reason(verdict: &Verdict, of: usize) -> String {
    let Verdict {
        id,
        metric,
        quantity,
        threshold_ms,
        estimate_us,
        ..
    } = verdict;
    let what = format!("{metric} {quantity} of {id}");
    let lower = at_least(estimate_us);
    let Some(upper) = at_most(estimate_us) else {
        return match (lower, &estimate_us.reason) {
            (Some(lower), _) if verdict.outcome == Outcome::Fail => {
                format!("{what} is at least {lower}, its threshold is {threshold_ms} ms")
            }
            (Some(lower), Some(why)) => {
                format!("{what} is at least {lower}, and no upper bound is known: {why}")
            }
            (_, Some(why)) => format!("{what} is not known: {why}"),
            (_, None) => format!("{what} is not known: no upper end is known"),
        };
    };
    match verdict.outcome {
        Outcome::Pass => {
            format!(
                "all {of} figures are within their thresholds; the closest, {what}, is {upper} of {threshold_ms} ms"
            )
        }
        Outcome::Fail => {
            let lower = lower.unwrap_or_default();
            format!("{what} is at least {lower}, its threshold is {threshold_ms} ms")
        }
        Outcome::Inconclusive => {
            let range = lower.map_or_else(
                || format!("is {upper}"),
                |lower| format!("is at least {lower} and {upper}"),
            );
            let advice = verdict.samples_needed.map_or_else(String::new, |n| {
                format!("; about {n} samples a cell would settle it")
            });
            format!("{what} {range}, which leaves its threshold of {threshold_ms} ms open{advice}")
        }
    }
}
