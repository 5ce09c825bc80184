//! What an interval says about a threshold, and how many samples would settle what it leaves open.

use crate::{
    interval::{Bounding, Estimate, Known, Undefined},
    proportion::minimum_n,
};
use protocol::report::Outcome;

/// More samples than this are no advice: a run has 10,000 a cell at most, and it would take a hundred of them.
const MOST_SAMPLES: f64 = 1e6;

/// Holds what is known against a threshold, both in nanoseconds: pass when even the upper end is at most the threshold,
/// fail when even the lower end is above it, else inconclusive.
///
/// A threshold is the largest acceptable cost, so that an upper end equal to it passes: a proof that a p50 is at most one
/// tick is a proof that it is at most 1 ms.
#[must_use]
pub fn judge(known: &Known, threshold_ns: f64) -> Outcome {
    if known.upper_ns().is_some_and(|upper| upper <= threshold_ns) {
        Outcome::Pass
    } else if known.lower_ns().is_some_and(|lower| lower > threshold_ns) {
        Outcome::Fail
    } else {
        Outcome::Inconclusive
    }
}

/// Samples of the cell in all that would probably settle an inconclusive verdict on a `quantile` (in (0, 1)).
///
/// Assumes that the estimate stays where it is and that its interval shrinks with the square root of the number of
/// samples, as it does when more blocks are measured. `None` where more samples would not help: the verdict is
/// settled, the bounds are those of the clock, or the estimate is so near the threshold that a million would not do.
#[must_use]
pub fn samples_needed(known: &Known, threshold_ns: f64, quantile: f64) -> Option<u64> {
    if judge(known, threshold_ns) != Outcome::Inconclusive {
        return None;
    }
    let least = minimum_n(quantile) as f64;
    let for_a_value = |reason| match reason {
        Undefined::TooFewSamples { .. } | Undefined::NoSamples => Some(least),
        Undefined::TooFewIndependentSamples { have, worth, .. } => {
            Some(have as f64 * least / worth)
        }
        Undefined::NotMeasured(_) | Undefined::TooFewBlocks { .. } => None,
    };
    let needed = match *known {
        Known::Estimated(Estimate {
            value_ns,
            lower_ns,
            upper_ns,
            n,
            ..
        }) => {
            let above = value_ns > threshold_ns;
            let reach = if above {
                value_ns - lower_ns
            } else {
                upper_ns - value_ns
            };
            let room = (threshold_ns - value_ns).abs();
            (n as f64 * (reach / room).powi(2)).max(least)
        }
        Known::Unknown(reason)
        | Known::Bounded {
            because: Bounding::Neighbours(reason),
            ..
        } => for_a_value(reason)?,
        Known::Bounded {
            upper_ns: None,
            n,
            because: Bounding::Tick,
            ..
        } if (n as f64) < least => least,
        Known::Bounded { .. } => return None,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and MOST_SAMPLES"
    )]
    (needed <= MOST_SAMPLES).then(|| needed.ceil() as u64)
}

