//! What the truth tests share: how many trials to run, cells drawn from a known distribution, a table of coverage.
//!
//! `TRUTH_TRIALS` sets the number of trials; without it a fast profile runs. Trial `i` is seeded with `i`, so a
//! result is the same on every machine, and any single trial can be replayed.

#![allow(dead_code, reason = "each truth test uses a part")]
#![allow(
    clippy::print_stdout,
    reason = "the table of figures is what these tests are run for"
)]

use measurement::{
    cell_samples::{Block, CellSamples},
    simulation::Latencies,
};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use std::fmt::Write as _;

/// Trials of the fast profile: seconds on two cores.
const FAST_TRIALS: u64 = 120;

/// The least coverage of a 95 % interval over 1,000 trials.
pub(crate) const REQUIRED_COVERAGE: f64 = 0.93;

/// Number of trials, from `TRUTH_TRIALS`.
pub(crate) fn trials() -> u64 {
    std::env::var("TRUTH_TRIALS").map_or(FAST_TRIALS, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("TRUTH_TRIALS is \"{text}\", expected a number of trials"))
    })
}

/// The least coverage that `trials` trials must show: the required one, less three standard errors where fewer
/// trials than 1,000 leave that much to chance.
pub(crate) fn least_coverage(trials: u64) -> f64 {
    if trials >= 1_000 {
        return REQUIRED_COVERAGE;
    }
    REQUIRED_COVERAGE - 3.0 * (REQUIRED_COVERAGE * (1.0 - REQUIRED_COVERAGE) / trials as f64).sqrt()
}

/// How many blocks of how many samples.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) blocks: u32,
    pub(crate) samples: usize,
}

/// The layouts of the truth tests: 400 samples as in a default run, 3,000 in slices of 30, 3,000 in few large slices.
pub(crate) const LAYOUTS: [Layout; 3] = [
    Layout {
        blocks: 20,
        samples: 20,
    },
    Layout {
        blocks: 100,
        samples: 30,
    },
    Layout {
        blocks: 20,
        samples: 150,
    },
];

impl Layout {
    pub(crate) fn n(self) -> u64 {
        u64::from(self.blocks) * self.samples as u64
    }
}

/// Each distribution, independent and with blocks that differ by a factor of sigma 0.3.
pub(crate) fn distributions() -> Vec<(String, Latencies)> {
    let independent = Latencies::all().map(|d| (format!("{}, independent", d.name()), d));
    let correlated = Latencies::all().map(|d| {
        (
            format!("{}, blocks differ", d.name()),
            d.block_correlated(0.3),
        )
    });
    independent.into_iter().chain(correlated).collect()
}

/// Draws a cell.
pub(crate) fn cell(latencies: Latencies, layout: Layout, rng: &mut ChaCha8Rng) -> CellSamples {
    CellSamples::new(blocks(latencies, layout, rng))
}

/// Draws a cell's blocks.
pub(crate) fn blocks(latencies: Latencies, layout: Layout, rng: &mut ChaCha8Rng) -> Vec<Block> {
    let draw = |index| {
        let block = latencies.block(rng);
        let samples_ns = (0..layout.samples).map(|_| block.sample(rng).0).collect();
        Block { index, samples_ns }
    };
    (0..layout.blocks).map(draw).collect()
}

/// Runs `trial` for each seed on all cores and adds up what the trials return.
pub(crate) fn run<T, F>(trials: u64, trial: F) -> T
where
    T: Default + Send + std::ops::AddAssign,
    F: Fn(&mut ChaCha8Rng) -> T + Sync,
{
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let trial = &trial;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|worker| {
                scope.spawn(move || {
                    let mut sum = T::default();
                    for seed in (worker as u64..trials).step_by(workers) {
                        sum += trial(&mut ChaCha8Rng::seed_from_u64(seed));
                    }
                    sum
                })
            })
            .collect();
        let mut sum = T::default();
        for thread in threads {
            sum += thread.join().expect("a trial panicked");
        }
        sum
    })
}

/// Outcomes of one statistic over trials.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Trials in which it could be stated.
    pub(crate) stated: u64,
    /// Of those, the interval contained the truth.
    pub(crate) covered: u64,
    /// Of those, the interval lay above the truth.
    pub(crate) above: u64,
    /// Sum of the interval's widths.
    pub(crate) width: f64,
}

impl Tally {
    pub(crate) fn of(interval: Option<(f64, f64)>, truth: f64) -> Self {
        let Some((lower, upper)) = interval else {
            return Self::default();
        };
        Self {
            stated: 1,
            covered: u64::from(lower <= truth && truth <= upper),
            above: u64::from(truth < lower),
            width: upper - lower,
        }
    }

    pub(crate) fn coverage(&self) -> f64 {
        self.covered as f64 / self.stated as f64
    }

    pub(crate) fn mean_width(&self) -> f64 {
        self.width / self.stated as f64
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.stated += other.stated;
        self.covered += other.covered;
        self.above += other.above;
        self.width += other.width;
    }
}

/// Tallies of several statistics.
#[derive(Clone, Debug)]
pub(crate) struct Tallies<const N: usize>(pub(crate) [Tally; N]);

impl<const N: usize> Default for Tallies<N> {
    fn default() -> Self {
        Self([Tally::default(); N])
    }
}

impl<const N: usize> std::ops::AddAssign for Tallies<N> {
    fn add_assign(&mut self, other: Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }
}

/// A Markdown table that is printed when the test ends, as docs/methodology.md holds it.
pub(crate) struct Table {
    text: String,
    misses: Vec<String>,
}

impl Table {
    pub(crate) fn new(title: &str, columns: &[&str]) -> Self {
        let mut text = format!("\n{title}\n\n| {} |\n|", columns.join(" | "));
        for _ in columns {
            text.push_str("---|");
        }
        text.push('\n');
        Self {
            text,
            misses: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: &[String]) {
        writeln!(self.text, "| {} |", cells.join(" | ")).unwrap();
    }

    /// Remembers a requirement that was missed, so that the whole table is printed before the test fails.
    pub(crate) fn require(&mut self, met: bool, what: impl FnOnce() -> String) {
        if !met {
            self.misses.push(what());
        }
    }

    /// Prints the table and fails the test if a requirement was missed.
    pub(crate) fn finish(self) {
        println!("{}", self.text);
        assert!(
            self.misses.is_empty(),
            "requirements missed:\n{}",
            self.misses.join("\n")
        );
    }
}
