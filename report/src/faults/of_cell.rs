//! What is wrong with single cells.

use super::{CellFault, NS_PER_US, fault};
use crate::{
    cells::CellFigures,
    evidence::CellEvidence,
    wording::{microseconds, ms},
};
use measurement::anomaly::{
    DominantStretch, block_medians, drift, slow_first_calls, two_modes, unlike_blocks,
};
use protocol::{Cell, ErrorKind, Plan, measure::Timer};

/// More lost interpolations than this share mean a machine too busy to measure on.
const LOST_SHARE: f64 = 0.05;

/// Errors above this share of the calls make the latencies those of a failing system.
const ERROR_SHARE: f64 = 0.01;

/// Every fault of a cell.
pub(super) fn cell_faults(
    plan: &Plan,
    cell: &CellEvidence,
    figures: &CellFigures,
) -> Vec<CellFault> {
    let mut faults = Vec::new();
    faults.extend(missing(cell));
    faults.extend(errors(cell));
    faults.extend(lost(cell));
    faults.extend(retried(cell));
    faults.extend(dominated(cell, figures));
    if plan.concurrency == 1 && cell.is_resolved() {
        faults.extend(first_calls(cell));
        faults.extend(cell_drift(cell));
        faults.extend(modes(cell));
        faults.extend(unlike(cell));
    }
    faults
}

/// What a single sample is good to, in us.
fn resolution_us(cell: &CellEvidence) -> f64 {
    cell.resolution_ns() as f64 / NS_PER_US
}

fn missing(cell: &CellEvidence) -> Option<CellFault> {
    let slices = cell.slices.len() as f64;
    (cell.samples.count() == 0 && cell.chain.is_empty()).then(|| CellFault {
        severity: slices,
        fault: fault(
            "no-samples",
            Some(cell.cell),
            format!("nothing was measured in {slices} slice(s)"),
            [("slices", slices)],
        ),
    })
}

fn errors(cell: &CellEvidence) -> Option<CellFault> {
    let failed = cell.error_count();
    let calls = failed + cell.samples.count() + cell.lost;
    let severity = failed as f64 / calls.max(1) as f64;
    let limit = cell
        .errors
        .get(&ErrorKind::LimitExceeded)
        .copied()
        .unwrap_or(0);
    if limit > 0 {
        let message = format!(
            "{limit} call(s) hit the platform's limit on invocations: ask for fewer samples a slice"
        );
        let fault = fault(
            "limit-exceeded",
            Some(cell.cell),
            message,
            [("errors", limit as f64)],
        );
        return Some(CellFault { severity, fault });
    }
    (severity > ERROR_SHARE || cell.skipped > 0).then(|| {
        let kinds: Vec<String> = cell
            .errors
            .iter()
            .map(|(kind, count)| format!("{count} {kind}"))
            .collect();
        let message = format!(
            "{:.1} % of the calls failed ({}), {} were not made",
            severity * 100.0,
            kinds.join(", "),
            cell.skipped
        );
        let figures = [
            ("errors", failed as f64),
            ("calls", calls as f64),
            ("skipped", cell.skipped as f64),
        ];
        CellFault {
            severity,
            fault: fault("errors", Some(cell.cell), message, figures),
        }
    })
}

fn lost(cell: &CellEvidence) -> Option<CellFault> {
    let timed = cell.lost + cell.samples.count();
    let severity = cell.lost as f64 / timed.max(1) as f64;
    (severity > LOST_SHARE).then(|| {
        let message = format!(
            "{:.1} % of the samples were lost to stalls after the call: the machine is too busy for the finer timer",
            severity * 100.0
        );
        let figures = [("lost", cell.lost as f64), ("timed", timed as f64)];
        CellFault { severity, fault: fault("lost-interpolations", Some(cell.cell), message, figures) }
    })
}

fn retried(cell: &CellEvidence) -> Option<CellFault> {
    let severity = cell.slices.iter().filter(|slice| slice.attempt > 1).count() as f64;
    (severity > 0.0).then(|| {
        let message = format!(
            "{severity} slice(s) succeeded only when tried again; what the first attempts measured is not counted"
        );
        CellFault { severity, fault: fault("retried", Some(cell.cell), message, [("slices", severity)]) }
    })
}

