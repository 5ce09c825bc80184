//! From what is known, in nanoseconds, to what is published, in microseconds.

use measurement::{
    exceedance::Exceedance,
    interval::{self, Bounding, Known, Undefined},
};
use protocol::{Estimate, report::Share};

/// Nanoseconds of a microsecond.
const NS_PER_US: f64 = 1e3;

/// A duration in microseconds, to the nanosecond.
pub(super) fn us(ns: f64) -> f64 {
    let us = ns.round() / NS_PER_US;
    if us == 0.0 { 0.0 } else { us } // no negative zero
}

/// Publishes what is known, with the `resolution_ns` of the timer behind it.
pub(super) fn published(known: &Known, resolution_ns: f64) -> Estimate {
    let resolution = (resolution_ns > 0.0).then_some(us(resolution_ns.ceil()));
    match known {
        Known::Estimated(estimate) => Estimate {
            value: Some(us(estimate.value_ns)),
            lower: known.lower_ns().map(us),
            upper: known.upper_ns().map(us),
            resolution,
            n: Some(estimate.n),
            effective_n: Some(tenth(estimate.effective_n)),
            reason: (estimate.lower_ns.is_infinite() || estimate.upper_ns.is_infinite())
                .then(|| "the interval reaches calls that timed out".to_owned()),
            exclusive: false,
        },
        Known::Bounded {
            lower_ns,
            upper_ns,
            n,
            because,
        } => Estimate {
            lower: lower_ns.map(us),
            upper: upper_ns.map(us),
            resolution,
            n: Some(*n),
            reason: Some(bounding(because, upper_ns.is_some())),
            exclusive: because.is_exclusive(),
            ..match because {
                Bounding::Tick | Bounding::Mean | Bounding::Timeout => Estimate::default(),
                Bounding::Neighbours(reason) => worth(reason),
            }
        },
        Known::Unknown(reason) => Estimate {
            reason: Some(reason.to_string()),
            ..worth(reason)
        },
    }
}

/// Publishes a share, to a millionth.
pub(super) fn published_share(share: &Exceedance) -> Share {
    let rounded = |share: f64| (share * 1e6).round() / 1e6;
    Share {
        value: share.value.map(rounded),
        lower: rounded(share.lower),
        upper: rounded(share.upper),
        n: share.n,
        effective_n: tenth(share.effective_n),
    }
}

/// Why there are bounds and no value.
fn bounding(because: &Bounding, has_upper: bool) -> String {
    match (because, has_upper) {
        (Bounding::Tick, true) => {
            "the clock's tick is too coarse for a value; the bounds are proven".to_owned()
        }
        (Bounding::Tick, false) => {
            "the clock's tick is too coarse for a value, the samples too few for an upper bound"
                .to_owned()
        }
        (Bounding::Mean, _) => {
            "the clock stands still and shows the mean only; it bounds the quantile".to_owned()
        }
        (Bounding::Timeout, _) => {
            "calls timed out: it is their timeout at least, or the interval's lower end".to_owned()
        }
        (Bounding::Neighbours(reason), true) => {
            format!("{reason}; the bounds are ends of the quantiles beside it")
        }
        (Bounding::Neighbours(reason), false) => {
            format!("{reason}; the bound is the lower end of the quantile below it")
        }
    }
}

/// What the samples are worth of which there are too few.
fn worth(reason: &Undefined) -> Estimate {
    match *reason {
        Undefined::TooFewIndependentSamples {
            have, effective_n, ..
        } => Estimate {
            n: Some(have),
            effective_n: Some(tenth(effective_n)),
            ..Estimate::default()
        },
        _ => Estimate::default(),
    }
}

fn tenth(effective_n: f64) -> f64 {
    (effective_n * 10.0).round() / 10.0
}

/// What a published estimate says, in nanoseconds again; `None` where it says nothing.
pub(super) fn read_back(estimate: &Estimate) -> Option<Known> {
    let ns = |us: f64| us * NS_PER_US;
    let n = estimate.n.unwrap_or(0);
    match (estimate.value, estimate.lower, estimate.upper) {
        (Some(value), lower, upper) if lower.is_some() || upper.is_some() => {
            Some(Known::Estimated(interval::Estimate {
                value_ns: ns(value),
                lower_ns: lower.map_or(f64::NEG_INFINITY, ns),
                upper_ns: upper.map_or(f64::INFINITY, ns),
                n,
                effective_n: estimate.effective_n.unwrap_or(n as f64),
            }))
        }
        (None, None, None) | (Some(_), ..) => None,
        (None, lower, upper) => Some(Known::Bounded {
            lower_ns: lower.map(ns),
            upper_ns: upper.map(ns),
            n,
            because: if estimate.exclusive {
                Bounding::Tick
            } else {
                Bounding::Mean
            },
        }),
    }
}

/// The same where nothing is said, too, with `reason` for it.
pub(super) fn read_back_or(estimate: &Estimate, reason: &'static str) -> Known {
    read_back(estimate).unwrap_or(Known::Unknown(Undefined::NotMeasured(reason)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_published_to_the_nanosecond_with_its_resolution() {
        let known = Known::Estimated(interval::Estimate {
            value_ns: 90_495.4,
            lower_ns: 88_000.0,
            upper_ns: 93_000.0,
            n: 400,
            effective_n: 351.23,
        });
        let estimate = published(&known, 600.0);
        assert_eq!(
            (estimate.value, estimate.lower, estimate.upper),
            (Some(90.495), Some(88.0), Some(93.0))
        );
        assert_eq!(
            (estimate.resolution, estimate.n, estimate.effective_n),
            (Some(0.6), Some(400), Some(351.2))
        );
    }

    #[test]
    fn bounds_are_published_without_a_value_and_with_the_reason() {
        let bounded = published(
            &Known::Bounded {
                lower_ns: Some(0.0),
                upper_ns: Some(1e6),
                n: 400,
                because: Bounding::Tick,
            },
            1e6,
        );
        assert_eq!(
            (bounded.value, bounded.lower, bounded.upper),
            (None, Some(0.0), Some(1_000.0))
        );
        assert!(bounded.reason.is_some());
        let unknown = published(&Known::Unknown(Undefined::NoSamples), 1e6);
        assert_eq!(unknown.reason.as_deref(), Some("no successful samples"));
    }
}
