//! Are verdicts wrong as rarely as they say, and settled where a run of the default size can settle them?

mod trials;

use measurement::{
    cell_samples::{Block, CellSamples},
    exceedance::{Counting, Fineness, allowed_above, exceedance},
    simulation::Latencies,
    verdict::judge,
};
use protocol::report::Outcome;
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use std::ops::AddAssign;
use trials::{Layout, Table, blocks, run, trials};

/// 440 samples in 22 blocks: a run that names no samples.
const DEFAULT: Layout = Layout {
    blocks: 22,
    samples: 20,
};

const QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];

/// Wrong verdicts at most, of all: two-sided limits at 95 % err in 2.5 % on either side, and the discreteness of counts saves more.
const MOST_WRONG: f64 = 0.05;

/// How often each verdict was given.
#[derive(Clone, Copy, Debug, Default)]
struct Given {
    pass: u64,
    fail: u64,
    trials: u64,
}

impl AddAssign for Given {
    fn add_assign(&mut self, other: Self) {
        self.pass += other.pass;
        self.fail += other.fail;
        self.trials += other.trials;
    }
}

impl Given {
    fn of(cell: &CellSamples, quantile: f64, counting: Counting, fineness: Fineness) -> Self {
        let found = exceedance(cell, quantile, counting, fineness).expect("the cell has samples");
        let outcome = judge(found.lower, found.upper, allowed_above(quantile));
        Self {
            pass: u64::from(outcome == Outcome::Pass),
            fail: u64::from(outcome == Outcome::Fail),
            trials: 1,
        }
    }

    fn passes(&self) -> f64 {
        self.pass as f64 / self.trials as f64
    }

    fn fails(&self) -> f64 {
        self.fail as f64 / self.trials as f64
    }

    /// Three standard errors of a rate, where fewer trials than 1,000 leave that much to chance.
    fn slack(&self, rate: f64) -> f64 {
        if self.trials >= 1_000 {
            return 0.0;
        }
        3.0 * (rate * (1.0 - rate) / self.trials as f64).sqrt()
    }
}

fn fine(latencies: Latencies, quantile: f64, threshold_ns: f64) -> Given {
    run(trials(), |rng| {
        let cell = CellSamples::new(blocks(latencies, DEFAULT, rng));
        Given::of(&cell, quantile, Counting::at(threshold_ns), Fineness::Fine)
    })
}

/// The threshold above which `times` the share lies that `quantile` allows.
fn threshold_ns(latencies: Latencies, quantile: f64, times: f64) -> f64 {
    latencies.quantile_ns(1.0 - (1.0 - quantile) * times)
}

#[test]
fn verdicts_at_the_threshold_itself_pass_in_a_twentieth_at_most_and_fail_as_rarely() {
    let mut table = Table::new(
        &format!(
            "Verdicts where the share above the threshold is just what is allowed, 22 x 20, {} trials: passed (wrong), and failed",
            trials()
        ),
        &["latencies", "sigma of blocks", "p50", "p95", "p99"],
    );
    for sigma in [0.0, 0.3, 0.6, 1.0] {
        for shape in Latencies::all() {
            let latencies = shape.block_correlated(sigma);
            let given = QUANTILES.map(|q| fine(latencies, q, threshold_ns(latencies, q, 1.0)));
            let mut row = vec![shape.name().to_owned(), sigma.to_string()];
            row.extend(given.map(|g| format!("{:.3}, {:.3}", g.passes(), g.fails())));
            table.row(&row);
            for (given, q) in given.into_iter().zip(QUANTILES) {
                let most = MOST_WRONG + given.slack(MOST_WRONG);
                table.require(given.passes() <= most && given.fails() <= most, || {
                    format!("{} {sigma}, q {q}: {given:?}", shape.name())
                });
            }
        }
    }
    table.finish();
}

