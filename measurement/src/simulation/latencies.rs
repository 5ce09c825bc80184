//! Latency distributions whose truth is known exactly.

use rand::Rng;
use rand_distr::{Distribution, Exp, LogNormal, Pareto, StandardNormal};
use statrs::distribution::{ContinuousCDF, LogNormal as LogNormalLaw};

use crate::duration::Nanoseconds;

/// The median of the ordinary calls in every distribution here: 0.1 ms, what a service-binding hop costs on workerd.
const MEDIAN_NS: f64 = 100_000.0;
/// The spread (sigma of the logarithm) of the ordinary calls of [`Latencies::bimodal`] and [`Latencies::heavy_tail`].
const BODY_SIGMA: f64 = 0.3;

/// A quantile is found to so many ns.
const ENOUGH_NS: f64 = 1e-6;

/// What a call costs besides, or instead of, an ordinary lognormal one.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Tail {
    None,
    /// With `probability`, an exponential delay of `mean_ns` is added to the ordinary call.
    AddedExponential {
        probability: f64,
        mean_ns: f64,
    },
    /// With `probability`, a Pareto-distributed call (from `scale_ns` up, tail exponent `shape`) replaces it.
    InsteadPareto {
        probability: f64,
        scale_ns: f64,
        shape: f64,
    },
}

/// A latency distribution with a known truth, in nanoseconds.
///
/// A latency is `F * X`. `X` is independent from call to call and has the distribution's shape; `F = exp(s * Z)`
/// with standard normal `Z` is drawn once per block ([`Latencies::block`]) and makes the calls of a block resemble each other.
/// Without [`Latencies::block_correlated`], `s = 0` and all calls are independent. [`Latencies::quantile_ns`],
/// [`Latencies::mean_ns`] and [`Latencies::survival`] describe the marginal distribution: a call of a random block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latencies {
    name: &'static str,
    body_sigma: f64,
    tail: Tail,
    block_sigma: f64,
}

/// One block's calls: all of them share the block's factor.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    latencies: Latencies,
    factor: f64,
}

impl Latencies {
    /// Lognormal, median 0.1 ms, sigma 0.5.
    #[must_use]
    pub const fn lognormal() -> Self {
        Self {
            name: "lognormal",
            body_sigma: 0.5,
            tail: Tail::None,
            block_sigma: 0.0,
        }
    }

    /// Lognormal (median 0.1 ms, sigma 0.3), and 3 % of the calls take an exponential delay of mean 1 ms on top.
    #[must_use]
    pub const fn bimodal() -> Self {
        let tail = Tail::AddedExponential {
            probability: 0.03,
            mean_ns: 1_000_000.0,
        };
        Self {
            name: "bimodal",
            body_sigma: BODY_SIGMA,
            tail,
            block_sigma: 0.0,
        }
    }

    /// Lognormal (median 0.1 ms, sigma 0.3) for 95 % of the calls, Pareto from 0.3 ms up with exponent 3 for the rest:
    /// the variance is finite, the skewness is not. A heavier tail would leave no variance for an interval of the mean to rest on.
    #[must_use]
    pub const fn heavy_tail() -> Self {
        let tail = Tail::InsteadPareto {
            probability: 0.05,
            scale_ns: 300_000.0,
            shape: 3.0,
        };
        Self {
            name: "heavy tail",
            body_sigma: BODY_SIGMA,
            tail,
            block_sigma: 0.0,
        }
    }

    /// The three distributions of the truth tests.
    #[must_use]
    pub const fn all() -> [Self; 3] {
        [Self::lognormal(), Self::bimodal(), Self::heavy_tail()]
    }

    /// The same shape, with all latencies of a block multiplied by a common lognormal factor of median 1 and `sigma` (the truth tests use 0.3).
    #[must_use]
    pub const fn block_correlated(self, sigma: f64) -> Self {
        Self {
            block_sigma: sigma,
            ..self
        }
    }

    /// The shape's name, for messages of tests.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Starts a block: draws the factor that its calls share (1 when the calls are independent).
    #[must_use]
    pub fn block(&self, rng: &mut impl Rng) -> Block {
        let z: f64 = rng.sample(StandardNormal);
        Block {
            latencies: *self,
            factor: (self.block_sigma * z).exp(),
        }
    }

    /// One latency from the marginal distribution: a call in a block of its own.
    #[must_use]
    pub fn sample(&self, rng: &mut impl Rng) -> Nanoseconds {
        self.block(rng).sample(rng)
    }

    /// The share of calls that take longer than `ns`, in [0, 1].
    #[must_use]
    pub fn survival(&self, ns: f64) -> f64 {
        let ordinary = || self.ordinary_law(0.0).sf(ns);
        match self.tail {
            Tail::None => ordinary(),
            Tail::AddedExponential {
                probability,
                mean_ns,
            } => {
                (1.0 - probability) * ordinary()
                    + probability * self.survival_with_delay(ns, mean_ns)
            }
            Tail::InsteadPareto {
                probability,
                scale_ns,
                shape,
            } => {
                let pareto = mean_over(&weighted_factors(self.block_sigma), |factor| {
                    (ns / (factor * scale_ns)).max(1.0).powf(-shape)
                });
                (1.0 - probability) * ordinary() + probability * pareto
            }
        }
    }

