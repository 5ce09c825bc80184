//! Does the probe by I/O accept the clocks that can be interpolated, and refuse the others?

#![allow(
    clippy::print_stdout,
    reason = "the figures are what these tests are run for"
)]

mod trials;

use measurement::{
    clock::ladder::NoLadder,
    probe::io::IoProbe,
    simulation::{SimLadder, SimPlatform, Stalls, Steps},
};
use protocol::measure::Rung;
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use trials::{Table, Tallies, Tally, run, trials};

/// Fit clocks are accepted, and unfit ones refused, in at least this share of trials.
const LEAST_RIGHT: f64 = 0.99;
const SIGMA: f64 = 0.6;
const STALLS: Stalls = Stalls {
    per_ms: 0.02,
    mean_ns: 300_000.0,
};

fn probe(
    tick_ms: u64,
    poll_us: f64,
    steps: Steps,
    stalls: Stalls,
    rng: &mut ChaCha8Rng,
) -> IoProbe {
    let clock = SimPlatform::standing(tick_ms, rng.random())
        .with_stalls(stalls)
        .with_steps(steps)
        .with_varying_speed(0.02);
    let ladder = SimLadder::new(&clock, poll_us, SIGMA);
    clock.run(IoProbe::run(&clock, &ladder))
}

/// In how many of `trials` a rung was found fit; of those with the right tick.
fn accepted(tick_ms: u64, poll_us: f64, steps: Steps, stalls: Stalls, trials: u64) -> (f64, bool) {
    let tallies: Tallies<1> = run(trials, |rng| {
        let fit = probe(tick_ms, poll_us, steps, stalls, rng).fit;
        let tick = fit.map(|fit| (fit.tick_ms as f64, fit.tick_ms as f64));
        Tallies([Tally::of(tick, tick_ms as f64)])
    });
    let tally = tallies.0[0];
    (
        tally.stated as f64 / trials as f64,
        tally.stated == tally.covered,
    )
}

/// What chance alone may take from [`LEAST_RIGHT`], where fewer trials than 1,000 leave that much to it.
fn least_right(trials: u64) -> f64 {
    let error = (LEAST_RIGHT * (1.0 - LEAST_RIGHT) / trials as f64).sqrt();
    LEAST_RIGHT - 3.0 * error * f64::from(trials < 1_000)
}

#[test]
fn fit_clocks_are_accepted_and_unfit_ones_refused() {
    let trials = trials();
    let mut table = Table::new(
        &format!(
            "Probe by I/O, polls lognormal (sigma {SIGMA}): share of {trials} trials that accept the clock"
        ),
        &["steps", "polls, tick", "accepted"],
    );
    for tick_ms in [1_u32, 3] {
        let half_a_tick = f64::from(tick_ms) * 0.5e6;
        for poll_us in [25.0, 60.0] {
            for (name, steps, is_fit) in [
                ("regular", Steps::Exact, true),
                ("at random times", Steps::Random, false),
                ("up to half a tick late", Steps::Late(half_a_tick), false),
                ("up to 2 ms late", Steps::Late(2e6), false),
                ("none", Steps::Never, false),
            ] {
                let (share, right_tick) = accepted(tick_ms.into(), poll_us, steps, STALLS, trials);
                table.row(&[
                    name.to_owned(),
                    format!("{poll_us} us, {tick_ms} ms"),
                    format!("{share:.3}"),
                ]);
                let right = if is_fit { share } else { 1.0 - share };
                table.require(right >= least_right(trials) && right_tick, || {
                    format!("{name}, {poll_us} us, {tick_ms} ms: accepted {share}, right tick {right_tick}")
                });
            }
        }
    }
    table.finish();
}

/// A machine that others use: every tenth millisecond the CPU is taken away, for 1.5 ms on average.
const BUSY: Stalls = Stalls {
    per_ms: 0.1,
    mean_ns: 1_500_000.0,
};

#[test]
fn a_busy_machine_makes_no_clock_unfit_and_no_unfit_clock_fit() {
    let trials = trials();
    for poll_us in [15.0, 40.0] {
        for (steps, is_fit) in [
            (Steps::Exact, true),
            (Steps::Late(0.5e6), false),
            (Steps::Late(2e6), false),
            (Steps::Random, false),
        ] {
            let (share, _) = accepted(1, poll_us, steps, BUSY, trials);
            println!("busy machine, polls of {poll_us} us, {steps:?}: {share:.3} accepted");
            let right = if is_fit { share } else { 1.0 - share };
            assert!(right >= 0.95, "{poll_us} us, {steps:?}: {share} accepted");
        }
    }
}

#[test]
fn the_ladder_is_climbed_to_the_first_rung_that_moves_the_clock() {
    for seed in 0..100 {
        let clock = SimPlatform::standing(1, seed);
        let ladder = SimLadder::new(&clock, 40.0, 0.3).that_works_from(Rung::Websocket);
        let probe = clock.run(IoProbe::run(&clock, &ladder));
        assert_eq!(probe.fit.unwrap().rung, Rung::Websocket);
        let [stream, websocket] = probe.facts.try_into().unwrap();
        assert_eq!(
            stream.unfit.unwrap().as_str(),
            "stands-still",
            "seed {seed}"
        );
        assert_eq!((stream.steps, websocket.unfit), (0, None));
    }
    let clock = SimPlatform::standing(1, 1);
    let nothing = clock.run(IoProbe::run(&clock, &NoLadder));
    assert!(nothing.fit.is_none() && nothing.facts.is_empty());
}

#[test]
fn a_probe_ends_whatever_the_clock_does() {
    for steps in [
        Steps::Never,
        Steps::Random,
        Steps::Late(2e6),
        Steps::Sometimes(0.01),
    ] {
        for seed in 0..20 {
            let clock = SimPlatform::standing(1, seed).with_steps(steps);
            let ladder = SimLadder::new(&clock, 25.0, SIGMA);
            let probe = clock.run(IoProbe::run(&clock, &ladder));
            let counted: u32 = probe.facts.iter().map(|facts| facts.polls).sum();
            assert_eq!(counted, ladder.polls(), "{steps:?}");
            // two looks
            assert!(
                ladder.polls() < 2 * 12_700,
                "{steps:?}: {} polls",
                ladder.polls()
            );
        }
    }
}
