//! Back-to-back calls read in whole ticks: are verdicts wrong as rarely as they say, though the phase of the clock runs on from call to call?

mod trials;

use measurement::{
    cell_samples::{Block, CellSamples},
    clock::Clock as _,
    duration::Nanoseconds,
    exceedance::{Counting, Fineness, ShareTest},
    looks::Looks,
    simulation::{Latencies, SimPlatform},
};
use protocol::report::Outcome;
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use std::ops::AddAssign;
use trials::{Layout, Table, run, trials};

const TICK_NS: u64 = 1_000_000;

/// Slices as they are recommended for this evidence, and as large ones as a run may have.
const LAYOUTS: [Layout; 2] = [
    Layout {
        blocks: 22,
        samples: 20,
    },
    Layout {
        blocks: 22,
        samples: 100,
    },
];

const QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];

/// Wrong verdicts at most.
const MOST_WRONG: f64 = 0.05;

/// Latencies of a shape, scaled by one factor.
#[derive(Clone, Copy, Debug)]
struct Scaled {
    latencies: Latencies,
    times: f64,
}

impl Scaled {
    /// A share of `above` takes `threshold_ns` or longer.
    fn with_share(latencies: Latencies, above: f64, threshold_ns: f64) -> Self {
        let times = threshold_ns / latencies.quantile_ns(1.0 - above);
        Self { latencies, times }
    }

    /// A cell as the clock shows it: in each slice, one call after another, with a reading between them.
    fn cell(self, layout: Layout, rng: &mut ChaCha8Rng) -> CellSamples {
        let seed = rng.random();
        // the clock runs, or moves only when a call completes
        let platform = if rng.random_bool(0.5) {
            SimPlatform::running(1, seed)
        } else {
            SimPlatform::frozen(seed)
        };
        let slice = |index| {
            let block = self.latencies.block(rng);
            // other cells are measured in between: the phase is another one
            platform.call(Nanoseconds(rng.random_range(0..10 * TICK_NS)));
            let mut before = platform.now_ms();
            let samples_ns = (0..layout.samples).map(|_| {
                let latency = block.sample(rng).0 as f64 * self.times;
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "some milliseconds"
                )]
                platform.call(Nanoseconds(latency as u64));
                let after = platform.now_ms();
                let ticks = after - before;
                before = after;
                ticks * TICK_NS
            });
            Block {
                index,
                samples_ns: samples_ns.collect(),
            }
        };
        CellSamples::new((0..layout.blocks).map(slice).collect::<Vec<_>>())
    }
}

fn test(cell: &CellSamples, quantile: f64, threshold_ns: f64) -> ShareTest {
    let counting = Counting::at(threshold_ns).in_ticks(TICK_NS);
    ShareTest::of_cell(cell, quantile, counting, Fineness::Ticks(TICK_NS)).expect("has samples")
}

/// How often each verdict was given, by a single look and by the first of several.
#[derive(Clone, Copy, Debug, Default)]
struct Given {
    trials: u64,
    pass: u64,
    fail: u64,
    pass_first: u64,
}

impl AddAssign for Given {
    fn add_assign(&mut self, other: Self) {
        self.trials += other.trials;
        self.pass += other.pass;
        self.fail += other.fail;
        self.pass_first += other.pass_first;
    }
}

impl Given {
    fn of(test: &ShareTest) -> Self {
        let looks = Looks::until(440, 10_000, 20);
        let once = test.outcome(looks.last_level(0));
        let first = test.outcome(looks.at(0).expect("there is a first look").level);
        Self {
            trials: 1,
            pass: u64::from(once == Outcome::Pass),
            fail: u64::from(once == Outcome::Fail),
            pass_first: u64::from(first == Outcome::Pass),
        }
    }

    fn rate(&self, count: u64) -> f64 {
        count as f64 / self.trials as f64
    }

    /// Three standard errors of a rate, where fewer trials than 1,000 leave that much to chance.
    fn slack(&self, rate: f64) -> f64 {
        if self.trials >= 1_000 {
            return 0.0;
        }
        3.0 * (rate * (1.0 - rate) / self.trials as f64).sqrt()
    }
}

