//! The figures of one cell.

use super::{
    evidence::{CellEvidence, Evidence},
    figures::{published, us},
};
use crate::{
    bounds::{bounds, ticked_mean},
    histogram::EncodeError,
    interval::{Estimate, Known, Undefined},
    mean::{BlockMeans, mean},
    quantile::{REPORTED, quantile},
};
use protocol::{Transport, breakdown::Component, measure::Timer, report::CellReport};

const NO_CLOCK: Undefined =
    Undefined::NotMeasured("the caller told nothing of its clock; only means are known");
const ITSELF_A_CHAIN: Undefined = Undefined::NotMeasured(
    "samples in whole ticks are a chain themselves; there is no isolated call to compare with",
);
const NO_PARTS: Undefined = Undefined::NotMeasured(
    "the caller's clock stands still while it computes, and the run did not time the function by repetition",
);

/// What is known of a cell, before it is rounded and published.
pub(super) struct CellFigures {
    pub(super) mean: Known,
    pub(super) chain_mean: Known,
    pub(super) isolation_cost: Known,
    /// In the order of [`REPORTED`].
    pub(super) quantiles: [Known; 4],
    /// The means by block that `mean` rests on: for comparisons with other cells.
    pub(super) means: BlockMeans,
    /// What the mean may be wrong by although its interval over blocks is narrow, in nanoseconds.
    pub(super) allowance_ns: f64,
    pub(super) resolution_ns: f64,
    pub(super) mean_resolution_ns: f64,
    pub(super) chain_resolution_ns: f64,
}

impl CellFigures {
    pub(super) fn of(evidence: &CellEvidence, all: &Evidence, lanes: u32) -> Self {
        match evidence.timer {
            _ if evidence.frozen && evidence.cell.transport == Transport::Direct => {
                Self::by_repetition(evidence, all)
            }
            Some(Timer::Interpolated) => Self::interpolated(evidence),
            Some(Timer::Ticked) => Self::ticked(evidence, lanes),
            None => Self::elapsed(evidence),
        }
    }

    fn interpolated(evidence: &CellEvidence) -> Self {
        let resolution_ns = evidence.resolution_ns as f64;
        let stated = |result: Result<Estimate, Undefined>| {
            Known::from(result.map(|e| e.no_finer_than(resolution_ns).not_negative()))
        };
        let means = BlockMeans::of(&evidence.samples);
        Self {
            mean: stated(mean(&evidence.samples)),
            chain_mean: chain_mean(evidence),
            isolation_cost: Known::from(
                means
                    .minus(&evidence.chain)
                    .estimate()
                    .map(|e| e.no_finer_than(evidence.chain_resolution_ns())),
            ),
            quantiles: REPORTED.map(|q| stated(quantile(&evidence.samples, q))),
            means,
            allowance_ns: 0.0,
            resolution_ns,
            mean_resolution_ns: resolution_ns,
            chain_resolution_ns: evidence.chain_resolution_ns(),
        }
    }

    fn ticked(evidence: &CellEvidence, lanes: u32) -> Self {
        let tick = evidence.resolution_ns.max(1);
        let samples = &evidence.samples;
        let bounded = |q| match bounds(samples, tick, q) {
            Ok(found) => Known::Bounded {
                lower_ns: Some((found.lower_ticks * tick) as f64),
                upper_ns: found.upper_ticks.map(|ticks| (ticks * tick) as f64),
                n: found.n,
            },
            Err(reason) => Known::Unknown(reason),
        };
        // each lane of overlapping calls is a chain of its own, good to its own tick
        let chains = samples.block_count() as f64 * f64::from(lanes.max(1));
        let allowance_ns = if samples.count() > 0 {
            tick as f64 * chains / samples.count() as f64
        } else {
            0.0
        };
        Self {
            mean: Known::from(ticked_mean(samples, tick, lanes)),
            chain_mean: chain_mean(evidence),
            isolation_cost: Known::Unknown(ITSELF_A_CHAIN),
            quantiles: REPORTED.map(bounded),
            means: BlockMeans::of(samples),
            allowance_ns,
            resolution_ns: tick as f64,
            mean_resolution_ns: evidence.chain_resolution_ns(),
            chain_resolution_ns: evidence.chain_resolution_ns(),
        }
    }

