//! What a reader should know before trusting the figures, each with its figures.

mod neighbours;
mod of_cell;

use super::{
    cells::CellFigures,
    evidence::{CellEvidence, Evidence, SliceFacts},
    format::percent,
    verdicts::Contradiction,
    wording::ms,
};
use measurement::anomaly::{block_medians, drift, error_burst};
pub(super) use neighbours::of_neighbours;
use of_cell::cell_warnings;
pub(super) use of_cell::failed_beside;
use protocol::{
    Cell, Plan, Quantile,
    measure::Timer,
    report::{Environment, Warning, WarningKind},
};
use std::collections::BTreeMap;

/// A mean that rests on isolated calls this much slower than back-to-back calls shows the measuring as much as the transport.
const ISOLATION_COST_US: f64 = 100.0;

/// Around no call at all the timer should read no more than this at the median.
const NOISE_FLOOR_US: f64 = 5.0;

/// The coordinator's clock and the caller's may differ by a tick at either end of a slice.
const DISPATCH_ALLOWANCE_TICKS: f64 = 2.0;

/// Everything found, run-wide warnings first.
pub(super) fn warnings(
    plan: &Plan,
    evidence: &Evidence,
    cells: &[(&CellEvidence, &CellFigures)],
    environment: &Environment,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    warnings.extend(isolation_cost(environment));
    warnings.extend(noise_floor(environment));
    warnings.extend(run_drift(evidence));
    warnings.extend(mixed_timers(evidence));
    let tick_ms = environment.tick_ms.unwrap_or(1) as f64;
    warnings.extend(samples_exceed_dispatch(evidence, tick_ms, plan.concurrency));
    warnings.extend(burst(evidence));
    let of_cells = cells
        .iter()
        .flat_map(|(cell, figures)| cell_warnings(plan, cell, figures))
        .collect();
    warnings.extend(together(of_cells, evidence.cells.len()));
    warnings
}

/// Isolated calls that exclude what back-to-back calls say of a threshold.
pub(super) fn contradiction(found: &Contradiction) -> Warning {
    let [back_to_back, isolated] = found.outcomes;
    let share = &found.isolated;
    let text = format!(
        "back-to-back calls {back_to_back} {} < {} ms, isolated calls {isolated}: {} to {} of them take longer (95 % CI); a call after a pause is another one than a call right after another, so read both",
        found.quantile,
        found.threshold_ms,
        percent(share.lower),
        percent(share.upper),
    );
    let figures = [
        ("isolated_lower_share", share.lower),
        ("isolated_upper_share", share.upper),
    ];
    warning(
        WarningKind::ConditionsDisagree,
        Some(found.cell),
        text,
        figures,
    )
}

/// A warning of one cell, and how bad it is compared with the same kind in other cells.
struct CellWarning {
    severity: f64,
    warning: Warning,
}

/// Warnings of one kind in more cells than this are folded into one.
const TOLD_APART: usize = 2;

/// What many cells have in common is one fact about the run, not many: it is told once, with the worst cell's figures.
fn together(found: Vec<CellWarning>, cells: usize) -> Vec<Warning> {
    let mut kinds: BTreeMap<WarningKind, Vec<CellWarning>> = BTreeMap::new();
    for warning in found {
        kinds.entry(warning.warning.kind).or_default().push(warning);
    }
    let told = |mut same: Vec<CellWarning>| {
        if same.len() <= TOLD_APART {
            return same.into_iter().map(|found| found.warning).collect();
        }
        same.sort_by(|a, b| b.severity.total_cmp(&a.severity));
        let count = same.len();
        let mut worst = same.swap_remove(0).warning;
        let name = worst.cell.map_or_else(String::new, |cell| cell.to_string());
        worst.text = format!(
            "in {count} of {cells} cells, worst in {name}: {}",
            worst.text
        );
        worst.figures.insert("cells".to_owned(), count as f64);
        vec![worst]
    };
    kinds.into_values().flat_map(told).collect()
}

