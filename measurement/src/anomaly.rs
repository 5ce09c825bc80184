//! Signs that a cell's samples are not what they look like: slow first calls, a second mode, drift over the run, a mean
//! that one slice dominates, blocks that have little in common.
//!
//! Each check looks at every cell of a run, so each is strict: it asks for a difference that is unlikely by chance (one
//! in a thousand and rarer) *and* large enough to matter. Finding nothing proves nothing.

mod bimodal;
mod stretch;
mod unlike;

pub use bimodal::{Modes, two_modes};
pub use stretch::{DominantStretch, dominant_stretch};
pub use unlike::{UnlikeBlocks, unlike_blocks};

use crate::{cell_samples::Block, confidence::t_quantile_at, median::median};
use statrs::distribution::{Binomial, DiscreteCDF as _};

/// A first call counts as slow when it takes this much longer than the calls after it, at the median.
const SLOW_FIRST_RATIO: f64 = 1.2;

/// By chance the first call is the slower one in half of the slices; this rare an excess is a sign.
const SLOW_FIRST_CHANCE: f64 = 1e-4;

/// Drift counts when the last third of a run and the first differ by this factor.
const DRIFT_RATIO: f64 = 1.1;

/// Drift is looked for on both sides, with this probability of a false alarm in all.
const DRIFT_CHANCE: f64 = 1e-3;

/// Calls at the start of slices that take longer than those after them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlowFirstCalls {
    /// Median of the first calls, in nanoseconds.
    pub first_median_ns: f64,
    /// Median of the others' medians, slice by slice, in nanoseconds.
    pub rest_median_ns: f64,
    /// Slices in which the first call took longer than the median of the others.
    pub slower_slices: u64,
    /// Slices looked at.
    pub slices: u64,
}

/// Whether first calls are slower than the rest, in `blocks` whose samples are in call order: more warmup would be needed.
#[must_use]
pub fn slow_first_calls(blocks: &[Block]) -> Option<SlowFirstCalls> {
    let pairs: Vec<(f64, f64)> = blocks
        .iter()
        .filter_map(|block| {
            let (first, rest) = block.samples_ns.split_first()?;
            Some((*first as f64, median(rest.iter().map(|&x| x as f64))?))
        })
        .collect();
    let slices = pairs.len() as u64;
    let slower_slices = pairs.iter().filter(|(first, rest)| first > rest).count() as u64;
    let first_median_ns = median(pairs.iter().map(|pair| pair.0))?;
    let rest_median_ns = median(pairs.iter().map(|pair| pair.1))?;
    let by_chance = Binomial::new(0.5, slices)
        .ok()?
        .sf(slower_slices.checked_sub(1)?);
    let found =
        by_chance < SLOW_FIRST_CHANCE && first_median_ns > SLOW_FIRST_RATIO * rest_median_ns;
    found.then_some(SlowFirstCalls {
        first_median_ns,
        rest_median_ns,
        slower_slices,
        slices,
    })
}

/// The start of a run against its end, in the unit of the series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// Geometric mean over the first third of the run.
    pub first_third: f64,
    /// Geometric mean over the last third.
    pub last_third: f64,
    /// Blocks in each third.
    pub blocks: u64,
}

/// Whether a positive `series`, one value for each block in the run's order, drifted from the first third to the last, by
/// Welch's t-test on the logarithms. `None` also when a third has fewer than three blocks.
#[must_use]
pub fn drift(series: &[f64]) -> Option<Drift> {
    let third = series.len() / 3;
    if third < 3 {
        return None;
    }
    let logs: Vec<f64> = series.iter().map(|x| x.ln()).collect();
    let (first, first_error) = mean_and_squared_error(&logs[..third]);
    let (last, last_error) = mean_and_squared_error(&logs[logs.len() - third..]);
    let error = first_error + last_error;
    // Welch and Satterthwaite's degrees of freedom
    let freedom = error.powi(2) * (third as f64 - 1.0) / (first_error.powi(2) + last_error.powi(2));
    let unlikely =
        (last - first).abs() > t_quantile_at(1.0 - DRIFT_CHANCE / 2.0, freedom) * error.sqrt();
    let found = unlikely && (last - first).abs() > DRIFT_RATIO.ln();
    found.then_some(Drift {
        first_third: first.exp(),
        last_third: last.exp(),
        blocks: third as u64,
    })
}

/// The median of each block that has samples, in nanoseconds, by block index.
#[must_use]
pub fn block_medians(blocks: &[Block]) -> Vec<(u32, f64)> {
    let median = |block: &Block| median(block.samples_ns.iter().map(|&x| x as f64));
    let medians = blocks
        .iter()
        .map(|block| Some((block.index, median(block)?)));
    medians.flatten().collect()
}

/// Consecutive slices with errors, in a run that otherwise has few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorBurst {
    /// Place of the first slice of the burst among those given, from 0.
    pub first: usize,
    /// Slices in a row.
    pub slices: usize,
    /// Errors in them.
    pub errors: u64,
    /// Errors in all slices given.
    pub all_errors: u64,
}

