//! Whether the machine is busy with something else. A test that needs fine timing says so, and is judged on a quiet machine only.

use crate::stage;
use std::{
    hint, thread,
    time::{Duration, Instant},
};

/// Attempts, each of which a busy machine may spoil.
const ATTEMPTS: u32 = 3;
/// How long each core is watched.
const WATCH: Duration = Duration::from_millis(200);
/// Two readings of the clock that are further apart have had something else between them.
const GAP: Duration = Duration::from_micros(20);
/// The share of a core's time that others take, from which on a machine is busy.
const BUSY: f64 = 0.03;

/// Attempts something that needs the machine for itself. What fails while the machine was left alone is a failure.
/// `None`: the machine was never left alone, and nothing is known.
///
/// # Panics
/// When an attempt fails on a quiet machine.
pub fn undisturbed<T>(what: &str, mut attempt: impl FnMut() -> Result<T, String>) -> Option<T> {
    for _ in 0..ATTEMPTS {
        let before = taken_by_others();
        let result = attempt();
        let taken = before.max(taken_by_others());
        match result {
            Ok(found) => return Some(found),
            Err(error) if taken < BUSY => panic!("{what}: {error}"),
            Err(error) => stage::tell(&format!(
                "{what}: {error}; others took {:.0} % of the machine, so that says nothing",
                taken * 100.0
            )),
        }
    }
    stage::tell(&format!(
        "{what}: NOT JUDGED, the machine was busy {ATTEMPTS} times"
    ));
    None
}

/// The share of the cores' time that somebody else takes, on the core where it is the most.
fn taken_by_others() -> f64 {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let watches: Vec<_> = (0..cores).map(|_| thread::spawn(watch_a_core)).collect();
    let shares = watches.into_iter().map(|watch| watch.join().unwrap_or(1.0));
    shares.fold(0.0, f64::max)
}

fn watch_a_core() -> f64 {
    let started = Instant::now();
    let (mut last, mut taken) = (started, Duration::ZERO);
    while last - started < WATCH {
        hint::spin_loop();
        let now = Instant::now();
        if now - last > GAP {
            taken += now - last;
        }
        last = now;
    }
    taken.as_secs_f64() / (last - started).as_secs_f64()
}
