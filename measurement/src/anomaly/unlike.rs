//! Blocks that differ so much that the upper percentiles tell of the slowest of them, and not of calls.
//!
//! An interval rests on the variation that the blocks show. Of 20 blocks one alone reaches beyond the 95th percentile of blocks, and where blocks differ more than the
//! calls in them, the p99 of all calls lies in blocks that this run may not have met: its interval then ends too low (docs/methodology.md has the figures).

use super::median;
use crate::cell_samples::Block;

/// Blocks whose medians vary by this much on the logarithmic scale, beyond what their samples explain, are too unlike: a factor of 1.6 up or down.
const UNLIKE_SIGMA: f64 = 0.5;

/// With fewer blocks their spread cannot be told.
const LEAST_BLOCKS: usize = 8;

/// With fewer samples a block has no spread of its own.
const LEAST_SAMPLES: usize = 5;

/// Standard deviations in a median absolute deviation, for a normal distribution.
const SD_PER_MAD: f64 = 1.482_602_218_505_602;

/// How much the blocks of a cell differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnlikeBlocks {
    /// Standard deviation of the logarithms of the blocks' medians, less what the samples explain.
    pub sigma: f64,
    /// Blocks looked at.
    pub blocks: u64,
}

impl UnlikeBlocks {
    /// The factor by which a block is typically slower or faster than the middle.
    #[must_use]
    pub fn factor(&self) -> f64 {
        self.sigma.exp()
    }
}

/// Whether the blocks differ by more than a factor of 1.6, one standard deviation of their medians. `None` also with fewer than eight blocks of five samples.
#[must_use]
pub fn unlike_blocks(blocks: &[Block]) -> Option<UnlikeBlocks> {
    let (mut medians, mut explained) = (Vec::new(), 0.0);
    for block in blocks {
        let logs: Vec<f64> = block
            .samples_ns
            .iter()
            .filter(|&&ns| ns > 0)
            .map(|&ns| (ns as f64).ln())
            .collect();
        if logs.len() < LEAST_SAMPLES {
            continue;
        }
        let middle = median(logs.iter().copied());
        let spread = SD_PER_MAD * median(logs.iter().map(|log| (log - middle).abs()));
        // the variance of the median of a normal sample
        explained += std::f64::consts::FRAC_PI_2 * spread * spread / logs.len() as f64;
        medians.push(middle);
    }
    if medians.len() < LEAST_BLOCKS {
        return None;
    }
    let n = medians.len() as f64;
    let mean = medians.iter().sum::<f64>() / n;
    let variance = medians.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let sigma = (variance - explained / n).max(0.0).sqrt();
    (sigma > UNLIKE_SIGMA).then_some(UnlikeBlocks {
        sigma,
        blocks: medians.len() as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::Latencies;
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    /// How many of 200 cells of 20 blocks of 20 samples have blocks that are found to be unlike, and their mean sigma.
    fn found(latencies: Latencies) -> (usize, f64) {
        let cells = (0..200).filter_map(|seed| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let block = |index| {
                let block = latencies.block(&mut rng);
                Block {
                    index,
                    samples_ns: (0..20).map(|_| block.sample(&mut rng).0).collect(),
                }
            };
            unlike_blocks(&(0..20).map(block).collect::<Vec<_>>())
        });
        let sigmas: Vec<f64> = cells.map(|found| found.sigma).collect();
        let mean = sigmas.iter().sum::<f64>() / sigmas.len() as f64;
        (sigmas.len(), mean)
    }

    #[test]
    fn blocks_that_differ_as_the_intervals_allow_for_raise_no_alarm() {
        for latencies in Latencies::all() {
            for sigma in [0.0, 0.1, 0.3] {
                let (alarms, _) = found(latencies.block_correlated(sigma));
                assert!(alarms <= 1, "{} {sigma}: {alarms} alarms", latencies.name());
            }
        }
    }

    #[test]
    fn blocks_that_differ_by_factors_are_found_with_their_factor() {
        for latencies in Latencies::all() {
            let (alarms, sigma) = found(latencies.block_correlated(1.0));
            assert!(alarms >= 195, "{}: {alarms}", latencies.name());
            assert!((sigma - 1.0).abs() < 0.1, "{}: {sigma}", latencies.name());
        }
    }

    #[test]
    fn few_blocks_or_samples_tell_nothing() {
        let block = |index: u32, samples: usize| Block {
            index,
            samples_ns: vec![1_000 << index; samples],
        };
        let blocks = |count, samples| (0..count).map(|i| block(i, samples)).collect::<Vec<_>>();
        assert!(unlike_blocks(&blocks(8, 5)).is_some());
        assert_eq!(unlike_blocks(&blocks(7, 5)), None);
        assert_eq!(unlike_blocks(&blocks(8, 4)), None);
    }
}
