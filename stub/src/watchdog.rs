//! A limit on how long a call may take, at no cost per call.
//!
//! A timer for each call would cost it microseconds, and in production a pending timer disturbs the very clock that the call is measured with.
//! So one timer watches over all the calls of a slice. It is set once, for the time that a call may take; when it fires, it gives up the
//! calls that have taken so long, and is set again for the next one that might. A slice of short calls is over before it has fired at all.

use crate::{
    call_error::CallError,
    platform::{delay, whole_ms},
};
use core::{
    cell::Cell,
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};
use protocol::ErrorKind;

/// Watches over the calls of one slice.
pub struct Watchdog {
    lanes: Lanes,
}

impl Watchdog {
    /// A watchdog that gives up calls after `timeout_ms`, over as many calls at once as there are `lanes`.
    #[must_use]
    pub fn new(timeout_ms: u32, lanes: u32) -> Self {
        Self {
            lanes: Lanes {
                timeout_ms: timeout_ms.into(),
                lanes: (0..lanes).map(|_| Cell::new(Lane::Idle)).collect(),
            },
        }
    }

    /// Runs `slice` with the timer going. Only inside it does [`Watchdog::guard`] give anything up.
    pub async fn over<T>(&self, slice: impl Future<Output = T>) -> T {
        let mut slice = pin!(slice);
        let mut timer = pin!(delay(self.lanes.timeout_ms));
        poll_fn(|context| {
            loop {
                if let Poll::Ready(outcome) = slice.as_mut().poll(context) {
                    return Poll::Ready(outcome);
                }
                if timer.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                let next_ms = self.lanes.expire(whole_ms());
                timer.set(delay(next_ms));
            }
        })
        .await
    }

    /// Waits for `call`, the one call in flight in `lane`, as long as it may take.
    ///
    /// # Errors
    /// What the call's own error is, or a timeout.
    pub async fn guard<T>(
        &self,
        lane: usize,
        call: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let lane = &self.lanes.lanes[lane];
        let mut call = pin!(call);
        poll_fn(|context| {
            let polled = call.as_mut().poll(context);
            match (&polled, lane.get()) {
                (Poll::Ready(_), Lane::WaitingSince(ms)) => lane.set(Lane::AnsweredSince(ms)),
                (Poll::Ready(_), _) => lane.set(Lane::Idle),
                // The call has been sent by now: the clock is read while it is under way, and not at all for a call that returns at once.
                (Poll::Pending, Lane::Idle | Lane::AnsweredSince(_)) => {
                    lane.set(Lane::WaitingSince(whole_ms()));
                }
                (Poll::Pending, Lane::WaitingSince(_)) => {}
                (Poll::Pending, Lane::Expired) => {
                    lane.set(Lane::Idle);
                    return Poll::Ready(Err(CallError::new(
                        ErrorKind::Timeout,
                        format!("no answer within {} ms", self.lanes.timeout_ms),
                    )));
                }
            }
            polled
        })
        .await
    }
}

impl Watchdog {
    /// Time since the last call of `lane` was sent, in ms. `None` of one that returned at once, or was given up.
    ///
    /// To be asked when it has been answered: whole milliseconds, without a reading of the clock in each call.
    #[must_use]
    pub fn since_sent_ms(&self, lane: usize) -> Option<u64> {
        match self.lanes.lanes[lane].get() {
            Lane::AnsweredSince(sent_ms) => Some(whole_ms().saturating_sub(sent_ms)),
            Lane::Idle | Lane::WaitingSince(_) | Lane::Expired => None,
        }
    }
}

/// The calls in flight, by the clock.
struct Lanes {
    timeout_ms: u64,
    lanes: Vec<Cell<Lane>>,
}

/// One call at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    /// No call is in flight.
    Idle,
    /// A call is, since that reading of the clock.
    WaitingSince(u64),
    /// No call is; the last one was sent then, and was answered.
    AnsweredSince(u64),
    /// A call is in flight that has taken too long.
    Expired,
}

impl Lanes {
    /// Marks the calls that have taken too long at `now_ms`, and returns after how many ms to look again.
    fn expire(&self, now_ms: u64) -> u64 {
        let mut next_ms = self.timeout_ms;
        for lane in &self.lanes {
            if let Lane::WaitingSince(since_ms) = lane.get() {
                match self.timeout_ms.checked_sub(now_ms.saturating_sub(since_ms)) {
                    None | Some(0) => lane.set(Lane::Expired),
                    Some(left_ms) => next_ms = next_ms.min(left_ms),
                }
            }
        }
        next_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(states: &[Lane]) -> Lanes {
        Lanes {
            timeout_ms: 100,
            lanes: states.iter().copied().map(Cell::new).collect(),
        }
    }

    fn states(lanes: &Lanes) -> Vec<Lane> {
        lanes.lanes.iter().map(Cell::get).collect()
    }

    #[test]
    fn a_call_is_given_up_when_its_time_has_passed_and_no_sooner() {
        let watched = lanes(&[Lane::WaitingSince(1_000)]);
        assert_eq!(watched.expire(1_099), 1);
        assert_eq!(states(&watched), [Lane::WaitingSince(1_000)]);
        watched.expire(1_100);
        assert_eq!(states(&watched), [Lane::Expired]);
    }

    #[test]
    fn the_timer_is_set_for_the_call_that_expires_next() {
        let watched = lanes(&[
            Lane::WaitingSince(1_030),
            Lane::AnsweredSince(5),
            Lane::WaitingSince(1_000),
            Lane::WaitingSince(1_080),
        ]);
        assert_eq!(watched.expire(1_100), 30);
        assert_eq!(
            states(&watched),
            [
                Lane::WaitingSince(1_030),
                Lane::AnsweredSince(5),
                Lane::Expired,
                Lane::WaitingSince(1_080)
            ]
        );
    }

    #[test]
    fn a_clock_that_was_set_back_gives_nothing_up() {
        let watched = lanes(&[Lane::WaitingSince(5_000)]);
        assert_eq!(watched.expire(1_000), 100);
    }

    #[test]
    fn without_a_call_in_flight_the_timer_is_set_for_the_whole_time() {
        assert_eq!(lanes(&[Lane::Idle]).expire(1_000), 100);
    }
}
