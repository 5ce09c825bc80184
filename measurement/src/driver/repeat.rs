//! One part of a delegated call, many times, between two readings of the clock.

use crate::{
    clock::Clock,
    probe::{Probe, ProbeLimits},
};
use protocol::{ErrorCounts, ErrorKind, measure::RepeatResponse};

/// Repeats what only computes.
pub fn repeat_work(clock: &impl Clock, repetitions: u32, mut work: impl FnMut()) -> RepeatResponse {
    let advances_during_cpu = runs(clock);
    let start_ms = clock.now_ms();
    for _ in 0..repetitions {
        work();
    }
    RepeatResponse {
        repetitions,
        elapsed_ms: clock.now_ms().saturating_sub(start_ms),
        advances_during_cpu,
        errors: ErrorCounts::default(),
    }
}

/// Repeats a call, and counts the failures.
///
/// A timeout ends it: time was spent waiting, so what is measured is spoilt, and the next call would wait as long.
pub async fn repeat_calls(
    clock: &impl Clock,
    repetitions: u32,
    mut call: impl AsyncFnMut() -> Result<(), ErrorKind>,
) -> RepeatResponse {
    let advances_during_cpu = runs(clock);
    let mut errors = ErrorCounts::default();
    let start_ms = clock.now_ms();
    for _ in 0..repetitions {
        if let Err(kind) = call().await {
            errors.add(kind, 1);
            if kind == ErrorKind::Timeout {
                break;
            }
        }
    }
    RepeatResponse {
        repetitions,
        elapsed_ms: clock.now_ms().saturating_sub(start_ms),
        advances_during_cpu,
        errors,
    }
}

/// Whether the clock runs while it is only computed. One tick is enough to know.
fn runs(clock: &impl Clock) -> bool {
    let one_tick = ProbeLimits {
        ticks: 1,
        ..ProbeLimits::default()
    };
    Probe::run(clock, one_tick).advances_during_cpu
}
