//! Runs until they are settled: are verdicts wrong as rarely as they say, intervals right as often, and how many samples does it take?

mod trials;

use measurement::{
    cell_samples::{Block, CellSamples},
    exceedance::{Counting, Fineness, ShareTest},
    looks::{Looks, Verdict},
    quantile::quantile,
    simulation::Latencies,
};
use protocol::report::Outcome;
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use std::{collections::BTreeMap, ops::AddAssign, sync::Mutex};
use trials::{Table, Tally, least_coverage, run, trials};

/// Samples of a slice, as in a default run.
const SLICE: u64 = 20;

/// Wrong verdicts at most, stopping included.
const MOST_WRONG: f64 = 0.05;

/// Samples at most where the share is nothing, or ten times what is allowed.
const MOST_BY_FAR: f64 = 600.0;

/// At most 10,000 samples; half of that where no number settles it, which takes most of this test's time.
fn looks(share: f64, quantile: f64) -> Looks {
    let is_equal = (share / allowed(quantile) - 1.0).abs() < 1e-6;
    Looks::until(440, if is_equal { 5_000 } else { 10_000 }, SLICE)
}

/// How the calls of a run resemble each other, and whether they time out.
#[derive(Clone, Copy, Debug)]
struct Calls {
    name: &'static str,
    sigma: f64,
    /// Half of the calls above the threshold are given up.
    time_out: bool,
}

const CALLS: [Calls; 4] = [
    Calls {
        name: "independent",
        sigma: 0.0,
        time_out: false,
    },
    Calls {
        name: "blocks differ, sigma 0.3",
        sigma: 0.3,
        time_out: false,
    },
    Calls {
        name: "blocks differ, sigma 0.6",
        sigma: 0.6,
        time_out: false,
    },
    Calls {
        name: "sigma 0.3, half of them time out",
        sigma: 0.3,
        time_out: true,
    },
];

/// A threshold above which a known share of the calls lies.
#[derive(Clone, Copy, Debug)]
struct Case {
    latencies: Latencies,
    quantile: f64,
    share: f64,
    threshold_ns: f64,
    timeout_ns: u64,
    /// The true quantile.
    quantile_ns: f64,
}

impl Case {
    fn new(distribution: Latencies, calls: Calls, quantile: f64, share: f64) -> Self {
        let latencies = distribution.block_correlated(calls.sigma);
        let at = |share: f64| match share {
            0.0 => 1e15,
            1.0 => 1.0,
            _ => upper_quantile_ns(latencies, calls.sigma, share),
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a latency in nanoseconds"
        )]
        let timeout_ns = if calls.time_out {
            at(share / 2.0) as u64
        } else {
            u64::MAX
        };
        Self {
            latencies,
            quantile,
            share,
            threshold_ns: at(share),
            timeout_ns,
            quantile_ns: at(1.0 - quantile),
        }
    }

    /// One of the three shapes, in turns.
    fn any(rng: &mut ChaCha8Rng, cases: &[Self; 3]) -> Self {
        cases[rng.random_range(0..3)]
    }

    /// So many samples more, in slices.
    fn measure(&self, blocks: &mut Vec<Block>, samples: u64, rng: &mut ChaCha8Rng) {
        let mut have: u64 = blocks.iter().map(|b| b.samples_ns.len() as u64).sum();
        while have < samples {
            let block = self.latencies.block(rng);
            let index = u32::try_from(blocks.len()).unwrap();
            let size = SLICE.min(samples - have);
            let samples_ns = (0..size).map(|_| block.sample(rng).0).collect();
            blocks.push(Block { index, samples_ns });
            have += size;
        }
    }

    fn cell(&self, blocks: &[Block]) -> CellSamples {
        let mut timeouts = Vec::new();
        let timed = blocks.iter().map(|block| {
            let kept = block.samples_ns.iter().copied();
            let samples_ns: Vec<u64> = kept.filter(|&ns| ns < self.timeout_ns).collect();
            let timed_out = (block.samples_ns.len() - samples_ns.len()) as u64;
            timeouts.push((block.index, timed_out));
            let index = block.index;
            Block { index, samples_ns }
        });
        let timed: Vec<Block> = timed.collect();
        CellSamples::with_timeouts(timed, timeouts, self.timeout_ns)
    }

    fn test(&self, cell: &CellSamples) -> ShareTest {
        let at = Counting::at(self.threshold_ns);
        ShareTest::of_cell(cell, self.quantile, at, Fineness::Fine).expect("the cell has samples")
    }

    /// Measures until the verdict is settled.
    fn settle(&self, looks: &Looks, rng: &mut ChaCha8Rng) -> (CellSamples, Verdict) {
        let (mut blocks, mut tests) = (Vec::new(), Vec::new());
        loop {
            let look = looks.at(tests.len()).expect("the last look ends it");
            self.measure(&mut blocks, look.samples, rng);
            let cell = self.cell(&blocks);
            tests.push(self.test(&cell));
            let has_ended = tests.len() == looks.all().len();
            let verdict = looks.verdict(&tests, has_ended).expect("there are tests");
            if has_ended || verdict.outcome != Outcome::Inconclusive {
                return (cell, verdict);
            }
        }
    }
}