/// One outcome over several: fail if any fails, else inconclusive if any is or there are none, else pass.
#[must_use]
pub fn overall(outcomes: impl IntoIterator<Item = Outcome>) -> Outcome {
    let mut overall = None;
    for outcome in outcomes {
        overall = match (overall, outcome) {
            (_, Outcome::Fail) => return Outcome::Fail,
            (Some(Outcome::Inconclusive), _) | (_, Outcome::Inconclusive) => {
                Some(Outcome::Inconclusive)
            }
            _ => Some(Outcome::Pass),
        };
    }
    overall.unwrap_or(Outcome::Inconclusive)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: f64 = 1e6;

    fn estimated(lower: f64, value: f64, upper: f64) -> Known {
        Known::Estimated(Estimate {
            value_ns: value * MS,
            lower_ns: lower * MS,
            upper_ns: upper * MS,
            n: 400,
            effective_n: 400.0,
        })
    }

    fn bounded(lower: f64, upper: Option<f64>, n: u64) -> Known {
        Known::Bounded {
            lower_ns: Some(lower * MS),
            upper_ns: upper.map(|u| u * MS),
            n,
            because: Bounding::Tick,
        }
    }

    #[test]
    fn the_interval_decides_and_not_the_value() {
        assert_eq!(judge(&estimated(0.1, 0.2, 0.9), MS), Outcome::Pass);
        assert_eq!(judge(&estimated(0.1, 0.2, 1.1), MS), Outcome::Inconclusive);
        assert_eq!(judge(&estimated(0.9, 1.2, 1.5), MS), Outcome::Inconclusive);
        assert_eq!(judge(&estimated(1.1, 1.2, 1.5), MS), Outcome::Fail);
        assert_eq!(
            judge(&Known::Unknown(Undefined::NoSamples), MS),
            Outcome::Inconclusive
        );
    }

    #[test]
    fn bounds_of_a_tick_pass_a_threshold_of_a_tick() {
        assert_eq!(judge(&bounded(0.0, Some(1.0), 400), MS), Outcome::Pass);
        assert_eq!(
            judge(&bounded(0.0, Some(2.0), 400), MS),
            Outcome::Inconclusive
        );
        assert_eq!(judge(&bounded(2.0, None, 400), MS), Outcome::Fail);
        assert_eq!(judge(&bounded(0.0, None, 400), MS), Outcome::Inconclusive);
    }

    #[test]
    fn half_the_room_takes_four_times_the_samples() {
        // the upper end reaches 0.4 above the value, the threshold is 0.2 above it
        assert_eq!(
            samples_needed(&estimated(0.6, 0.8, 1.2), MS, 0.5),
            Some(1_600)
        );
        assert_eq!(
            samples_needed(&estimated(0.8, 1.2, 1.3), MS, 0.5),
            Some(1_600)
        );
    }

    #[test]
    fn no_number_is_named_where_more_samples_would_not_help() {
        assert_eq!(
            samples_needed(&estimated(0.1, 0.2, 0.9), MS, 0.5),
            None,
            "settled"
        );
        assert_eq!(
            samples_needed(&estimated(0.9, 1.0, 1.1), MS, 0.5),
            None,
            "on the threshold"
        );
        assert_eq!(
            samples_needed(&bounded(0.0, Some(2.0), 400), MS, 0.5),
            None,
            "the clock's bounds"
        );
        assert_eq!(
            samples_needed(&Known::Unknown(Undefined::NotMeasured("")), MS, 0.5),
            None
        );
    }

    #[test]
    fn too_few_samples_need_the_minimum() {
        let few = Known::Unknown(Undefined::TooFewSamples {
            quantile: 0.99,
            have: 100,
        });
        assert_eq!(samples_needed(&few, MS, 0.99), Some(368));
        let alike = Known::Unknown(Undefined::TooFewIndependentSamples {
            quantile: 0.99,
            have: 400,
            worth: 92.0,
            effective_n: 50.0,
        });
        assert_eq!(samples_needed(&alike, MS, 0.99), Some(1_600));
        assert_eq!(samples_needed(&bounded(0.0, None, 100), MS, 0.95), None);
        assert_eq!(samples_needed(&bounded(0.0, None, 60), MS, 0.95), Some(72));
    }

    #[test]
    fn one_failure_decides_and_nothing_at_all_proves_nothing() {
        assert_eq!(
            overall([Outcome::Pass, Outcome::Inconclusive, Outcome::Fail]),
            Outcome::Fail
        );
        assert_eq!(
            overall([Outcome::Pass, Outcome::Inconclusive, Outcome::Pass]),
            Outcome::Inconclusive
        );
        assert_eq!(overall([Outcome::Pass, Outcome::Pass]), Outcome::Pass);
        assert_eq!(overall([]), Outcome::Inconclusive);
    }
}
