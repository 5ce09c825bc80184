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

#[test]
fn a_tick_that_was_jumped_over_is_not_counted() {
    // stalls of several ticks all the time: the counts that remain are still those of whole ticks
    let stalls = Stalls {
        per_ms: 0.3,
        mean_ns: 4_000_000.0,
    };
    for seed in 0..TRIALS {
        let probe = probe(&SimPlatform::running(1, seed).with_stalls(stalls));
        assert_eq!(probe.tick_ms, 1);
        assert!(
            probe.polls_per_tick.iter().all(|&polls| polls < 660),
            "{probe:?}"
        );
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

#[test]
fn a_clock_that_stops_or_runs_backwards_ends_the_probe_too() {
    for readings in [
        vec![5, 6],
        vec![5, 6, 7, 8],
        vec![9, 8, 7, 6, 5, 4],
        vec![5, 9, 5, 9, 5],
    ] {
        let clock = Scripted {
            readings,
            taken: 0.into(),
        };
        let probe = probe(&clock);
        let most = 17 * 5 * ProbeLimits::default().polls as usize;
        assert!(
            clock.taken.get() < most,
            "{} readings taken",
            clock.taken.get()
        );
        assert!(!probe.can_interpolate() || probe.tick_ms > 0);
    }
}
