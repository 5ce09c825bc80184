//! How much the blocks of a cell differ as a whole, and what that lets one expect of blocks that were not measured.
//!
//! A block is described by the middle of its latencies on the logarithmic scale; the latencies less their block's middle
//! are alike in all blocks, or taken to be. The middles vary by chance, because each rests on few samples; what is beyond that is the spread
//! of the blocks. Twenty blocks tell it to about a sixth.

use crate::{
    cell_samples::{CellSamples, SortedBlock},
    confidence::{chi_squared_quantile, t_quantile_at},
    median::{median, median_of_sorted},
};

/// With fewer blocks their spread cannot be told.
const LEAST_BLOCKS: usize = 8;

/// With one sample a block has no spread of its own, and none that it shares.
const LEAST_SAMPLES: usize = 2;

/// Standard deviations in a median absolute deviation, for a normal distribution.
const SD_PER_MAD: f64 = 1.482_602_218_505_602;

/// Confidence of the upper limits of centre and spread in [`BlockSpread::share_at_least`]. Both together are passed by less
/// than the 2.5 % that a limit may err (`tests/truth_verdicts.rs`): it takes a run whose blocks are all on the fast side, and then the
/// share above the threshold must be small, too.
const LIMIT: f64 = 0.925;

/// The normal distribution of blocks is summed in steps of this many standard deviations, out to [`REACH`].
const STEP: f64 = 0.125;

/// Beyond this many standard deviations there is one block in 30,000.
const REACH: f64 = 4.0;

/// The blocks of a cell, on the logarithmic scale (of nanoseconds).
#[derive(Clone, Debug, PartialEq)]
pub struct BlockSpread {
    blocks: f64,
    /// Mean of the blocks' middles.
    centre: f64,
    /// Variance of the blocks' middles.
    variance: f64,
    /// The part of it that the samples of a block explain.
    explained: f64,
    /// All samples less the middle of their block, in order.
    deviations: Vec<f64>,
}

impl BlockSpread {
    /// The spread of a cell's blocks. `None` with fewer than eight blocks of two samples or more.
    #[must_use]
    pub fn of(cell: &CellSamples) -> Option<Self> {
        Self::of_blocks(cell, LEAST_SAMPLES)
    }

    /// The same of the blocks with at least so many samples.
    pub(crate) fn of_blocks(cell: &CellSamples, least_samples: usize) -> Option<Self> {
        let timed = cell.blocks().iter().map(SortedBlock::timed_ns);
        let described = timed.map(|samples_ns| {
            let timed = samples_ns.iter().filter(|&&ns| ns > 0);
            let logs: Vec<f64> = timed.map(|&ns| (ns as f64).ln()).collect();
            (logs.len() >= least_samples).then(|| Described::by_median(&logs))
        });
        Self::of_described(described.flatten())
    }

    /// The same of samples that are multiples of a tick. Medians of ticks hide how blocks differ, but their means are those of the
    /// latencies. `None` also where that is less than a tick: most samples are 0 then.
    #[must_use]
    pub fn of_ticks(cell: &CellSamples, tick_ns: u64) -> Option<Self> {
        let ticks = |ns: &u64| *ns as f64 / tick_ns as f64;
        let all = cell.timed_ns();
        if all.iter().map(ticks).sum::<f64>() < all.len() as f64 {
            return None;
        }
        let timed = cell.blocks().iter().map(SortedBlock::timed_ns);
        let described = timed.map(|samples_ns| {
            let ticks: Vec<f64> = samples_ns.iter().map(ticks).collect();
            (ticks.len() >= LEAST_SAMPLES).then(|| Described::by_mean(&ticks, tick_ns as f64))
        });
        Self::of_described(described.flatten())
    }

    fn of_described(blocks: impl Iterator<Item = Described>) -> Option<Self> {
        let (mut middles, mut explained, mut deviations) = (Vec::new(), 0.0, Vec::new());
        for block in blocks {
            middles.push(block.middle);
            explained += block.explained;
            deviations.extend(block.deviations);
        }
        if middles.len() < LEAST_BLOCKS {
            return None;
        }
        deviations.sort_by(f64::total_cmp);
        let blocks = middles.len() as f64;
        let centre = middles.iter().sum::<f64>() / blocks;
        let squares: f64 = middles.iter().map(|m| (m - centre).powi(2)).sum();
        Some(Self {
            blocks,
            centre,
            variance: squares / (blocks - 1.0),
            explained: explained / blocks,
            deviations,
        })
    }

    /// Standard deviation of the blocks' middles, less what the samples explain.
    #[must_use]
    pub fn sigma(&self) -> f64 {
        (self.variance - self.explained).max(0.0).sqrt()
    }

