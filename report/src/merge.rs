//! One report of several places: histograms are added, and every figure is computed anew from what was added.
//!
//! The places are the population, each with the weight of its samples; nothing is said of places that were not
//! measured. Their runs are independent of each other, so the variances of their figures add up. Quantiles
//! are those of the merged histogram, never averages of quantiles.

mod cells;
mod distribution;
mod isolates;
mod neighbours;
mod shares;

use super::{
    analysis,
    summary::summary,
    verdicts::{Judged, verdicts},
    wire::{known, published},
};
use cells::merged_cells;
use measurement::{
    histogram::{DecodeError, EncodeError},
    interval::{Estimate, Known, Missing, Undefined},
    mover::weighted_sum,
};
use protocol::{
    ByQuantile, Cell, Quantile, Report, RunState, Transport,
    measure::{Rung, Timer},
    report::{
        self, Breakdown, CellReport, Environment, NoiseFloor, PolledClock, Quantity, RunFacts,
        Slope, Warning,
    },
};
use std::collections::BTreeSet;

/// Why reports could not be merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// There is nothing to merge.
    #[error("no reports to merge")]
    Nothing,
    /// The plans differ in more than their seed, so that equal cells may not mean equal work.
    #[error("the run at {other} had another plan than the one at {first}")]
    Plans {
        /// Location of the first report.
        first: String,
        /// Location of the one that differs.
        other: String,
    },
    /// A histogram cannot be read.
    #[error("cell {cell} at {location}: {source}")]
    Histogram {
        /// The cell.
        cell: Cell,
        /// The report's location.
        location: String,
        /// What is wrong with its histogram.
        source: DecodeError,
    },
    /// A merged histogram cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// Merges the reports of one plan in several places.
///
/// # Errors
/// [`MergeError`] without reports, with different plans, or with a histogram that cannot be read.
pub fn merge(reports: &[Report]) -> Result<Report, MergeError> {
    let first = reports.first().ok_or(MergeError::Nothing)?;
    let asked = |report: &Report| protocol::Plan {
        seed: 0,
        ..report.plan.clone()
    };
    if let Some(other) = reports.iter().find(|report| asked(report) != asked(first)) {
        let (first, other) = (first.run.location.clone(), other.run.location.clone());
        return Err(MergeError::Plans { first, other });
    }
    let cells = merged_cells(reports)?;
    let overheads = overheads(reports, &cells);
    let verdicts = verdicts(&judged(reports, &cells, &overheads));
    let failed_calls = shares::failed(&first.plan, reports);
    let mut merged = Report {
        schema_version: first.schema_version,
        run: run_facts(reports, &first.run),
        plan: first.plan.clone(),
        environment: environment(reports, &first.environment),
        summary: summary(&first.plan, &verdicts, &failed_calls),
        cells,
        overheads,
        breakdown: breakdown(reports, first),
        slopes: slopes(reports, first),
        neighbours: neighbours::merged_neighbours(reports)?,
        verdicts,
        failed_calls,
        residency: isolates::residency(reports),
        deployment_starts: crate::deployment::merged(reports),
        cold_starts: reports
            .iter()
            .flat_map(|report| report.cold_starts.iter().cloned())
            .collect(),
        analysis: Vec::new(),
        warnings: warnings(reports),
    };
    merged.analysis = analysis::analysis(&merged);
    crate::cold_starts::decide(&mut merged);
    crate::texts::complete(&mut merged);
    Ok(merged)
}

/// A figure that each place states for itself, weighted by its samples; unknown where one of the places that have samples
/// does not state it.
fn pooled<'a>(estimates: impl Iterator<Item = &'a protocol::Estimate>) -> protocol::Estimate {
    let (mut parts, mut resolution_us) = (Vec::new(), 0.0_f64);
    for estimate in estimates.filter(|estimate| estimate.n != Some(0)) {
        resolution_us = resolution_us.max(estimate.resolution.unwrap_or(0.0));
        match known(estimate) {
            Known::Estimated(part) => parts.push(part),
            unknown @ Known::Unknown(_) => return published(&unknown, 0.0),
            Known::Bounded { .. } => {
                return published(&Known::Unknown(Undefined::NotMeasured(Missing::Place)), 0.0);
            }
        }
    }
    let n: u64 = parts.iter().map(|part| part.n).sum();
    if n == 0 {
        return published(&Known::Unknown(Undefined::NoSamples), 0.0);
    }
    let weighted: Vec<(f64, Estimate)> = parts
        .into_iter()
        .map(|part| (part.n as f64 / n as f64, part))
        .collect();
    published(
        &Known::Estimated(weighted_sum(&weighted)),
        resolution_us * 1e3,
    )
}