/// A warning with its figures.
fn warning(
    kind: WarningKind,
    cell: Option<Cell>,
    text: String,
    figures: impl IntoIterator<Item = (impl Into<String>, f64)>,
) -> Warning {
    let rounded = |value: f64| (value * 1e3).round() / 1e3;
    let figures: BTreeMap<String, f64> = figures
        .into_iter()
        .map(|(name, value)| (name.into(), rounded(value)))
        .collect();
    Warning {
        kind,
        cell,
        text,
        figures,
    }
}

fn isolation_cost(environment: &Environment) -> Option<Warning> {
    let estimate = environment.isolation_cost_us.as_ref()?;
    let cost = estimate.value.filter(|&cost| cost > ISOLATION_COST_US)?;
    Some(warning(
        WarningKind::IsolationCost,
        None,
        format!(
            "isolated calls take {} longer than back-to-back calls on average: the samples show a call after the timer polled, the chain means a call right after another",
            ms(cost, estimate.resolution)
        ),
        [("isolation_cost_us", cost)],
    ))
}

fn noise_floor(environment: &Environment) -> Option<Warning> {
    let floor = environment
        .noise_floor
        .as_ref()
        .filter(|floor| floor.quantiles[Quantile::P50] > NOISE_FLOOR_US)?;
    let resolution_us = floor.resolution_us.unwrap_or_default();
    let readings = floor
        .quantiles
        .iter()
        .map(|(quantile, &us)| (quantile.field(), us));
    let figures = readings.chain([("resolution_us".to_owned(), resolution_us)]);
    Some(warning(
        WarningKind::NoiseFloor,
        None,
        format!(
            "the noise floor is {} us at the median (limit {NOISE_FLOOR_US} us, resolution of a reading {resolution_us} us): latencies of that size are the timer's own",
            floor.quantiles[Quantile::P50]
        ),
        figures,
    ))
}

/// Drift of the run as a whole: each cell's block medians over that cell's own middle, averaged over cells.
fn run_drift(evidence: &Evidence) -> Option<Warning> {
    let mut blocks: BTreeMap<u32, (f64, u32)> = BTreeMap::new();
    for cell in evidence
        .cells
        .iter()
        .filter(|cell| cell.timer.is_some_and(Timer::interpolates))
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
    Some(warning(
        WarningKind::Drift,
        None,
        format!(
            "over all cells the last third of the run differs by {change:+.0} % from the first: the figures mix two states of the machine"
        ),
        [
            ("change_percent", change),
            ("blocks_per_third", found.blocks as f64),
        ],
    ))
}

fn mixed_timers(evidence: &Evidence) -> Option<Warning> {
    let slices = || evidence.cells.iter().flat_map(|cell| &cell.slices);
    let other = slices().filter(|slice| slice.other_timer).count();
    (other > 0).then(|| {
        warning(
            WarningKind::TimerChanged,
            None,
            format!("the clock changed during the run: {other} of {} slices used another timer than the rest of their cell and are left out", slices().count()),
            [("slices", other as f64)],
        )
    })
}

fn samples_exceed_dispatch(evidence: &Evidence, tick_ms: f64, lanes: u32) -> Option<Warning> {
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
    Some(warning(
        WarningKind::SamplesExceedDispatch,
        Some(*cell),
        format!(
            "in {} slices the caller reports more time than the coordinator measured for the whole dispatch, worst in slice {}: {:.1} ms of calls with {lanes} in flight, against {}",
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

fn burst(evidence: &Evidence) -> Option<Warning> {
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
    Some(warning(
        WarningKind::ErrorBurst,
        None,
        format!(
            "{} of {} errors occurred in slices {first} to {last}: something failed for a while",
            found.errors, found.all_errors
        ),
        [
            ("errors", found.errors as f64),
            ("first_slice", f64::from(first)),
            ("last_slice", f64::from(last)),
        ],
    ))
}
