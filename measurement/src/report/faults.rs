//! What a reader should know before trusting the figures, each with its figures.

use super::{
    evidence::{CellEvidence, Evidence, SliceFacts},
    wording::ms,
};
use crate::anomaly::{block_medians, drift, error_burst, slow_first_calls, two_modes};
use protocol::{
    Cell, ErrorKind, Plan,
    measure::Timer,
    report::{Environment, Fault},
};
use std::collections::BTreeMap;

/// A mean that rests on isolated calls this much slower than calls in a row shows the measuring as much as the transport.
const ISOLATION_COST_US: f64 = 100.0;

/// Around no call at all the timer should read no more than this at the median.
const NOISE_FLOOR_US: f64 = 5.0;

/// More lost interpolations than this share mean a machine too busy to measure on.
const LOST_SHARE: f64 = 0.05;

/// Errors above this share of the calls make the latencies those of a failing system.
const ERROR_SHARE: f64 = 0.01;

/// The coordinator's clock and the caller's may differ by a tick at either end of a slice.
const DISPATCH_ALLOWANCE_TICKS: f64 = 2.0;

const NS_PER_US: f64 = 1e3;

/// Everything found, run-wide faults first.
pub(super) fn faults(plan: &Plan, evidence: &Evidence, environment: &Environment) -> Vec<Fault> {
    let mut faults = Vec::new();
    faults.extend(isolation_cost(environment));
    faults.extend(noise_floor(environment));
    faults.extend(run_drift(evidence));
    faults.extend(mixed_timers(evidence));
    let tick_ms = environment.tick_ms.unwrap_or(1) as f64;
    faults.extend(samples_exceed_dispatch(evidence, tick_ms));
    faults.extend(burst(evidence));
    for cell in &evidence.cells {
        faults.extend(cell_faults(plan, cell));
    }
    faults
}

/// A fault with its figures.
fn fault<const N: usize>(
    kind: &str,
    cell: Option<Cell>,
    message: String,
    figures: [(&str, f64); N],
) -> Fault {
    let rounded = |value: f64| (value * 1e3).round() / 1e3;
    let figures: BTreeMap<String, f64> = figures
        .into_iter()
        .map(|(name, value)| (name.to_owned(), rounded(value)))
        .collect();
    Fault {
        kind: kind.to_owned(),
        cell,
        message,
        figures,
    }
}

fn isolation_cost(environment: &Environment) -> Option<Fault> {
    let estimate = environment.isolation_cost_us.as_ref()?;
    let cost = estimate.value.filter(|&cost| cost > ISOLATION_COST_US)?;
    Some(fault(
        "isolation-cost",
        None,
        format!(
            "isolated calls take {} longer than calls in a row on average: the samples show a call after CPU work, the chain means a call after another call",
            ms(cost, estimate.resolution)
        ),
        [("isolation_cost_us", cost)],
    ))
}

fn noise_floor(environment: &Environment) -> Option<Fault> {
    let floor = environment
        .noise_floor
        .as_ref()
        .filter(|floor| floor.p50_us > NOISE_FLOOR_US)?;
    Some(fault(
        "noise-floor",
        None,
        format!(
            "around no call at all the timer reads {} us at the median, more than {NOISE_FLOOR_US} us: latencies of that size are the timer's own",
            floor.p50_us
        ),
        [
            ("p50_us", floor.p50_us),
            ("p95_us", floor.p95_us),
            ("p99_us", floor.p99_us),
        ],
    ))
}

/// Drift of the run as a whole: each cell's block medians over that cell's own middle, averaged over cells.
fn run_drift(evidence: &Evidence) -> Option<Fault> {
    let mut blocks: BTreeMap<u32, (f64, u32)> = BTreeMap::new();
    for cell in evidence
        .cells
        .iter()
        .filter(|cell| cell.timer == Some(Timer::Interpolated))
    {
        let medians = block_medians(&cell.blocks);
        let typical = medians.iter().map(|(_, m)| m).sum::<f64>() / medians.len() as f64;
        for (block, median) in medians.iter().filter(|_| typical > 0.0) {
            let (sum, count) = blocks.entry(*block).or_default();
            *sum += median / typical;
            *count += 1;
        }
    }
    let series: Vec<f64> = blocks
        .values()
        .map(|(sum, count)| sum / f64::from(*count))
        .filter(|&x| x > 0.0)
        .collect();
    let found = drift(&series)?;
    let change = (found.last_third / found.first_third - 1.0) * 100.0;
    Some(fault(
        "drift",
        None,
        format!(
            "over all cells the last third of the run is {change:+.0} % against the first: the figures mix two states of the machine"
        ),
        [
            ("change_percent", change),
            ("blocks_per_third", found.blocks as f64),
        ],
    ))
}

