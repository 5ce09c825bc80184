//! Do intervals contain the truth on a clock that stands still, polled by I/O?

mod slices;
mod trials;

use measurement::{
    cell_samples::{Block, CellSamples},
    mean::mean,
    simulation::{Latencies, Outcome, SimLadder, SimPlatform, Stalls, Steps},
    timer_noise::TimerNoise,
};
use protocol::measure::{MeasureRequest, MeasureResponse, Timer, TimerChoice};
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use slices::{driven_by, request};
use trials::{LAYOUTS, Layout, Table, Tallies, Tally, distributions, least_coverage, run, trials};

const QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];
/// The spread of the polls: sigma of the logarithm.
const SIGMA: f64 = 0.6;
/// 2 stalls in 100 ms, a third of a tick long on average.
const STALLS: Stalls = Stalls {
    per_ms: 0.02,
    mean_ns: 300_000.0,
};

/// A clock that stands still, and how it is polled.
#[derive(Clone, Copy, Debug)]
struct Platform {
    tick_ms: u64,
    poll_us: f64,
    steps: Steps,
}

/// What came of one cell: its latencies and noise, if the timer was accepted in most of its slices.
fn measured(
    platform: Platform,
    latencies: Latencies,
    layout: Layout,
    rng: &mut ChaCha8Rng,
) -> Option<(CellSamples, TimerNoise)> {
    let (mut blocks, mut floor) = (Vec::new(), Vec::new());
    for index in 0..layout.blocks {
        let answer = slice(platform, latencies, layout, rng);
        if answer.clock.unwrap().timer == Timer::IoInterpolated {
            floor.extend(answer.noise_floor_ns);
            let samples_ns = answer.samples;
            blocks.push(Block { index, samples_ns });
        }
    }
    let is_accepted = 2 * blocks.len() >= layout.blocks as usize;
    is_accepted.then(|| (CellSamples::new(blocks), TimerNoise::new(floor)))
}

fn slice(
    platform: Platform,
    latencies: Latencies,
    layout: Layout,
    rng: &mut ChaCha8Rng,
) -> MeasureResponse {
    let clock = SimPlatform::standing(platform.tick_ms, rng.random())
        .with_stalls(STALLS)
        .with_steps(platform.steps)
        .with_varying_speed(0.02);
    let ladder = SimLadder::new(&clock, platform.poll_us, SIGMA);
    let request = MeasureRequest {
        warmup: 2,
        ..request(TimerChoice::Auto, layout.samples)
    };
    let block = latencies.block(rng);
    let mut own = clock.generator();
    driven_by(&clock, &ladder, &request, |_| {
        Outcome::Takes(block.sample(&mut own))
    })
    .0
}

/// Coverage of mean, p50, p95 and p99, and how often the timer was refused.
fn tallies(platform: Platform, latencies: Latencies, layout: Layout, trials: u64) -> Tallies<4> {
    let truths = QUANTILES.map(|q| latencies.quantile_ns(q));
    run(trials, |rng| {
        let Some((cell, noise)) = measured(platform, latencies, layout, rng) else {
            return Tallies::default();
        };
        let mean = mean(&cell).map(|mean| noise.behind(mean)).ok();
        let ends = |i: usize| noise.quantile(&cell, QUANTILES[i]).ok();
        let of = |estimate: Option<measurement::interval::Estimate>, truth| {
            Tally::of(estimate.map(|e| (e.lower_ns, e.upper_ns)), truth)
        };
        Tallies([
            of(mean, latencies.mean_ns()),
            of(ends(0), truths[0]),
            of(ends(1), truths[1]),
            of(ends(2), truths[2]),
        ])
    })
}

fn row(name: &str, platform: Platform, tallies: &Tallies<4>, trials: u64) -> Vec<String> {
    let mut row = vec![
        name.to_owned(),
        format!("{} us, {} ms", platform.poll_us, platform.tick_ms),
    ];
    row.extend(tallies.0.iter().map(|t| {
        let covered = t.covered as f64 / trials as f64;
        format!("{covered:.3} ({:.2})", t.mean_width() / 1e6)
    }));
    row
}

const COLUMNS: [&str; 6] = ["latencies", "polls, tick", "mean", "p50", "p95", "p99"];

#[test]
fn intervals_contain_the_truth_on_a_standing_clock() {
    let trials = trials();
    let mut table = Table::new(
        &format!(
            "Clock that steps at I/O, polls lognormal (sigma {SIGMA}), 20 slices of 20 samples: coverage over {trials} trials, a refused one not covered (mean width in ms)"
        ),
        &COLUMNS,
    );
    for tick_ms in [1, 3] {
        for poll_us in [25.0, 60.0] {
            let platform = Platform {
                tick_ms,
                poll_us,
                steps: Steps::Exact,
            };
            for (name, latencies) in distributions() {
                let tallies = tallies(platform, latencies, LAYOUTS[0], trials);
                table.row(&row(&name, platform, &tallies, trials));
                for (tally, what) in tallies.0.iter().zip(["mean", "p50", "p95", "p99"]) {
                    // a p99 that is not stated for want of independent samples is no matter of the clock
                    let stated = if what == "p99" { tally.stated } else { trials };
                    let covered = tally.covered as f64 / stated as f64;
                    table.require(covered >= least_coverage(trials), || {
                        format!("{name}, {platform:?}: {what} {tally:?}")
                    });
                }
            }
        }
    }
    table.finish();
}

#[test]
fn a_clock_that_moves_at_some_polls_only_is_refused_or_covered() {
    let trials = trials();
    let mut table = Table::new(
        &format!(
            "Clock that moves at some polls only: coverage over {trials} trials, those that were refused left out (mean width in ms)"
        ),
        &COLUMNS,
    );
    for share in [0.3, 0.7] {
        for poll_us in [25.0, 60.0] {
            let platform = Platform {
                tick_ms: 1,
                poll_us,
                steps: Steps::Sometimes(share),
            };
            for (name, latencies) in distributions().into_iter().take(3) {
                let tallies = tallies(platform, latencies, LAYOUTS[0], trials);
                let accepted = tallies.0[1].stated.max(1);
                let name = format!(
                    "{name}; at {share} of polls, accepted {}",
                    tallies.0[1].stated
                );
                table.row(&row(&name, platform, &tallies, accepted));
                for (tally, what) in tallies.0.iter().zip(["mean", "p50", "p95", "p99"]) {
                    let covered = tally.covered as f64 / tally.stated.max(1) as f64;
                    let few = tally.stated <= trials / 100;
                    table.require(few || covered >= least_coverage(tally.stated), || {
                        format!("{name}, {platform:?}: {what} {tally:?}")
                    });
                }
            }
        }
    }
    table.finish();
}
