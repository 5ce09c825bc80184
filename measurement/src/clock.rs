//! The platform's clock as a parameter, and how it is polled.
//!
//! On Workers the one clock there is (`Date.now()`, which is also `performance.now()`) counts whole milliseconds; see workerd,
//! `src/workerd/api/performance.c++` and `src/workerd/io/io-util.c++`. In a local workerd it runs. In production it stands still while a Worker
//! computes, and is set each time control enters the isolate (`TimerChannel::syncTime` in `src/workerd/io/io-channels.h`, called by
//! `IoContext::runImpl`): so whenever I/O completes.

pub(crate) mod edge;
pub mod ladder;

pub use edge::POLL_SPACING_STEPS;

/// A clock that counts whole milliseconds, and the CPU that reads it.
///
/// A platform implements [`Clock::now_ms`] alone. It must not allocate if it can help it: it is called hundreds of times a millisecond.
pub trait Clock {
    /// The clock's reading, in ms since any fixed instant. It may stand still, and it may be set back.
    fn now_ms(&self) -> u64;

    /// Computes for `steps` steps of arithmetic (1 to 4 ns each on today's machines), reading no clock and allocating nothing.
    ///
    /// Part of the trait only so that a simulated platform can charge time for it.
    fn spin(&self, steps: u32) {
        spin(steps);
    }
}

/// `steps` rounds of a xorshift generator (Marsaglia, 2003): each needs the one before, so they can be neither skipped nor overlapped.
#[inline(never)]
pub fn spin(steps: u32) {
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    for _ in 0..steps {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // keeps the optimiser from computing the whole loop, or none of it
        state = core::hint::black_box(state);
    }
}
