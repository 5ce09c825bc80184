//! Whether two neighbouring segments of a series differ by more than chance.

use super::{ChangePoint, MIN_RATIO, SIGNIFICANCE};
use crate::median::median;
use statrs::distribution::{ContinuousCDF as _, StudentsT};

/// The noise of the whole series counts as much as this many runs beside the spread of two segments.
const NOISE_WEIGHT: f64 = 4.0;

/// Robust standard deviations up to which a run counts in full.
const CLIP: f64 = 3.0;

/// The factor from a median absolute deviation to a standard deviation, for a normal distribution.
const MAD_TO_SD: f64 = 1.482_602_218_505_602;

/// A split and what the t-test says of it.
#[derive(Clone, Copy)]
pub(super) struct Tested {
    pub(super) split: usize,
    pub(super) point: ChangePoint,
}

impl Tested {
    /// Whether it is more than chance, and more than nothing.
    pub(super) fn is_significant(&self) -> bool {
        let ratio = self.point.ratio();
        self.point.p_value < SIGNIFICANCE && ratio.max(1.0 / ratio) >= MIN_RATIO
    }
}

/// Student's t-test (equal variances) of two neighbouring segments, each drawn in towards its median.
///
/// Short segments look quieter than they are every so often, and with every new run there are new ones to try: so the `noise` of the
/// whole series counts in, as much as [`NOISE_WEIGHT`] runs.
pub(super) fn test(before: &[f64], after: &[f64], noise: f64, split: usize) -> Tested {
    let (a, b) = (Segment::of(before, noise), Segment::of(after, noise));
    let freedom = a.n + b.n - 2.0 + NOISE_WEIGHT;
    let spread = (a.squares + b.squares + NOISE_WEIGHT * noise * noise) / freedom;
    let error = (spread * (1.0 / a.n + 1.0 / b.n)).sqrt();
    let difference = b.mean - a.mean;
    let (p_value, reach) = match StudentsT::new(0.0, 1.0, freedom) {
        Ok(t) if error > 0.0 => (
            2.0 * t.sf(difference.abs() / error),
            t.inverse_cdf(0.975) * error,
        ),
        // two segments without any spread: different or not
        _ => (if difference == 0.0 { 1.0 } else { 0.0 }, 0.0),
    };
    let point = ChangePoint {
        index: split,
        before: a.mean.exp(),
        after: b.mean.exp(),
        ratio_lower: (difference - reach).exp(),
        ratio_upper: (difference + reach).exp(),
        p_value,
    };
    Tested { split, point }
}

struct Segment {
    n: f64,
    mean: f64,
    /// Sum of squared deviations from the mean.
    squares: f64,
}

impl Segment {
    fn of(logs: &[f64], noise: f64) -> Self {
        let middle = median(logs.iter().copied()).unwrap_or_default();
        let drawn_in = || {
            logs.iter()
                .map(|x| x.clamp(middle - CLIP * noise, middle + CLIP * noise))
        };
        let n = logs.len() as f64;
        let mean = drawn_in().sum::<f64>() / n;
        Self {
            n,
            mean,
            squares: drawn_in().map(|x| (x - mean).powi(2)).sum(),
        }
    }
}

/// The standard deviation of a run about the level of its time, from the median difference of neighbouring runs: changes of
/// level and odd runs are in few of them.
pub(super) fn noise(logs: &[f64]) -> f64 {
    let steps: Vec<f64> = logs
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .collect();
    if steps.is_empty() {
        0.0
    } else {
        MAD_TO_SD * median(steps).unwrap_or_default() / std::f64::consts::SQRT_2
    }
}