    /// Blocks that it was read off.
    #[must_use]
    pub fn blocks(&self) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count"
        )]
        let blocks = self.blocks as u64;
        blocks
    }

    /// The share of calls, in [0, 1], that would take `threshold_ns` or longer if blocks like these were measured without
    /// end, with their centre and their spread each at its upper 90 % limit.
    #[must_use]
    pub fn share_at_least(&self, threshold_ns: f64) -> f64 {
        self.share_with_blocks(threshold_ns, 1.0)
    }

    /// The same with limits as narrow as `growth` times as many blocks would make them.
    pub(crate) fn share_with_blocks(&self, threshold_ns: f64, growth: f64) -> f64 {
        let freedom = (self.blocks * growth - 1.0).max(1.0);
        let variance = self.variance * freedom / chi_squared_quantile(freedom, 1.0 - LIMIT);
        let sigma = (variance - self.explained).max(0.0).sqrt();
        let centre = self.centre
            + t_quantile_at(LIMIT, freedom) * (self.variance / (self.blocks * growth)).sqrt();
        let distance = threshold_ns.max(1.0).ln() - centre;
        let (mut share, mut weights) = (0.0, 0.0);
        let mut z = -REACH;
        while z <= REACH {
            let weight = (-z * z / 2.0).exp();
            share += weight * self.share_of_deviations(distance - sigma * z);
            weights += weight;
            z += STEP;
        }
        share / weights
    }

    fn share_of_deviations(&self, at_least: f64) -> f64 {
        let below = self.deviations.partition_point(|&d| d < at_least);
        (self.deviations.len() - below) as f64 / self.deviations.len() as f64
    }
}

/// One block on the logarithmic scale.
struct Described {
    middle: f64,
    /// Variance that the middle has because it rests on few samples.
    explained: f64,
    /// Its samples less the middle.
    deviations: Vec<f64>,
}

impl Described {
    /// By the median of logarithms, which are in order.
    fn by_median(logs: &[f64]) -> Self {
        let middle = median_of_sorted(logs).unwrap_or_default();
        let distances = logs.iter().map(|log| (log - middle).abs());
        let spread = SD_PER_MAD * median(distances).unwrap_or_default();
        Self {
            middle,
            // the variance of the median of a normal sample
            explained: std::f64::consts::FRAC_PI_2 * spread * spread / logs.len() as f64,
            deviations: logs.iter().map(|log| log - middle).collect(),
        }
    }

    /// By the mean of counts of ticks. A sample of no tick took less than one: half of one, say.
    fn by_mean(ticks: &[f64], tick_ns: f64) -> Self {
        let n = ticks.len() as f64;
        let mean = (ticks.iter().sum::<f64>() / n).max(0.5 / n);
        let variance = ticks.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Self {
            middle: (mean * tick_ns).ln(),
            explained: variance / (n * mean * mean),
            deviations: ticks.iter().map(|t| (t.max(0.5) / mean).ln()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cell_samples::Block, simulation::Latencies};
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    fn cell(blocks: u32, samples: usize, sigma: f64, seed: u64) -> CellSamples {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let latencies = Latencies::lognormal().block_correlated(sigma);
        CellSamples::new((0..blocks).map(|index| {
            let block = latencies.block(&mut rng);
            let samples_ns = (0..samples).map(|_| block.sample(&mut rng).0).collect();
            Block { index, samples_ns }
        }))
    }

    #[test]
    fn the_spread_of_blocks_is_found_and_that_of_samples_is_not_taken_for_it() {
        for sigma in [0.0, 0.3, 1.0] {
            let spread = BlockSpread::of(&cell(2_000, 20, sigma, 1)).unwrap();
            assert!((spread.sigma() - sigma).abs() < 0.06, "{sigma}: {spread:?}");
        }
    }

    #[test]
    fn the_share_of_slow_calls_is_that_of_the_distribution_where_blocks_abound() {
        let latencies = Latencies::lognormal().block_correlated(0.6);
        let spread = BlockSpread::of(&cell(3_000, 20, 0.6, 2)).unwrap();
        for share in [0.05, 0.01] {
            let found = spread.share_at_least(latencies.quantile_ns(1.0 - share));
            assert!((found / share - 1.0).abs() < 0.2, "{share}: {found}");
        }
    }

    #[test]
    fn few_blocks_leave_room_for_more_slow_calls_than_they_show() {
        let threshold_ns = Latencies::lognormal()
            .block_correlated(0.6)
            .quantile_ns(0.95);
        let spread = BlockSpread::of(&cell(22, 20, 0.6, 3)).unwrap();
        let (few, many) = (
            spread.share_at_least(threshold_ns),
            spread.share_with_blocks(threshold_ns, 100.0),
        );
        assert!(few > 1.3 * many, "{few} {many}");
    }

    #[test]
    fn too_few_blocks_or_single_samples_tell_nothing() {
        assert!(BlockSpread::of(&cell(8, 2, 0.3, 4)).is_some());
        assert_eq!(BlockSpread::of(&cell(7, 20, 0.3, 4)), None);
        assert_eq!(BlockSpread::of(&cell(40, 1, 0.3, 4)), None);
    }
}
