//! Blocks that differ so much that the upper percentiles tell of the slowest of them, and not of calls.
//!
//! An interval rests on the variation that the blocks show. Of 20 blocks one alone reaches beyond the 95th percentile of blocks, and where blocks differ more than the
//! calls in them, the p99 of all calls lies in blocks that this run may not have met: its interval then ends too low (docs/methodology.md has the figures).

use crate::{block_spread::BlockSpread, cell_samples::CellSamples};

/// Blocks whose medians vary by this much on the logarithmic scale, beyond what their samples explain, are too unlike: a factor of 1.6 up or down.
const UNLIKE_SIGMA: f64 = 0.5;

/// With fewer samples the spread of a block is not told well enough for an alarm.
const LEAST_SAMPLES: usize = 5;

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
pub fn unlike_blocks(cell: &CellSamples) -> Option<UnlikeBlocks> {
    let spread = BlockSpread::of_blocks(cell, LEAST_SAMPLES)?;
    let (sigma, blocks) = (spread.sigma(), spread.blocks());
    (sigma > UNLIKE_SIGMA).then_some(UnlikeBlocks { sigma, blocks })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell_samples::Block;
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
            unlike_blocks(&CellSamples::new((0..20).map(block)))
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
        let blocks = |count, samples| CellSamples::new((0..count).map(|i| block(i, samples)));
        assert!(unlike_blocks(&blocks(8, 5)).is_some());
        assert_eq!(unlike_blocks(&blocks(7, 5)), None);
        assert_eq!(unlike_blocks(&blocks(8, 4)), None);
    }
}
