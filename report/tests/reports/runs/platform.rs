//! What a simulated platform answers to one slice: the driver that makes real slices, over simulated calls.

use super::{TICK_NS, component_ns, truth};
use measurement::{
    clock::ladder::{Ladder, NoLadder},
    driver::{Calls, Driver},
    duration::Nanoseconds,
    simulation::{Outcome, SimCalls, SimLadder, SimPlatform},
};
use protocol::{
    Cell, PayloadShape, Transport,
    breakdown::Component,
    measure::{MeasureRequest, MeasureResponse, RepeatResponse, Timer, TimerChoice},
};
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;

/// Calls of a chain.
const CHAIN_CALLS: u32 = 8;
/// Width of one poll of the simulated clock, in ns: what the interpolated timer resolves on a machine of steady speed.
const POLL_NS: f64 = 1_533.0;

/// Median of one poll by I/O.
const POLL_BY_IO_US: f64 = 25.0;

/// What a simulated platform is like.
#[derive(Clone, Copy)]
pub(crate) struct Platform {
    pub(crate) timer: Timer,
    /// Whether the caller's clock runs while it computes.
    pub(crate) running: bool,
    pub(crate) samples_per_slice: u32,
    /// What the interpolated timer is to resolve, in ns. It is one poll (1,533 ns) at best; above that the machine's speed varies by so much.
    pub(crate) resolution_ns: u64,
    pub(crate) seed: u64,
}

impl Platform {
    pub(crate) const RUNNING: Self = Self {
        timer: Timer::Interpolated,
        running: true,
        samples_per_slice: 20,
        resolution_ns: 3_000,
        seed: 1,
    };
    /// Stands still, and is polled by I/O.
    pub(crate) const STANDING: Self = Self {
        timer: Timer::IoInterpolated,
        running: false,
        resolution_ns: 0,
        ..Self::RUNNING
    };
    pub(crate) const FROZEN: Self = Self {
        timer: Timer::Ticked,
        running: false,
        ..Self::RUNNING
    };
}

pub(super) fn slice(cell: Cell, platform: Platform, rng: &mut ChaCha8Rng) -> MeasureResponse {
    let (latencies, factor) = truth(cell);
    let block = latencies.block(rng);
    let seed = rng.random();
    let clock = if platform.running {
        SimPlatform::running(1, seed)
    } else {
        SimPlatform::frozen(seed)
    };
    // The resolution is that of one poll and of the speed's variation together, see `Calibration::resolution`.
    let resolution_ns = platform.resolution_ns as f64;
    let from_speed_ns = (resolution_ns.powi(2) - POLL_NS.powi(2)).max(0.0).sqrt();
    // A tick lies in two of the stretches of one speed, which even out: a standard deviation of 0.7 of theirs is left in its count.
    let clock = clock.with_varying_speed(from_speed_ns / TICK_NS as f64 / 0.7);
    let mut draws = clock.generator();
    let calls = SimCalls::new(&clock, |_| {
        let ns = block.sample(&mut draws).0 as f64 * factor;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a latency is positive and far below 2^63 ns"
        )]
        let latency = Nanoseconds(ns as u64);
        if cell.transport == Transport::Direct {
            Outcome::Computes(latency)
        } else {
            Outcome::Takes(latency)
        }
    });
    let request = MeasureRequest {
        runtime: protocol::Runtime::NATIVE,
        transport: cell.transport,
        function: cell.function,
        payload_bytes: cell.payload_bytes,
        payload_shape: PayloadShape::Text,
        samples: platform.samples_per_slice,
        warmup: 2,
        chain: CHAIN_CALLS,
        timer: match platform.timer {
            Timer::Interpolated => TimerChoice::Interpolated,
            Timer::IoInterpolated => TimerChoice::Auto,
            Timer::Ticked => TimerChoice::Ticked,
        },
        seed,
        call_timeout_ms: 10_000,
        batch_size: 1,
        concurrency: 1,
        neighbour: None,
    };
    // the generator of a ladder that is not used would change what the others draw
    if platform.timer == Timer::IoInterpolated {
        let ladder = SimLadder::new(&clock, POLL_BY_IO_US, 0.3);
        measured(&clock, &ladder, &request, &calls)
    } else {
        measured(&clock, &NoLadder, &request, &calls)
    }
}

fn measured(
    clock: &SimPlatform,
    ladder: &impl Ladder,
    request: &MeasureRequest,
    calls: &impl Calls,
) -> MeasureResponse {
    let driver = clock
        .run(Driver::new(clock, ladder, request))
        .expect("the clock suits the timer");
    clock.run(driver.measure(calls, &mut clock.generator()))
}

pub(super) fn repeated(
    component: Component,
    platform: Platform,
    rng: &mut ChaCha8Rng,
) -> (RepeatResponse, u64) {
    let repetitions = match component {
        Component::Nothing => 0,
        Component::EmptyHop => 25,
        _ => 4_000,
    };
    let total_ns = f64::from(repetitions) * component_ns(component) * rng.random_range(0.95..1.05);
    let phase = rng.random_range(0.0..TICK_NS as f64);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small positive numbers"
    )]
    let elapsed_ms = ((phase + total_ns) / TICK_NS as f64) as u64;
    let told = platform.running || component.delegates();
    let answer = RepeatResponse {
        repetitions,
        elapsed_ms: if told { elapsed_ms } else { 0 },
        advances_during_cpu: platform.running,
        errors: protocol::ErrorCounts::default(),
    };
    (answer, elapsed_ms + 1 + u64::from(rng.random_bool(0.3)))
}