/// Merged quantiles less merged quantiles. That the places were measured in pairs of cells is not used: the interval
/// is wider than it could be, never narrower.
fn overheads(reports: &[Report], cells: &[CellReport]) -> Vec<report::Overhead> {
    let delegated = reports[0].overheads.iter().map(|overhead| overhead.id);
    delegated
        .filter_map(|id| {
            let of = |id: Cell| cells.iter().find(|cell| cell.id == id);
            let (transport, direct) = (
                of(id)?,
                of(Cell {
                    transport: Transport::Direct,
                    ..id
                })?,
            );
            let less = |t: &protocol::Estimate, d: &protocol::Estimate| {
                let resolution = t.resolution.unwrap_or(0.0).max(d.resolution.unwrap_or(0.0));
                published(&known(t).minus(&known(d)), resolution * 1e3)
            };
            let stated = reports
                .iter()
                .flat_map(|r| &r.overheads)
                .filter(|o| o.id == id);
            Some(report::Overhead {
                id,
                mean_us: pooled(stated.map(|overhead| &overhead.mean_us)),
                quantiles: ByQuantile::of_compared(|q| {
                    less(&transport.quantiles[q], &direct.quantiles[q])
                }),
            })
        })
        .collect()
}

fn judged(reports: &[Report], cells: &[CellReport], overheads: &[report::Overhead]) -> Vec<Judged> {
    let delegated = cells.iter().filter(|cell| cell.transport.delegates());
    let mut judged = Vec::new();
    for cell in delegated {
        let overhead = overheads.iter().find(|overhead| overhead.id == cell.id);
        let (quantity, stated) = overhead.map_or((Quantity::Latency, &cell.quantiles), |o| {
            (Quantity::Overhead, &o.quantiles)
        });
        for (quantile, threshold_ms) in reports[0].plan.thresholds.limits_ms() {
            judged.push(Judged {
                cell: cell.id,
                quantile,
                threshold_ms,
                quantity,
                stated: stated[quantile].clone(),
                condition: shares::condition(reports, cell.id, quantile),
                above: shares::above(reports, cell.id, quantile).ok(),
            });
        }
    }
    judged
}

fn breakdown(reports: &[Report], first: &Report) -> Vec<Breakdown> {
    let merged = first.breakdown.iter().map(|split| {
        let same = |other: &&Breakdown| {
            other.function == split.function && other.payload_bytes == split.payload_bytes
        };
        let all: Vec<&Breakdown> = reports
            .iter()
            .flat_map(|r| &r.breakdown)
            .filter(same)
            .collect();
        Breakdown {
            function: split.function,
            payload_bytes: split.payload_bytes,
            total_us: pooled(all.iter().map(|s| &s.total_us)),
            empty_hop_us: pooled(all.iter().map(|s| &s.empty_hop_us)),
            encode_us: pooled(all.iter().map(|s| &s.encode_us)),
            decode_us: pooled(all.iter().map(|s| &s.decode_us)),
            function_us: pooled(all.iter().map(|s| &s.function_us)),
            residual_us: pooled(all.iter().map(|s| &s.residual_us)),
        }
    });
    merged.collect()
}

fn slopes(reports: &[Report], first: &Report) -> Vec<Slope> {
    let merged = first.slopes.iter().map(|slope| {
        let of = |slope: &Slope| (slope.runtime, slope.transport, slope.function);
        let same = |other: &&Slope| of(other) == of(slope);
        let all: Vec<&Slope> = reports
            .iter()
            .flat_map(|r| &r.slopes)
            .filter(same)
            .collect();
        Slope {
            us_per_kb: pooled(all.iter().map(|s| &s.us_per_kb)),
            intercept_us: pooled(all.iter().map(|s| &s.intercept_us)),
            ..slope.clone()
        }
    });
    merged.collect()
}

