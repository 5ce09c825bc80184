//! Endurance of the whole system on a real workerd: `scripts/soak`.
//!
//! Phase A kills the whole process tree at random moments while the cron fires, runs are started and cancelled by hand, every route gets fuzzed
//! requests, and readers read. A stub of the soak's own logs each measured slice to a listener of the soak before it answers; at the end that
//! log is held against every sample that is stored ([`ledger`]). An answer of status 5xx, or none, counts as a fault where the service was ready from
//! the request to the answer ([`service`]). Phase B kills nothing: it watches how the heaps of the isolates grow ([`trend`]), how large the processes
//! are, and how many rows a run reads and writes.
//!
//! Randomness is seeded; the seed is printed and can be given. Time is real: that is what a soak is about.
//!
//! Out of scope: what runs find out, and how fast; crash points one by one (crate `orchestrator`).

pub mod audit;
pub mod duration;
pub mod fuzz;
pub mod ledger;
pub mod listener;
pub mod load;
pub mod phase_a;
pub mod phase_b;
pub mod processes;
pub mod service;
pub mod trend;

use std::io::{self, Write as _};

/// Shows how far it is: on standard error, so that the line at the end can be kept alone.
pub(crate) fn progress(line: &str) {
    // Nothing depends on its being seen.
    let _ = writeln!(io::stderr(), "{line}");
}
