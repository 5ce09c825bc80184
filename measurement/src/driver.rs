//! Driving a slice: which call is made when, when the clock is read, and what is counted as what.
//!
//! The order is part of the method: a call in the wrong place is a latency that is wrong. So the loops are here, generic over the clock and over
//! the calls ([`Calls`]): the caller-worker runs them over the platform's clock and a transport, the tests run the very same ones over a simulated
//! platform whose latencies are known.
//!
//! ```
//! # use measurement::simulation::{Latencies, Outcome, SimCalls, SimPlatform};
//! use measurement::{clock::ladder::NoLadder, driver::Driver};
//! use protocol::measure::MeasureRequest;
//! # let clock = SimPlatform::running(1, 7);
//! # let mut latencies = clock.generator();
//! # let mut phase = clock.generator();
//! # let calls = SimCalls::new(&clock, |_| Outcome::Takes(Latencies::lognormal().sample(&mut latencies)));
//!
//! let request = MeasureRequest::parse(
//!     br#"{"transport":"rpc","function":"echo","payload_bytes":100,"samples":20,"warmup":2,"chain":8}"#,
//! )
//! .expect("a request for a slice");
//! let driver = clock.run(Driver::new(&clock, &NoLadder, &request)).expect("auto suits every clock");
//! let measured = clock.run(driver.measure(&calls, &mut phase));     // awaited, in a Worker
//! assert_eq!(measured.samples.len() as u64 + measured.lost, 20);
//! assert_eq!(measured.chain.expect("an interpolated slice has one").calls, 8);
//! ```
//!
//! Out of scope: making a call, giving up one that takes too long, and judging its answer. That is done behind [`Calls`].

mod attempts;
mod batch;
mod busy;
mod lanes;
mod one_by_one;
mod repeat;

pub use attempts::TIMEOUTS_TO_GIVE_UP;
pub use busy::{Neighbourly, keep_busy};
pub use lanes::all;
pub use repeat::{repeat_calls, repeat_work};

use crate::{
    clock::{
        Clock,
        ladder::{Ladder, Polls},
    },
    probe::{Probe, ProbeLimits, io::IoProbe},
    timer::{CannotInterpolate, SliceTimer, randomise_phase},
};
use attempts::Attempts;
use core::future::Future;
use protocol::{
    ErrorKind,
    measure::{MeasureRequest, MeasureResponse, RungFacts, TimerChoice},
};
use rand::RngCore;

/// The calls of one slice, as its driver makes them: `lane` is which of the concurrent sequences of calls one belongs to, from 0.
pub trait Calls {
    /// Makes the connection that the calls share, if there is one. Before the first call and after each failed one, never while the clock is
    /// watched. A failure shows in the call that follows.
    fn connect(&self, lane: usize) -> impl Future<Output = ()>;

    /// One call that is not timed.
    fn warm_up(&self, lane: usize) -> impl Future<Output = Result<(), ErrorKind>>;

    /// One call around which the clock is read.
    fn call(&self, lane: usize) -> impl Future<Output = Result<(), ErrorKind>>;

    /// Waits for so many ms. Before a timed call of a slice with a neighbour only; the clock is polled before that call begins.
    fn pause(&self, ms: u32) -> impl Future<Output = ()>;
}

/// Probes made where polls by I/O were asked for: a machine that is busy for a moment must not fail the run.
const ATTEMPTS_WHERE_ASKED_FOR: u32 = 3;

/// One slice to be measured, on a clock that has been looked at.
#[derive(Debug)]
pub struct Driver<'a, C, L> {
    clock: &'a C,
    ladder: &'a L,
    request: &'a MeasureRequest,
    probe: Probe,
    probed: Vec<RungFacts>,
    timer: SliceTimer,
}

impl<'a, C: Clock, L: Ladder> Driver<'a, C, L> {
    /// Watches `clock` for a few ticks, and chooses the timer of the slice that `request` asks for. Nothing may wait on a timer meanwhile.
    ///
    /// A clock that stands still is polled by the I/O of `ladder`, unless `auto` would gain nothing by it: calls that overlap cannot be interpolated, and
    /// those of `direct`, which make no I/O, are timed by repetition then.
    ///
    /// # Errors
    /// The request insists on interpolation, and the clock does not allow it.
    pub async fn new(
        clock: &'a C,
        ladder: &'a L,
        request: &'a MeasureRequest,
    ) -> Result<Self, CannotInterpolate> {
        let probe = Probe::run(clock, ProbeLimits::default());
        let gains_by_io =
            !probe.advances_during_cpu && request.concurrency == 1 && request.transport.delegates();
        let attempts = match request.timer {
            TimerChoice::Auto => u32::from(gains_by_io),
            TimerChoice::IoInterpolated => ATTEMPTS_WHERE_ASKED_FOR,
            TimerChoice::Interpolated | TimerChoice::Ticked => 0,
        };
        let mut io = None;
        for _ in 0..attempts {
            let found = io.insert(IoProbe::run(clock, ladder).await);
            if found.fit.is_some() {
                break;
            }
        }
        let timer = SliceTimer::new(request.timer, &probe, io.as_ref())?;
        Ok(Self {
            clock,
            ladder,
            request,
            probe,
            probed: io.map_or_else(Vec::new, |io| io.facts),
            timer,
        })
    }

    /// Makes all the calls of the slice: warmup, chain, timed calls. What is random in it is drawn from `rng`.
    pub async fn measure(self, calls: &impl Calls, rng: &mut impl RngCore) -> MeasureResponse {
        let attempts = Attempts::new(calls);
        attempts.connect(0).await;
        let isolated = self.request.concurrency == 1 && self.timer.timer().interpolates();
        let kept_back = u32::from(isolated && self.request.warmup > 0);
        let warmup_calls = self
            .warm_up(&attempts, self.request.warmup - kept_back, rng)
            .await;
        let batch_size = self.request.invocations_per_message();
        let measured = if self.request.concurrency > 1 {
            lanes::measure(self.clock, &attempts, self.request, &self.probe).await
        } else {
            let polls = Polls::new(self.clock, self.ladder, self.timer.rung());
            one_by_one::measure(polls, &attempts, self.request, self.timer, kept_back, rng).await
        };
        batch::per_invocation(
            MeasureResponse {
                warmup_calls: measured.warmup_calls + warmup_calls,
                errors: attempts.errors(),
                probed: self.probed,
                ..measured
            },
            batch_size,
        )
    }

    /// Makes `calls` warmup calls, up to the first that fails, and returns how many.
    ///
    /// Before the last one a random time is spun away, which makes the phase uniform in which the clock is when timing starts
    /// (see [`randomise_phase`]); that call carries the phase into a clock that stands still. Without warmup calls there is none to carry it.
    async fn warm_up(
        &self,
        attempts: &Attempts<'_, impl Calls>,
        calls: u32,
        rng: &mut impl RngCore,
    ) -> u32 {
        for made in 0..calls {
            if made + 1 == calls {
                randomise_phase(self.clock, rng);
            }
            if attempts.warm_up(0).await.is_err() {
                attempts.connect(0).await;
                return made + 1;
            }
        }
        calls
    }
}