/// The longest run of slices with errors, when it holds at least three errors and half of all errors, in at most a quarter of the slices: errors
/// that come together have one cause. `errors` has the number of each slice, in the order of the run.
#[must_use]
pub fn error_burst(errors: &[u64]) -> Option<ErrorBurst> {
    let all_errors: u64 = errors.iter().sum();
    let mut worst: Option<ErrorBurst> = None;
    let mut start = 0;
    for run in errors.chunk_by(|a, b| (*a > 0) == (*b > 0)) {
        let burst = ErrorBurst {
            first: start,
            slices: run.len(),
            errors: run.iter().sum(),
            all_errors,
        };
        if burst.errors > worst.map_or(0, |w| w.errors) {
            worst = Some(burst);
        }
        start += run.len();
    }
    worst.filter(|w| w.errors >= 3 && 2 * w.errors >= all_errors && 4 * w.slices <= errors.len())
}

/// The mean and the square of its standard error.
fn mean_and_squared_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    (mean, squares / (n - 1.0) / n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::Latencies;
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    /// Blocks of a latency with correlated blocks, changed by `change(block, place, ns)`.
    fn blocks(
        seed: u64,
        latencies: Latencies,
        change: impl Fn(u32, usize, u64) -> u64,
    ) -> Vec<Block> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let block = |index| {
            let block = latencies.block(&mut rng);
            let samples = (0..20)
                .map(|place| change(index, place, block.sample(&mut rng).0))
                .collect();
            Block {
                index,
                samples_ns: samples,
            }
        };
        (0..20).map(block).collect()
    }

    fn medians(blocks: &[Block]) -> Vec<f64> {
        block_medians(blocks)
            .into_iter()
            .map(|(_, median)| median)
            .collect()
    }

    #[test]
    fn quiet_cells_raise_no_alarm() {
        let mut alarms = 0;
        for latencies in Latencies::all() {
            for seed in 0..200 {
                let quiet = blocks(seed, latencies.block_correlated(0.1), |_, _, ns| ns);
                alarms += u32::from(slow_first_calls(&quiet).is_some());
                alarms += u32::from(drift(&medians(&quiet)).is_some());
            }
        }
        assert!(alarms <= 3, "{alarms} alarms in 600 quiet cells");
    }

    #[test]
    fn first_calls_that_take_three_times_as_long_are_found() {
        let found = (0..100).filter(|&seed| {
            let slow = blocks(seed, Latencies::lognormal(), |_, place, ns| {
                if place == 0 { 3 * ns } else { ns }
            });
            slow_first_calls(&slow)
                .is_some_and(|found| found.first_median_ns > 2.0 * found.rest_median_ns)
        });
        assert!(found.count() >= 90);
    }

    #[test]
    fn a_cell_that_ends_at_three_times_its_initial_latency_has_drifted() {
        let found = (0..100).filter(|&seed| {
            let rising = |block: u32, _, ns: u64| ns + ns * u64::from(block) / 10;
            let rising = blocks(seed, Latencies::lognormal().block_correlated(0.05), rising);
            drift(&medians(&rising)).is_some_and(|found| found.last_third > 1.5 * found.first_third)
        });
        assert!(found.count() >= 90);
    }

    #[test]
    fn a_quiet_series_over_all_cells_shows_a_drift_of_a_fifth() {
        let series: Vec<f64> = (0..20)
            .map(|block| 1.0 + 0.01 * f64::from(block) + 0.005 * f64::from(block % 3))
            .collect();
        let found = drift(&series).unwrap();
        assert!(
            (found.last_third / found.first_third - 1.135).abs() < 0.02,
            "{found:?}"
        );
        assert_eq!(
            drift(&series[..12]),
            None,
            "a twentieth is not worth a word"
        );
    }

    #[test]
    fn few_blocks_cannot_drift() {
        let few = blocks(1, Latencies::lognormal(), |_, _, ns| ns);
        assert_eq!(drift(&medians(&few[..8])), None);
        assert_eq!(slow_first_calls(&[]), None);
    }

    #[test]
    fn errors_that_come_together_are_a_burst_and_scattered_ones_are_not() {
        let mut errors = vec![0; 40];
        errors[3] = 1;
        errors[10..13].copy_from_slice(&[2, 5, 1]);
        let burst = error_burst(&errors).unwrap();
        assert_eq!(
            burst,
            ErrorBurst {
                first: 10,
                slices: 3,
                errors: 8,
                all_errors: 9
            }
        );
        let scattered: Vec<u64> = (0..40).map(|i| u64::from(i % 5 == 0)).collect();
        assert_eq!(error_burst(&scattered), None);
        assert_eq!(error_burst(&[1; 40]), None);
        assert_eq!(error_burst(&[]), None);
    }
}
