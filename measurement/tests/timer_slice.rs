//! The timer of a slice is the one that suits the clock, and says what it can resolve.

mod slices;

use measurement::{
    driver::Driver,
    duration::Nanoseconds,
    probe::{Probe, ProbeLimits},
    simulation::{Outcome, SimLadder, SimPlatform, Steps},
    timer::{CannotInterpolate, SliceTimer},
};
use protocol::Transport;
use protocol::measure::{MeasureRequest, MeasureResponse, Timer, TimerChoice};
use slices::{driven, driven_by, request};

fn timer(choice: TimerChoice, platform: &SimPlatform) -> Result<SliceTimer, CannotInterpolate> {
    SliceTimer::new(choice, &Probe::run(platform, ProbeLimits::default()), None)
}

fn slice(choice: TimerChoice, platform: &SimPlatform) -> MeasureResponse {
    let request = MeasureRequest {
        warmup: 1,
        ..request(choice, 20)
    };
    driven(platform, &request, |_| Outcome::Takes(Nanoseconds(250_000))).0
}

#[test]
fn auto_interpolates_where_the_clock_runs_and_counts_ticks_where_it_stands_still() {
    let chosen = |platform: SimPlatform| timer(TimerChoice::Auto, &platform).unwrap().timer();
    assert_eq!(chosen(SimPlatform::running(1, 1)), Timer::Interpolated);
    assert_eq!(chosen(SimPlatform::running(3, 1)), Timer::Interpolated);
    assert_eq!(chosen(SimPlatform::frozen(1)), Timer::Ticked);
}

#[test]
fn ticked_can_be_forced_anywhere_but_interpolation_cannot() {
    assert_eq!(
        timer(TimerChoice::Ticked, &SimPlatform::running(1, 1))
            .unwrap()
            .timer(),
        Timer::Ticked
    );
    let refusal = timer(TimerChoice::Interpolated, &SimPlatform::frozen(1)).unwrap_err();
    assert_eq!(refusal, CannotInterpolate::ClockStandsStill);
}

#[test]
fn a_clock_that_io_moves_is_interpolated_by_auto_and_where_it_is_asked_for() {
    for (choice, steps, expected) in [
        (TimerChoice::Auto, Steps::Exact, Timer::IoInterpolated),
        (
            TimerChoice::IoInterpolated,
            Steps::Exact,
            Timer::IoInterpolated,
        ),
        (TimerChoice::Ticked, Steps::Exact, Timer::Ticked),
        (TimerChoice::Auto, Steps::Never, Timer::Ticked),
        (TimerChoice::Auto, Steps::Random, Timer::Ticked),
    ] {
        let platform = SimPlatform::standing(1, 7).with_steps(steps);
        let ladder = SimLadder::new(&platform, 25.0, 0.3);
        let request = request(choice, 20);
        let measured = driven_by(&platform, &ladder, &request, |_| {
            Outcome::Takes(Nanoseconds(250_000))
        });
        let clock = measured.0.clock.unwrap();
        assert_eq!(clock.timer, expected, "{choice} on {steps:?}");
        assert!(!clock.advances_during_cpu);
        let asked = choice != TimerChoice::Ticked;
        assert_eq!(
            measured.0.probed.is_empty(),
            !asked,
            "{choice} on {steps:?}"
        );
    }
}

#[test]
fn calls_that_compute_or_overlap_are_not_polled_for_by_auto() {
    let platform = SimPlatform::standing(1, 7);
    let ladder = SimLadder::new(&platform, 25.0, 0.3);
    let computes = MeasureRequest {
        transport: Transport::Direct,
        ..request(TimerChoice::Auto, 20)
    };
    let overlap = MeasureRequest {
        concurrency: 2,
        ..request(TimerChoice::Auto, 20)
    };
    for request in [computes, overlap] {
        let take = |_| Outcome::Takes(Nanoseconds(250_000));
        let (measured, _) = driven_by(&platform, &ladder, &request, take);
        assert_eq!(measured.clock.unwrap().timer, Timer::Ticked);
    }
    assert_eq!(ladder.polls(), 0);
}

#[test]
fn polls_that_were_asked_for_and_find_no_fit_clock_are_refused_with_what_was_tried() {
    for (steps, may_pass, text) in [
        (
            Steps::Never,
            false,
            "stream stands-still, websocket stands-still",
        ),
        (Steps::Random, true, "stream "),
    ] {
        let platform = SimPlatform::standing(1, 7).with_steps(steps);
        let ladder = SimLadder::new(&platform, 25.0, 0.3);
        let request = request(TimerChoice::IoInterpolated, 20);
        let refusal = platform
            .run(Driver::new(&platform, &ladder, &request))
            .unwrap_err();
        assert_eq!(refusal.may_pass(), may_pass, "{refusal}");
        assert!(refusal.to_string().contains(text), "{refusal}");
    }
}

#[test]
fn an_interpolated_slice_states_nanoseconds_and_their_resolution() {
    for tick_ms in [1, 3] {
        let readings = slice(
            TimerChoice::Auto,
            &SimPlatform::running(tick_ms, 2).with_varying_speed(0.01),
        );
        let clock = readings.clock.unwrap();
        assert_eq!((clock.tick_ms, clock.sample_unit_ns), (tick_ms, 1));
        assert_eq!(
            (
                readings.samples.len(),
                readings.lost,
                readings.noise_floor_ns.len()
            ),
            (20, 0, 4)
        );
        for sample in readings.samples {
            assert!(sample.abs_diff(250_000) < 100_000 * tick_ms, "{sample} ns");
        }
        let one_poll_ns = tick_ms * 1_000_000 / 652;
        assert!(clock.resolution_ns > one_poll_ns, "{clock:?}");
        assert!(clock.resolution_ns < 60_000 * tick_ms, "{clock:?}");
    }
}

#[test]
fn a_ticked_slice_states_ticks_and_never_less() {
    for (platform, tick_ms) in [
        (SimPlatform::frozen(3), 1),
        (SimPlatform::running(1, 3), 1),
        (SimPlatform::running(3, 3), 3),
    ] {
        let readings = slice(TimerChoice::Ticked, &platform);
        let clock = readings.clock.unwrap();
        assert_eq!(clock.tick_ms, tick_ms);
        assert_eq!(clock.sample_unit_ns, tick_ms * 1_000_000);
        assert_eq!(clock.resolution_ns, tick_ms * 1_000_000);
        assert_eq!(readings.samples.len(), 20);
        assert_eq!(
            readings.samples.iter().sum::<u64>() * tick_ms,
            readings.elapsed_ms
        );
        assert!(readings.noise_floor_ns.is_empty());
    }
}
