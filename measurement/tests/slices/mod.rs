//! Slices of simulated calls, made by the driver that makes real ones.

#![allow(dead_code, reason = "each test uses a part")]

use measurement::{
    clock::ladder::{Ladder, NoLadder},
    driver::Driver,
    duration::Nanoseconds,
    probe::{Probe, ProbeLimits},
    simulation::{Made, Outcome, SimCall, SimCalls, SimPlatform},
    timer::InterpolatedTimer,
};
use protocol::{
    Function, PayloadShape, Transport,
    measure::{MeasureRequest, MeasureResponse, TimerChoice},
};

pub(crate) const CALLS_PER_SLICE: usize = 20;

/// A timer for the clock of `platform`, which has to run.
pub(crate) fn timer_for(platform: &SimPlatform) -> InterpolatedTimer {
    InterpolatedTimer::new(&Probe::run(platform, ProbeLimits::default())).expect("the clock runs")
}

/// A request for a slice of `samples` timed calls, without warmup and chain.
pub(crate) fn request(timer: TimerChoice, samples: usize) -> MeasureRequest {
    MeasureRequest {
        runtime: protocol::Runtime::NATIVE,
        transport: Transport::ServiceBinding,
        function: Function::Echo,
        payload_bytes: 100,
        payload_shape: PayloadShape::Text,
        samples: u32::try_from(samples).unwrap(),
        warmup: 0,
        chain: 0,
        timer,
        seed: 1,
        call_timeout_ms: 10_000,
        batch_size: 1,
        concurrency: 1,
        neighbour: None,
    }
}

/// Has the driver make the slice that `request` asks for; `outcomes` decides what becomes of each call. Returns what was measured and what was true.
pub(crate) fn driven(
    platform: &SimPlatform,
    request: &MeasureRequest,
    outcomes: impl FnMut(SimCall) -> Outcome,
) -> (MeasureResponse, Vec<Made>) {
    driven_by(platform, &NoLadder, request, outcomes)
}

/// The same with I/O to poll the clock by.
pub(crate) fn driven_by(
    platform: &SimPlatform,
    ladder: &impl Ladder,
    request: &MeasureRequest,
    outcomes: impl FnMut(SimCall) -> Outcome,
) -> (MeasureResponse, Vec<Made>) {
    let driver = platform.run(Driver::new(platform, ladder, request));
    let driver = driver.expect("the clock suits the timer");
    let calls = SimCalls::new(platform, outcomes);
    let measured = platform.run(driver.measure(&calls, &mut platform.generator()));
    (measured, calls.made())
}

/// How long the timed calls among `made` truly took.
pub(crate) fn timed(made: &[Made]) -> Vec<Nanoseconds> {
    made.iter()
        .filter(|made| made.call.timed)
        .map(|made| made.took)
        .collect()
}

/// An interpolated slice.
pub(crate) struct Interpolated {
    pub(crate) samples: Vec<Nanoseconds>,
    pub(crate) noise_floor: Vec<Nanoseconds>,
    pub(crate) resolution: Nanoseconds,
    pub(crate) polls_per_tick: f64,
    pub(crate) lost: u64,
}

/// One slice of calls with the given latencies, timed by interpolation; what was measured and what was true.
pub(crate) fn slice(
    platform: &SimPlatform,
    latencies: impl IntoIterator<Item = Nanoseconds>,
) -> (Interpolated, Vec<Nanoseconds>) {
    let latencies: Vec<Nanoseconds> = latencies.into_iter().collect();
    let request = request(TimerChoice::Interpolated, latencies.len());
    let mut latencies = latencies.into_iter();
    let next = |_| Outcome::Takes(latencies.next().expect("one latency for each call"));
    let (measured, made) = driven(platform, &request, next);
    let in_ns = |all: Vec<u64>| all.into_iter().map(Nanoseconds).collect();
    let clock = measured
        .clock
        .expect("an interpolated slice states its clock");
    let interpolated = Interpolated {
        samples: in_ns(measured.samples),
        noise_floor: in_ns(measured.noise_floor_ns),
        resolution: Nanoseconds(clock.resolution_ns),
        polls_per_tick: clock.polls_per_tick.expect("and its calibration"),
        lost: measured.lost,
    };
    (interpolated, timed(&made))
}
