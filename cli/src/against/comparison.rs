//! What changed from the baseline to this checkout, and which of it is proven.
//!
//! Each round measured both sides, in random order. A figure is slower if, in the rounds as a whole, more of this checkout's calls than of the
//! baseline's lie above the quantile of both together; the baseline's latencies are first lengthened by the tolerance, or by the resolution of the
//! timer where that is more, so that what is proven is a growth beyond both. The test over rounds is exact ([`measurement::sign_flip`]), and Holm's procedure ([`measurement::holm`]) keeps the probability
//! of any wrong alarm, over all cells and figures, at 5 %. The interval shown beside it is one of 95 % for that figure alone
//! ([`measurement::overhead`], paired by round).

use super::side::{Round, Side, pooled};
use crate::tolerance::Tolerance;
use core::fmt;
use measurement::{
    cell_samples::CellSamples, confidence::minimum_n, holm, interval, median::median,
    overhead::Overhead, quantile, sign_flip,
};
use protocol::{Cell, Estimate, Quantile, units::NS_PER_US};
use report::{
    difference::Difference,
    format::{self, Unit},
};
use serde::Serialize;

/// Probability of any wrong alarm.
pub(super) const FAMILY_WISE: f64 = 0.05;

/// Rounds more than the least with which a single figure could be proven among all: in some rounds a tail shows nothing.
const SPARE_ROUNDS: u32 = 3;

/// Fewest rounds: an interval over fewer is wide.
const MIN_ROUNDS: u32 = 10;

/// A figure of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Figure {
    /// A quantile of the latencies; calls that timed out count as above all others.
    Latency(Quantile),
    /// The share of calls that failed.
    FailedCalls,
}

/// One figure of one cell on both sides.
#[derive(Clone, Debug)]
pub(super) struct Compared {
    pub(super) cell: Cell,
    pub(super) figure: Figure,
    pub(super) found: Found,
    /// The p-value of a growth beyond the tolerance, adjusted for the number of figures.
    pub(super) p_adjusted: f64,
}

/// What the sides show of a figure.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// Of a latency; boxed, because it is far larger than the other.
    Latency(Box<Latencies>),
    /// Of calls that failed: how many of how many.
    Failed {
        /// The baseline's.
        baseline: (u64, u64),
        /// This checkout's.
        now: (u64, u64),
    },
}

/// A latency of both sides, in us.
#[derive(Clone, Debug)]
pub(super) struct Latencies {
    /// The baseline's.
    pub(super) baseline: Estimate,
    /// This checkout's.
    pub(super) now: Estimate,
    /// The latter less the former.
    pub(super) difference: Difference,
}

impl Compared {
    /// Whether a regression is proven.
    pub(super) fn is_significant(&self) -> bool {
        self.p_adjusted <= FAMILY_WISE
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latency(quantile) => quantile.fmt(f),
            Self::FailedCalls => f.pad("failed calls"),
        }
    }
}

/// The figures that so many samples of a cell can state. It depends on the plan alone, never on what was measured.
pub(super) fn figures(samples: u32) -> Vec<Figure> {
    let stated = Quantile::COMPARED
        .iter()
        .filter(|quantile| u64::from(samples) >= minimum_n(quantile.order()));
    stated
        .map(|quantile| Figure::Latency(*quantile))
        .chain([Figure::FailedCalls])
        .collect()
}

/// Rounds that can prove one regression among `hypotheses` figures: the smallest p-value of `r` rounds is `2^-r`.
pub(super) fn rounds_for(hypotheses: usize) -> u32 {
    let least = (hypotheses.max(1) as f64 / FAMILY_WISE).log2().ceil();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the logarithm of a number above 1"
    )]
    let least = least as u32;
    (least + SPARE_ROUNDS).max(MIN_ROUNDS)
}

/// Every figure of every cell, with p-values adjusted over all of them.
pub(super) fn compare(
    baseline: &Side,
    now: &Side,
    figures: &[Figure],
    tolerance: Tolerance,
    timeout_ns: u64,
) -> Vec<Compared> {
    let cells = baseline
        .iter()
        .filter_map(|(cell, before)| Some((*cell, before, now.get(cell)?)));
    let mut rows = Vec::new();
    for (cell, before, now) in cells {
        let pools = [pooled(before, timeout_ns), pooled(now, timeout_ns)];
        for &figure in figures {
            let (found, differences) = match figure {
                Figure::Latency(of) => (
                    latency(&pools, [before, now], of.order()),
                    more_above([before, now], of.order(), tolerance),
                ),
                Figure::FailedCalls => failed_calls([before, now]),
            };
            rows.push(Compared {
                cell,
                figure,
                found,
                p_adjusted: sign_flip::p_value(&differences),
            });
        }
    }
    let adjusted = holm::adjusted(&rows.iter().map(|row| row.p_adjusted).collect::<Vec<_>>());
    for (row, adjusted) in rows.iter_mut().zip(adjusted) {
        row.p_adjusted = adjusted;
    }
    rows
}

