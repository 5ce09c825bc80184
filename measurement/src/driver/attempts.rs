//! The calls that were tried, and what became of them.

use super::Calls;
use core::cell::Cell;
use protocol::{ErrorCounts, ErrorKind};

/// After this many timeouts one after another the rest of a slice is not made: the runtime is not going to answer, and each would be waited for.
pub const TIMEOUTS_TO_GIVE_UP: u32 = 3;

/// Makes the calls of one slice and counts the failures. Lanes share it, so what it counts is in cells.
pub(super) struct Attempts<'a, K> {
    calls: &'a K,
    errors: Cell<ErrorCounts>,
    timeouts_in_a_row: Cell<u32>,
}

impl<'a, K: Calls> Attempts<'a, K> {
    pub(super) fn new(calls: &'a K) -> Self {
        Self {
            calls,
            errors: Cell::default(),
            timeouts_in_a_row: Cell::new(0),
        }
    }

    pub(super) async fn connect(&self, lane: usize) {
        self.calls.connect(lane).await;
    }

    /// One call that is not timed. Its failure is not counted.
    pub(super) async fn warm_up(&self, lane: usize) -> Result<(), ErrorKind> {
        let outcome = self.calls.warm_up(lane).await;
        self.note_timeouts(outcome);
        outcome
    }

    /// One call around which the clock is read. Its failure is counted.
    pub(super) async fn call(&self, lane: usize) -> Result<(), ErrorKind> {
        let outcome = self.calls.call(lane).await;
        self.note_timeouts(outcome);
        if let Err(kind) = outcome {
            let mut errors = self.errors.get();
            errors.add(kind, 1);
            self.errors.set(errors);
        }
        outcome
    }

    /// Waits for so many ms.
    pub(super) async fn pause(&self, ms: u32) {
        self.calls.pause(ms).await;
    }

    /// Whether to make no more calls.
    pub(super) fn given_up(&self) -> bool {
        self.timeouts_in_a_row.get() >= TIMEOUTS_TO_GIVE_UP
    }

    /// The failures of calls around which the clock was read.
    pub(super) fn errors(&self) -> ErrorCounts {
        self.errors.get()
    }

    fn note_timeouts(&self, outcome: Result<(), ErrorKind>) {
        self.timeouts_in_a_row
            .set(if outcome == Err(ErrorKind::Timeout) {
                self.timeouts_in_a_row.get() + 1
            } else {
                0
            });
    }
}
