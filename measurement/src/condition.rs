//! Under which condition calls are made, and which of them judge a threshold.
//!
//! Isolated calls follow computing and waiting for the clock, back-to-back calls follow each other. A stub in production meets both, they need not
//! take the same, and each is a claim of its own. A verdict that took whichever of the two settles it first would have two chances to
//! be wrong. So the condition of each verdict is designated before anything is measured, by its threshold alone, and has the whole
//! error; the other one is reported beside it, and is a warning where the two contradict each other ([`contradict`]).

use crate::exceedance::Fineness;
use protocol::report::{Condition, Outcome};

/// From so many ticks on a threshold is judged by back-to-back calls.
///
/// With one tick, a reading of a single step counts against passing, and calls of half a tick have one in every second reading: calls that are in order would stay open. With two,
/// a call must take more than a tick to count against passing.
const LEAST_TICKS: f64 = 2.0;

/// The condition under which a threshold of `threshold_ns` is judged, given the clock's tick and what single samples of isolated calls are. Where
/// those are whole ticks as well, nothing is gained by isolating calls.
#[must_use]
pub fn judging(threshold_ns: f64, tick_ns: u64, isolated: Fineness) -> Condition {
    match isolated {
        Fineness::Fine if threshold_ns < LEAST_TICKS * tick_ns as f64 => Condition::Isolated,
        Fineness::Fine | Fineness::Ticks(_) => Condition::BackToBack,
    }
}

/// Whether two outcomes for the same threshold exclude each other.
#[must_use]
pub fn contradict(one: Outcome, other: Outcome) -> bool {
    matches!(
        (one, other),
        (Outcome::Pass, Outcome::Fail) | (Outcome::Fail, Outcome::Pass)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_of_two_ticks_and_more_are_judged_by_back_to_back_calls() {
        let fine = |ms: f64| judging(ms * 1e6, 1_000_000, Fineness::Fine);
        assert_eq!(
            [1.0, 1.9, 2.0, 3.0, 5.0].map(fine),
            [
                Condition::Isolated,
                Condition::Isolated,
                Condition::BackToBack,
                Condition::BackToBack,
                Condition::BackToBack
            ]
        );
        let ticked = judging(1e6, 1_000_000, Fineness::Ticks(1_000_000));
        assert_eq!(ticked, Condition::BackToBack);
    }

    #[test]
    fn only_pass_and_fail_contradict_each_other() {
        assert!(contradict(Outcome::Pass, Outcome::Fail));
        assert!(contradict(Outcome::Fail, Outcome::Pass));
        assert!(!contradict(Outcome::Pass, Outcome::Pass));
        assert!(!contradict(Outcome::Inconclusive, Outcome::Fail));
    }
}
