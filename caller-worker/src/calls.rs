//! The calls of one slice, as their driver makes them: under the watchdog's eye, and with each answer checked.

use crate::expected::Expected;
use core::{
    cell::{Cell, RefCell},
    future::Future,
    pin::Pin,
};
use measurement::driver;
use protocol::{
    ErrorKind,
    measure::MAX_FAILURE_CHARS,
    residency::{ColdCall, Isolate, SliceResidency},
};
use stub::{transport::OpenTransport, watchdog::Watchdog};

/// A call being made. Boxed, so that its code is in the Worker once, not wherever the driver awaits it.
type Calling<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// One slice's calls. Lanes of concurrent calls share it, so what it counts is in cells.
pub(crate) struct Calls<'a> {
    transport: &'a dyn OpenTransport,
    watchdog: &'a Watchdog,
    expected: Expected,
    /// A warmup call brought back the wrong thing, so every timed one is compared in full.
    suspicious: Cell<bool>,
    timed: Cell<u32>,
    /// What the first call that failed said.
    failure: RefCell<Option<Box<str>>>,
    residency: RefCell<SliceResidency>,
}

impl<'a> Calls<'a> {
    /// Calls of `transport`, whose answers must be what is `expected`.
    pub(crate) fn new(
        transport: &'a dyn OpenTransport,
        watchdog: &'a Watchdog,
        expected: Expected,
    ) -> Self {
        Self {
            transport,
            watchdog,
            expected,
            suspicious: Cell::new(false),
            timed: Cell::new(0),
            failure: RefCell::new(None),
            residency: RefCell::default(),
        }
    }

    /// What the first call that failed said, and the isolates that the calls met.
    pub(crate) fn into_findings(self) -> (Option<Box<str>>, SliceResidency) {
        (self.failure.into_inner(), self.residency.into_inner())
    }

    /// Counts an answer by the isolate that gave it: some tenths of a microsecond of the call. A cold call is one whose isolate was fresh.
    fn note_isolate(&self, answered: Option<Isolate>, lane: usize, timed: bool) {
        let mut residency = self.residency.borrow_mut();
        if residency.count(answered)
            && let Some(ms) = self.watchdog.since_sent_ms(lane)
        {
            residency.cold.push(ColdCall { ms, timed });
        }
    }

    fn note(&self, failure: &str) {
        let mut first = self.failure.borrow_mut();
        if first.is_none() {
            *first = Some(failure.chars().take(MAX_FAILURE_CHARS).collect());
        }
    }

    fn connection(&self, lane: usize) -> Calling<'_, ()> {
        Box::pin(async move {
            let _ = self.watchdog.guard(lane, self.transport.connect()).await;
        })
    }

    fn one(&self, lane: usize, timed: bool) -> Calling<'_, Result<(), ErrorKind>> {
        Box::pin(async move {
            let call = self.timed.get();
            self.timed.set(call.wrapping_add(u32::from(timed)));
            let outcome = self.watchdog.guard(lane, self.transport.call()).await;
            let decode = |result: &[u8]| {
                let json = self.transport.to_json(result).ok()?;
                serde_json::from_slice(json.as_bytes()).ok()
            };
            let answer = match outcome {
                Ok(answer) => answer,
                Err(error) => {
                    self.note(&error.detail);
                    return Err(error.kind);
                }
            };
            self.note_isolate(self.transport.isolate(&answer), lane, timed);
            let right = if timed && !self.suspicious.get() {
                self.expected.looks_like(&answer, call, &decode)
            } else {
                self.expected.is(&answer, &decode)
            };
            if right {
                return Ok(());
            }
            self.note("the answer is not what the function returns");
            if timed {
                return Err(ErrorKind::BadResponse);
            }
            // What a warmup call brings back is no reason to end the warmup.
            self.suspicious.set(true);
            Ok(())
        })
    }
}

impl driver::Calls for Calls<'_> {
    fn connect(&self, lane: usize) -> impl Future<Output = ()> {
        self.connection(lane)
    }

    fn warm_up(&self, lane: usize) -> impl Future<Output = Result<(), ErrorKind>> {
        self.one(lane, false)
    }

    fn call(&self, lane: usize) -> impl Future<Output = Result<(), ErrorKind>> {
        self.one(lane, true)
    }

    fn pause(&self, ms: u32) -> impl Future<Output = ()> {
        stub::platform::delay(ms.into())
    }
}
