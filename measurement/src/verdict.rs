//! What limits of a share say about the share that is allowed, and one outcome over many.

use protocol::report::Outcome;

/// Pass when the upper limit is below what is allowed, fail when the lower one is above it, else inconclusive. All in [0, 1].
#[must_use]
pub fn judge(lower: f64, upper: f64, allowed: f64) -> Outcome {
    if upper < allowed {
        Outcome::Pass
    } else if lower > allowed {
        Outcome::Fail
    } else {
        Outcome::Inconclusive
    }
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

    #[test]
    fn only_limits_strictly_on_one_side_decide() {
        assert_eq!(judge(0.0, 0.049, 0.05), Outcome::Pass);
        assert_eq!(judge(0.0, 0.05, 0.05), Outcome::Inconclusive);
        assert_eq!(judge(0.05, 0.3, 0.05), Outcome::Inconclusive);
        assert_eq!(judge(0.051, 0.3, 0.05), Outcome::Fail);
        assert_eq!(judge(0.0, 1.0, 1.0), Outcome::Inconclusive);
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