/// The latency that a `share` of the calls exceeds; it takes a tenth of a second to work out, and each is needed several times.
fn upper_quantile_ns(latencies: Latencies, sigma: f64, share: f64) -> f64 {
    type Known = BTreeMap<(&'static str, u64, u64), f64>;
    static KNOWN: Mutex<Known> = Mutex::new(BTreeMap::new());
    let share = (share * 1e9).round() / 1e9;
    let key = (latencies.name(), sigma.to_bits(), share.to_bits());
    let mut known = KNOWN.lock().expect("no test panics with it");
    *known
        .entry(key)
        .or_insert_with(|| latencies.quantile_ns(1.0 - share))
}

/// What came of the runs of one case.
#[derive(Clone, Copy, Debug, Default)]
struct Settled {
    trials: u64,
    pass: u64,
    fail: u64,
    samples: f64,
    /// The interval of the share, and that of the quantile, each at the end of the run.
    share: Tally,
    quantile: Tally,
}

impl AddAssign for Settled {
    fn add_assign(&mut self, other: Self) {
        self.trials += other.trials;
        self.pass += other.pass;
        self.fail += other.fail;
        self.samples += other.samples;
        self.share += other.share;
        self.quantile += other.quantile;
    }
}

impl Settled {
    fn of(case: &Case, cell: &CellSamples, verdict: &Verdict) -> Self {
        let found = verdict.exceedance;
        // a share of nothing, or of everything, is an end of its interval
        let share = Some((found.lower - 1e-12, found.upper + 1e-12));
        let quantile = quantile(cell, case.quantile).ok();
        Self {
            trials: 1,
            pass: u64::from(verdict.outcome == Outcome::Pass),
            fail: u64::from(verdict.outcome == Outcome::Fail),
            samples: found.n as f64,
            share: Tally::of(share, case.share),
            quantile: Tally::of(quantile.map(|e| (e.lower_ns, e.upper_ns)), case.quantile_ns),
        }
    }

    fn rate(&self, count: u64) -> f64 {
        count as f64 / self.trials as f64
    }

    fn mean_n(&self) -> f64 {
        self.samples / self.trials as f64
    }

    /// Where the share is just what is allowed, either verdict claims a difference that is not there.
    fn wrong(&self, share: f64, allowed: f64) -> f64 {
        let wrongly_passed = if share >= allowed { self.pass } else { 0 };
        let wrongly_failed = if share <= allowed { self.fail } else { 0 };
        self.rate(wrongly_passed + wrongly_failed)
    }

    fn right(&self, share: f64, allowed: f64) -> f64 {
        self.rate(if share < allowed {
            self.pass
        } else {
            self.fail
        })
    }

    /// Three standard errors of a rate, where fewer trials than 1,000 leave that much to chance.
    fn slack(&self, rate: f64) -> f64 {
        if self.trials >= 1_000 {
            return 0.0;
        }
        3.0 * (rate * (1.0 - rate) / self.trials as f64).sqrt()
    }
}

fn settled(cases: &[Case; 3], looks: &Looks, trials: u64) -> Settled {
    run(trials, |rng| {
        let case = Case::any(rng, cases);
        let (cell, verdict) = case.settle(looks, rng);
        Settled::of(&case, &cell, &verdict)
    })
}

/// The shares of a quantile, and the name of each.
fn shares(quantile: f64) -> Vec<(String, f64)> {
    if quantile < 0.9 {
        let shares = [0.0, 0.1, 0.25, 0.5, 0.75, 1.0];
        return shares.map(|share| (share.to_string(), share)).to_vec();
    }
    let allowed = 1.0 - quantile;
    [
        ("none", 0.0),
        ("a fifth", 0.2),
        ("half", 0.5),
        ("equal", 1.0),
        ("twice", 2.0),
        ("ten times", 10.0),
    ]
    .map(|(name, times)| {
        let share = (times * allowed * 1e9_f64).round() / 1e9;
        (format!("{name} ({share})"), share)
    })
    .to_vec()
}

fn allowed(quantile: f64) -> f64 {
    measurement::exceedance::allowed_above(quantile)
}

/// How many runs a single look at two thirds of `mean_n` settles rightly. If that is less than 95 %, the mean n is at most 1.5 times
/// the n at which it would be as many.
fn single_look(cases: &[Case; 3], mean_n: f64) -> (f64, f64) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some hundred samples"
    )]
    let n = (mean_n / 1.5).round() as u64;
    let once = settled(cases, &Looks::once(n), trials() / 4);
    let right = once.right(cases[0].share, allowed(cases[0].quantile));
    (right, 0.95 + once.slack(0.95))
}

