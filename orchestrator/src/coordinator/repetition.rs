//! How often a component is repeated, so that a clock of whole milliseconds can time it.

use super::platform::{Caller, Clock, DispatchError};
use protocol::{
    Limits, Plan,
    breakdown::Component,
    measure::{RepeatRequest, RepeatResponse},
};

/// Repeated work takes at least this long, in ms: 20 ticks, which an error of one tick at either end changes by 5 %.
const WORTHWHILE_MS: u64 = 20;

/// The first guess; the cheapest component takes some tens of nanoseconds.
const FIRST_GUESS: u32 = 64;

/// Time from which the next guess follows by proportion, in ms: an error of one tick is a quarter of it at most.
const JUDGEABLE_MS: u64 = 4;

/// Growth below that time, at most.
const GROWTH: u64 = 16;

/// Repetitions, at most: a component this cheap is below every resolution that matters.
const MOST: u32 = 1 << 24;

/// Dispatches that finding the number may take: with those of the wake itself far below the invocation limit.
const DISPATCHES: u32 = 12;

/// What repeating a component came to.
#[derive(Debug)]
pub(super) struct Repeated {
    /// The caller's answer.
    pub(super) response: RepeatResponse,
    /// The dispatch that gave it, by the coordinator's clock, in ms.
    pub(super) dispatch_ms: u64,
    /// Dispatches made.
    pub(super) dispatches: u32,
}

/// How long repeated work is to take within the CPU time that one event has, in ms.
const fn target_ms(limits: &Limits) -> u64 {
    let half = limits.cpu_ms_per_event as u64 / 2;
    if half < WORTHWHILE_MS {
        half
    } else {
        WORTHWHILE_MS
    }
}

/// Repeats `component`: as often as `known` says, else as often as it takes to be timed.
pub(super) async fn repeat(
    platform: &(impl Caller + Clock),
    plan: &Plan,
    limits: &Limits,
    component: Component,
    known: Option<u32>,
    timeout_ms: u32,
) -> Result<Repeated, DispatchError> {
    let fixed = match component {
        // An empty dispatch does nothing, however often.
        Component::Nothing => Some(0),
        Component::EmptyHop => Some(limits.delegated_calls_per_slice),
        _ => known,
    };
    let mut repetitions = fixed.unwrap_or(FIRST_GUESS);
    let mut dispatches = 0;
    loop {
        let request = RepeatRequest {
            component,
            payload_shape: plan.payload_shape,
            repetitions,
            call_timeout_ms: plan.call_timeout_ms,
        };
        let before = platform.now_ms();
        let response = platform.repeat(&request, timeout_ms).await?;
        let dispatch_ms = u64::try_from(platform.now_ms() - before).unwrap_or(0);
        dispatches += 1;
        if response.repetitions > repetitions {
            return Err(DispatchError::Unusable(format!(
                "{} repetitions of {component} instead of {repetitions}",
                response.repetitions
            )));
        }
        let next = next_guess(limits, repetitions, &response, dispatch_ms);
        if fixed.is_some() || next <= repetitions || dispatches >= DISPATCHES {
            return Ok(Repeated {
                response,
                dispatch_ms,
                dispatches,
            });
        }
        repetitions = next;
    }
}

/// The next number to try; not above `repetitions` when they were enough.
fn next_guess(
    limits: &Limits,
    repetitions: u32,
    response: &RepeatResponse,
    dispatch_ms: u64,
) -> u32 {
    // Where the caller's clock stands still, the coordinator times the dispatch, whose own cost is not yet known: twice the time, then.
    let (elapsed, target) = if response.advances_during_cpu {
        (response.elapsed_ms, target_ms(limits))
    } else {
        (dispatch_ms, 2 * target_ms(limits))
    };
    if elapsed >= target {
        return repetitions;
    }
    let grown = if elapsed < JUDGEABLE_MS {
        // It may have taken up to a tick more than the clock shows: no guess overshoots the CPU time of an event.
        u64::from(repetitions) * (target / (elapsed + 1)).clamp(2, GROWTH)
    } else {
        // A fifth more than the proportion asks for, so that one step suffices in spite of noise.
        u64::from(repetitions) * target * 6 / (elapsed * 5)
    };
    u32::try_from(grown).unwrap_or(MOST).min(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::limits::LimitsProfile;

    fn answer(elapsed_ms: u64, advances_during_cpu: bool) -> RepeatResponse {
        RepeatResponse {
            repetitions: 1_000,
            elapsed_ms,
            advances_during_cpu,
            errors: protocol::ErrorCounts::default(),
        }
    }

    #[test]
    fn repetitions_grow_until_they_take_twenty_ticks() {
        let limits = Limits::of(LimitsProfile::Paid);
        assert_eq!(next_guess(&limits, 1_000, &answer(0, true), 2), 16_000);
        assert_eq!(next_guess(&limits, 1_000, &answer(5, true), 7), 4_800);
        assert_eq!(next_guess(&limits, 1_000, &answer(20, true), 22), 1_000);
    }

    #[test]
    fn a_clock_that_stands_still_is_replaced_by_the_coordinators() {
        let limits = Limits::of(LimitsProfile::Paid);
        assert_eq!(next_guess(&limits, 1_000, &answer(0, false), 20), 2_400);
        assert_eq!(next_guess(&limits, 1_000, &answer(0, false), 40), 1_000);
    }

    #[test]
    fn repeated_work_fits_the_cpu_time_of_a_free_account() {
        assert_eq!(target_ms(&Limits::of(LimitsProfile::Free)), 5);
        assert_eq!(target_ms(&Limits::of(LimitsProfile::Paid)), 20);
    }
}
