//! Polls of a clock: what is done between two readings so that it may have moved.
//!
//! A clock that runs is polled by computing. One that stands still while the Worker computes is polled by cheap I/O, from a ladder of operations:
//! each rung costs more than the one before, and does more that might move the clock. Which rung moves it, a probe finds out ([`crate::probe`]).

use super::{Clock, POLL_SPACING_STEPS};
use core::future::Future;
use protocol::measure::Rung;

/// I/O that polls a clock.
pub trait Ladder {
    /// The rungs that there are, the cheapest first.
    fn rungs(&self) -> &[Rung];

    /// Makes one poll. One that fails has moved no clock, and needs to report nothing.
    fn poll(&self, rung: Rung) -> impl Future<Output = ()>;
}

/// No I/O to poll with: a clock that stands still cannot be polled then.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLadder;

impl Ladder for NoLadder {
    fn rungs(&self) -> &[Rung] {
        &[]
    }

    async fn poll(&self, _: Rung) {}
}

/// One way to poll a clock.
#[derive(Debug)]
pub struct Polls<'a, C, L> {
    clock: &'a C,
    ladder: &'a L,
    /// What a poll does; it computes if `None`.
    rung: Option<Rung>,
}

// Derived, they would ask the clock and the ladder to be `Clone`, too.
impl<C, L> Clone for Polls<'_, C, L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C, L> Copy for Polls<'_, C, L> {}

impl<'a, C: Clock> Polls<'a, C, NoLadder> {
    /// Polls by computing.
    pub const fn computing(clock: &'a C) -> Self {
        Self {
            clock,
            ladder: &NoLadder,
            rung: None,
        }
    }
}

impl<'a, C: Clock, L: Ladder> Polls<'a, C, L> {
    /// Polls by the I/O of `rung`, by computing if `None`.
    pub const fn new(clock: &'a C, ladder: &'a L, rung: Option<Rung>) -> Self {
        Self {
            clock,
            ladder,
            rung,
        }
    }

    /// The same clock, polled by the cheapest I/O that there is; by computing where there is none.
    #[must_use]
    pub fn by_first_rung(&self) -> Self {
        Self {
            rung: self.ladder.rungs().first().copied(),
            ..*self
        }
    }

    /// The clock that is polled.
    #[must_use]
    pub const fn clock(&self) -> &'a C {
        self.clock
    }

    /// The clock's reading, without a poll.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// Computes for so many steps, see [`Clock::spin`].
    pub fn spin(&self, steps: u32) {
        self.clock.spin(steps);
    }

    /// Polls once, and returns the reading after it.
    pub async fn poll(&self) -> u64 {
        match self.rung {
            None => self.clock.spin(POLL_SPACING_STEPS),
            Some(rung) => self.ladder.poll(rung).await,
        }
        self.clock.now_ms()
    }
}