/// A quantile on both sides.
fn latency([before, now]: &[CellSamples; 2], rounds: [&[Round]; 2], q: f64) -> Found {
    let resolution_us = typical_resolution_ns(rounds) / NS_PER_US;
    let [baseline, this] =
        [before, now].map(|cell| in_us(quantile::quantile(cell, q), resolution_us));
    let us = Overhead::new(now, before).and_then(|pair| pair.quantile(q));
    let us = in_us(us, resolution_us);
    let percent = match (baseline.value, us.value) {
        (Some(first), Some(more)) if first > 0.0 && !us.is_below_resolution() => {
            Some(more / first * 100.0)
        }
        _ => None,
    };
    Found::Latency(Box::new(Latencies {
        baseline,
        now: this,
        difference: Difference { us, percent },
    }))
}

/// The median over rounds: one on a disturbed machine does not count.
fn typical_resolution_ns(rounds: [&[Round]; 2]) -> f64 {
    let rounds = rounds.into_iter().flatten();
    median(rounds.map(|round| round.resolution_ns)).unwrap_or(0.0)
}

/// In each round, by how much more of this checkout's calls than of the baseline's, each of them lengthened by what is tolerated, lie above the
/// quantile of all rounds of both. Two processes of one build differ by less than the timer resolves, and that is no regression.
fn more_above([before, now]: [&[Round]; 2], q: f64, tolerance: Tolerance) -> Vec<i64> {
    let resolution_ns = typical_resolution_ns([before, now]);
    let lengthened = |round: &Round| Round {
        samples_ns: round
            .samples_ns
            .iter()
            .map(|&ns| tolerance.allows(ns, resolution_ns))
            .collect(),
        ..round.clone()
    };
    let before: Vec<Round> = before.iter().map(lengthened).collect();
    let Some(bound) = quantile_of(before.iter().chain(now), q) else {
        return Vec::new();
    };
    let above = |round: &Round| {
        let slower = round.samples_ns.iter().filter(|&&ns| ns > bound).count() as u64;
        (slower + round.timeouts, round.timed())
    };
    let pairs = before.iter().zip(now);
    pairs
        .map(|(before, now)| difference_of_shares(above(now), above(before)))
        .collect()
}

/// The quantile of all latencies; that of a call that timed out is above all others.
fn quantile_of<'a>(rounds: impl Iterator<Item = &'a Round>, q: f64) -> Option<u64> {
    let mut all: Vec<u64> = Vec::new();
    for round in rounds {
        all.extend(&round.samples_ns);
        all.extend((0..round.timeouts).map(|_| u64::MAX));
    }
    all.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank between 0 and the length of a list"
    )]
    let rank = (q * all.len() as f64).ceil() as usize;
    all.get(rank.max(1) - 1).copied()
}

/// Failed calls on both sides, and how many more of this checkout's in each round. No failure more is tolerated.
fn failed_calls([before, now]: [&[Round]; 2]) -> (Found, Vec<i64>) {
    let share = |round: &Round| (round.failed, round.calls());
    let pairs = before.iter().zip(now);
    let differences = pairs
        .map(|(before, now)| difference_of_shares(share(now), share(before)))
        .collect();
    let counts = |rounds: &[Round]| {
        let failed = rounds.iter().map(|round| round.failed).sum();
        (failed, rounds.iter().map(Round::calls).sum())
    };
    let found = Found::Failed {
        baseline: counts(before),
        now: counts(now),
    };
    (found, differences)
}

/// The first share less the second, times both numbers: a whole number, which changes its sign when the sides change places.
fn difference_of_shares(first: (u64, u64), second: (u64, u64)) -> i64 {
    let product = |hits: u64, n: u64| i64::try_from(hits * n).unwrap_or(i64::MAX);
    product(first.0, second.1) - product(second.0, first.1)
}

/// As an estimate in microseconds, with its text in milliseconds.
fn in_us(known: Result<interval::Estimate, interval::Undefined>, resolution_us: f64) -> Estimate {
    let end = |ns: f64| ns.is_finite().then_some(ns / NS_PER_US);
    let mut estimate = match known {
        Ok(known) => Estimate {
            value: end(known.value_ns),
            lower: end(known.lower_ns),
            upper: end(known.upper_ns),
            resolution: (resolution_us > 0.0).then_some(resolution_us),
            n: Some(known.n),
            effective_n: Some(known.effective_n),
            ..Estimate::default()
        },
        Err(_) => Estimate::default(),
    };
    estimate.text = format::estimate(&estimate, Unit::Milliseconds);
    estimate
}

#[cfg(test)]
mod tests;
