//! Each delegated cell against `direct`.

use super::{cells::CellFigures, evidence::CellEvidence, figures::published};
use crate::{
    interval::{Known, Undefined},
    overhead::Overhead,
    quantile::REPORTED,
};
use protocol::{Cell, measure::Timer, report};

/// What is known of a cell's overhead.
pub(super) struct OverheadFigures {
    pub(super) cell: Cell,
    pub(super) mean: Known,
    /// p50, p95 and p99.
    pub(super) quantiles: [Known; 3],
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
            evidence.timer == Some(Timer::Interpolated) && !evidence.frozen
        };
        let (mean, quantiles) = if sampled(delegated.0) && sampled(direct.0) {
            paired(delegated.0, direct.0, resolution_ns)
        } else {
            bounded(delegated.1, direct.1)
        };
        Self {
            cell: delegated.0.cell,
            mean,
            quantiles,
            resolution_ns,
            mean_resolution_ns: delegated
                .1
                .mean_resolution_ns
                .max(direct.1.mean_resolution_ns),
        }
    }

    pub(super) fn published(&self) -> report::Overhead {
        let [p50_us, p95_us, p99_us] = self
            .quantiles
            .map(|known| published(&known, self.resolution_ns));
        report::Overhead {
            id: self.cell,
            mean_us: published(&self.mean, self.mean_resolution_ns),
            p50_us,
            p95_us,
            p99_us,
        }
    }
}

/// Both cells have samples finer than a tick: their quantiles are compared as they are.
fn paired(
    delegated: &CellEvidence,
    direct: &CellEvidence,
    resolution_ns: f64,
) -> (Known, [Known; 3]) {
    let overhead = match Overhead::new(&delegated.samples, &direct.samples) {
        Ok(overhead) => overhead,
        Err(reason) => return (Known::Unknown(reason), [Known::Unknown(reason); 3]),
    };
    let stated = |result: Result<_, Undefined>| {
        Known::from(result.map(|e: crate::interval::Estimate| e.no_finer_than(resolution_ns)))
    };
    let quantiles = [REPORTED[0], REPORTED[1], REPORTED[2]].map(|q| stated(overhead.quantile(q)));
    (stated(overhead.mean()), quantiles)
}

/// Whole ticks on one side at least: bounds less bounds. The means are compared by block, and each may be wrong by its
/// allowance for the ends of its chains.
fn bounded(delegated: &CellFigures, direct: &CellFigures) -> (Known, [Known; 3]) {
    let allowance_ns = delegated.allowance_ns + direct.allowance_ns;
    let mean = delegated
        .means
        .minus(&direct.means)
        .estimate()
        .map(|e| crate::interval::Estimate {
            lower_ns: e.lower_ns - allowance_ns,
            upper_ns: e.upper_ns + allowance_ns,
            ..e
        });
    let quantiles = [0, 1, 2].map(|i| delegated.quantiles[i].minus(&direct.quantiles[i]));
    (Known::from(mean), quantiles)
}
