//! Timers: from readings of a coarse clock to latencies, as state machines that a caller drives with real or simulated calls.
//!
//! A timer makes no calls. [`crate::driver`] makes them, and tells it what happened at the moment it happened; its example shows a whole slice.
//!
//! * [`Chain`]: calls back to back between two readings; the mean is good to one tick over the number of calls.
//! * [`InterpolatedTimer`]: finer than a tick, on a clock that runs during CPU work.
//! * [`TickedTimer`]: whole ticks, on any clock.
//! * [`SliceTimer`]: whichever of the two suits the clock.

pub(crate) mod calibration;
mod chain;
mod interpolated;
mod slice;
mod ticked;

pub use calibration::Calibration;
pub use chain::{Chain, Counted};
pub use interpolated::{InterpolatedReadings, InterpolatedTimer, NOISE_FLOOR_READINGS};
pub use slice::{CannotInterpolate, SliceReadings, SliceTimer};
pub use ticked::{PHASE_STEPS, TickedReadings, TickedTimer, randomise_phase};
