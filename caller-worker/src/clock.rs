//! The platform's clock, for the timers of crate `measurement`.

use core::cell::Cell;
use measurement::clock::Clock;

/// The clock of [`stub::platform`], and how often it was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct WorkerClock {
    readings: Cell<u64>,
}

impl WorkerClock {
    /// Readings so far.
    pub(crate) fn readings(&self) -> u64 {
        self.readings.get()
    }
}

impl Clock for WorkerClock {
    fn now_ms(&self) -> u64 {
        self.readings.set(self.readings.get() + 1);
        stub::platform::whole_ms()
    }
}
