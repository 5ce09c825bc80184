//! The science of timing calls with a clock that only counts whole milliseconds.
//!
//! Contract: clock readings and outcomes of calls go in; latencies with the resolution that the clock supports, and
//! statistics that state their own uncertainty, come out. The crate performs no I/O, reads no clock of its own, knows nothing of Workers,
//! and takes time ([`clock::Clock`]) and randomness (a seeded generator) as parameters. Durations are integers, in nanoseconds.
//!
//! Out of scope: making a call (the caller-worker does; in which order they are made is decided here, in [`driver`]), storing results, and rendering them.

pub mod anomaly;
pub mod block_means;
pub mod block_spread;
pub mod bounds;
pub mod breakdown;
pub mod busy_server;
pub mod cell_samples;
pub mod changepoint;
pub mod clock;
pub mod condition;
pub mod confidence;
pub mod driver;
pub mod duration;
pub mod exceedance;
pub mod histogram;
pub mod holm;
pub mod interval;
pub mod looks;
pub mod mean;
pub mod median;
pub mod mover;
pub mod neighbours;
pub mod overhead;
pub mod probe;
pub mod proportion;
pub mod quantile;
pub mod sign_flip;
#[cfg(feature = "simulation")]
pub mod simulation;
pub mod slope;
mod studentised;
pub mod timer;
pub mod timer_noise;
pub mod verdict;
