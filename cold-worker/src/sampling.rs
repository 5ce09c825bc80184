//! When what is loaded and called, and when the clock is read. Generic over the clock and the calls: the Worker runs it over the platform's, the tests over a
//! simulated platform whose latencies are known.

use core::future::Future;
use measurement::{
    clock::{Clock, ladder::Polls},
    duration::Nanoseconds,
    probe::{Probe, ProbeLimits},
    timer::{SliceReadings, SliceTimer},
};
use protocol::{
    cold_start::{CALLS, SampleClock, TIMED_CALLS},
    measure::TimerChoice,
};
use stub::CallError;

/// The isolates of a sample, as they are called.
pub(crate) trait Isolates {
    /// Loads the entry, if it is to be fresh. It begins at once; the first call waits for its end.
    fn enter(&self) -> Result<(), CallError>;

    /// Some I/O that touches none of them: at its end a clock that stands still shows the time that was spent on computing before.
    fn breathe(&self) -> impl Future<Output = Result<(), CallError>>;

    /// One call: whether its answer is right.
    fn call(&self) -> impl Future<Output = Result<bool, CallError>>;
}

/// What one sample came to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Timed {
    pub(crate) clock: SampleClock,
    pub(crate) first_answer_ns: u64,
    pub(crate) later_calls_ns: Vec<Option<u64>>,
    pub(crate) began_ms: u64,
    pub(crate) answered_ms: u64,
    pub(crate) answers_right: bool,
}

/// What the pair that is kept came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeptPair {
    pub(crate) first_ns: Option<u64>,
    pub(crate) settled_ns: Option<u64>,
}

/// Calls between the first one of a kept pair and the one that counts as settled.
const CALLS_TO_SETTLE: u32 = 10;

/// One cold start, and the calls after it.
///
/// # Errors
/// A call's own.
pub(crate) async fn cold_start(
    clock: &impl Clock,
    isolates: &impl Isolates,
) -> Result<Timed, CallError> {
    let probe = Probe::run(clock, ProbeLimits::default());
    isolates.breathe().await?;
    let polls = Polls::computing(clock);
    let mut timer = timer(&probe);
    timer.begin(polls).await;
    let began_ms = clock.now_ms();
    isolates.enter()?;
    let mut answers_right = isolates.call().await?;
    let answered_ms = clock.now_ms();
    let _ = timer.succeeded(polls).await;
    let readings = timer.finish();
    let tick_ns = Nanoseconds::from_ms(readings.clock.tick_ms).0;
    // A stall after the answer spoils the interpolation, and not the two readings: the middle of what they leave open is off by half a tick at most.
    let (first_answer_ns, resolution_ns, is_whole_ticks) = match latencies(&readings)[..] {
        [first_ns] => (first_ns, readings.clock.resolution_ns, false),
        _ => (
            Nanoseconds::from_ms(answered_ms.saturating_sub(began_ms)).0 + tick_ns / 2,
            tick_ns,
            true,
        ),
    };

    let mut later_calls_ns = Vec::new();
    for call in 2..=CALLS {
        if !TIMED_CALLS.contains(&call) {
            answers_right &= isolates.call().await?;
            continue;
        }
        let (is_right, ns) = one_call(clock, isolates, &probe).await?;
        answers_right &= is_right;
        later_calls_ns.push(ns);
    }
    Ok(Timed {
        clock: SampleClock {
            timer: readings.clock.timer,
            resolution_ns,
            is_whole_ticks,
        },
        first_answer_ns,
        later_calls_ns,
        began_ms,
        answered_ms,
        answers_right,
    })
}

/// A pair that is kept, while others were loaded: its first call, and a later one.
///
/// # Errors
/// A call's own.
pub(crate) async fn kept_pair(
    clock: &impl Clock,
    isolates: &impl Isolates,
) -> Result<KeptPair, CallError> {
    let probe = Probe::run(clock, ProbeLimits::default());
    isolates.breathe().await?;
    let (_, first_ns) = one_call(clock, isolates, &probe).await?;
    for _ in 0..CALLS_TO_SETTLE {
        isolates.call().await?;
    }
    let (_, settled_ns) = one_call(clock, isolates, &probe).await?;
    Ok(KeptPair {
        first_ns,
        settled_ns,
    })
}

/// One timed call: whether its answer is right, and how long it took, unless a stall after it has spoilt the reading.
async fn one_call(
    clock: &impl Clock,
    isolates: &impl Isolates,
    probe: &Probe,
) -> Result<(bool, Option<u64>), CallError> {
    let polls = Polls::computing(clock);
    let mut timer = timer(probe);
    timer.begin(polls).await;
    let is_right = isolates.call().await?;
    let _ = timer.succeeded(polls).await;
    Ok((is_right, latencies(&timer.finish()).first().copied()))
}

/// The timer that suits the clock.
fn timer(probe: &Probe) -> SliceTimer {
    // Only a choice that insists on interpolation can be refused.
    SliceTimer::new(TimerChoice::Auto, probe, None).expect("auto suits every clock")
}

fn latencies(readings: &SliceReadings) -> Vec<u64> {
    let unit_ns = readings.clock.sample_unit_ns;
    readings
        .samples
        .iter()
        .map(|sample| sample * unit_ns)
        .collect()
}

#[cfg(test)]
mod tests;