#[test]
fn verdicts_are_settled_where_the_share_is_far_from_what_is_allowed() {
    let cases = [
        ("p95, none", 0.95, 1e-6),
        ("p99, none", 0.99, 1e-6),
        ("p95, a fifth", 0.95, 0.2),
        ("p99, a fifth", 0.99, 0.2),
        ("p95, four times", 0.95, 4.0),
        ("p99, four times", 0.99, 4.0),
    ];
    let mut columns = vec!["latencies", "sigma of blocks"];
    columns.extend(cases.iter().map(|case| case.0));
    let mut table = Table::new(
        &format!(
            "Verdicts settled, by the share above the threshold over what is allowed, 22 x 20, {} trials; none is wrong in more than a twentieth",
            trials()
        ),
        &columns,
    );
    for sigma in [0.0, 0.3, 0.6] {
        for shape in Latencies::all() {
            let latencies = shape.block_correlated(sigma);
            let mut row = vec![shape.name().to_owned(), sigma.to_string()];
            for (case, q, times) in cases {
                let given = fine(latencies, q, threshold_ns(latencies, q, times));
                let (right, wrong) = if times < 1.0 {
                    (given.passes(), given.fails())
                } else {
                    (given.fails(), given.passes())
                };
                row.push(format!("{right:.3}"));
                let least = match (case, sigma) {
                    ("p95, a fifth", 0.0) => 0.95,
                    ("p95, a fifth", 0.3) => 0.85,
                    ("p95, none" | "p99, none", _) => 0.99,
                    _ => 0.0,
                };
                table.require(
                    right >= least - given.slack(least) && wrong <= MOST_WRONG,
                    || format!("{} {sigma}, {case}: {given:?}", shape.name()),
                );
            }
            table.row(&row);
        }
    }
    table.finish();
}

/// A cell as a clock of `tick_ns` shows it: each call starts at a random phase.
fn ticked(
    latencies: Latencies,
    tick_ns: u64,
    timeout_ns: Option<u64>,
    rng: &mut ChaCha8Rng,
) -> CellSamples {
    let timeout_ns = timeout_ns.unwrap_or(u64::MAX);
    let (mut timed, mut timeouts) = (Vec::new(), Vec::new());
    for block in blocks(latencies, DEFAULT, rng) {
        let all = block.samples_ns.len();
        let ends = block.samples_ns.iter().filter(|&&ns| ns < timeout_ns);
        let samples_ns: Vec<u64> = ends
            .map(|ns| (ns + rng.random_range(0..tick_ns)) / tick_ns * tick_ns)
            .collect();
        timeouts.push((block.index, (all - samples_ns.len()) as u64));
        timed.push(Block {
            samples_ns,
            ..block
        });
    }
    CellSamples::with_timeouts(timed, timeouts, timeout_ns)
}

#[test]
fn whole_ticks_and_calls_that_time_out_make_no_verdict_wrong_more_often() {
    let mut table = Table::new(
        &format!(
            "Verdicts by whole ticks where the share above the threshold is just what is allowed, 22 x 20, {} trials: passed (wrong), and failed",
            trials()
        ),
        &[
            "latencies",
            "sigma of blocks",
            "threshold in ticks",
            "p50",
            "p95",
            "p99",
        ],
    );
    for sigma in [0.0, 0.3, 0.6] {
        for shape in Latencies::all() {
            for ticks in [1_u64, 3, 20] {
                let latencies = shape.block_correlated(sigma);
                let mut row = vec![
                    shape.name().to_owned(),
                    sigma.to_string(),
                    ticks.to_string(),
                ];
                for q in QUANTILES {
                    // a tick such that the threshold is a whole number of them
                    let threshold = threshold_ns(latencies, q, 1.0);
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "some 100 us"
                    )]
                    let tick_ns = (threshold / ticks as f64).round() as u64;
                    let given: Given = run(trials(), |rng| {
                        // every second trial gives calls up soon after the threshold
                        let timeout = rng.random_bool(0.5).then_some((ticks + 1) * tick_ns);
                        let cell = ticked(latencies, tick_ns, timeout, rng);
                        let counting = Counting::at((ticks * tick_ns) as f64).in_ticks(tick_ns);
                        Given::of(&cell, q, counting, Fineness::Ticks(tick_ns))
                    });
                    row.push(format!("{:.3}, {:.3}", given.passes(), given.fails()));
                    let most = MOST_WRONG + given.slack(MOST_WRONG);
                    table.require(given.passes() <= most && given.fails() <= most, || {
                        format!("{} {sigma}, {ticks} ticks, q {q}: {given:?}", shape.name())
                    });
                }
                table.row(&row);
            }
        }
    }
    table.finish();
}