#[test]
fn verdicts_of_back_to_back_calls_are_wrong_in_a_twentieth_at_most() {
    let mut table = Table::new(
        &format!(
            "Back-to-back calls in ticks of 1 ms, the share above the threshold just what is allowed, {} trials: passed (wrong), and failed",
            trials()
        ),
        &[
            "latencies",
            "sigma of blocks",
            "blocks x calls",
            "threshold",
            "p50",
            "p95",
            "p99",
        ],
    );
    for sigma in [0.0, 0.3, 0.6] {
        for shape in Latencies::all() {
            let latencies = shape.block_correlated(sigma);
            let unscaled = QUANTILES.map(|q| Scaled::with_share(latencies, 1.0 - q, 1.0));
            for layout in LAYOUTS {
                for threshold_ms in [1_u32, 3, 5] {
                    let threshold_ns = f64::from(threshold_ms) * TICK_NS as f64;
                    let mut row = vec![
                        shape.name().to_owned(),
                        sigma.to_string(),
                        format!("{} x {}", layout.blocks, layout.samples),
                        format!("{threshold_ms} ms"),
                    ];
                    for (q, unscaled) in QUANTILES.into_iter().zip(unscaled) {
                        let scaled = Scaled {
                            times: unscaled.times * threshold_ns,
                            ..unscaled
                        };
                        let given: Given = run(trials(), |rng| {
                            Given::of(&test(&scaled.cell(layout, rng), q, threshold_ns))
                        });
                        let (pass, fail) = (given.rate(given.pass), given.rate(given.fail));
                        row.push(format!("{pass:.3}, {fail:.3}"));
                        let most = MOST_WRONG + given.slack(MOST_WRONG);
                        table.require(pass + fail <= most, || {
                            format!(
                                "{} {sigma}, {layout:?}, {threshold_ms} ms, {q}: {given:?}",
                                shape.name()
                            )
                        });
                    }
                    table.row(&row);
                }
            }
        }
    }
    table.finish();
}

#[test]
fn hops_of_a_fraction_of_a_tick_pass_the_default_thresholds_at_the_first_look() {
    let mut table = Table::new(
        &format!(
            "Back-to-back calls in ticks of 1 ms that pass at the first of several looks, {} trials",
            trials()
        ),
        &[
            "latencies",
            "sigma of blocks",
            "blocks x calls",
            "median",
            "p50 < 1 ms",
            "p95 < 3 ms",
            "p99 < 5 ms",
        ],
    );
    let thresholds = [(0.5, 1.0), (0.95, 3.0), (0.99, 5.0)];
    for sigma in [0.0, 0.3] {
        for shape in Latencies::all() {
            for layout in LAYOUTS {
                for times in [1.0, 2.0, 3.0] {
                    let latencies = shape.block_correlated(sigma);
                    let scaled = Scaled { latencies, times };
                    let mut row = vec![
                        shape.name().to_owned(),
                        sigma.to_string(),
                        format!("{} x {}", layout.blocks, layout.samples),
                        format!("{:.1} ms", times / 10.0),
                    ];
                    for (q, threshold_ms) in thresholds {
                        let threshold_ns = threshold_ms * TICK_NS as f64;
                        let given: Given = run(trials() / 4, |rng| {
                            Given::of(&test(&scaled.cell(layout, rng), q, threshold_ns))
                        });
                        let passes = given.rate(given.pass_first);
                        row.push(format!("{passes:.3}"));
                        let settles = q < 0.9 || (shape == Latencies::lognormal() && times < 3.0);
                        table.require(!settles || passes >= 0.99 - given.slack(0.99), || {
                            format!(
                                "{} {sigma}, {layout:?}, {times}, {q}: {given:?}",
                                shape.name()
                            )
                        });
                        let truth = latencies.survival(threshold_ns / times);
                        table.require(
                            truth < 1.0 - q || given.rate(given.pass) <= MOST_WRONG,
                            || {
                                format!(
                                    "{} {sigma}, {times}, {q} passes wrongly: {given:?}",
                                    shape.name()
                                )
                            },
                        );
                    }
                    table.row(&row);
                }
            }
        }
    }
    table.finish();
}
