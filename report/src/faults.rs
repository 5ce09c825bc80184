//! What a reader should know before trusting the figures, each with its figures.

mod of_cell;

use super::{
    cells::CellFigures,
    evidence::{CellEvidence, Evidence, SliceFacts},
    wording::ms,
};
use measurement::anomaly::{block_medians, drift, error_burst};
use of_cell::cell_faults;
use protocol::{
    Cell, Plan,
    measure::Timer,
    report::{Environment, Fault},
};
use std::collections::BTreeMap;

/// A mean that rests on isolated calls this much slower than calls in a row shows the measuring as much as the transport.
const ISOLATION_COST_US: f64 = 100.0;

/// Around no call at all the timer should read no more than this at the median.
const NOISE_FLOOR_US: f64 = 5.0;

/// The coordinator's clock and the caller's may differ by a tick at either end of a slice.
const DISPATCH_ALLOWANCE_TICKS: f64 = 2.0;

const NS_PER_US: f64 = 1e3;

/// Everything found, run-wide faults first.
pub(super) fn faults(
    plan: &Plan,
    evidence: &Evidence,
    cells: &[(&CellEvidence, CellFigures)],
    environment: &Environment,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    faults.extend(isolation_cost(environment));
    faults.extend(noise_floor(environment));
    faults.extend(run_drift(evidence));
    faults.extend(mixed_timers(evidence));
    let tick_ms = environment.tick_ms.unwrap_or(1) as f64;
    faults.extend(samples_exceed_dispatch(evidence, tick_ms, plan.concurrency));
    faults.extend(burst(evidence));
    let of_cells = cells
        .iter()
        .flat_map(|(cell, figures)| cell_faults(plan, cell, figures))
        .collect();
    faults.extend(together(of_cells, evidence.cells.len()));
    faults
}

/// A fault of one cell, and how bad it is compared with the same kind in other cells.
struct CellFault {
    severity: f64,
    fault: Fault,
}

/// Faults of one kind in more cells than this are told as one.
const TOLD_APART: usize = 2;

/// What many cells have in common is one fact about the run, not many: it is told once, with the worst cell's figures.
fn together(found: Vec<CellFault>, cells: usize) -> Vec<Fault> {
    let mut kinds: BTreeMap<String, Vec<CellFault>> = BTreeMap::new();
    for fault in found {
        kinds
            .entry(fault.fault.kind.clone())
            .or_default()
            .push(fault);
    }
    let told = |mut same: Vec<CellFault>| {
        if same.len() <= TOLD_APART {
            return same.into_iter().map(|found| found.fault).collect();
        }
        same.sort_by(|a, b| b.severity.total_cmp(&a.severity));
        let count = same.len();
        let mut worst = same.swap_remove(0).fault;
        let name = worst.cell.map_or_else(String::new, |cell| cell.to_string());
        worst.message = format!(
            "in {count} of {cells} cells, worst in {name}: {}",
            worst.message
        );
        worst.figures.insert("cells".to_owned(), count as f64);
        vec![worst]
    };
    kinds.into_values().flat_map(told).collect()
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
    let resolution_us = floor.resolution_us.unwrap_or_default();
    Some(fault(
        "noise-floor",
        None,
        format!(
            "around no call at all the timer reads {} us at the median, more than {NOISE_FLOOR_US} us (a single reading is good to {resolution_us} us): latencies of that size are the timer's own",
            floor.p50_us
        ),
        [
            ("p50_us", floor.p50_us),
            ("p95_us", floor.p95_us),
            ("p99_us", floor.p99_us),
            ("resolution_us", resolution_us),
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

fn samples_exceed_dispatch(evidence: &Evidence, tick_ms: f64, lanes: u32) -> Option<Fault> {
    let slices = || {
        evidence
            .cells
            .iter()
            .flat_map(|cell| cell.slices.iter().map(move |slice| (cell.cell, slice)))
    };
    let excess = |slice: &SliceFacts| {
        slice.told_ms - slice.dispatch_ms as f64 - DISPATCH_ALLOWANCE_TICKS * tick_ms
    };
    let exceeding: Vec<_> = slices().filter(|(_, slice)| excess(slice) > 0.0).collect();
    let (cell, worst) = exceeding
        .iter()
        .max_by(|a, b| excess(a.1).total_cmp(&excess(b.1)))?;
    Some(fault(
        "samples-exceed-dispatch",
        Some(*cell),
        format!(
            "{} slice(s) tell of more time than the coordinator saw their dispatch take, at worst slice {}: {:.1} ms of calls (the sum of the samples over the {lanes} in flight at once, or the elapsed time) in {}; the two clocks contradict each other",
            exceeding.len(),
            worst.index,
            worst.told_ms,
            ms(worst.dispatch_ms as f64 * 1e3, Some(tick_ms * 1e3))
        ),
        [
            ("slices", exceeding.len() as f64),
            ("samples_ms", worst.told_ms),
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
