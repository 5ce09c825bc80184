//! What a simulated platform answers to one slice.

use super::{TICK_NS, component_ns, truth};
use protocol::{
    Cell, Transport,
    breakdown::Component,
    measure::{Chain, ClockFacts, MeasureResponse, RepeatResponse, Timer},
};
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// Calls of a chain.
const CHAIN_CALLS: u32 = 8;

/// What a simulated platform is like.
#[derive(Clone, Copy)]
pub(crate) struct Platform {
    pub(crate) timer: Timer,
    /// Whether the caller's clock runs while it computes.
    pub(crate) running: bool,
    pub(crate) samples_per_slice: u32,
    /// Standard deviation of the interpolated timer's error in a single sample.
    pub(crate) resolution_ns: u64,
    pub(crate) seed: u64,
}

impl Platform {
    pub(crate) const RUNNING: Self = Self {
        timer: Timer::Interpolated,
        running: true,
        samples_per_slice: 20,
        resolution_ns: 600,
        seed: 1,
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
    let mut now = rng.random_range(0.0..TICK_NS as f64);
    let tick = |now: f64| (now / TICK_NS as f64).floor();
    let stands_still = !platform.running && cell.transport == Transport::Direct;
    let mut next = |rng: &mut ChaCha8Rng| {
        let latency = block.sample(rng).0 as f64 * factor;
        if !stands_still {
            now += latency;
        }
        (latency, now)
    };
    let (mut samples, start) = (Vec::new(), tick(next(rng).1));
    let mut before = start;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small positive numbers"
    )]
    for _ in 0..platform.samples_per_slice {
        let (latency, now) = next(rng);
        samples.push(match platform.timer {
            Timer::Interpolated => {
                let error: f64 = rng.sample(StandardNormal);
                (latency + error * platform.resolution_ns as f64).max(0.0) as u64
            }
            Timer::Ticked => (tick(now) - before) as u64,
        });
        before = tick(now);
    }
    let elapsed = before - start;
    let chain_start = before;
    let mut chain_end = chain_start;
    for _ in 0..CHAIN_CALLS {
        chain_end = tick(next(rng).1);
    }
    let interpolated = platform.timer == Timer::Interpolated;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small positive numbers"
    )]
    MeasureResponse {
        clock: Some(ClockFacts {
            timer: platform.timer,
            advances_during_cpu: platform.running,
            tick_ms: 1,
            sample_unit_ns: if interpolated { 1 } else { TICK_NS },
            polls_per_tick: interpolated.then_some(1_700.0 + f64::from(rng.random_range(0..20_u8))),
            polls_per_tick_mad: interpolated.then_some(3.0),
            resolution_ns: if interpolated {
                platform.resolution_ns
            } else {
                TICK_NS
            },
        }),
        elapsed_ms: elapsed as u64,
        samples,
        warmup_calls: 2,
        chain: interpolated.then_some(Chain {
            failed: None,
            calls: CHAIN_CALLS,
            elapsed_ms: (chain_end - chain_start) as u64,
        }),
        noise_floor_ns: if interpolated {
            vec![rng.random_range(500..3_000); 2]
        } else {
            Vec::new()
        },
        ..MeasureResponse::default()
    }
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
