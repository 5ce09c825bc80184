//! The ticked timer: what a clock can prove that stands still while the Worker computes.
//!
//! The calls of a slice run back to back with a reading after each. A sample is the difference of two neighbouring readings, a whole
//! number of ticks, mostly 0 or 1; the samples add up to the elapsed time exactly.
//!
//! # Why bounds on the distribution hold
//!
//! Let the slice's first reading be taken a fraction `U` into its tick, and let the calls take `d_1, d_2, ..` ticks. Call `i` starts at phase
//! `V_i = frac(U + d_1 + .. + d_(i-1))` and its sample is `floor(V_i + d_i)`. If `U` is uniform on [0, 1) and independent of the latencies, then whatever
//! values `d_1 .. d_i` take, `V_i` is a uniform variable moved round the circle: again uniform. So `V_i` is independent of `d_i`, for every `i`,
//! and `P(sample >= k + 1 | d) = P(V >= k + 1 - d)`, which is 0 for `d <= k`, 1 for `d >= k + 1`, and `d - k` between. Averaged over the latencies:
//!
//! `S(k + 1) <= P(sample >= k + 1) <= S(k)`, with `S(x)` the share of latencies above `x` ticks.
//!
//! This is a statement on each sample by itself. The samples of one slice share one `U` and are not independent of each other, so an interval
//! for the share of samples has to treat the slice as a cluster.
//!
//! # Why the phase has to be made uniform, and how
//!
//! It is not uniform by itself: alarms are set at whole milliseconds, so slices start near the beginning of a tick. [`randomise_phase`] spins for a random
//! time, once per slice, before the first reading. It does not wait on a timer: a pending timer pins the production clock to its deadline.
//! A clock that stands still does not notice the spin until I/O completes, so one call that is not timed must come between the spin and the first reading.

use rand::RngCore;

use super::{Chain, Counted};
use crate::{
    clock::Clock,
    probe::{Probe, greatest_common_divisor},
};

/// Each of the two random spins of [`randomise_phase`] is shorter than this many steps: 1.5 ms at the 3.7 ns per step measured on workerd.
pub const PHASE_STEPS: u32 = 400_000;

/// Spins for a random time, so that the phase of what follows is close to uniform: 1.5 ms of CPU on average, 3 ms at most (on workerd here).
///
/// Any generator does; in the caller's wasm `SmallRng` of crate `rand` costs 0.2 KB gzipped, `ChaCha8Rng` 2 KB.
///
/// The time is the sum of two uniform ones, of up to `R` ticks each. Wrapped round a tick, it is closer to uniform than a single draw from the same range:
/// the strongest harmonic of the phase is `sinc^2(R)`, 4.5 % at `R = 1.5`, where a single draw's is `|sinc(2 R)|`, up to 13 % about there; and it dies off
/// with the square of the range, so a slower machine does no harm and one twice as fast leaves 9 %. The jitter of the calls evens it out further.
pub fn randomise_phase(clock: &impl Clock, rng: &mut impl RngCore) {
    for _ in 0..2 {
        // the high half of a product: uniform below PHASE_STEPS to one part in 10,000
        let steps = (u64::from(rng.next_u32()) * u64::from(PHASE_STEPS)) >> 32;
        clock.spin(u32::try_from(steps).unwrap_or(PHASE_STEPS));
    }
}

/// Times a slice in whole ticks. See the [module's text](self) for what the samples prove.
#[derive(Clone, Debug)]
pub struct TickedTimer {
    tick_ms: u64,
    chain: Chain,
    samples_ms: Vec<u64>,
}

/// What a ticked slice came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TickedReadings {
    /// One tick, in ms: the unit of `samples`.
    pub tick_ms: u64,
    /// Ticks that the clock advanced during each timed call, in call order.
    pub samples: Vec<u64>,
    /// Time of the timed calls together, in ms: the samples' sum times `tick_ms`, exactly.
    pub elapsed_ms: u64,
}

impl TickedTimer {
    /// A timer for the clock that `probe` describes.
    #[must_use]
    pub fn new(probe: &Probe) -> Self {
        Self {
            tick_ms: probe.tick_ms,
            chain: Chain::new(),
            samples_ms: Vec::new(),
        }
    }

    /// Takes the first reading; the first timed call must follow at once, and a call that is not timed must have gone before.
    pub fn begin(&mut self, clock: &impl Clock) {
        self.chain.begin(clock);
    }

    /// A call has just succeeded; the next one must follow at once.
    pub fn succeeded(&mut self, clock: &impl Clock) -> Counted {
        let Some(advance_ms) = self.chain.time(clock.now_ms()) else {
            return Counted::LeadIn;
        };
        self.samples_ms.push(advance_ms);
        Counted::Timed
    }

    /// A call has just failed: its time is left out, see [`Chain`].
    pub fn failed(&mut self) {
        self.chain.failed();
    }

    /// The slice's samples.
    #[must_use]
    pub fn finish(self) -> TickedReadings {
        // a clock that steps finer than its probe showed makes the tick smaller, never the samples inexact
        let tick_ms = self.samples_ms.iter().fold(self.tick_ms, |tick, &sample| {
            greatest_common_divisor(tick, sample)
        });
        TickedReadings {
            tick_ms,
            samples: self.samples_ms.iter().map(|ms| ms / tick_ms).collect(),
            elapsed_ms: self.chain.elapsed_ms(),
        }
    }
}
