//! A platform in simulated time: its clock, its CPU, its scheduler.

mod steps;

pub use steps::Steps;

use std::cell::{Cell, RefCell};

use protocol::units::NS_PER_MS;
use rand::Rng;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use rand_distr::{Distribution, Exp, StandardNormal};

use crate::{clock::Clock, duration::Nanoseconds};

/// Cost of one reading of the clock, in ns: `Date.now()` from wasm on workerd.
const READ_NS: f64 = 53.0;
/// Cost of one step of [`Clock::spin`], in ns: wasm on workerd.
const STEP_NS: f64 = 3.7;

/// How the scheduler takes the CPU away: a Poisson process in time, so during polls, during calls and between them alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stalls {
    /// Mean number of stalls in a millisecond of work.
    pub per_ms: f64,
    /// Mean length, exponentially distributed, in ns.
    pub mean_ns: f64,
}

/// When the clock's reading changes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Advance {
    /// With time.
    Always,
    /// When a call completes.
    AtCompletion,
}

/// A simulated Worker's surroundings. Time passes only through its methods; [`SimPlatform::true_ns`] knows how much.
#[derive(Debug)]
pub struct SimPlatform {
    advance: Advance,
    steps: Steps,
    /// With [`Steps::Random`]: when the next step comes.
    next_step_ns: Cell<f64>,
    /// Seeds what is random in the steps.
    steps_seed: u64,
    tick_ms: u64,
    stalls: Option<Stalls>,
    /// Standard deviation of the CPU's speed, drawn afresh for each stretch of computing, as a share.
    speed_sigma: f64,
    /// The stretch of time for which the speed was last drawn, and that speed.
    slowness: Cell<(u64, f64)>,
    true_ns: Cell<f64>,
    next_stall_ns: Cell<f64>,
    /// One stall more, that was asked for: when, and for how long.
    asked_stall_ns: Cell<(f64, f64)>,
    reading_ms: Cell<u64>,
    readings: Cell<u64>,
    spun_ns: Cell<f64>,
    /// When what is waited for will be there, by true time.
    due_ns: RefCell<Vec<f64>>,
    rng: RefCell<ChaCha8Rng>,
}

impl SimPlatform {
    /// A clock that runs with time in steps of `tick_ms`, as in a local workerd.
    #[must_use]
    pub fn running(tick_ms: u64, seed: u64) -> Self {
        Self::new(Advance::Always, tick_ms, seed)
    }

    /// A clock that stands still until a call completes, as in production.
    #[must_use]
    pub fn frozen(seed: u64) -> Self {
        Self::new(Advance::AtCompletion, 1, seed)
    }

    /// The same with steps of `tick_ms`.
    #[must_use]
    pub fn standing(tick_ms: u64, seed: u64) -> Self {
        Self::new(Advance::AtCompletion, tick_ms, seed)
    }

    /// With a clock that steps otherwise than at whole ticks.
    #[must_use]
    pub fn with_steps(mut self, steps: Steps) -> Self {
        self.steps = steps;
        self
    }

    /// Time starts a random way into a tick.
    fn new(advance: Advance, tick_ms: u64, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let platform = Self {
            advance,
            steps: Steps::Exact,
            next_step_ns: Cell::new(0.0),
            steps_seed: seed,
            tick_ms,
            stalls: None,
            speed_sigma: 0.0,
            slowness: Cell::new((0, 1.0)),
            true_ns: Cell::new(NS_PER_MS * (10_000.0 + rng.random_range(0.0..tick_ms as f64))),
            next_stall_ns: Cell::new(f64::INFINITY),
            asked_stall_ns: Cell::new((f64::INFINITY, 0.0)),
            reading_ms: Cell::new(0),
            readings: Cell::new(0),
            spun_ns: Cell::new(0.0),
            due_ns: RefCell::default(),
            rng: RefCell::new(rng),
        };
        platform.complete();
        platform
    }

    /// With a scheduler that stalls.
    #[must_use]
    pub fn with_stalls(mut self, stalls: Stalls) -> Self {
        self.stalls = Some(stalls);
        self.schedule_stall();
        self
    }

    /// With a CPU whose speed varies: each millisecond or so is faster or slower by `sigma` (0.02 for 2 %).
    #[must_use]
    pub fn with_varying_speed(mut self, sigma: f64) -> Self {
        self.speed_sigma = sigma;
        self
    }

