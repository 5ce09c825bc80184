//! Calls back to back, timed as a whole.

use crate::clock::Clock;

/// What became of a call that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a lead-in is not a sample: count it with the warmup calls"]
pub enum Counted {
    /// It was timed.
    Timed,
    /// It was not: the call before it had failed, and this one only brings the clock to a reading that can be trusted.
    LeadIn,
}

/// Back-to-back calls between two clock readings: the total telescopes, so the mean is good to one tick over the number of calls.
///
/// The mean is also unbiased if the first reading's phase (how far the true time is into its tick) is uniform: then the readings at both ends
/// fall short of the true time by the same amount on average. See [`crate::timer::randomise_phase`].
///
/// A failed call is taken out. The clock is not trusted right after it either: if it was a timer that ended the call, the production clock
/// shows the timer's deadline, not the time. So the next call that succeeds is a lead-in, and timing goes on after it.
/// Each such gap costs the total up to one tick of precision more, but no bias.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// The reading that the next call starts from; `None` before [`Chain::begin`] and after a failed call.
    last_ms: Option<u64>,
    calls: u32,
    elapsed_ms: u64,
}

impl Chain {
    /// A chain of no calls yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the clock; the first call must follow at once. Left out, the first call is a lead-in.
    pub fn begin(&mut self, clock: &impl Clock) {
        self.last_ms = Some(clock.now_ms());
    }

    /// A call has just succeeded; the next one must follow at once.
    pub fn succeeded(&mut self, clock: &impl Clock) -> Counted {
        if self.time(clock.now_ms()).is_some() {
            Counted::Timed
        } else {
            Counted::LeadIn
        }
    }

    /// A call has just failed.
    pub fn failed(&mut self) {
        self.last_ms = None;
    }

    /// Calls timed.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.calls
    }

    /// Time they took together by the clock, in ms.
    #[must_use]
    pub fn elapsed_ms(&self) -> u64 {
        self.elapsed_ms
    }

    /// Takes `now_ms` as the end of a call and returns what the clock advanced during it, or `None` if the start is not known
    /// (or lies after the end, because the clock was set back: then the call is a lead-in too).
    pub(crate) fn time(&mut self, now_ms: u64) -> Option<u64> {
        let advance = self.last_ms.and_then(|last_ms| now_ms.checked_sub(last_ms));
        self.last_ms = Some(now_ms);
        if let Some(advance) = advance {
            self.calls += 1;
            self.elapsed_ms += advance;
        }
        advance
    }
}
