//! The probe finds out what a clock can do, within bounds.

use measurement::{
    clock::Clock,
    duration::Nanoseconds,
    probe::{Probe, ProbeLimits},
    simulation::{SimPlatform, Stalls},
};

const TRIALS: u64 = 200;
/// 2 stalls in 100 ms, half a tick long on average.
const FEW_STALLS: Stalls = Stalls {
    per_ms: 0.02,
    mean_ns: 500_000.0,
};

fn probe(clock: &impl Clock) -> Probe {
    Probe::run(clock, ProbeLimits::default())
}

#[test]
fn a_clock_that_stands_still_is_detected_within_the_budget_of_the_free_plan() {
    for seed in 0..TRIALS {
        let clock = SimPlatform::frozen(seed).with_stalls(FEW_STALLS);
        let probe = probe(&clock);
        assert!(!probe.advances_during_cpu);
        assert!(!probe.can_interpolate());
        assert_eq!(
            clock.readings(),
            u64::from(ProbeLimits::default().polls) + 1
        );
        assert!(
            clock.spun() < Nanoseconds::from_ms(5),
            "{:?} of CPU",
            clock.spun()
        );
    }
}

#[test]
fn a_running_clock_and_its_tick_are_recognised_at_1_and_at_3_ms() {
    for tick_ms in [1, 3] {
        for seed in 0..TRIALS {
            let clock = SimPlatform::running(tick_ms, seed).with_stalls(FEW_STALLS);
            let probe = probe(&clock);
            assert!(
                probe.can_interpolate(),
                "tick {tick_ms}, seed {seed}: {probe:?}"
            );
            assert_eq!(probe.tick_ms, tick_ms);
        }
    }
}

#[test]
fn polls_per_tick_are_counted_over_whole_ticks() {
    // from the costs of the simulated platform: 400 steps of 3.7 ns and a reading of 53 ns make a poll
    let expected = 1e6 / (400.0 * 3.7 + 53.0);
    for tick_ms in [1, 3] {
        let probe = probe(&SimPlatform::running(tick_ms, 5));
        for &polls in &probe.polls_per_tick {
            assert!(
                (f64::from(polls) - expected * tick_ms as f64).abs() <= 1.0,
                "{polls} polls in {tick_ms} ms"
            );
        }
    }
}

/// A clock that follows a script and then stays at its last reading.
struct Scripted {
    readings: Vec<u64>,
    taken: std::cell::Cell<usize>,
}

impl Clock for Scripted {
    fn now_ms(&self) -> u64 {
        let taken = self.taken.get();
        self.taken.set(taken + 1);
        self.readings[taken.min(self.readings.len() - 1)]
    }

    fn spin(&self, _steps: u32) {}
}

fn scripted(readings: impl Into<Vec<u64>>) -> Scripted {
    Scripted {
        readings: readings.into(),
        taken: 0.into(),
    }
}

#[test]
fn only_whole_ticks_that_were_not_jumped_over_are_counted() {
    // the part before the first edge, three whole ticks, a jump over two edges, part of a tick, two more whole ticks
    let readings = [
        4, 5, 5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8, 11, 11, 12, 12, 12, 13, 13, 13, 14,
    ];
    let probe = probe(&scripted(readings));
    assert_eq!(
        (probe.tick_ms, probe.polls_per_tick.as_slice()),
        (1, [3, 3, 3, 3, 3].as_slice())
    );
}

#[test]
fn the_tick_is_the_step_that_all_advances_share() {
    let advances_of_6_9_and_3 = scripted([0, 6, 15, 18, 21, 24, 27, 30]);
    assert_eq!(probe(&advances_of_6_9_and_3).tick_ms, 3);
    let advances_of_6_and_4 = scripted([0, 6, 10, 16, 20]);
    let probe = probe(&advances_of_6_and_4);
    assert_eq!(probe.tick_ms, 2);
    assert!(
        probe.advances_during_cpu && !probe.can_interpolate(),
        "no advance was a single tick: {probe:?}"
    );
}

#[test]
fn a_clock_that_stops_or_runs_backwards_ends_the_probe_too() {
    let polls = ProbeLimits::default().polls as usize;
    for readings in [
        vec![5, 6],
        vec![5, 6, 7, 8],
        vec![5, 4],
        (0..100_000).rev().collect(),
    ] {
        let length = readings.len();
        let clock = scripted(readings);
        let probe = probe(&clock);
        assert!(!probe.can_interpolate() && probe.tick_ms > 0, "{probe:?}");
        assert!(
            clock.taken.get() <= length.min(100) + 2 * polls,
            "{} readings taken",
            clock.taken.get()
        );
    }
}

#[test]
fn one_advance_alone_does_not_make_a_clock_run() {
    assert!(!probe(&scripted([5, 6])).advances_during_cpu);
    assert!(probe(&scripted([5, 6, 7])).advances_during_cpu);
}