#[test]
fn runs_until_settled_are_wrong_in_a_twentieth_at_most_frugal_and_state_intervals_that_hold() {
    let mut table = Table::new(
        &format!(
            "Runs until settled, at most 10,000 samples (5,000 where the share is what is allowed), {} trials of each case",
            trials()
        ),
        &[
            "calls",
            "quantile",
            "share above",
            "pass",
            "fail",
            "open",
            "mean n",
            "a single look at 2/3 of it",
            "share covered",
            "quantile covered",
        ],
    );
    for calls in CALLS {
        for quantile in [0.5, 0.95, 0.99] {
            for (name, share) in shares(quantile) {
                let cases = Latencies::all().map(|shape| Case::new(shape, calls, quantile, share));
                let found = settled(&cases, &looks(share, quantile), trials());
                let open = found.trials - found.pass - found.fail;
                let times = share / allowed(quantile);
                let is_near =
                    quantile > 0.9 && (0.3..3.0).contains(&times) && (times - 1.0).abs() > 0.1;
                let once = is_near.then(|| single_look(&cases, found.mean_n()));
                table.row(&[
                    calls.name.to_owned(),
                    format!("p{}", quantile * 100.0),
                    name.clone(),
                    format!("{:.3}", found.rate(found.pass)),
                    format!("{:.3}", found.rate(found.fail)),
                    format!("{:.3}", found.rate(open)),
                    format!("{:.0}", found.mean_n()),
                    once.map_or(String::new(), |(right, _)| format!("{right:.3}")),
                    format!("{:.3}", found.share.coverage()),
                    format!("{:.3}", found.quantile.coverage()),
                ]);
                let what = || format!("{}, p{quantile}, {name}: {found:?}", calls.name);
                let wrong = found.wrong(share, allowed(quantile));
                table.require(wrong <= MOST_WRONG + found.slack(MOST_WRONG), what);
                let least = least_coverage(found.trials);
                table.require(found.share.coverage() >= least, what);
                let stated = found.quantile.stated;
                if stated >= 30 {
                    let least = least_coverage(stated.min(found.trials));
                    table.require(found.quantile.coverage() >= least, what);
                }
                table.require(once.is_none_or(|(right, most)| right <= most), what);
                let by_far = share == 0.0 || share >= (10.0 * allowed(quantile)).min(1.0);
                table.require(
                    !by_far || (open == 0 && found.mean_n() <= MOST_BY_FAR),
                    what,
                );
            }
        }
    }
    table.finish();
}