fn mixed_timers(evidence: &Evidence) -> Option<Fault> {
    let slices = || evidence.cells.iter().flat_map(|cell| &cell.slices);
    let other = slices().filter(|slice| slice.other_timer).count();
    (other > 0).then(|| {
        fault(
            "timer-changed",
            None,
            format!("the clock changed its nature in mid-run: {other} of {} slices used another timer than the rest of their cell and are left out", slices().count()),
            [("slices", other as f64)],
        )
    })
}

fn samples_exceed_dispatch(evidence: &Evidence, tick_ms: f64) -> Option<Fault> {
    let slices = || {
        evidence
            .cells
            .iter()
            .flat_map(|cell| cell.slices.iter().map(move |slice| (cell.cell, slice)))
    };
    let excess = |slice: &SliceFacts| {
        slice.samples_ms - slice.dispatch_ms as f64 - DISPATCH_ALLOWANCE_TICKS * tick_ms
    };
    let exceeding: Vec<_> = slices().filter(|(_, slice)| excess(slice) > 0.0).collect();
    let (cell, worst) = exceeding
        .iter()
        .max_by(|a, b| excess(a.1).total_cmp(&excess(b.1)))?;
    Some(fault(
        "samples-exceed-dispatch",
        Some(*cell),
        format!(
            "the samples of {} slice(s) sum to more than the coordinator saw their dispatch take, at worst slice {}: {:.1} ms of samples in {} ms; the two clocks contradict each other",
            exceeding.len(),
            worst.index,
            worst.samples_ms,
            worst.dispatch_ms
        ),
        [
            ("slices", exceeding.len() as f64),
            ("samples_ms", worst.samples_ms),
            ("dispatch_ms", worst.dispatch_ms as f64),
        ],
    ))
}

fn burst(evidence: &Evidence) -> Option<Fault> {
    let mut slices: Vec<&SliceFacts> = evidence
        .cells
        .iter()
        .flat_map(|cell| &cell.slices)
        .collect();
    slices.sort_by_key(|slice| slice.index);
    let errors: Vec<u64> = slices.iter().map(|slice| slice.errors).collect();
    let found = error_burst(&errors)?;
    let (first, last) = (
        slices[found.first].index,
        slices[found.first + found.slices - 1].index,
    );
    Some(fault(
        "error-burst",
        None,
        format!(
            "{} of {} errors came together, in slices {first} to {last}: something failed for a while",
            found.errors, found.all_errors
        ),
        [
            ("errors", found.errors as f64),
            ("first_slice", f64::from(first)),
            ("last_slice", f64::from(last)),
        ],
    ))
}

fn cell_faults(plan: &Plan, cell: &CellEvidence) -> Vec<Fault> {
    let mut faults = Vec::new();
    faults.extend(missing(cell));
    faults.extend(errors(cell));
    faults.extend(lost(cell));
    faults.extend(retried(cell));
    // whole ticks are too coarse for what follows: a sample of 1 after samples of 0 is no slow call
    if cell.timer == Some(Timer::Interpolated) && plan.concurrency == 1 {
        faults.extend(first_calls(cell));
        faults.extend(cell_drift(cell));
        faults.extend(modes(cell));
    }
    faults
}

fn missing(cell: &CellEvidence) -> Option<Fault> {
    (cell.samples.count() == 0 && cell.chain.is_empty()).then(|| {
        fault(
            "no-samples",
            Some(cell.cell),
            format!("nothing was measured in {} slice(s)", cell.slices.len()),
            [("slices", cell.slices.len() as f64)],
        )
    })
}

