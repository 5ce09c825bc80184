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
    confidence::MIN_BLOCKS,
    interval::{Estimate, Undefined},
    mean::{BlockTotal, Cumulants, Ratio},
    mover::difference,
    proportion::BlockProportion,
    quantile::{order_statistic, quantile},
    studentised::{ends, spread},
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

    #[test]
    fn a_correlation_that_chance_explains_is_not_used() {
        assert!(toward_zero(0.3, 20) < f64::EPSILON);
        assert!(toward_zero(0.9, 20) > 0.7 && toward_zero(0.9, 20) < 0.9);
        assert!(toward_zero(-0.9, 20) < -0.7);
        assert!(toward_zero(0.9, 3) < f64::EPSILON);
    }
}
