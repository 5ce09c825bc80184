//! How long a runtime's isolates live, how many calls each serves, and what a call costs that meets a fresh one.

use super::{
    evidence::{CellEvidence, Evidence, ReachEvidence},
    reasons,
    wire::{published, published_proportion},
};
use measurement::{
    bounds::bounds,
    cell_samples::CellSamples,
    duration::Nanoseconds,
    interval::{Bounding, Known, Missing, Undefined},
    proportion::BlockProportion,
    quantile::quantile,
};
use protocol::{
    Estimate, Plan, Reason, Runtime,
    measure::Timer,
    report::{Reach, Residency},
    residency::IsolateMet,
    units::NS_PER_MS,
};

mod words;

pub(crate) use words::{cold_range, sentence};

const MEDIAN: f64 = 0.5;

/// One entry for each runtime of the plan and each way to it.
pub(super) fn residency(plan: &Plan, evidence: &Evidence) -> Vec<Residency> {
    let mut all = Vec::new();
    for &runtime in &plan.runtimes {
        for &reach in Reach::ALL {
            if let Some(found) = evidence.residency.get(&(runtime, reach)) {
                let is_of = |cell: &&CellEvidence| {
                    cell.cell.runtime == runtime && Reach::of(cell.cell.transport) == Some(reach)
                };
                let cells: Vec<_> = evidence.cells.iter().filter(is_of).collect();
                let (cold_us, warm_us) = (cold(found, evidence), warm(&cells, evidence));
                all.push(of_isolates((runtime, reach), found, cold_us, warm_us));
            }
        }
    }
    all
}

fn of_isolates(
    (runtime, reach): (Runtime, Reach),
    found: &ReachEvidence,
    cold_us: Estimate,
    warm_us: Estimate,
) -> Residency {
    let isolates = || found.isolates.values();
    let served = |met: &IsolateMet| met.last_served - met.first_served + 1;
    let calls = found.calls();
    let share = BlockProportion::from_blocks(found.by_block.values().copied());
    let range_ms = found.cold_range_ns().map(|(shortest, longest)| {
        let ms = |ns: u64| ns / Nanoseconds::from_ms(1).0;
        (ms(shortest), ms(longest))
    });
    Residency {
        runtime,
        reach,
        transports: found.transports.clone(),
        calls,
        silent: found.silent,
        isolates: found.isolates.len() as u64,
        calls_per_isolate: (calls > 0).then(|| calls as f64 / found.isolates.len() as f64),
        calls_served: isolates().map(served).sum(),
        most_served: isolates().map(|met| met.last_served).max().unwrap_or(0),
        oldest_ms: isolates().map(|met| met.age_ms).max().unwrap_or(0),
        cold_calls: found.by_block.values().map(|&(cold, _)| cold).sum(),
        cold_share: (calls > 0).then(|| published_proportion(&share)),
        cold_samples: found.cold_samples,
        cold_us,
        cold_min_ms: range_ms.map(|(shortest, _)| shortest),
        cold_max_ms: range_ms.map(|(_, longest)| longest),
        warm_us,
        reason: (calls == 0).then(|| why_unknown(found)),
        text: String::new(),
    }
}

fn why_unknown(found: &ReachEvidence) -> Reason {
    if found.silent > 0 {
        reasons::silent_runtime()
    } else if found.unreported > 0 {
        reasons::silent_stub()
    } else {
        reasons::of_undefined(&Undefined::NoSamples)
    }
}

/// The median of cold calls.
fn cold(found: &ReachEvidence, evidence: &Evidence) -> Estimate {
    let tick_ms = evidence.clocks.iter().map(|clock| clock.tick_ms).max();
    let median = quantile(&found.cold(), MEDIAN);
    published(
        &Known::from(median),
        tick_ms.unwrap_or(1) as f64 * NS_PER_MS,
    )
}

/// The median of all timed calls, cold ones among them: by the cells' timer, or in whole ticks where one cell has no finer one.
fn warm(cells: &[&CellEvidence], evidence: &Evidence) -> Estimate {
    let Some(timers) = cells
        .iter()
        .map(|cell| cell.timer)
        .collect::<Option<Vec<_>>>()
    else {
        return published(&Known::Unknown(Undefined::NotMeasured(Missing::Clock)), 0.0);
    };
    let blocks = cells.iter().flat_map(|cell| cell.blocks.iter().cloned());
    let samples = CellSamples::new(blocks);
    let resolutions = cells.iter().map(|cell| cell.resolution_ns());
    let resolution_ns = resolutions.max().unwrap_or(1).max(1);
    let median = if timers.contains(&Timer::Ticked) {
        match bounds(&samples, resolution_ns, MEDIAN) {
            Ok(found) => Known::Bounded {
                lower_ns: Some((found.lower_ticks * resolution_ns) as f64),
                upper_ns: found
                    .upper_ticks
                    .map(|ticks| (ticks * resolution_ns) as f64),
                n: found.n,
                because: Bounding::Tick,
            },
            Err(reason) => Known::Unknown(reason),
        }
    } else if timers.contains(&Timer::IoInterpolated) {
        Known::from(evidence.noise.quantile(&samples, MEDIAN))
    } else {
        Known::from(quantile(&samples, MEDIAN))
    };
    published(&median, resolution_ns as f64)
}
