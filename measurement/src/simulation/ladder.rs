//! Polls of a simulated clock by I/O.

use super::SimPlatform;
use crate::{clock::ladder::Ladder, duration::Nanoseconds};
use core::cell::{Cell, RefCell};
use protocol::measure::Rung;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, LogNormal};

/// A ladder whose polls take lognormal times. All rungs are alike, but that those before the first that works do not move the clock.
#[derive(Debug)]
pub struct SimLadder<'a> {
    platform: &'a SimPlatform,
    rungs: &'static [Rung],
    works_from: Rung,
    time_ns: LogNormal<f64>,
    polls: Cell<u32>,
    rng: RefCell<ChaCha8Rng>,
}

impl<'a> SimLadder<'a> {
    /// Polls on `platform` with this median, in us, and this spread: sigma of the logarithm. Every rung moves the clock.
    ///
    /// # Panics
    /// The spread is not a finite number.
    #[must_use]
    pub fn new(platform: &'a SimPlatform, median_us: f64, sigma: f64) -> Self {
        Self {
            platform,
            rungs: Rung::ALL,
            works_from: Rung::Stream,
            time_ns: LogNormal::new((median_us * 1e3).ln(), sigma).expect("a finite spread"),
            polls: Cell::new(0),
            rng: RefCell::new(platform.generator()),
        }
    }

    /// The rungs before `rung` stay within the process, and do not move the clock.
    #[must_use]
    pub fn that_works_from(self, rung: Rung) -> Self {
        Self {
            works_from: rung,
            ..self
        }
    }

    /// Polls made so far.
    #[must_use]
    pub fn polls(&self) -> u32 {
        self.polls.get()
    }
}

impl Ladder for SimLadder<'_> {
    fn rungs(&self) -> &[Rung] {
        self.rungs
    }

    async fn poll(&self, rung: Rung) {
        self.polls.set(self.polls.get() + 1);
        let ns = self.time_ns.sample(&mut *self.rng.borrow_mut());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and far below 2^63 ns"
        )]
        let time = Nanoseconds(ns.round() as u64);
        if rung < self.works_from {
            self.platform.compute(time);
        } else {
            self.platform.wait(time).await;
        }
    }
}
