//! Intervals from the variance over blocks: Student's t, with Hall's correction for the skewness of the estimate
//! (P. Hall, "On the removal of skewness by transformation", Journal of the Royal Statistical Society B 54, 1992).

use crate::confidence::t_quantile;

/// Variance and skewness of the sum of `influences`, each an independent draw with mean 0.
pub(crate) fn spread(influences: &[f64]) -> (f64, f64) {
    let blocks = influences.len() as f64;
    let squares: f64 = influences.iter().map(|z| z * z).sum();
    let cubes: f64 = influences.iter().map(|z| z.powi(3)).sum();
    let skewness = if squares > 0.0 {
        cubes / squares.powf(1.5)
    } else {
        0.0
    };
    (blocks / (blocks - 1.0) * squares, skewness)
}

/// The ends of the interval of an estimate, given its variance and one or more opinions on its skewness.
pub(crate) fn ends<const N: usize>(
    value: f64,
    variance: f64,
    blocks: usize,
    skewnesses: [f64; N],
) -> (f64, f64) {
    let error = variance.sqrt();
    let (low, high) = studentised_limits(blocks, skewnesses);
    (value - high * error, value - low * error)
}

/// The limits between which the studentised deviation of an estimate from the truth lies: the outermost ones of Student's t
/// and of its corrections for each of the given skewnesses of the estimate.
pub(crate) fn studentised_limits<const N: usize>(
    blocks: usize,
    skewnesses: [f64; N],
) -> (f64, f64) {
    let t = t_quantile(blocks as f64 - 1.0);
    let (mut low, mut high) = (-t, t);
    for skewness in skewnesses {
        low = low.min(hall_inverse(-t, skewness));
        high = high.max(hall_inverse(t, skewness));
    }
    (low, high)
}

/// The value of the studentised mean that Hall's transformation `g(t) = t + a t^2/3 + a^2 t^3/27 + a/6` takes to `y`, where
/// `a` is the skewness of the mean.
fn hall_inverse(y: f64, a: f64) -> f64 {
    if a.abs() < 1e-6 {
        y
    } else {
        3.0 / a * ((1.0 + a * (y - a / 6.0)).cbrt() - 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transformation_is_inverted() {
        for a in [0.01, 0.3, -0.5, 1.2] {
            for t in [-2.5, -1.0, 0.0, 1.7, 2.1] {
                let g = t + a * t * t / 3.0 + a * a * t * t * t / 27.0 + a / 6.0;
                assert!((hall_inverse(g, a) - t).abs() < 1e-9, "a {a} t {t}");
            }
        }
    }

    #[test]
    fn skewness_moves_the_upper_end_outward_and_no_end_inward() {
        let plain = ends(0.0, 1.0, 20, [0.0, 0.0]);
        let skewed = ends(0.0, 1.0, 20, [0.5, 0.2]);
        assert!(skewed.1 > plain.1 * 1.1 && (skewed.0 - plain.0).abs() < 1e-12);
    }
}
