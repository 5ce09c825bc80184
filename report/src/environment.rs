//! With what and how finely a run was measured.

use super::{
    Deployment,
    evidence::{CellEvidence, Evidence},
    wire::{published, us},
};
use measurement::{
    block_means::BlockMeans,
    interval::{Known, Undefined},
    median::median,
};
use protocol::{
    ByQuantile, Quantile,
    measure::{ClockFacts, Rung, RungFacts, Timer},
    report::{Environment, NoiseFloor, PolledClock},
};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn environment(deployment: Deployment, evidence: &Evidence) -> Environment {
    let clocks = &evidence.clocks;
    let timers: BTreeSet<Timer> = clocks.iter().map(|clock| clock.timer).collect();
    Environment {
        package_version: deployment.package_version,
        deployed_version_id: deployment.deployed_version_id,
        workerd_version: deployment.workerd_version,
        compatibility_date: deployment.compatibility_date,
        limits: deployment.limits,
        timers: timers.into_iter().collect(),
        tick_ms: clocks.iter().map(|clock| clock.tick_ms).max(),
        clock_advances_during_cpu: (!clocks.is_empty())
            .then(|| clocks.iter().all(|clock| clock.advances_during_cpu)),
        polls_per_tick: over_slices(clocks, |clock| clock.polls_per_tick),
        polls_per_tick_mad: over_slices(clocks, |clock| clock.polls_per_tick_mad),
        clock_readings_per_request: over_slices(clocks, |clock| {
            clock.readings.map(|readings| readings as f64)
        }),
        noise_floor: noise_floor(&evidence.noise_floor_ns, clocks),
        isolation_cost_us: isolation_cost(&evidence.cells),
        clock: polled_clock(&evidence.probed),
    }
}

/// What slices found out about I/O that moves their clocks, rung by rung.
fn polled_clock(probed: &[RungFacts]) -> Vec<PolledClock> {
    let of_rung = |&rung: &Rung| {
        let all: Vec<&RungFacts> = probed.iter().filter(|at| at.rung == rung).collect();
        let mut unfit = BTreeMap::new();
        for why in all.iter().filter_map(|at| at.unfit) {
            *unfit.entry(why).or_default() += 1;
        }
        let found = |fact: fn(&RungFacts) -> f64| {
            median(all.iter().map(|at| fact(at)).filter(|&fact| fact > 0.0))
        };
        (!all.is_empty()).then(|| PolledClock {
            rung,
            looks: all.len() as u64,
            fit: all.iter().filter(|at| at.unfit.is_none()).count() as u64,
            unfit,
            tick_ms: all
                .iter()
                .map(|at| at.tick_ms)
                .filter(|&tick_ms| tick_ms > 0)
                .min(),
            polls_per_tick: found(|at| at.polls_per_tick).map(|polls| (polls * 1e3).round() / 1e3),
            spread_us: found(|at| at.spread_ns as f64).map(us),
            set_back: all.iter().map(|at| u64::from(at.set_back)).sum(),
            polls: all.iter().map(|at| u64::from(at.polls)).sum(),
        })
    };
    Rung::ALL.iter().filter_map(of_rung).collect()
}

/// Median over slices of what they say, to three digits after the point.
fn over_slices(clocks: &[ClockFacts], fact: impl Fn(&ClockFacts) -> Option<f64>) -> Option<f64> {
    let median = median(clocks.iter().filter_map(fact));
    median.map(|fact| (fact * 1e3).round() / 1e3)
}

fn noise_floor(sorted_ns: &[u64], clocks: &[ClockFacts]) -> Option<NoiseFloor> {
    if sorted_ns.is_empty() {
        return None;
    }
    let interpolated =
        |clock: &ClockFacts| clock.timer.interpolates().then_some(clock.resolution_ns);
    let resolution_ns = over_slices(clocks, |clock| interpolated(clock).map(|ns| ns as f64));
    let at = |q: Quantile| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank between 0 and n"
        )]
        let rank = (q.order() * sorted_ns.len() as f64).ceil() as usize;
        us(sorted_ns[rank.max(1) - 1] as f64)
    };
    Some(NoiseFloor {
        quantiles: ByQuantile::of_compared(at),
        n: sorted_ns.len() as u64,
        resolution_us: resolution_ns.map(us),
    })
}

/// Mean of isolated calls less mean of back-to-back calls, averaged over the delegated cells of each block; `None` where no
/// cell has both.
fn isolation_cost(cells: &[CellEvidence]) -> Option<protocol::Estimate> {
    let delegated = |e: &&CellEvidence| {
        e.cell.transport.delegates() && e.timer.is_some_and(Timer::interpolates)
    };
    let mut blocks: BTreeMap<u32, (f64, u64, u64)> = BTreeMap::new();
    let mut resolution_ns = 0.0_f64;
    for cell in cells.iter().filter(delegated) {
        let difference = BlockMeans::of(&cell.samples).minus(&cell.chain);
        resolution_ns = resolution_ns.max(cell.chain_resolution_ns());
        for block in &cell.blocks {
            if let Some(mean) = difference.get(block.index) {
                let (sum, count, weight) = blocks.entry(block.index).or_default();
                *sum += mean.mean_ns;
                *count += 1;
                *weight += mean.weight;
            }
        }
    }
    let mut means = BlockMeans::new();
    let cells = blocks.values().map(|(_, count, _)| *count).max()?;
    for (block, (sum, count, weight)) in blocks {
        // a block that was cut short holds other cells than the rest, and would not be comparable
        if count == cells {
            means.add(block, sum / count as f64, weight);
        }
    }
    let estimate = means
        .estimate()
        .map(|e| e.no_finer_than(resolution_ns / (cells as f64).sqrt()));
    let known = match estimate {
        Err(Undefined::NoSamples) => return None,
        result => Known::from(result),
    };
    Some(published(&known, resolution_ns / (cells as f64).sqrt()))
}
