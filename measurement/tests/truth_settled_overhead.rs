//! Runs until an overhead is settled: is its verdict wrong as rarely, and does its interval hold as often, as they say?

mod trials;

use measurement::{
    cell_samples::{Block, CellSamples},
    exceedance::{Counting, Fineness, ShareTest, allowed_above},
    interval::Known,
    looks::Looks,
    overhead::Overhead,
    quantile::quantile,
    simulation::Latencies,
};
use protocol::report::Outcome;
use rand_chacha::ChaCha8Rng;
use std::ops::AddAssign;
use trials::{Table, Tally, least_coverage, run, trials};

const SLICE: u64 = 20;

/// `direct` takes a fifth of an ordinary call; blocks slow it by the same factor.
const DIRECT_DIVISOR: u64 = 5;

const MOST_WRONG: f64 = 0.05;

/// What is asked of the overhead of a transport over `direct`.
#[derive(Clone, Copy, Debug)]
struct Asked {
    transport: Latencies,
    direct: Latencies,
    quantile: f64,
    threshold_ns: f64,
    truth_ns: f64,
}

impl Asked {
    /// The share `above` of the transport's calls takes the threshold or longer, on top of what `direct` takes.
    fn new(shape: Latencies, sigma: f64, quantile: f64, above: f64) -> Self {
        let transport = shape.block_correlated(sigma);
        let direct = Latencies::lognormal().block_correlated(sigma);
        let direct_ns = direct.quantile_ns(quantile) / DIRECT_DIVISOR as f64;
        Self {
            transport,
            direct,
            quantile,
            threshold_ns: transport.quantile_ns(1.0 - above) - direct_ns,
            truth_ns: transport.quantile_ns(quantile) - direct_ns,
        }
    }

    /// One block of both.
    fn measure(&self, index: u32, rng: &mut ChaCha8Rng) -> [Block; 2] {
        // the factor is the first thing that a block draws: one state of the generator gives both the same one
        let mut same_factor = rng.clone();
        let (slow, fast) = (
            self.transport.block(rng),
            self.direct.block(&mut same_factor),
        );
        let slow = (0..SLICE).map(|_| slow.sample(rng).0).collect();
        let fast = (0..SLICE)
            .map(|_| fast.sample(rng).0 / DIRECT_DIVISOR)
            .collect();
        [slow, fast].map(|samples_ns| Block { index, samples_ns })
    }

    fn settle(&self, looks: &Looks, rng: &mut ChaCha8Rng) -> Given {
        let (mut blocks, mut tests) = ([Vec::new(), Vec::new()], Vec::new());
        loop {
            let look = looks.at(tests.len()).expect("the last look ends it");
            while (blocks[0].len() as u64) * SLICE < look.samples {
                let index = u32::try_from(blocks[0].len()).unwrap();
                for (cell, block) in blocks.iter_mut().zip(self.measure(index, rng)) {
                    cell.push(block);
                }
            }
            let [transport, direct] = blocks.each_ref().map(|b| CellSamples::new(b.clone()));
            let known = Known::from(quantile(&direct, self.quantile));
            let counting = Counting::at(self.threshold_ns).beyond(Some(&known));
            let test = ShareTest::of_cell(&transport, self.quantile, counting, Fineness::Fine);
            tests.push(test.expect("the cell has samples"));
            let has_ended = tests.len() == looks.all().len();
            let verdict = looks.verdict(&tests, has_ended).expect("there are tests");
            if has_ended || verdict.outcome != Outcome::Inconclusive {
                let overhead = Overhead::new(&transport, &direct).expect("both have samples");
                let interval = overhead.quantile(self.quantile).ok();
                return Given {
                    trials: 1,
                    pass: u64::from(verdict.outcome == Outcome::Pass),
                    fail: u64::from(verdict.outcome == Outcome::Fail),
                    interval: Tally::of(interval.map(|e| (e.lower_ns, e.upper_ns)), self.truth_ns),
                };
            }
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Given {
    trials: u64,
    pass: u64,
    fail: u64,
    interval: Tally,
}

impl AddAssign for Given {
    fn add_assign(&mut self, other: Self) {
        self.trials += other.trials;
        self.pass += other.pass;
        self.fail += other.fail;
        self.interval += other.interval;
    }
}

#[test]
fn overheads_until_settled_are_wrong_in_a_twentieth_at_most_and_their_intervals_hold() {
    let mut table = Table::new(
        &format!(
            "Overheads until settled, at most 2,500 samples, {} trials of each case",
            trials() / 2
        ),
        &[
            "latencies",
            "sigma of blocks",
            "quantile",
            "share above",
            "pass",
            "fail",
            "interval covers",
        ],
    );
    let looks = Looks::until(440, 2_500, SLICE);
    for (shape, sigma) in [
        (Latencies::lognormal(), 0.3),
        (Latencies::heavy_tail(), 0.0),
        (Latencies::heavy_tail(), 0.3),
    ] {
        for q in [0.5, 0.95, 0.99] {
            let allowed = allowed_above(q);
            for (name, times) in [("half", 0.5), ("equal", 1.0), ("twice", 2.0)] {
                let times = if q < 0.9 {
                    f64::midpoint(times, 1.0)
                } else {
                    times
                };
                let asked = Asked::new(shape, sigma, q, times * allowed);
                let given: Given = run(trials() / 2, |rng| asked.settle(&looks, rng));
                let rate = |count: u64| count as f64 / given.trials as f64;
                let coverage = given.interval.coverage();
                table.row(&[
                    shape.name().to_owned(),
                    sigma.to_string(),
                    format!("p{}", q * 100.0),
                    format!("{name} ({:.3})", times * allowed),
                    format!("{:.3}", rate(given.pass)),
                    format!("{:.3}", rate(given.fail)),
                    format!("{coverage:.3}"),
                ]);
                let wrong = match name {
                    "half" => rate(given.fail),
                    "equal" => rate(given.pass + given.fail),
                    _ => rate(given.pass),
                };
                let slack = if given.trials < 1_000 {
                    3.0 * (MOST_WRONG * (1.0 - MOST_WRONG) / given.trials as f64).sqrt()
                } else {
                    0.0
                };
                let what = || format!("{} {sigma}, {q}, {name}: {given:?}", shape.name());
                table.require(wrong <= MOST_WRONG + slack, what);
                table.require(coverage >= least_coverage(given.trials), what);
            }
        }
    }
    table.finish();
}
