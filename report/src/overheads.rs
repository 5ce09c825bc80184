//! Each delegated cell against `direct`.

use super::{
    cells::{CellFigures, markov_bound},
    evidence::CellEvidence,
    wire::published,
};
use measurement::{
    interval::{Estimate, Known, Undefined},
    mover::difference,
    overhead::Overhead,
    quantile::blur_ns,
};
use protocol::{ByQuantile, Cell, Quantile, measure::Timer, report};

/// What is known of a cell's overhead.
pub(super) struct OverheadFigures {
    pub(super) cell: Cell,
    pub(super) mean: Known,
    pub(super) quantiles: ByQuantile<Known>,
    /// The same of `direct`: what it takes itself.
    pub(super) direct: ByQuantile<Known>,
    pub(super) resolution_ns: f64,
    mean_resolution_ns: f64,
}

impl OverheadFigures {
    pub(super) fn of(
        delegated: (&CellEvidence, &CellFigures),
        direct: (&CellEvidence, &CellFigures),
    ) -> Self {
        let resolution_ns = delegated.1.resolution_ns.max(direct.1.resolution_ns);
        let sampled = |evidence: &CellEvidence| {
            evidence.timer.is_some_and(Timer::interpolates) && !evidence.frozen
        };
        let own = direct.1.quantiles.compared();
        let (mean, quantiles, own) = if !sampled(delegated.0) || !sampled(direct.0) {
            let (mean, quantiles) = bounded(delegated.1, direct.1);
            (mean, quantiles, own)
        } else if is_resolved(direct.1) {
            let (mean, quantiles) = paired(delegated, direct);
            (mean, quantiles, own)
        } else {
            over_unresolved(delegated.1, direct.1)
        };
        Self {
            cell: delegated.0.cell,
            mean,
            quantiles,
            direct: own,
            resolution_ns,
            mean_resolution_ns: delegated
                .1
                .mean_resolution_ns
                .max(direct.1.mean_resolution_ns),
        }
    }

    pub(super) fn published(&self) -> report::Overhead {
        report::Overhead {
            id: self.cell,
            mean_us: published(&self.mean, self.mean_resolution_ns),
            quantiles: self
                .quantiles
                .map(|_, known| published(known, self.resolution_ns)),
        }
    }
}

/// Whether the timer can tell the cell's median from nothing.
fn is_resolved(figures: &CellFigures) -> bool {
    figures.quantiles[Quantile::P50]
        .estimate()
        .is_none_or(|p50| p50.value_ns >= figures.resolution_ns)
}

/// Both cells have samples finer than a tick: their quantiles are compared as they are, pair by pair of blocks; where one is bounded only, the difference is.
fn paired(
    (delegated, slow): (&CellEvidence, &CellFigures),
    (direct, fast): (&CellEvidence, &CellFigures),
) -> (Known, ByQuantile<Known>) {
    let overhead = Overhead::new(delegated.latencies(), direct.latencies());
    let of_means = Overhead::new(&delegated.samples, &direct.samples);
    let blur_ns = blur_ns(&delegated.samples, delegated.resolution_ns() as f64)
        + blur_ns(&direct.samples, direct.resolution_ns() as f64);
    let quantiles = ByQuantile::of_compared(|q| match (&slow.quantiles[q], &fast.quantiles[q]) {
        (Known::Estimated(_), Known::Estimated(_)) => Known::from(
            overhead
                .as_ref()
                .map_err(|reason| *reason)
                .and_then(|overhead| overhead.quantile(q.order()))
                .map(|e| e.widened_by(blur_ns)),
        ),
        (slow, fast) => slow.minus(fast),
    });
    (Known::from(of_means.and_then(|o| o.mean())), quantiles)
}

/// `direct` is shorter than what the timer resolves, so that the upper quantiles of its samples are the timer's own tail. Its mean in a
/// row (by repetition, where the run has it) stands for each of its quantiles, which lie between 0 and the upper end
/// that its samples show, or Markov's inequality allows, whichever is lower.
fn over_unresolved(
    delegated: &CellFigures,
    direct: &CellFigures,
) -> (Known, ByQuantile<Known>, ByQuantile<Known>) {
    let row = direct.chain_mean.estimate();
    let mean = delegated.means.minus(&direct.means).estimate().map(|e| {
        match (delegated.mean.estimate(), row) {
            (Some(isolated), Some(row)) => difference(isolated, row, 0.0),
            _ => e.widened_by(delegated.allowance_ns + direct.allowance_ns),
        }
    });
    let fast =
        ByQuantile::of_compared(|q| unresolved_quantile(&direct.quantiles[q], row, q.order()));
    let quantiles = fast.map(|q, fast| delegated.quantiles[q].minus(fast));
    (Known::from(mean), quantiles, fast)
}

/// What is known of a `quantile` of `direct` from its samples, which show the timer's tail, and from its mean in a `row`.
fn unresolved_quantile(sampled: &Known, row: Option<&Estimate>, quantile: f64) -> Known {
    let possible_ns = row.map(|row| markov_bound(row.upper_ns, quantile));
    let ends = sampled.upper_ns().into_iter().chain(possible_ns);
    let Some(upper_ns) = ends.reduce(f64::min) else {
        return *sampled;
    };
    let Some(base) = sampled.estimate().or(row) else {
        return *sampled;
    };
    let value_ns = row.unwrap_or(base).value_ns.min(upper_ns);
    Known::Estimated(Estimate {
        value_ns,
        lower_ns: 0.0,
        upper_ns,
        ..*base
    })
}

/// Whole ticks on one side at least: bounds less bounds. The means are compared by block, and each may be wrong by its
/// allowance for the ends of its chains.
fn bounded(delegated: &CellFigures, direct: &CellFigures) -> (Known, ByQuantile<Known>) {
    let allowance_ns = delegated.allowance_ns + direct.allowance_ns;
    let mean: Result<Estimate, Undefined> = delegated.means.minus(&direct.means).estimate();
    let quantiles = ByQuantile::of_compared(|q| delegated.quantiles[q].minus(&direct.quantiles[q]));
    (
        Known::from(mean.map(|e| e.widened_by(allowance_ns))),
        quantiles,
    )
}
