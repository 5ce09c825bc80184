//! What is wrong with single cells.

use super::{CellWarning, warning};
use crate::{
    cells::CellFigures,
    evidence::CellEvidence,
    neighbours::Beside,
    wording::{microseconds, ms},
};
use measurement::anomaly::{
    DominantStretch, block_medians, drift, slow_first_calls, two_modes, unlike_blocks,
};
use protocol::units::NS_PER_US;
use protocol::{
    Cell, ErrorKind, Plan,
    busy::BusyCell,
    measure::Timer,
    report::{Warning, WarningKind},
};

/// More lost interpolations than this share mean a machine too busy to measure on.
const LOST_SHARE: f64 = 0.05;

/// Errors above this share of the calls make the latencies those of a failing system.
const ERROR_SHARE: f64 = 0.01;

/// Every warning of a cell.
pub(super) fn cell_warnings(
    plan: &Plan,
    cell: &CellEvidence,
    figures: &CellFigures,
) -> Vec<CellWarning> {
    let mut warnings = Vec::new();
    warnings.extend(missing(cell));
    warnings.extend(errors(cell));
    warnings.extend(lost(cell));
    warnings.extend(retried(cell));
    warnings.extend(contradicted(cell));
    warnings.extend(dominated(cell, figures));
    if plan.concurrency == 1 && cell.is_resolved() {
        warnings.extend(first_calls(cell));
        warnings.extend(cell_drift(cell));
        warnings.extend(modes(cell));
        warnings.extend(unlike(cell));
    }
    warnings
}

/// What a single sample is good to, in us.
fn resolution_us(cell: &CellEvidence) -> f64 {
    cell.resolution_ns() as f64 / NS_PER_US
}

fn missing(cell: &CellEvidence) -> Option<CellWarning> {
    let slices = cell.slices.len() as f64;
    (cell.samples.count() == 0 && cell.chain.is_empty()).then(|| CellWarning {
        severity: slices,
        warning: warning(
            WarningKind::NoSamples,
            Some(cell.cell),
            format!("nothing was measured in {slices} slice(s)"),
            [("slices", slices)],
        ),
    })
}

fn errors(cell: &CellEvidence) -> Option<CellWarning> {
    let failed = cell.error_count();
    let calls = failed + cell.samples.count() + cell.lost;
    let severity = failed as f64 / calls.max(1) as f64;
    let limit = cell
        .errors
        .get(&ErrorKind::LimitExceeded)
        .copied()
        .unwrap_or(0);
    if limit > 0 {
        let text = format!(
            "{limit} call(s) hit the platform's limit on invocations: ask for fewer samples a slice"
        );
        let warning = warning(
            WarningKind::LimitExceeded,
            Some(cell.cell),
            text,
            [("errors", limit as f64)],
        );
        return Some(CellWarning { severity, warning });
    }
    (severity > ERROR_SHARE || cell.skipped > 0).then(|| {
        let kinds: Vec<String> = cell
            .errors
            .iter()
            .map(|(kind, count)| format!("{count} {kind}"))
            .collect();
        let first = cell.failure.as_deref();
        let first = first.map_or_else(String::new, |words| format!("; the first: {words}"));
        let text = format!(
            "{:.1} % of the calls failed ({}), {} were not made{first}",
            severity * 100.0,
            kinds.join(", "),
            cell.skipped
        );
        let figures = [
            ("errors", failed as f64),
            ("calls", calls as f64),
            ("skipped", cell.skipped as f64),
        ];
        CellWarning {
            severity,
            warning: warning(WarningKind::Errors, Some(cell.cell), text, figures),
        }
    })
}

/// Calls beside a neighbour that failed.
pub(crate) fn failed_beside(beside: &Beside) -> Option<Warning> {
    let CellWarning { warning, .. } = errors(&beside.evidence)?;
    let BusyCell { runtime, share, .. } = beside.busy;
    Some(Warning {
        text: format!("while {runtime} is {share} busy, {}", warning.text),
        ..warning
    })
}

fn lost(cell: &CellEvidence) -> Option<CellWarning> {
    let timed = cell.lost + cell.samples.count();
    let severity = cell.lost as f64 / timed.max(1) as f64;
    (severity > LOST_SHARE).then(|| {
        let text = format!(
            "{:.1} % of the samples were lost to stalls after the call: the machine is too busy for the finer timer",
            severity * 100.0
        );
        let figures = [("lost", cell.lost as f64), ("timed", timed as f64)];
        CellWarning { severity, warning: warning(WarningKind::LostInterpolations, Some(cell.cell), text, figures) }
    })
}

fn contradicted(cell: &CellEvidence) -> Option<CellWarning> {
    cell.is_contradicted.then(|| CellWarning {
        severity: cell.slices.len() as f64,
        warning: warning(
            WarningKind::ClockContradicted,
            Some(cell.cell),
            "isolated calls, interpolated by I/O, read shorter than back-to-back calls, which need no interpolation: the clock does not move as the timer takes it to, and quantiles and verdicts rest on whole ticks".to_owned(),
            [("samples", cell.samples.count() as f64)],
        ),
    })
}

fn retried(cell: &CellEvidence) -> Option<CellWarning> {
    let severity = cell.slices.iter().filter(|slice| slice.attempt > 1).count() as f64;
    (severity > 0.0).then(|| {
        let text = format!(
            "{severity} slice(s) succeeded only when tried again; what the first attempts measured is not counted"
        );
        CellWarning { severity, warning: warning(WarningKind::Retried, Some(cell.cell), text, [("slices", severity)]) }
    })
}

