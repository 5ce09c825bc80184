//! A simulated platform whose true latencies are known, so that timers and statistics can be held against the truth.
//!
//! Compiled for tests and benches only (feature `simulation`); no Worker links it. Four parts:
//!
//! * [`Latencies`]: latency distributions with exact quantiles and mean, independent or correlated within a block;
//! * [`SimPlatform`]: a clock that runs or freezes, polls and spins that cost time, and a scheduler that stalls;
//! * [`SimCalls`]: calls on that platform, one after another or several at once, for [`crate::driver`];
//! * [`SimLadder`]: polls of its clock by I/O.
//!
//! Every random choice comes from a generator that the caller seeds, so a failing trial can be replayed.

mod calls;
mod ladder;
mod latencies;
mod platform;

pub use calls::{Made, Outcome, SimCall, SimCalls};
pub use ladder::SimLadder;
pub use latencies::{Block, Latencies};
pub use platform::{SimPlatform, Stalls, Steps};
