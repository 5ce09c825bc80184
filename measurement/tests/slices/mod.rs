//! Slices of simulated calls, timed by interpolation.

use measurement::{
    duration::Nanoseconds,
    probe::{Probe, ProbeLimits},
    simulation::SimPlatform,
    timer::{InterpolatedReadings, InterpolatedTimer},
};

pub(crate) const CALLS_PER_SLICE: usize = 20;

/// A timer for the clock of `platform`, which has to run.
pub(crate) fn timer_for(platform: &SimPlatform) -> InterpolatedTimer {
    InterpolatedTimer::new(&Probe::run(platform, ProbeLimits::default())).expect("the clock runs")
}

/// Runs one slice of calls with the given latencies; returns what the timer says and what was true.
pub(crate) fn slice(
    platform: &SimPlatform,
    latencies: impl IntoIterator<Item = Nanoseconds>,
) -> (InterpolatedReadings, Vec<Nanoseconds>) {
    let mut timer = timer_for(platform);
    timer.begin(platform);
    let truth = latencies
        .into_iter()
        .map(|latency| {
            let truth = platform.call(latency);
            let _ = timer.succeeded(platform);
            truth
        })
        .collect();
    (timer.finish(), truth)
}
