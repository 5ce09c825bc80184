//! The platform's clock, for the timers of crate `measurement`.

use measurement::clock::Clock;

/// `Date.now()`: whole milliseconds. It runs in a local workerd; in production it stands still while a Worker computes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WorkerClock;

impl Clock for WorkerClock {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "milliseconds since 1970: whole, positive, far below 2^53"
    )]
    fn now_ms(&self) -> u64 {
        js_sys::Date::now() as u64
    }
}
