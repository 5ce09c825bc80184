//! The platform's clock, for the timers of crate `measurement`.

use measurement::clock::Clock;

/// The clock of [`stub::platform`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct WorkerClock;

impl Clock for WorkerClock {
    fn now_ms(&self) -> u64 {
        stub::platform::whole_ms()
    }
}
