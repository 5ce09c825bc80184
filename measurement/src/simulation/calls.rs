//! Simulated calls, for the driver of a slice.

use super::SimPlatform;
use crate::{driver::Calls, duration::Nanoseconds};
use core::{
    cell::RefCell,
    future::{Future, poll_fn},
    task::Poll,
};
use protocol::ErrorKind;

/// What becomes of a simulated call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An answer after so long: I/O, at whose end a clock that stands still moves.
    Takes(Nanoseconds),
    /// The same without any I/O, as `direct` does it.
    Computes(Nanoseconds),
    /// A failure after so long.
    Fails(ErrorKind, Nanoseconds),
    /// Given up by a timer that is set for so many ms, and whose callback runs so much later.
    TimesOut(u64, Nanoseconds),
}

/// One call that was made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimCall {
    /// Which of the concurrent sequences of calls it belongs to.
    pub lane: usize,
    /// Whether the clock was read around it, or it was a warmup call.
    pub timed: bool,
    /// When it began, by true time.
    pub start_ns: f64,
    /// CPU time that had been spent on polling the clock and spinning when it began.
    pub spun_before: Nanoseconds,
}

/// One call that has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Made {
    /// The call.
    pub call: SimCall,
    /// How long it truly took.
    pub took: Nanoseconds,
    /// What it came to.
    pub outcome: Result<(), ErrorKind>,
}

/// Calls on a simulated platform: `outcomes` decides each one's fate when it begins. All are recorded.
#[derive(Debug)]
pub struct SimCalls<'a, F> {
    platform: &'a SimPlatform,
    outcomes: RefCell<F>,
    made: RefCell<Vec<Made>>,
    connected: RefCell<Vec<f64>>,
}

impl<'a, F: FnMut(SimCall) -> Outcome> SimCalls<'a, F> {
    /// Calls on `platform`.
    pub fn new(platform: &'a SimPlatform, outcomes: F) -> Self {
        Self {
            platform,
            outcomes: RefCell::new(outcomes),
            made: RefCell::default(),
            connected: RefCell::default(),
        }
    }

    /// The calls made so far, in the order in which they ended.
    pub fn made(&self) -> Vec<Made> {
        self.made.borrow().clone()
    }

    /// When connections were made, by true time.
    pub fn connected(&self) -> Vec<f64> {
        self.connected.borrow().clone()
    }

    async fn make(&self, lane: usize, timed: bool) -> Result<(), ErrorKind> {
        let call = SimCall {
            lane,
            timed,
            start_ns: self.platform.true_ns(),
            spun_before: self.platform.spun(),
        };
        let outcome = (self.outcomes.borrow_mut())(call);
        let outcome = match outcome {
            Outcome::Takes(latency) => {
                self.platform.wait(latency).await;
                Ok(())
            }
            Outcome::Computes(latency) => {
                self.platform.compute(latency);
                Ok(())
            }
            Outcome::Fails(kind, latency) => {
                self.platform.wait(latency).await;
                Err(kind)
            }
            Outcome::TimesOut(deadline_ms, delay) => {
                self.platform.time_out(deadline_ms, delay);
                Err(ErrorKind::Timeout)
            }
        };
        self.made.borrow_mut().push(Made {
            call,
            took: self.platform.since(call.start_ns),
            outcome,
        });
        outcome
    }
}

impl<F: FnMut(SimCall) -> Outcome> Calls for SimCalls<'_, F> {
    fn connect(&self, _lane: usize) -> impl Future<Output = ()> {
        self.connected.borrow_mut().push(self.platform.true_ns());
        core::future::ready(())
    }

    fn warm_up(&self, lane: usize) -> impl Future<Output = Result<(), ErrorKind>> {
        self.make(lane, false)
    }

    fn call(&self, lane: usize) -> impl Future<Output = Result<(), ErrorKind>> {
        self.make(lane, true)
    }

    fn pause(&self, ms: u32) -> impl Future<Output = ()> {
        self.platform.wait(Nanoseconds::from_ms(ms.into()))
    }
}

impl SimPlatform {
    /// Runs `future` to its end: whenever all of it waits, time passes until the first of what it waits for is there.
    ///
    /// # Panics
    /// It waits for something that this platform has not to give.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = core::pin::pin!(future);
        let mut context = core::task::Context::from_waker(core::task::Waker::noop());
        loop {
            if let Poll::Ready(outcome) = future.as_mut().poll(&mut context) {
                return outcome;
            }
            assert!(
                self.pass_to_next_due(),
                "the future waits for nothing that will come"
            );
        }
    }

    /// Waits until `latency` has passed. Only inside [`SimPlatform::run`].
    pub async fn wait(&self, latency: Nanoseconds) {
        let due_ns = self.due_in(latency);
        poll_fn(|_| {
            if self.true_ns() >= due_ns {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}