/// A mean that is mostly about one slice. Where isolated calls and back-to-back calls are the same calls, it is told once.
fn dominated(cell: &CellEvidence, figures: &CellFigures) -> Vec<CellWarning> {
    let isolated = figures
        .mean_stretch
        .filter(|_| cell.timer.is_some_and(Timer::interpolates))
        .map(|stretch| Dominated {
                        calls: "isolated calls",
            meaning: "the median is not moved by it, the upper end of the p99 may be one of its calls",
            stretch,
            resolution_us: figures.mean_resolution_ns / NS_PER_US,
        });
    let in_a_row = figures.chain_stretch.map(|stretch| Dominated {
        calls: "back-to-back calls",
        meaning: "no verdict rests on back-to-back calls",
        stretch,
        resolution_us: figures.chain_resolution_ns / NS_PER_US,
    });
    let told = |dominated: Dominated| dominated.told(cell.cell);
    isolated.into_iter().chain(in_a_row).map(told).collect()
}

/// A mean that one slice dominates, and what follows from it.
struct Dominated {
    calls: &'static str,
    meaning: &'static str,
    stretch: DominantStretch,
    resolution_us: f64,
}

impl Dominated {
    fn told(&self, cell: Cell) -> CellWarning {
        let Self { stretch, .. } = self;
        let percent = stretch.share * 100.0;
        let without_us = stretch.mean_without_ns / NS_PER_US;
        let text = format!(
            "one slice (block {}, {} calls) accounts for {percent:.0} % of the time of its {}; the mean without it is {}; {}",
            stretch.block,
            stretch.calls,
            self.calls,
            ms(without_us, Some(self.resolution_us)),
            self.meaning
        );
        let figures = [
            ("share_percent", percent),
            ("block", f64::from(stretch.block)),
            ("calls", stretch.calls as f64),
            ("mean_without_us", without_us),
        ];
        CellWarning {
            severity: stretch.share,
            warning: warning(WarningKind::OutlierSlice, Some(cell), text, figures),
        }
    }
}

fn first_calls(cell: &CellEvidence) -> Option<CellWarning> {
    let found = slow_first_calls(&cell.blocks)?;
    let (first, rest) = (
        found.first_median_ns / NS_PER_US,
        found.rest_median_ns / NS_PER_US,
    );
    let [first_said, rest_said] = microseconds([first, rest], Some(resolution_us(cell)));
    let text = format!(
        "the first call of a slice takes {first_said} us, the others {rest_said} us (medians; slower in {} of {} slices): more warmup is needed",
        found.slower_slices, found.slices
    );
    let figures = [
        ("first_us", first),
        ("rest_us", rest),
        ("slower_slices", found.slower_slices as f64),
        ("slices", found.slices as f64),
    ];
    let warning = warning(WarningKind::SlowFirstCalls, Some(cell.cell), text, figures);
    Some(CellWarning {
        severity: first / rest,
        warning,
    })
}

fn cell_drift(cell: &CellEvidence) -> Option<CellWarning> {
    let medians = block_medians(&cell.blocks).into_iter().map(|(_, ns)| ns);
    let series: Vec<f64> = medians.filter(|&ns| ns > 0.0).collect();
    let found = drift(&series)?;
    let (first, last) = (found.first_third / NS_PER_US, found.last_third / NS_PER_US);
    let [first_said, last_said] = microseconds([first, last], Some(resolution_us(cell)));
    let text = format!(
        "the median goes from {first_said} us in the first third of the run to {last_said} us in the last"
    );
    let warning = warning(
        WarningKind::Drift,
        Some(cell.cell),
        text,
        [("first_third_us", first), ("last_third_us", last)],
    );
    Some(CellWarning {
        severity: (last / first).ln().abs(),
        warning,
    })
}

fn unlike(cell: &CellEvidence) -> Option<CellWarning> {
    let found = unlike_blocks(&cell.samples)?;
    let (factor, blocks) = (found.factor(), found.blocks);
    let text = format!(
        "its {blocks} blocks differ by a factor of {factor:.1} (one standard deviation of their medians): the p99 rests on the slowest few of them, and its interval may end too low; more blocks would help"
    );
    let figures = [("factor", factor), ("blocks", blocks as f64)];
    Some(CellWarning {
        severity: factor,
        warning: warning(
            WarningKind::BetweenBlockVariance,
            Some(cell.cell),
            text,
            figures,
        ),
    })
}

fn modes(cell: &CellEvidence) -> Option<CellWarning> {
    let found = two_modes(&cell.samples)?;
    let (lower, upper) = (found.lower_ns / NS_PER_US, found.upper_ns / NS_PER_US);
    let share = found.upper_share * 100.0;
    let [lower_said, upper_said] = microseconds([lower, upper], Some(resolution_us(cell)));
    let text = format!(
        "the samples gather in two places, around {lower_said} us and around {upper_said} us ({share:.0} % of them in the upper): two kinds of calls"
    );
    let figures = [
        ("lower_us", lower),
        ("upper_us", upper),
        ("upper_share_percent", share),
    ];
    Some(CellWarning {
        severity: share.min(100.0 - share),
        warning: warning(WarningKind::Bimodal, Some(cell.cell), text, figures),
    })
}
