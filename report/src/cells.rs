//! The figures of one cell.

mod row;

use super::{
    evidence::{CellEvidence, Evidence},
    wire::{published, us},
};
use measurement::{
    anomaly::{DominantStretch, dominant_stretch},
    block_means::BlockMeans,
    bounds::{bounds, ticked_mean},
    histogram::EncodeError,
    interval::{Bounding, Estimate, Known, Missing, Undefined},
    mean::mean,
    neighbours::enclosed,
    quantile::{blur_ns, quantile},
    timer_noise::TimerNoise,
};
use protocol::{
    ByQuantile, Quantile, Transport,
    measure::Timer,
    report::{CellReport, Stretch},
};
use row::Row;

const NO_CLOCK: Undefined = Undefined::NotMeasured(Missing::Clock);
const ITSELF_A_CHAIN: Undefined = Undefined::NotMeasured(Missing::IsolatedCalls);
const NO_PARTS: Undefined = Undefined::NotMeasured(Missing::Repetition);

/// A mean below the resolution comes out too high by up to this share of it, because single samples cannot be negative
/// ([`measurement::timer::InterpolatedTimer`]).
const CLAMP_SHARE: f64 = 0.4;

/// What is known of a cell, before it is rounded and published.
pub(super) struct CellFigures {
    pub(super) mean: Known,
    pub(super) chain_mean: Known,
    pub(super) isolation_cost: Known,
    pub(super) quantiles: ByQuantile<Known>,
    /// The means by block that `mean` rests on: for comparisons with other cells.
    pub(super) means: BlockMeans,
    /// What the mean may be wrong by although its interval over blocks is narrow, in nanoseconds.
    pub(super) allowance_ns: f64,
    pub(super) resolution_ns: f64,
    pub(super) mean_resolution_ns: f64,
    pub(super) chain_resolution_ns: f64,
    /// The slices that the two means are mostly about, if any.
    pub(super) mean_stretch: Option<DominantStretch>,
    pub(super) chain_stretch: Option<DominantStretch>,
}

impl CellFigures {
    pub(super) fn of(evidence: &CellEvidence, all: &Evidence, lanes: u32) -> Self {
        let row = Row::of(evidence, all);
        match evidence.timer {
            _ if evidence.frozen && evidence.cell.transport == Transport::Direct => {
                Self::by_repetition(all.repeated(evidence.cell).map(|_| row))
            }
            Some(Timer::Interpolated) => Self::interpolated(evidence, &row, None),
            Some(Timer::IoInterpolated) => Self::interpolated(evidence, &row, Some(&all.noise)),
            Some(Timer::Ticked) => Self::ticked(evidence, &row, lanes),
            None => Self::elapsed(&row),
        }
    }

    /// From samples finer than a tick. `noise` is the timer's own, where it is so large that intervals must allow for all of it.
    fn interpolated(evidence: &CellEvidence, row: &Row, noise: Option<&TimerNoise>) -> Self {
        let resolution_ns = evidence.resolution_ns() as f64;
        let blur_ns = blur_ns(&evidence.samples, resolution_ns);
        let mean = mean(&evidence.samples).map(|mean| match noise {
            Some(noise) => noise.behind(mean),
            None => mean,
        });
        // single errors average out of a mean, but not those of readings that cannot be negative
        let clamped = mean.is_ok_and(|e| e.value_ns < resolution_ns);
        let clamp_ns = if clamped {
            CLAMP_SHARE * resolution_ns
        } else {
            0.0
        };
        // nor the timer's own tail: where the median is too short to see, it may be all that the mean shows
        let unresolved = !evidence.is_resolved();
        let allowance_ns = match mean {
            Ok(mean) if unresolved => mean.value_ns.max(clamp_ns),
            _ => clamp_ns,
        };
        let means = BlockMeans::of(&evidence.samples);
        let isolation_cost = means
            .minus(row.means)
            .estimate()
            .map(|e| e.no_finer_than(row.resolution_ns));
        let widened = |result: Result<Estimate, Undefined>, ns: f64| {
            Known::from(result.map(|e| e.widened_by(ns).not_negative()))
        };
        Self {
            mean: widened(
                mean.map(|e| {
                    if unresolved {
                        Estimate { lower_ns: 0.0, ..e }
                    } else {
                        e
                    }
                }),
                clamp_ns,
            ),
            chain_mean: row.mean(),
            isolation_cost: Known::from(isolation_cost),
            quantiles: enclosed(&ByQuantile::of_all(|q| {
                let latencies = evidence.latencies();
                match noise {
                    Some(noise) => widened(noise.quantile(latencies, q.order()), 0.0),
                    None => widened(quantile(latencies, q.order()), blur_ns),
                }
            })),
            // the mean of what is too short to see is about the timer anyway
            mean_stretch: dominant_stretch(&means, resolution_ns)
                .filter(|_| evidence.is_resolved()),
            chain_stretch: row.stretch(),
            means,
            allowance_ns,
            resolution_ns,
            mean_resolution_ns: if clamped || unresolved {
                resolution_ns
            } else {
                resolution_ns / (evidence.samples.count() as f64).sqrt()
            },
            chain_resolution_ns: row.resolution_ns,
        }
    }