fn errors(cell: &CellEvidence) -> Option<Fault> {
    let failed = cell.error_count();
    let calls = failed + cell.samples.count() + cell.lost;
    let share = failed as f64 / calls.max(1) as f64;
    let limit = cell
        .errors
        .get(&ErrorKind::LimitExceeded)
        .copied()
        .unwrap_or(0);
    if limit > 0 {
        let message = format!(
            "{limit} call(s) hit the platform's limit on invocations: ask for fewer samples a slice"
        );
        return Some(fault(
            "limit-exceeded",
            Some(cell.cell),
            message,
            [("errors", limit as f64)],
        ));
    }
    (share > ERROR_SHARE || cell.skipped > 0).then(|| {
        let kinds: Vec<String> = cell
            .errors
            .iter()
            .map(|(kind, count)| format!("{count} {kind}"))
            .collect();
        fault(
            "errors",
            Some(cell.cell),
            format!(
                "{:.1} % of the calls failed ({}), {} were not made",
                share * 100.0,
                kinds.join(", "),
                cell.skipped
            ),
            [
                ("errors", failed as f64),
                ("calls", calls as f64),
                ("skipped", cell.skipped as f64),
            ],
        )
    })
}

fn lost(cell: &CellEvidence) -> Option<Fault> {
    let timed = cell.lost + cell.samples.count();
    let share = cell.lost as f64 / timed.max(1) as f64;
    (share > LOST_SHARE).then(|| {
        fault(
            "lost-interpolations",
            Some(cell.cell),
            format!("{:.1} % of the samples were lost to stalls after the call: the machine is too busy for the finer timer", share * 100.0),
            [("lost", cell.lost as f64), ("timed", timed as f64)],
        )
    })
}

fn retried(cell: &CellEvidence) -> Option<Fault> {
    let retried = cell.slices.iter().filter(|slice| slice.attempt > 1).count();
    (retried > 0).then(|| {
        let message = format!("{retried} slice(s) succeeded only when tried again; what the first attempts measured is not counted");
        fault("retried", Some(cell.cell), message, [("slices", retried as f64)])
    })
}

fn first_calls(cell: &CellEvidence) -> Option<Fault> {
    let found = slow_first_calls(&cell.blocks)?;
    let (first, rest) = (
        found.first_median_ns / NS_PER_US,
        found.rest_median_ns / NS_PER_US,
    );
    Some(fault(
        "slow-first-calls",
        Some(cell.cell),
        format!(
            "the first call of a slice takes {first:.1} us, the others {rest:.1} us (medians; slower in {} of {} slices): more warmup is needed",
            found.slower_slices, found.slices
        ),
        [
            ("first_us", first),
            ("rest_us", rest),
            ("slower_slices", found.slower_slices as f64),
            ("slices", found.slices as f64),
        ],
    ))
}

fn cell_drift(cell: &CellEvidence) -> Option<Fault> {
    let series: Vec<f64> = block_medians(&cell.blocks)
        .into_iter()
        .map(|(_, ns)| ns)
        .filter(|&ns| ns > 0.0)
        .collect();
    let found = drift(&series)?;
    let (first, last) = (found.first_third / NS_PER_US, found.last_third / NS_PER_US);
    Some(fault(
        "drift",
        Some(cell.cell),
        format!(
            "the median goes from {first:.1} us in the first third of the run to {last:.1} us in the last"
        ),
        [("first_third_us", first), ("last_third_us", last)],
    ))
}

fn modes(cell: &CellEvidence) -> Option<Fault> {
    let found = two_modes(&cell.samples)?;
    let (lower, upper) = (found.lower_ns / NS_PER_US, found.upper_ns / NS_PER_US);
    let share = found.upper_share * 100.0;
    Some(fault(
        "bimodal",
        Some(cell.cell),
        format!(
            "the samples gather in two places, around {lower:.1} us and around {upper:.1} us ({share:.0} % of them in the upper): two kinds of calls"
        ),
        [
            ("lower_us", lower),
            ("upper_us", upper),
            ("upper_share_percent", share),
        ],
    ))
}
