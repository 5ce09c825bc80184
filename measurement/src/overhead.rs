//! What a transport costs over `direct`: differences of means and quantiles, paired by block.
//!
//! Both cells were measured in every block, so what slows a whole block down (another tenant, a busy core) is in both
//! and cancels in the difference. For the mean the differences of the blocks' contributions carry the
//! interval. For a quantile the intervals of the two cells are joined by MOVER, the method of variance estimates
//! recovery (A. Donner, G. Y. Zou, "Closed-form confidence intervals for functions of the normal mean and standard
//! deviation", Statistical Methods in Medical Research 21, 2012; with correlation: G. Y. Zou, "Toward using confidence
//! intervals to compare correlations", Psychological Methods 12, 2007):
//!
//! `L = d - sqrt((T-l)^2 + (u'-D)^2 - 2 r (T-l)(u'-D))`, `U = d + sqrt((u-T)^2 + (D-l')^2 - 2 r (u-T)(D-l'))`
//!
//! for `T` in `[l, u]`, `D` in `[l', u']` and `d = T - D`. The correlation `r` is that of the blocks' deviations from
//! the two quantiles, and is used only as far as the blocks prove it: its 95 % limit nearer to 0, or 0.

use crate::{
    cell_samples::CellSamples,
    interval::{Estimate, Undefined},
    mean::{BlockTotal, Cumulants, Ratio, ends, spread},
    proportion::{BlockProportion, MIN_BLOCKS},
    quantile::{order_statistic, quantile},
};
use std::borrow::Cow;

/// The 95 % quantile of the standard normal distribution.
const NORMAL_95: f64 = 1.644_853_626_951_472_7;

/// A transport and `direct`, same function and payload, on the blocks that both have.
#[derive(Clone, Debug)]
pub struct Overhead<'a> {
    transport: Cow<'a, CellSamples>,
    direct: Cow<'a, CellSamples>,
}

impl<'a> Overhead<'a> {
    /// Pairs the two cells; blocks that only one of them has are left out.
    ///
    /// # Errors
    /// [`Undefined`] when one cell has no samples, or they share fewer than [`MIN_BLOCKS`] blocks.
    pub fn new(transport: &'a CellSamples, direct: &'a CellSamples) -> Result<Self, Undefined> {
        if transport.count() == 0 || direct.count() == 0 {
            return Err(Undefined::NoSamples);
        }
        let shared = transport.paired(direct).count() as u64;
        if shared < MIN_BLOCKS {
            return Err(Undefined::TooFewBlocks { have: shared });
        }
        Ok(Self {
            transport: transport.only_blocks_of(direct),
            direct: direct.only_blocks_of(transport),
        })
    }

    /// Difference of the mean latencies.
    ///
    /// # Errors
    /// None for cells that [`Self::new`] accepted.
    pub fn mean(&self) -> Result<Estimate, Undefined> {
        let ratio = |cell: &CellSamples| {
            Ratio::of(&cell.blocks().iter().map(BlockTotal::of).collect::<Vec<_>>())
        };
        let (transport, direct) = (ratio(&self.transport)?, ratio(&self.direct)?);
        let differences: Vec<f64> = transport
            .influences
            .iter()
            .zip(&direct.influences)
            .map(|(t, d)| t - d)
            .collect();
        let (variance, skewness) = spread(&differences);
        let (t, d) = (
            Cumulants::of(self.transport.blocks()),
            Cumulants::of(self.direct.blocks()),
        );
        let independent = t.variance / t.n + d.variance / d.n;
        let third = t.third / t.n.powi(2) - d.third / d.n.powi(2);
        let pooled = if independent > 0.0 {
            third / independent.powf(1.5)
        } else {
            0.0
        };
        let value_ns = transport.value - direct.value;
        let (lower_ns, upper_ns) = ends(value_ns, variance, differences.len(), [skewness, pooled]);
        let n = self.count();
        let effective_n = if variance > 0.0 {
            (n as f64 * independent / variance).min(n as f64)
        } else {
            n as f64
        };
        Ok(Estimate {
            value_ns,
            lower_ns,
            upper_ns,
            n,
            effective_n,
        })
    }

    /// Difference of the two cells' `quantile` (in (0, 1)).
    ///
    /// # Errors
    /// [`Undefined`] when either cell's quantile is.
    pub fn quantile(&self, q: f64) -> Result<Estimate, Undefined> {
        let (t, d) = (quantile(&self.transport, q)?, quantile(&self.direct, q)?);
        Ok(Estimate {
            n: self.count(),
            ..difference(&t, &d, self.proven_correlation(q))
        })
    }

    /// Samples of the smaller cell.
    fn count(&self) -> u64 {
        self.transport.count().min(self.direct.count())
    }

    /// The correlation over blocks of the shares at or below the two quantiles, as far as it is proven.
    fn proven_correlation(&self, q: f64) -> f64 {
        let deviations = |cell: &CellSamples| {
            let bound = order_statistic(cell, q);
            let counts = || cell.blocks().iter().map(|b| (b.at_most(bound), b.count()));
            let share = BlockProportion::from_blocks(counts().collect::<Vec<_>>()).value();
            counts()
                .map(|(hits, n)| hits as f64 - share * n as f64)
                .collect::<Vec<_>>()
        };
        let (t, d) = (deviations(&self.transport), deviations(&self.direct));
        let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        let scale = (sum(&t, &t) * sum(&d, &d)).sqrt();
        if scale > 0.0 {
            toward_zero(sum(&t, &d) / scale, t.len())
        } else {
            0.0
        }
    }
}

/// MOVER: the difference of two estimates whose errors have the given correlation.
pub(crate) fn difference(t: &Estimate, d: &Estimate, correlation: f64) -> Estimate {
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
pub(crate) fn weighted_sum(estimates: &[(f64, Estimate)]) -> Estimate {
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

/// The end nearer to 0 of a correlation's 90 % interval (Fisher's z), or 0 when the interval contains 0.
fn toward_zero(r: f64, pairs: usize) -> f64 {
    if pairs <= 3 {
        return 0.0;
    }
    let z = r.clamp(-0.999_999, 0.999_999).atanh();
    let margin = NORMAL_95 / (pairs as f64 - 3.0).sqrt();
    (z.abs() - margin).max(0.0).tanh().copysign(z)
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

    #[test]
    fn a_correlation_that_chance_explains_is_not_used() {
        assert!(toward_zero(0.3, 20) < f64::EPSILON);
        assert!(toward_zero(0.9, 20) > 0.7 && toward_zero(0.9, 20) < 0.9);
        assert!(toward_zero(-0.9, 20) < -0.7);
        assert!(toward_zero(0.9, 3) < f64::EPSILON);
    }
}