/// The locations in order of their names, and joined by `+`, as are the datacenters; from the first start to the last end; completed if all are.
fn run_facts(reports: &[Report], first: &RunFacts) -> RunFacts {
    let joined = |parts: BTreeSet<&str>| parts.into_iter().collect::<Vec<_>>().join("+");
    let locations: BTreeSet<&str> = reports.iter().map(|r| r.run.location.as_str()).collect();
    let colos: BTreeSet<&str> = reports
        .iter()
        .filter_map(|r| r.run.colo.as_deref())
        .collect();
    let runs = || reports.iter().map(|r| &r.run);
    RunFacts {
        locations: locations.iter().map(|&name| name.to_owned()).collect(),
        location: joined(locations),
        colo: (!colos.is_empty()).then(|| joined(colos)),
        started_at: runs().filter_map(|run| run.started_at).min(),
        finished_at: runs().filter_map(|run| run.finished_at).max(),
        state: runs()
            .map(|run| run.state)
            .find(|&state| state != RunState::Completed)
            .unwrap_or(RunState::Completed),
        ..first.clone()
    }
}

/// The coarsest of each fact, so that no place looks finer than it was.
fn environment(reports: &[Report], first: &Environment) -> Environment {
    let all = || reports.iter().map(|report| &report.environment);
    let timers: BTreeSet<Timer> = all().flat_map(|e| e.timers.iter().copied()).collect();
    let floors = || all().filter_map(|e| e.noise_floor.as_ref());
    let worst = |q: Quantile| floors().map(|floor| floor.quantiles[q]).fold(0.0, f64::max);
    let noise_floor = floors().next().map(|_| NoiseFloor {
        quantiles: ByQuantile::of_compared(worst),
        n: floors().map(|f| f.n).sum(),
        resolution_us: floors().filter_map(|f| f.resolution_us).reduce(f64::max),
    });
    let isolation: Vec<_> = all().filter_map(|e| e.isolation_cost_us.as_ref()).collect();
    Environment {
        timers: timers.into_iter().collect(),
        tick_ms: all().filter_map(|e| e.tick_ms).max(),
        clock_advances_during_cpu: all()
            .filter_map(|e| e.clock_advances_during_cpu)
            .reduce(|a, b| a && b),
        polls_per_tick: all().filter_map(|e| e.polls_per_tick).reduce(f64::min),
        polls_per_tick_mad: all().filter_map(|e| e.polls_per_tick_mad).reduce(f64::max),
        clock_readings_per_request: all()
            .filter_map(|e| e.clock_readings_per_request)
            .reduce(f64::max),
        noise_floor,
        clock: Rung::ALL
            .iter()
            .filter_map(|&rung| {
                let at = all().flat_map(|e| &e.clock).filter(|at| at.rung == rung);
                at.cloned().reduce(both)
            })
            .collect(),
        isolation_cost_us: (!isolation.is_empty()).then(|| pooled(isolation.into_iter())),
        ..first.clone()
    }
}

/// What two places found out about their clocks by the polls of one rung.
fn both(mut one: PolledClock, other: PolledClock) -> PolledClock {
    for (why, looks) in other.unfit {
        *one.unfit.entry(why).or_default() += looks;
    }
    PolledClock {
        looks: one.looks + other.looks,
        fit: one.fit + other.fit,
        tick_ms: one.tick_ms.max(other.tick_ms),
        polls_per_tick: [one.polls_per_tick, other.polls_per_tick]
            .into_iter()
            .flatten()
            .reduce(f64::min),
        spread_us: [one.spread_us, other.spread_us]
            .into_iter()
            .flatten()
            .reduce(f64::max),
        set_back: one.set_back + other.set_back,
        polls: one.polls + other.polls,
        ..one
    }
}

/// The warnings of all places, each with its place.
fn warnings(reports: &[Report]) -> Vec<Warning> {
    let placed = |report: &'_ Report, warning: &Warning| Warning {
        text: format!("{}: {}", report.run.location, warning.text),
        ..warning.clone()
    };
    reports
        .iter()
        .flat_map(|report| {
            report
                .warnings
                .iter()
                .map(move |warning| placed(report, warning))
        })
        .collect()
}
