//! The calls of one slice: made under the watchdog's eye, checked, and counted.

use crate::{
    answer::Expected, call_error::CallError, transport::OpenTransport, watchdog::Watchdog,
};
use core::{cell::Cell, future::Future, pin::Pin};
use protocol::{ErrorCounts, ErrorKind};

/// So many timeouts one after another, and the rest of the slice is not made: the runtime is not going to answer, and each would be waited for.
const TIMEOUTS_TO_GIVE_UP: u32 = 3;

/// A call being made. Boxed, so that its code is in the stub once, not wherever it is awaited.
pub(crate) type Calling<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// One slice's calls. Lanes of concurrent calls share it, so what it counts is in cells.
pub(crate) struct Slice<'a> {
    transport: &'a dyn OpenTransport,
    watchdog: &'a Watchdog,
    expected: Expected,
    /// A warmup call brought back the wrong thing, so every timed one is compared in full.
    suspicious: Cell<bool>,
    calls: Cell<u32>,
    timeouts_in_a_row: Cell<u32>,
    errors: Cell<ErrorCounts>,
}

impl<'a> Slice<'a> {
    /// A slice of calls of `transport`, each message carrying `invocations`.
    pub(crate) fn new(
        transport: &'a dyn OpenTransport,
        watchdog: &'a Watchdog,
        invocations: u32,
    ) -> Self {
        Self {
            transport,
            watchdog,
            expected: Expected::new(transport.expected(), invocations),
            suspicious: Cell::new(false),
            calls: Cell::new(0),
            timeouts_in_a_row: Cell::new(0),
            errors: Cell::default(),
        }
    }

    /// Makes the connection that the calls share, if there is one. A failure shows in the call that follows.
    pub(crate) fn connect(&self, lane: usize) -> Calling<'_, ()> {
        Box::pin(async move {
            let _ = self.watchdog.guard(lane, self.transport.connect()).await;
        })
    }

    /// One call that is not timed. Its answer is compared in full; its failure is not counted.
    pub(crate) fn warm_up(&self, lane: usize) -> Calling<'_, Result<(), ErrorKind>> {
        Box::pin(async move {
            let outcome = self.watchdog.guard(lane, self.transport.call()).await;
            if let Ok(answer) = &outcome
                && !self.expected.is(answer)
            {
                self.suspicious.set(true);
            }
            self.judge(outcome.map(|_| true))
        })
    }

    /// One timed call: the caller reads the clock directly before and after.
    pub(crate) fn call(&self, lane: usize) -> Calling<'_, Result<(), ErrorKind>> {
        Box::pin(async move {
            let call = self.calls.get();
            self.calls.set(call.wrapping_add(1));
            let outcome = self.watchdog.guard(lane, self.transport.call()).await;
            self.judge(outcome.map(|answer| {
                if self.suspicious.get() {
                    self.expected.is(&answer)
                } else {
                    self.expected.looks_like(&answer, call)
                }
            }))
        })
    }

    /// Counts a timed call's failure.
    pub(crate) fn count(&self, kind: ErrorKind) {
        let mut errors = self.errors.get();
        errors.add(kind, 1);
        self.errors.set(errors);
    }

    /// Whether to make no more calls.
    pub(crate) fn given_up(&self) -> bool {
        self.timeouts_in_a_row.get() >= TIMEOUTS_TO_GIVE_UP
    }

    /// The timed calls that failed.
    pub(crate) fn into_errors(self) -> ErrorCounts {
        self.errors.get()
    }

    fn judge(&self, outcome: Result<bool, CallError>) -> Result<(), ErrorKind> {
        let kind = match outcome {
            Ok(true) => None,
            Ok(false) => Some(ErrorKind::BadResponse),
            Err(error) => Some(error.kind),
        };
        let timeouts = if kind == Some(ErrorKind::Timeout) {
            self.timeouts_in_a_row.get() + 1
        } else {
            0
        };
        self.timeouts_in_a_row.set(timeouts);
        kind.map_or(Ok(()), Err)
    }
}