    /// The latency that a share `q` of the calls does not exceed, in nanoseconds.
    ///
    /// # Panics
    ///
    /// If `q` is not in (0, 1).
    #[must_use]
    pub fn quantile_ns(&self, q: f64) -> f64 {
        assert!(q > 0.0 && q < 1.0, "a quantile of {q} is not in (0, 1)");
        let (mut lower, mut upper) = (0.0, MEDIAN_NS);
        while self.survival(upper) > 1.0 - q {
            lower = upper;
            upper *= 2.0;
        }
        while upper - lower > ENOUGH_NS {
            let middle = f64::midpoint(lower, upper);
            if self.survival(middle) > 1.0 - q {
                lower = middle;
            } else {
                upper = middle;
            }
        }
        f64::midpoint(lower, upper)
    }

    /// The mean latency in nanoseconds.
    #[must_use]
    pub fn mean_ns(&self) -> f64 {
        let body = MEDIAN_NS * (self.body_sigma.powi(2) / 2.0).exp();
        let within_block = match self.tail {
            Tail::None => body,
            Tail::AddedExponential {
                probability,
                mean_ns,
            } => body + probability * mean_ns,
            Tail::InsteadPareto {
                probability,
                scale_ns,
                shape,
            } => (1.0 - probability) * body + probability * scale_ns * shape / (shape - 1.0),
        };
        within_block * (self.block_sigma.powi(2) / 2.0).exp()
    }

    /// The law of an ordinary call over all blocks, shifted by `log_shift` on the logarithmic scale: a product of lognormals is lognormal.
    fn ordinary_law(&self, log_shift: f64) -> LogNormalLaw {
        let sigma = self.body_sigma.hypot(self.block_sigma);
        LogNormalLaw::new(MEDIAN_NS.ln() + log_shift, sigma).expect("sigma is positive")
    }

    /// Survival of `F * (body + delay)`, `delay` exponential: `P(E > x / F - body)` averaged over both.
    fn survival_with_delay(&self, ns: f64, mean_ns: f64) -> f64 {
        let bodies = weighted_factors(self.body_sigma);
        mean_over(&weighted_factors(self.block_sigma), |factor| {
            mean_over(&bodies, |body| {
                (-(ns / factor - MEDIAN_NS * body).max(0.0) / mean_ns).exp()
            })
        })
    }
}

impl Block {
    /// The latency of the block's next call.
    #[must_use]
    #[expect(
        clippy::missing_panics_doc,
        reason = "the parameters are constants of this file"
    )]
    pub fn sample(&self, rng: &mut impl Rng) -> Nanoseconds {
        let body =
            LogNormal::new(MEDIAN_NS.ln(), self.latencies.body_sigma).expect("sigma is finite");
        let within_block = match self.latencies.tail {
            Tail::None => body.sample(rng),
            Tail::AddedExponential {
                probability,
                mean_ns,
            } => {
                let delay = Exp::new(1.0 / mean_ns).expect("the mean is positive");
                body.sample(rng)
                    + if rng.random_bool(probability) {
                        delay.sample(rng)
                    } else {
                        0.0
                    }
            }
            Tail::InsteadPareto {
                probability,
                scale_ns,
                shape,
            } => {
                let pareto = Pareto::new(scale_ns, shape).expect("scale and shape are positive");
                if rng.random_bool(probability) {
                    pareto.sample(rng)
                } else {
                    body.sample(rng)
                }
            }
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive and far below 2^63 ns"
        )]
        Nanoseconds((self.factor * within_block).round() as u64)
    }
}

/// Factors `exp(sigma * Z)` over standard normal `Z`, each with its weight; the weights add up to 1.
///
/// The trapezoidal rule on a smooth integrand that dies off at both ends converges faster than any power of the step
/// (Trefethen & Weideman, SIAM Review 56, 2014); a kink in the integrand costs about the square of the step, 1e-5 here.
fn weighted_factors(sigma: f64) -> Vec<(f64, f64)> {
    const REACH: f64 = 7.0;
    const STEPS: i32 = 400;
    if sigma == 0.0 {
        return vec![(1.0, 1.0)];
    }
    let at = |step: i32| REACH * f64::from(2 * step - STEPS) / f64::from(STEPS);
    let weight = |z: f64| (-z * z / 2.0).exp();
    let sum: f64 = (0..=STEPS).map(|step| weight(at(step))).sum();
    (0..=STEPS)
        .map(at)
        .map(|z| (weight(z) / sum, (sigma * z).exp()))
        .collect()
}

/// The mean of `value` over them.
fn mean_over(factors: &[(f64, f64)], value: impl Fn(f64) -> f64) -> f64 {
    let weighted = factors
        .iter()
        .map(|&(weight, factor)| weight * value(factor));
    weighted.sum()
}