    /// Under a clock that stands still, `direct` reads 0 whatever it takes. Its mean is the function's, timed from the
    /// coordinator by repetition; of its quantiles Markov's inequality bounds `p_q <= mean / (1 - q)`.
    fn by_repetition(evidence: &CellEvidence, all: &Evidence) -> Self {
        let component = Component::Function {
            function: evidence.cell.function,
            payload_bytes: evidence.cell.payload_bytes,
        };
        let Some(timed) = all.component(component) else {
            return Self::unknown(NO_PARTS);
        };
        let resolution_ns = timed.resolution_ns();
        let mean = Known::from(
            timed
                .means
                .estimate()
                .map(|e| e.no_finer_than(resolution_ns).not_negative()),
        );
        let bounded = |q: f64| match &mean {
            Known::Estimated(estimate) => Known::Bounded {
                lower_ns: Some(0.0),
                upper_ns: Some(estimate.upper_ns / (1.0 - q)),
                n: estimate.n,
            },
            other => *other,
        };
        Self {
            chain_mean: mean,
            isolation_cost: Known::Unknown(ITSELF_A_CHAIN),
            quantiles: REPORTED.map(bounded),
            mean,
            means: timed.means.clone(),
            allowance_ns: resolution_ns,
            resolution_ns,
            mean_resolution_ns: resolution_ns,
            chain_resolution_ns: resolution_ns,
        }
    }

    /// A stub that tells its elapsed times alone.
    fn elapsed(evidence: &CellEvidence) -> Self {
        if evidence.chain.is_empty() {
            return Self::unknown(Undefined::NoSamples);
        }
        Self {
            mean: chain_mean(evidence),
            chain_mean: chain_mean(evidence),
            means: evidence.chain.clone(),
            allowance_ns: evidence.chain_resolution_ns(),
            mean_resolution_ns: evidence.chain_resolution_ns(),
            chain_resolution_ns: evidence.chain_resolution_ns(),
            ..Self::unknown(NO_CLOCK)
        }
    }

    fn unknown(reason: Undefined) -> Self {
        Self {
            mean: Known::Unknown(reason),
            chain_mean: Known::Unknown(reason),
            isolation_cost: Known::Unknown(reason),
            quantiles: [Known::Unknown(reason); 4],
            means: BlockMeans::new(),
            allowance_ns: 0.0,
            resolution_ns: 0.0,
            mean_resolution_ns: 0.0,
            chain_resolution_ns: 0.0,
        }
    }
}

fn chain_mean(evidence: &CellEvidence) -> Known {
    Known::from(evidence.chain.estimate().map(|e| {
        e.no_finer_than(evidence.chain_resolution_ns())
            .not_negative()
    }))
}

/// Publishes a cell.
pub(super) fn cell_report(
    evidence: &CellEvidence,
    figures: &CellFigures,
) -> Result<CellReport, EncodeError> {
    let histogram = evidence.samples.histogram();
    let resolved = |ns: u64| (ns as f64 >= figures.resolution_ns).then(|| us(ns as f64));
    let [p50_us, p95_us, p99_us, p99_9_us] = figures
        .quantiles
        .map(|known| published(&known, figures.resolution_ns));
    Ok(CellReport {
        id: evidence.cell,
        transport: evidence.cell.transport,
        function: evidence.cell.function,
        payload_bytes: evidence.cell.payload_bytes,
        count: evidence.samples.count(),
        errors: evidence.errors.clone(),
        skipped: evidence.skipped,
        lost: evidence.lost,
        warmup_calls: evidence.warmup_calls,
        min_us: histogram.min_ns().and_then(resolved),
        max_us: histogram.max_ns().and_then(resolved),
        mean_us: published(&figures.mean, figures.mean_resolution_ns),
        chain_mean_us: published(&figures.chain_mean, figures.chain_resolution_ns),
        isolation_cost_us: published(&figures.isolation_cost, figures.chain_resolution_ns),
        p50_us,
        p95_us,
        p99_us,
        p99_9_us,
        histogram: histogram.encode()?,
    })
}
