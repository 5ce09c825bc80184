//! How sure every interval of this crate is, and what the least is that such an interval needs.

use statrs::distribution::{ChiSquared, ContinuousCDF as _, Normal, StudentsT};

/// The confidence of every interval in this crate.
pub const CONFIDENCE: f64 = 0.95;

/// The probability left beyond each end of a two-sided interval.
pub const TAIL: f64 = (1.0 - CONFIDENCE) / 2.0;

/// Fewest blocks from which variation between blocks is estimated at all. With so few the intervals are wide
/// (Student's t has one degree of freedom); a default run has 20 and more.
pub const MIN_BLOCKS: u64 = 2;

/// Fewest independent samples for which both ends of a quantile's 95 % interval are order statistics.
///
/// All `n` samples lie below the quantile with probability `quantile^n`. While that exceeds 2.5 % not even the
/// maximum is an upper end; the same holds for the minimum. 72 for p95, 368 for p99, 3,688 for p99.9.
/// `quantile` is in (0, 1).
#[must_use]
pub fn minimum_n(quantile: f64) -> u64 {
    let rarer_side = quantile.max(1.0 - quantile);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small positive integer after ceil"
    )]
    let n = (TAIL.ln() / rarer_side.ln()).ceil() as u64;
    n
}

/// The standard normal quantile of `probability`, in (0, 1).
pub(crate) fn normal_quantile(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability)
}

/// The probability that a standard normal number is at most `z`.
pub(crate) fn normal_probability(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// Student's t: the 97.5 % quantile with `freedom` degrees of freedom, at least 1.
pub(crate) fn t_quantile(freedom: f64) -> f64 {
    t_quantile_at(1.0 - TAIL, freedom)
}

/// Student's t: the quantile of `probability` with `freedom` degrees of freedom, at least 1.
pub(crate) fn t_quantile_at(probability: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom.max(1.0)).map_or(f64::INFINITY, |t| t.inverse_cdf(probability))
}

pub(crate) fn chi_squared_quantile(freedom: f64, probability: f64) -> f64 {
    ChiSquared::new(freedom).map_or(f64::INFINITY, |chi| chi.inverse_cdf(probability))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minimum_sizes_are_those_of_the_design() {
        assert_eq!([0.5, 0.95, 0.99, 0.999].map(minimum_n), [6, 72, 368, 3_688]);
        assert_eq!(minimum_n(0.05), minimum_n(0.95));
    }
}
