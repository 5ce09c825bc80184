//! Timers: from readings of a coarse clock to latencies, as state machines that a caller drives with real or simulated calls.
//!
//! A timer makes no calls. Its driver tells it what happened, at the moment it happened:
//!
//! ```
//! # use measurement::simulation::{Latencies, SimPlatform};
//! use measurement::{probe::{Probe, ProbeLimits}, timer::{Chain, Counted, SliceTimer, randomise_phase}};
//! use protocol::measure::TimerChoice;
//! # let clock = SimPlatform::running(1, 7);
//! # let mut rng = clock.generator();
//! # let mut latencies = clock.generator();
//! # let mut call = || -> Result<(), ()> { clock.call(Latencies::lognormal().sample(&mut latencies)); Ok(()) };
//!
//! let probe = Probe::run(&clock, ProbeLimits::default());
//! let mut timer = SliceTimer::new(TimerChoice::Auto, &probe).expect("auto suits every clock");
//!
//! let _ = call();                 // warmup
//! randomise_phase(&clock, &mut rng);
//! let _ = call();                 // the last warmup call carries the new phase into a clock that stands still
//!
//! let mut chain = Chain::new();
//! chain.begin(&clock);
//! for _ in 0..8 {
//!     match call() {
//!         Ok(()) => _ = chain.succeeded(&clock),
//!         Err(()) => chain.failed(),
//!     }
//! }
//!
//! let mut lead_ins = 0;
//! timer.begin(&clock);
//! for _ in 0..20 {
//!     match call() {
//!         Ok(()) => lead_ins += u32::from(timer.succeeded(&clock) == Counted::LeadIn),
//!         Err(()) => timer.failed(&clock),
//!     }
//! }
//! let slice = timer.finish();
//! assert_eq!(slice.samples.len() + slice.lost as usize, 20);
//! assert_eq!(lead_ins, 0);        // one after each failed call, under the ticked timer
//! ```
//!
//! * [`Chain`]: calls back to back between two readings; the mean is good to one tick over the number of calls.
//! * [`InterpolatedTimer`]: finer than a tick, on a clock that runs during CPU work.
//! * [`TickedTimer`]: whole ticks, on any clock.
//! * [`SliceTimer`]: whichever of the two suits the clock.

mod calibration;
mod chain;
mod interpolated;
mod slice;
mod ticked;

pub use calibration::Calibration;
pub use chain::{Chain, Counted};
pub use interpolated::{InterpolatedReadings, InterpolatedTimer, NOISE_FLOOR_READINGS};
pub use slice::{CannotInterpolate, SliceReadings, SliceTimer};
pub use ticked::{PHASE_STEPS, TickedReadings, TickedTimer, randomise_phase};