/// A mean that is mostly about one slice. Where isolated calls and calls in a row are the same calls, it is told once.
fn dominated(cell: &CellEvidence, figures: &CellFigures) -> Vec<CellFault> {
    let isolated = figures
        .mean_stretch
        .filter(|_| cell.timer == Some(Timer::Interpolated))
        .map(|stretch| Dominated {
            kind: "dominated-mean",
            calls: "isolated calls",
            meaning: "the median is not moved by it, the upper end of the p99 may be one of its calls",
            stretch,
            resolution_us: figures.mean_resolution_ns / NS_PER_US,
        });
    let in_a_row = figures.chain_stretch.map(|stretch| Dominated {
        kind: "dominated-chain",
        calls: "calls in a row",
        meaning: "no verdict rests on calls in a row",
        stretch,
        resolution_us: figures.chain_resolution_ns / NS_PER_US,
    });
    let told = |dominated: Dominated| dominated.told(cell.cell);
    isolated.into_iter().chain(in_a_row).map(told).collect()
}

/// A mean that one slice dominates, and what follows from it.
struct Dominated {
    kind: &'static str,
    calls: &'static str,
    meaning: &'static str,
    stretch: DominantStretch,
    resolution_us: f64,
}

impl Dominated {
    fn told(&self, cell: Cell) -> CellFault {
        let Self { stretch, .. } = self;
        let percent = stretch.share * 100.0;
        let without_us = stretch.mean_without_ns / NS_PER_US;
        let message = format!(
            "{percent:.0} % of the time of its {} went by in one slice (block {}, {} calls), without which their mean is {}: the mean tells of that slice, not of an ordinary call; {}",
            self.calls,
            stretch.block,
            stretch.calls,
            ms(without_us, Some(self.resolution_us)),
            self.meaning
        );
        let figures = [
            ("share_percent", percent),
            ("block", f64::from(stretch.block)),
            ("calls", stretch.calls as f64),
            ("mean_without_us", without_us),
        ];
        CellFault {
            severity: stretch.share,
            fault: fault(self.kind, Some(cell), message, figures),
        }
    }
}

fn first_calls(cell: &CellEvidence) -> Option<CellFault> {
    let found = slow_first_calls(&cell.blocks)?;
    let (first, rest) = (
        found.first_median_ns / NS_PER_US,
        found.rest_median_ns / NS_PER_US,
    );
    let [first_said, rest_said] = microseconds([first, rest], Some(resolution_us(cell)));
    let message = format!(
        "the first call of a slice takes {first_said} us, the others {rest_said} us (medians; slower in {} of {} slices): more warmup is needed",
        found.slower_slices, found.slices
    );
    let figures = [
        ("first_us", first),
        ("rest_us", rest),
        ("slower_slices", found.slower_slices as f64),
        ("slices", found.slices as f64),
    ];
    let fault = fault("slow-first-calls", Some(cell.cell), message, figures);
    Some(CellFault {
        severity: first / rest,
        fault,
    })
}

fn cell_drift(cell: &CellEvidence) -> Option<CellFault> {
    let medians = block_medians(&cell.blocks).into_iter().map(|(_, ns)| ns);
    let series: Vec<f64> = medians.filter(|&ns| ns > 0.0).collect();
    let found = drift(&series)?;
    let (first, last) = (found.first_third / NS_PER_US, found.last_third / NS_PER_US);
    let [first_said, last_said] = microseconds([first, last], Some(resolution_us(cell)));
    let message = format!(
        "the median goes from {first_said} us in the first third of the run to {last_said} us in the last"
    );
    let fault = fault(
        "drift",
        Some(cell.cell),
        message,
        [("first_third_us", first), ("last_third_us", last)],
    );
    Some(CellFault {
        severity: (last / first).ln().abs(),
        fault,
    })
}

fn unlike(cell: &CellEvidence) -> Option<CellFault> {
    let found = unlike_blocks(&cell.samples)?;
    let (factor, blocks) = (found.factor(), found.blocks);
    let message = format!(
        "its {blocks} blocks differ by a factor of {factor:.1} (one standard deviation of their medians): the p99 tells of the slowest few of them, and its interval may end too low; more blocks would settle it"
    );
    let figures = [("factor", factor), ("blocks", blocks as f64)];
    Some(CellFault {
        severity: factor,
        fault: fault("unlike-blocks", Some(cell.cell), message, figures),
    })
}

fn modes(cell: &CellEvidence) -> Option<CellFault> {
    let found = two_modes(&cell.samples)?;
    let (lower, upper) = (found.lower_ns / NS_PER_US, found.upper_ns / NS_PER_US);
    let share = found.upper_share * 100.0;
    let [lower_said, upper_said] = microseconds([lower, upper], Some(resolution_us(cell)));
    let message = format!(
        "the samples gather in two places, around {lower_said} us and around {upper_said} us ({share:.0} % of them in the upper): two kinds of calls"
    );
    let figures = [
        ("lower_us", lower),
        ("upper_us", upper),
        ("upper_share_percent", share),
    ];
    Some(CellFault {
        severity: share.min(100.0 - share),
        fault: fault("bimodal", Some(cell.cell), message, figures),
    })
}
