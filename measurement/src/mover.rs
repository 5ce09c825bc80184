//! MOVER, the method of variance estimates recovery: the interval of a sum or a difference from the intervals of its parts.
//!
//! Sources: A. Donner, G. Y. Zou, "Closed-form confidence intervals for functions of the normal mean and standard
//! deviation", Statistical Methods in Medical Research 21, 2012; with correlation: G. Y. Zou, "Toward using confidence
//! intervals to compare correlations", Psychological Methods 12, 2007.

use crate::interval::{Bounding, Estimate, Known};

/// MOVER: the difference of two estimates whose errors have the given correlation.
#[must_use]
pub fn difference(t: &Estimate, d: &Estimate, correlation: f64) -> Estimate {
    // an end that reaches calls that timed out leaves the difference open on that side, whatever the correlation
    let reach = |a: f64, b: f64| {
        if a.is_infinite() || b.is_infinite() {
            return f64::INFINITY;
        }
        (a * a + b * b - 2.0 * correlation * a * b).max(0.0).sqrt()
    };
    let value_ns = t.value_ns - d.value_ns;
    Estimate {
        value_ns,
        lower_ns: value_ns - reach(t.value_ns - t.lower_ns, d.upper_ns - d.value_ns),
        upper_ns: value_ns + reach(t.upper_ns - t.value_ns, d.value_ns - d.lower_ns),
        n: t.n.min(d.n),
        effective_n: t.effective_n.min(d.effective_n),
    }
}

/// MOVER: a weighted sum of independent estimates; the weights are positive.
#[must_use]
pub fn weighted_sum(estimates: &[(f64, Estimate)]) -> Estimate {
    let sum = |part: &dyn Fn(&Estimate) -> f64| {
        estimates
            .iter()
            .map(|(weight, e)| weight * part(e))
            .sum::<f64>()
    };
    let reach = |part: &dyn Fn(&Estimate) -> f64| {
        estimates
            .iter()
            .map(|(w, e)| (w * part(e)).powi(2))
            .sum::<f64>()
            .sqrt()
    };
    let value_ns = sum(&|e| e.value_ns);
    Estimate {
        value_ns,
        lower_ns: value_ns - reach(&|e| e.value_ns - e.lower_ns),
        upper_ns: value_ns + reach(&|e| e.upper_ns - e.value_ns),
        n: estimates.iter().map(|(_, e)| e.n).sum(),
        effective_n: estimates.iter().map(|(_, e)| e.effective_n).sum(),
    }
}

impl Known {
    /// What is known of `self` less `other`, which varies independently.
    ///
    /// Bounds are taken from bounds: both hold with 95 % confidence, so that the difference does with 90 % at least.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let because = match (self, other) {
            (Self::Unknown(reason), _) | (_, Self::Unknown(reason)) => {
                return Self::Unknown(*reason);
            }
            (Self::Estimated(mine), Self::Estimated(theirs)) => {
                return Self::Estimated(difference(mine, theirs, 0.0));
            }
            // one end that excludes itself is enough for the difference to do so
            (_, Self::Bounded { because, .. }) if because.is_exclusive() => *because,
            (Self::Bounded { because, .. }, _) | (_, Self::Bounded { because, .. }) => *because,
        };
        let less = |mine: Option<f64>, theirs: Option<f64>| Some(mine? - theirs?);
        let lower_ns = less(self.lower_ns(), other.upper_ns());
        let upper_ns = less(self.upper_ns(), other.lower_ns());
        match because {
            Bounding::Neighbours(reason) if lower_ns.is_none() && upper_ns.is_none() => {
                Self::Unknown(reason)
            }
            _ => Self::Bounded {
                lower_ns,
                upper_ns,
                n: self.n().min(other.n()),
                because,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(lower_ns: f64, value_ns: f64, upper_ns: f64) -> Estimate {
        Estimate {
            value_ns,
            lower_ns,
            upper_ns,
            n: 100,
            effective_n: 80.0,
        }
    }

    #[test]
    fn independent_reaches_add_in_squares_and_correlated_ones_cancel() {
        let (t, d) = (estimate(97.0, 100.0, 103.0), estimate(46.0, 50.0, 54.0));
        let apart = difference(&t, &d, 0.0);
        assert!((apart.value_ns - 50.0).abs() < 1e-12 && (apart.upper_ns - 55.0).abs() < 1e-12);
        let together = difference(&t, &d, 1.0);
        assert!(
            (together.upper_ns - 51.0).abs() < 1e-12 && (together.lower_ns - 49.0).abs() < 1e-12
        );
    }

    #[test]
    fn an_end_that_reaches_calls_that_timed_out_leaves_one_side_of_the_difference_open() {
        let (t, d) = (
            estimate(97.0, 100.0, f64::INFINITY),
            estimate(50.0, 50.0, 54.0),
        );
        let slow = difference(&t, &d, 0.9);
        assert!(
            slow.lower_ns.is_finite() && slow.upper_ns.is_infinite(),
            "{slow:?}"
        );
        let fast = difference(&d, &t, 0.9);
        assert!(
            fast.lower_ns.is_infinite() && fast.upper_ns.is_finite(),
            "{fast:?}"
        );
    }

    #[test]
    fn a_weighted_sum_weighs_its_parts_and_their_reaches() {
        let sum = weighted_sum(&[
            (0.5, estimate(94.0, 100.0, 106.0)),
            (0.5, estimate(192.0, 200.0, 208.0)),
        ]);
        assert!((sum.value_ns - 150.0).abs() < 1e-12 && (sum.upper_ns - 155.0).abs() < 1e-12);
        assert_eq!(sum.n, 200);
    }
}
