//! A second mode: a distribution with two humps is two kinds of calls, and one median for both describes neither.

use crate::cell_samples::CellSamples;

/// Points at which the density is looked at.
const GRID: usize = 256;

/// The humps lie apart by this factor at least.
const MIN_RATIO: f64 = 1.5;

/// The smaller hump holds this share of the samples at least.
const MIN_SHARE: f64 = 0.02;

/// The smaller hump rises above the valley by this many standard deviations of the two counts.
const MIN_DEVIATIONS: f64 = 3.0;

/// Samples are counted within this many kernel widths of a point.
const REACH: f64 = 1.5;

/// Two humps of a distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Modes {
    /// Where the faster calls gather, in nanoseconds.
    pub lower_ns: f64,
    /// Where the slower ones do.
    pub upper_ns: f64,
    /// Share of the samples above the valley between the two, in (0, 1).
    pub upper_share: f64,
}

/// Whether the samples gather in two places.
///
/// On the logarithmic scale, where latencies look alike at every magnitude, the density is smoothed with
/// a Gaussian kernel of Silverman's width. Two maxima count as modes when the samples around
/// the smaller of them outnumber those around the deepest valley between them beyond chance.
#[must_use]
pub fn two_modes(cell: &CellSamples) -> Option<Modes> {
    let logs: Vec<f64> = cell
        .pooled_ns()
        .iter()
        .filter(|&&ns| ns > 0)
        .map(|&ns| (ns as f64).ln())
        .collect();
    let width = kernel_width(&logs)?;
    let (lowest, highest) = (*logs.first()?, *logs.last()?);
    let step = (highest - lowest) / (GRID - 1) as f64;
    let place = |i: usize| lowest + step * i as f64;
    let density = smoothed(&logs, lowest, step, width);
    let around = |x: f64| count_between(&logs, x - REACH * width, x + REACH * width) as f64;
    let highest_mode = (0..GRID).max_by(|&a, &b| density[a].total_cmp(&density[b]))?;
    let mut best: Option<(f64, Modes)> = None;
    for other in
        (1..GRID - 1).filter(|&i| density[i] > density[i - 1] && density[i] >= density[i + 1])
    {
        let (low, high) = (other.min(highest_mode), other.max(highest_mode));
        let Some(valley) = (low + 1..high).min_by(|&a, &b| density[a].total_cmp(&density[b]))
        else {
            continue;
        };
        let (hump, dip) = (around(place(other)), around(place(valley)));
        let deviations = (hump - dip) / (hump + dip).sqrt();
        let above = count_between(&logs, place(valley), f64::INFINITY) as f64 / logs.len() as f64;
        let apart =
            place(high) - place(low) >= MIN_RATIO.ln() && above.min(1.0 - above) >= MIN_SHARE;
        if apart && deviations >= MIN_DEVIATIONS && best.is_none_or(|(most, _)| deviations > most) {
            let modes = Modes {
                lower_ns: place(low).exp(),
                upper_ns: place(high).exp(),
                upper_share: above,
            };
            best = Some((deviations, modes));
        }
    }
    best.map(|(_, modes)| modes)
}

/// Silverman's width, `0.9 min(sd, IQR / 1.34) n^(-1/5)` (B. W. Silverman, "Density estimation", 1986, eq. 3.31); `None` when the
/// samples do not spread. `logs` are sorted.
fn kernel_width(logs: &[f64]) -> Option<f64> {
    let n = logs.len() as f64;
    let mean = logs.iter().sum::<f64>() / n;
    let deviation = (logs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
    let quartiles = logs.get(logs.len() * 3 / 4)? - logs.get(logs.len() / 4)?;
    let width = 0.9 * deviation.min(quartiles / 1.34) * n.powf(-0.2);
    (width > 0.0).then_some(width)
}

/// The density at the points of the grid: the samples are counted at their nearest points, and the counts are smoothed. The grid is
/// finer than the kernel, and the cost does not grow with the samples.
fn smoothed(logs: &[f64], lowest: f64, step: f64, width: f64) -> Vec<f64> {
    let mut counts = vec![0.0; GRID];
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place on the grid, clamped to it"
    )]
    for log in logs {
        counts[(((log - lowest) / step).round() as usize).min(GRID - 1)] += 1.0;
    }
    let kernel: Vec<f64> = (0..GRID)
        .map(|d| (-0.5 * (d as f64 * step / width).powi(2)).exp())
        .collect();
    let at = |i: usize| {
        counts
            .iter()
            .enumerate()
            .map(|(j, count)| count * kernel[i.abs_diff(j)])
            .sum()
    };
    (0..GRID).map(at).collect()
}

fn count_between(logs: &[f64], from: f64, to: f64) -> usize {
    logs.partition_point(|&y| y <= to) - logs.partition_point(|&y| y < from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cell_samples::Block, simulation::Latencies};
    use rand::{Rng as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    fn cell(
        seed: u64,
        n: usize,
        latencies: Latencies,
        slow_share: f64,
        factor: u64,
    ) -> CellSamples {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut sample = || {
            let ns = latencies.sample(&mut rng).0;
            if rng.random_bool(slow_share) {
                ns * factor
            } else {
                ns
            }
        };
        CellSamples::new([Block {
            index: 0,
            samples_ns: (0..n).map(|_| sample()).collect(),
        }])
    }

    #[test]
    fn one_hump_is_not_taken_for_two() {
        let size = |seed| if seed % 2 == 0 { 400 } else { 3_000 };
        let runs = (0..400).map(|seed| cell(seed, size(seed), Latencies::lognormal(), 0.0, 1));
        assert!(runs.filter(|cell| two_modes(cell).is_some()).count() <= 2);
    }

    #[test]
    fn calls_of_two_kinds_are_told_apart() {
        let runs = (0..100).map(|seed| cell(seed, 400, Latencies::lognormal(), 0.3, 10));
        let found: Vec<Modes> = runs.filter_map(|cell| two_modes(&cell)).collect();
        assert!(found.len() >= 90, "{} of 100", found.len());
        for modes in found {
            assert!((modes.upper_share - 0.3).abs() < 0.1, "{modes:?}");
            let ratio = modes.upper_ns / modes.lower_ns;
            assert!((6.0..16.0).contains(&ratio), "{modes:?}");
        }
    }

    #[test]
    fn samples_that_do_not_spread_have_one_mode() {
        let still = CellSamples::new([Block {
            index: 0,
            samples_ns: vec![100; 400],
        }]);
        assert_eq!(two_modes(&still), None);
        assert_eq!(two_modes(&CellSamples::new([])), None);
    }
}