    fn ticked(evidence: &CellEvidence, row: &Row, lanes: u32) -> Self {
        let tick = evidence.resolution_ns().max(1);
        let samples = &evidence.samples;
        let bounded = |q: Quantile| match bounds(evidence.latencies(), tick, q.order()) {
            Ok(found) => Known::Bounded {
                lower_ns: Some((found.lower_ticks * tick) as f64),
                upper_ns: found.upper_ticks.map(|ticks| (ticks * tick) as f64),
                n: found.n,
                because: Bounding::Tick,
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
            // ticks of isolated calls do not add up: each falls short by what is left of its last
            mean: if evidence.is_contradicted {
                row.mean()
            } else {
                Known::from(ticked_mean(samples, tick, lanes))
            },
            chain_mean: row.mean(),
            isolation_cost: Known::Unknown(ITSELF_A_CHAIN),
            quantiles: ByQuantile::of_all(bounded),
            means: BlockMeans::of(samples),
            allowance_ns,
            resolution_ns: tick as f64,
            mean_resolution_ns: evidence.chain_resolution_ns(),
            chain_resolution_ns: row.resolution_ns,
            mean_stretch: row.stretch(),
            chain_stretch: row.stretch(),
        }
    }

    /// Under a clock that stands still, `direct` reads 0 whatever it takes. Its mean is the function's, timed from the
    /// coordinator by repetition; of its quantiles Markov's inequality bounds `p_q <= mean / (1 - q)`.
    fn by_repetition(row: Option<Row>) -> Self {
        let Some(row) = row else {
            return Self::unknown(NO_PARTS);
        };
        let mean = row.mean();
        let bounded = |q: Quantile| match &mean {
            Known::Estimated(estimate) => Known::Bounded {
                lower_ns: Some(0.0),
                upper_ns: Some(markov_bound(estimate.upper_ns, q.order())),
                n: estimate.n,
                because: Bounding::Mean,
            },
            other => *other,
        };
        Self {
            chain_mean: mean,
            isolation_cost: Known::Unknown(ITSELF_A_CHAIN),
            quantiles: ByQuantile::of_all(bounded),
            mean,
            means: row.means.clone(),
            allowance_ns: row.resolution_ns,
            resolution_ns: row.resolution_ns,
            mean_resolution_ns: row.resolution_ns,
            chain_resolution_ns: row.resolution_ns,
            mean_stretch: row.stretch(),
            chain_stretch: row.stretch(),
        }
    }

    /// A stub that tells its elapsed times alone.
    fn elapsed(row: &Row) -> Self {
        if row.means.is_empty() {
            return Self::unknown(Undefined::NoSamples);
        }
        Self {
            mean: row.mean(),
            chain_mean: row.mean(),
            means: row.means.clone(),
            allowance_ns: row.resolution_ns,
            mean_resolution_ns: row.resolution_ns,
            chain_resolution_ns: row.resolution_ns,
            mean_stretch: row.stretch(),
            chain_stretch: row.stretch(),
            ..Self::unknown(NO_CLOCK)
        }
    }

    /// The quantiles as the report states them.
    pub(super) fn published_quantiles(&self) -> ByQuantile<protocol::Estimate> {
        self.quantiles
            .map(|_, known| published(known, self.resolution_ns))
    }

    fn unknown(reason: Undefined) -> Self {
        Self {
            mean: Known::Unknown(reason),
            chain_mean: Known::Unknown(reason),
            isolation_cost: Known::Unknown(reason),
            quantiles: ByQuantile::of_all(|_| Known::Unknown(reason)),
            means: BlockMeans::new(),
            allowance_ns: 0.0,
            resolution_ns: 0.0,
            mean_resolution_ns: 0.0,
            chain_resolution_ns: 0.0,
            mean_stretch: None,
            chain_stretch: None,
        }
    }
}

/// A latency cannot be negative, so a share `1 - q` of the calls above `x` alone makes a mean of `(1 - q) x`.
pub(super) fn markov_bound(mean_ns: f64, q: f64) -> f64 {
    mean_ns / (1.0 - q)
}

fn stretch(found: DominantStretch) -> Stretch {
    Stretch {
        block: found.block,
        calls: found.calls,
        share: (found.share * 1e3).round() / 1e3,
        mean_without_us: us(found.mean_without_ns),
    }
}

/// Publishes a cell.
pub(super) fn cell_report(
    evidence: &CellEvidence,
    figures: &CellFigures,
) -> Result<CellReport, EncodeError> {
    let timed = evidence.samples.histogram();
    let resolved = |ns: u64| (ns as f64 >= figures.resolution_ns).then(|| us(ns as f64));
    Ok(CellReport {
        id: evidence.cell,
        runtime: evidence.cell.runtime,
        transport: evidence.cell.transport,
        function: evidence.cell.function,
        payload_bytes: evidence.cell.payload_bytes,
        count: evidence.samples.count(),
        errors: evidence.errors.clone(),
        skipped: evidence.skipped,
        lost: evidence.lost,
        warmup_calls: evidence.warmup_calls,
        min_us: timed.min_ns().and_then(resolved),
        max_us: timed.max_ns().and_then(resolved),
        mean_us: published(&figures.mean, figures.mean_resolution_ns),
        chain_mean_us: published(&figures.chain_mean, figures.chain_resolution_ns),
        mean_dominated_by: figures.mean_stretch.map(stretch),
        chain_dominated_by: figures.chain_stretch.map(stretch),
        isolation_cost_us: published(&figures.isolation_cost, figures.chain_resolution_ns),
        quantiles: figures.published_quantiles(),
        histogram: evidence.latencies().histogram().encode()?,
    })
}
