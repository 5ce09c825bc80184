//! When the simulated clock shows that time has passed.

use super::SimPlatform;
use rand::Rng as _;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};

/// When a clock shows that time has passed. All but [`Steps::Exact`] are faults that a probe must find.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Steps {
    /// At whole ticks of true time.
    Exact,
    /// Each step late by a time of its own, uniform up to so many ns.
    Late(f64),
    /// At random instants, a tick apart on average, to the time that it is then.
    Random,
    /// At whole ticks, but only this share of completions shows them.
    Sometimes(f64),
    /// Not at all.
    Never,
}

impl SimPlatform {
    /// Something that was waited for is there: the clock shows the time, if it does.
    pub(super) fn complete(&self) {
        let now_ns = self.true_ns.get();
        match self.steps {
            Steps::Exact => {}
            Steps::Never => {
                if self.reading_ms.get() > 0 {
                    return;
                }
            }
            Steps::Sometimes(share) => {
                if !self.rng.borrow_mut().random_bool(share) {
                    return;
                }
            }
            Steps::Random => {
                if now_ns < self.next_step_ns.get() {
                    return;
                }
                self.next_step_ns
                    .set(now_ns + self.exponential(self.tick_ns()));
            }
            Steps::Late(up_to_ns) => {
                let tick = self.late_tick(up_to_ns);
                self.reading_ms
                    .set(self.reading_ms.get().max(tick * self.tick_ms));
                return;
            }
        }
        self.reading_ms.set(self.tick_at(now_ns) * self.tick_ms);
    }

    fn tick_at(&self, ns: f64) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "true time is positive and far below 2^63 ms"
        )]
        let tick = (ns / self.tick_ns()) as u64;
        tick
    }

    /// The last tick that is shown by now, where each is late by a time of its own.
    fn late_tick(&self, up_to_ns: f64) -> u64 {
        let now_ns = self.true_ns.get();
        let last = self.tick_at(now_ns);
        let earliest = self.tick_at((now_ns - up_to_ns).max(0.0));
        let is_shown = |tick: u64| {
            let mut own = ChaCha8Rng::seed_from_u64(self.steps_seed ^ tick.rotate_left(32));
            let late_ns = own.random_range(0.0..up_to_ns);
            tick as f64 * self.tick_ns() + late_ns <= now_ns
        };
        (earliest + 1..=last)
            .rev()
            .find(|&tick| is_shown(tick))
            .unwrap_or(earliest)
    }
}
