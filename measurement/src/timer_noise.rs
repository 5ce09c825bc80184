//! What is provable of quantiles and means behind a timer's own noise.
//!
//! A sample is `X = d + e`: the latency, and the timer's error, which is independent of it. Averaged over many samples the error leaves a mean alone, but a
//! quantile of `X` is one of a blurred distribution. What the error is, the noise floor shows: the same procedure around no call at all. With
//! `F(a)` the share of its readings up to `a`, and the error at most `a` with at least that probability,
//!
//! `P(X > y) >= P(d > y + a) P(e >= -a)` and `P(X <= y) >= P(d <= y - a) P(e <= a)`, for every `a >= 0`.
//!
//! So the quantile `q` of `d` is at most `a` above the quantile `1 - (1 - q) F(a)` of `X`, and at most `a` below the quantile `q F(a)`. Each `a` gives such
//! a pair of bounds; the tightest of a few are taken. At `a = 0` they need no more than that the error is about as often positive as negative. Readings cannot be negative, so
//! the lower tail of the error is taken to be no heavier than the upper: a stall can only add time.
//!
//! A mean of samples that cannot be negative is too high by at most what it is around no call, the mean of the noise floor. An error that is as often negative makes it
//! too low by no more than that.

use crate::{
    cell_samples::CellSamples,
    interval::{Estimate, Undefined},
    quantile::quantile,
};

/// The shares of the noise floor whose bounds are tried.
const SHARES: [f64; 6] = [0.75, 0.9, 0.95, 0.975, 0.99, 1.0];
/// The least probability with which the error is not negative, and that with which it is not positive. Half, if it were symmetric.
const SHARE_OF_ONE_SIGN: f64 = 0.45;

/// A timer's own noise.
#[derive(Clone, Debug)]
pub struct TimerNoise {
    /// Pairs of an error in ns and the share of readings up to it.
    steps: Vec<(f64, f64)>,
    mean_ns: f64,
}

impl TimerNoise {
    /// From readings around no call at all, in ns.
    #[must_use]
    pub fn new(mut readings_ns: Vec<u64>) -> Self {
        readings_ns.sort_unstable();
        let n = readings_ns.len();
        let sum: f64 = readings_ns.iter().map(|&ns| ns as f64).sum();
        let at = |share: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a rank up to n"
            )]
            let rank = (share * n as f64).ceil() as usize;
            Some((*readings_ns.get(rank.max(1) - 1)? as f64, share))
        };
        let of_one_sign = (0.0, SHARE_OF_ONE_SIGN);
        Self {
            steps: core::iter::once(of_one_sign)
                .chain(SHARES.into_iter().filter_map(at))
                .collect(),
            mean_ns: if n == 0 { 0.0 } else { sum / n as f64 },
        }
    }

    /// Mean of the readings, in ns.
    #[must_use]
    pub const fn mean_ns(&self) -> f64 {
        self.mean_ns
    }

    /// The `quantile` (in (0, 1)) of a cell that this noise has blurred. The value is the blurred one; the interval holds for the latencies themselves.
    ///
    /// # Errors
    /// [`Undefined`] as for [`quantile`].
    pub fn quantile(&self, cell: &CellSamples, q: f64) -> Result<Estimate, Undefined> {
        let blurred = quantile(cell, q)?;
        let (mut lower, mut upper) = (0.0_f64, f64::INFINITY);
        for &(error_ns, share) in &self.steps {
            if let Ok(below) = quantile(cell, q * share) {
                lower = lower.max(below.lower_ns - error_ns);
            }
            if let Ok(above) = quantile(cell, 1.0 - (1.0 - q) * share) {
                upper = upper.min(above.upper_ns + error_ns);
            }
        }
        Ok(Estimate {
            lower_ns: lower.min(blurred.value_ns),
            upper_ns: upper.max(blurred.value_ns),
            ..blurred
        })
    }

    /// The same estimate of a mean that this noise may have moved.
    #[must_use]
    pub fn behind(&self, mean: Estimate) -> Estimate {
        Estimate {
            lower_ns: (mean.lower_ns - self.mean_ns).max(0.0),
            upper_ns: mean.upper_ns + self.mean_ns,
            ..mean
        }
    }
}
