//! Between which samples a quantile lies, by the two tests of [`crate::quantile`].

use crate::{
    cell_samples::{CellSamples, SortedBlock},
    confidence::TAIL,
    proportion::beta_probability,
    studentised::{spread, studentised_limits},
};

/// Places in the sorted samples, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranks {
    /// The lower end.
    pub lower: usize,
    /// The upper end.
    pub upper: usize,
}

/// The order statistics between which the quantile lies according to Clopper and Pearson, when `n` samples are worth
/// `effective_n`.
///
/// The lower one follows the largest count whose interval ends below `quantile`, the upper one is the smallest
/// count whose interval begins above it; both are monotone in the count, so they are searched by halving.
#[must_use]
pub fn exact_ranks(n: u64, effective_n: f64, quantile: f64) -> Ranks {
    let scale = effective_n / n as f64;
    // the upper limit for h hits of m is at most q exactly when P(Beta(h + 1, m - h) <= q) >= 97.5 %
    let below = |count: usize| {
        let hits = count as f64 * scale;
        hits < effective_n
            && beta_probability(hits + 1.0, effective_n - hits, quantile) >= 1.0 - TAIL
    };
    // the lower limit is at least q exactly when P(Beta(h, m - h + 1) <= q) <= 2.5 %
    let above = |count: usize| {
        let hits = count as f64 * scale;
        hits > 0.0 && beta_probability(hits, effective_n - hits + 1.0, quantile) <= TAIL
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "n is the length of a slice"
    )]
    let n = n as usize;
    // counts 0..=lower are below (none: lower is the first sample), counts upper.. are above
    let not_below = first(0, n, |count| !below(count));
    let upper = first(1, n, above);
    Ranks {
        lower: not_below.saturating_sub(1).min(n - 1),
        upper: upper - 1,
    }
}

/// The smallest number from `from` up to `to` for which `holds`, which stays true once it is; `to` if there is none.
fn first(from: usize, to: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (from, to);
    while low < high {
        let middle = low.midpoint(high);
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// Moves the ends outward as far as the studentised test still finds the samples there plausible.
pub(super) fn widened(cell: &CellSamples, quantile: f64, ranks: Ranks) -> Ranks {
    let last = cell.pooled_ns().len() - 1;
    let plausible = |rank: usize| studentised_test_accepts(cell, quantile, cell.pooled_ns()[rank]);
    Ranks {
        lower: ranks.lower - outward(ranks.lower, |steps| plausible(ranks.lower - steps)),
        upper: ranks.upper + outward(last - ranks.upper, |steps| plausible(ranks.upper + steps)),
    }
}

/// The number of steps, at most `room`, to the first place that is not plausible: doubling, then halving.
fn outward(room: usize, plausible: impl Fn(usize) -> bool) -> usize {
    let mut reach = 1;
    if !plausible(0) {
        return 0;
    }
    while reach < room && plausible(reach) {
        reach *= 2;
    }
    first(reach / 2, reach.min(room), |steps| !plausible(steps))
}

/// Whether the share of samples above `bound_ns` differs from `1 - quantile` by no more than its variation over blocks
/// explains. A share that does not vary at all explains nothing.
pub(crate) fn studentised_test_accepts(cell: &CellSamples, quantile: f64, bound_ns: u64) -> bool {
    let above = |block: &SortedBlock| (block.count() - block.at_most(bound_ns)) as f64;
    let n = cell.count() as f64;
    let share = cell.blocks().iter().map(above).sum::<f64>() / n;
    let influences: Vec<f64> = cell
        .blocks()
        .iter()
        .map(|b| (above(b) - share * b.count() as f64) / n)
        .collect();
    let (variance, skewness) = spread(&influences);
    if variance <= 0.0 {
        return false;
    }
    let (low, high) = studentised_limits(influences.len(), [skewness]);
    let deviation = (share - (1.0 - quantile)) / variance.sqrt();
    (low..=high).contains(&deviation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{Binomial, DiscreteCDF as _};

    #[test]
    fn with_independent_samples_the_exact_ranks_are_those_of_the_binomial_distribution() {
        for (n, q) in [
            (72, 0.95),
            (400, 0.5),
            (400, 0.99),
            (3_000, 0.99),
            (3_688, 0.999),
        ] {
            let binomial = Binomial::new(q, n).unwrap();
            let lower = (1..=n)
                .take_while(|&l| binomial.cdf(l - 1) <= TAIL)
                .last()
                .unwrap_or(1);
            let upper = (1..=n)
                .find(|&u| binomial.cdf(u - 1) >= 1.0 - TAIL)
                .unwrap_or(n);
            let ranks = exact_ranks(n, n as f64, q);
            assert_eq!(
                (ranks.lower as u64 + 1, ranks.upper as u64 + 1),
                (lower, upper),
                "n {n} q {q}"
            );
        }
    }

    #[test]
    fn a_smaller_effective_n_widens_the_ranks() {
        let (all, half) = (
            exact_ranks(1_000, 1_000.0, 0.9),
            exact_ranks(1_000, 500.0, 0.9),
        );
        assert!(half.lower < all.lower && half.upper > all.upper);
    }
}