    /// A generator seeded by this platform's, for the driver's own random choices.
    #[must_use]
    pub fn generator(&self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.rng.borrow_mut().random())
    }

    /// True time, in ns: what no Worker sees.
    #[must_use]
    pub fn true_ns(&self) -> f64 {
        self.true_ns.get()
    }

    /// How far true time is into the clock's tick, in [0, 1).
    #[must_use]
    pub fn phase(&self) -> f64 {
        (self.true_ns.get() / self.tick_ns()).fract()
    }

    /// Clock readings taken so far.
    #[must_use]
    pub fn readings(&self) -> u64 {
        self.readings.get()
    }

    /// CPU time spent in [`Clock::spin`] and clock readings so far, stalls not included.
    #[must_use]
    pub fn spun(&self) -> Nanoseconds {
        whole_ns(self.spun_ns.get())
    }

    /// Makes a call that takes `latency` if no stall hits it. Returns how long it truly took.
    pub fn call(&self, latency: Nanoseconds) -> Nanoseconds {
        let start = self.true_ns.get();
        self.work(latency.0 as f64);
        self.complete();
        whole_ns(self.true_ns.get() - start)
    }

    /// Computes for `duration` without any I/O: a clock that stands still does not notice.
    pub fn compute(&self, duration: Nanoseconds) {
        self.work(duration.0 as f64);
    }

    /// Makes a call that a timer ends after `deadline_ms`. The timer's callback runs `late` after that, but a clock that stands still
    /// shows the deadline itself.
    pub fn time_out(&self, deadline_ms: u64, late: Nanoseconds) {
        let deadline_reading = self.reading_ms.get() + deadline_ms;
        self.work(Nanoseconds::from_ms(deadline_ms).0 as f64 + late.0 as f64);
        self.complete();
        if self.advance == Advance::AtCompletion {
            self.reading_ms.set(deadline_reading);
        }
    }

    /// How long it is, by true time, since it was `start_ns`.
    #[must_use]
    pub fn since(&self, start_ns: f64) -> Nanoseconds {
        whole_ns(self.true_ns.get() - start_ns)
    }

    /// Notes that something will be there after `latency`, and returns when.
    pub(super) fn due_in(&self, latency: Nanoseconds) -> f64 {
        let due_ns = self.true_ns.get() + latency.0 as f64;
        self.due_ns.borrow_mut().push(due_ns);
        due_ns
    }

    /// Lets time pass until the first thing that is waited for is there; `false` if nothing is.
    pub(super) fn pass_to_next_due(&self) -> bool {
        let next_ns = self.due_ns.borrow().iter().copied().reduce(f64::min);
        let Some(next_ns) = next_ns else {
            return false;
        };
        self.work((next_ns - self.true_ns.get()).max(0.0));
        // to the nanosecond: a sum of stretches of work may fall short of it by a rounding
        self.true_ns.set(self.true_ns.get().max(next_ns));
        self.due_ns
            .borrow_mut()
            .retain(|&due_ns| due_ns > self.true_ns.get());
        self.complete();
        true
    }

    /// Sleeps to the beginning of the next tick, as an alarm does that is set at a whole millisecond.
    pub fn wake_at_tick(&self) {
        let tick_ns = self.tick_ns();
        self.true_ns
            .set(((self.true_ns.get() / tick_ns).floor() + 1.0) * tick_ns);
        self.schedule_stall();
        self.complete();
    }

    /// Takes the CPU away once, `delay` from now, for so long. Instead of an earlier such stall that has not come yet.
    pub fn stall_in(&self, delay: Nanoseconds, length: Nanoseconds) {
        self.asked_stall_ns
            .set((self.true_ns.get() + delay.0 as f64, length.0 as f64));
    }

    /// Lets `busy_ns` of work pass, and the stalls that fall into it.
    fn work(&self, mut busy_ns: f64) {
        loop {
            let (asked_ns, asked_length) = self.asked_stall_ns.get();
            let asked = asked_ns <= self.next_stall_ns.get();
            let stall_ns = self.next_stall_ns.get().min(asked_ns);
            if stall_ns.is_infinite() || self.true_ns.get() + busy_ns < stall_ns {
                break;
            }
            // one that would have begun in a stall before it begins at its end
            busy_ns -= (stall_ns - self.true_ns.get()).max(0.0);
            let length = if asked {
                self.asked_stall_ns.set((f64::INFINITY, 0.0));
                asked_length
            } else {
                self.stalls
                    .map_or(0.0, |stalls| self.exponential(stalls.mean_ns))
            };
            self.true_ns.set(self.true_ns.get().max(stall_ns) + length);
            if !asked {
                self.schedule_stall();
            }
        }
        self.true_ns.set(self.true_ns.get() + busy_ns);
    }

    /// Spends CPU time: work that the varying speed of the machine stretches.
    fn spend_cpu(&self, ns: f64) {
        let ns = ns * self.slowness();
        self.spun_ns.set(self.spun_ns.get() + ns);
        self.work(ns);
    }

    /// The factor by which the machine is slow just now.
    fn slowness(&self) -> f64 {
        if self.speed_sigma == 0.0 {
            return 1.0;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "true time is positive and far below 2^63 ms"
        )]
        let stretch = (self.true_ns.get() / (1.3 * NS_PER_MS)) as u64;
        let (drawn_for, slowness) = self.slowness.get();
        if drawn_for == stretch {
            return slowness;
        }
        let z: f64 = self.rng.borrow_mut().sample(StandardNormal);
        let slowness = (self.speed_sigma * z).exp();
        self.slowness.set((stretch, slowness));
        slowness
    }

    fn schedule_stall(&self) {
        let wait = self.stalls.map_or(f64::INFINITY, |stalls| {
            self.exponential(NS_PER_MS / stalls.per_ms)
        });
        self.next_stall_ns.set(self.true_ns.get() + wait);
    }

    fn exponential(&self, mean: f64) -> f64 {
        Exp::new(1.0 / mean)
            .expect("the mean is positive")
            .sample(&mut *self.rng.borrow_mut())
    }

    fn tick_ns(&self) -> f64 {
        self.tick_ms as f64 * NS_PER_MS
    }
}

impl Clock for SimPlatform {
    fn now_ms(&self) -> u64 {
        self.readings.set(self.readings.get() + 1);
        // half of the reading's cost lies before the instant that it reads
        self.spend_cpu(READ_NS / 2.0);
        if self.advance == Advance::Always {
            self.complete();
        }
        let reading_ms = self.reading_ms.get();
        self.spend_cpu(READ_NS / 2.0);
        reading_ms
    }

    fn spin(&self, steps: u32) {
        self.spend_cpu(f64::from(steps) * STEP_NS);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "durations are positive and far below 2^63 ns"
)]
fn whole_ns(ns: f64) -> Nanoseconds {
    Nanoseconds(ns.round() as u64)
}
