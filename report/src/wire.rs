//! Between what is known, in nanoseconds, and what is published, in microseconds. Both ways lose nothing but digits.

use crate::reasons::{self, of_bounds, of_undefined};
use measurement::{
    exceedance::Exceedance,
    interval::{self, Bounding, Known, Missing, Undefined},
    proportion::BlockProportion,
};
use protocol::{Basis, Estimate, ReasonCode, report::Share, units::NS_PER_US};

/// A duration in microseconds, to the nanosecond.
pub(super) fn us(ns: f64) -> f64 {
    let us = ns.round() / NS_PER_US;
    if us == 0.0 { 0.0 } else { us } // no negative zero
}

/// Publishes what is known, with the `resolution_ns` of the timer behind it. Its text is made when the report is whole
/// ([`crate::texts`]).
pub(super) fn published(known: &Known, resolution_ns: f64) -> Estimate {
    let resolution = (resolution_ns > 0.0).then_some(us(resolution_ns.ceil()));
    match known {
        Known::Estimated(estimate) => {
            let is_open = estimate.lower_ns.is_infinite() || estimate.upper_ns.is_infinite();
            Estimate {
                value: Some(us(estimate.value_ns)),
                lower: known.lower_ns().map(us),
                upper: known.upper_ns().map(us),
                resolution,
                n: Some(estimate.n),
                effective_n: Some(tenth(estimate.effective_n)),
                reason: is_open.then(reasons::open_interval),
                ..Estimate::default()
            }
        }
        Known::Bounded {
            lower_ns,
            upper_ns,
            n,
            because,
        } => Estimate {
            lower: lower_ns.map(us),
            upper: upper_ns.map(us),
            basis: Some(basis(because)),
            exclusive: because.is_exclusive(),
            resolution,
            n: Some(*n),
            reason: Some(of_bounds(because, upper_ns.is_some())),
            ..match because {
                Bounding::Tick | Bounding::Mean | Bounding::Timeout => Estimate::default(),
                Bounding::Neighbours(reason) => worth(reason),
            }
        },
        Known::Unknown(reason) => Estimate {
            reason: Some(of_undefined(reason)),
            ..worth(reason)
        },
    }
}

const fn basis(because: &Bounding) -> Basis {
    match because {
        Bounding::Tick => Basis::Tick,
        Bounding::Mean => Basis::Mean,
        Bounding::Timeout => Basis::Timeout,
        Bounding::Neighbours(_) => Basis::AdjacentQuantiles,
    }
}

/// Publishes a share of calls that nothing is allowed of, with its exact limits.
pub(super) fn published_proportion(share: &BlockProportion) -> Share {
    let limits = share.interval();
    Share {
        value: Some(rounded(share.value())),
        lower: rounded(limits.lower),
        upper: rounded(limits.upper),
        n: share.n(),
        effective_n: tenth(share.effective_n()),
        p_value: None,
        text: String::new(),
    }
}

/// A share to a millionth.
fn rounded(share: f64) -> f64 {
    (share * 1e6).round() / 1e6
}

/// Publishes a share.
pub(super) fn published_share(share: &Exceedance) -> Share {
    Share {
        value: share.value.map(rounded),
        lower: rounded(share.lower),
        upper: rounded(share.upper),
        n: share.n,
        effective_n: tenth(share.effective_n),
        // three digits: what Holm's procedure compares spans many orders of magnitude
        p_value: format!("{:.2e}", share.p_value).parse().ok(),
        text: String::new(),
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

/// What a published estimate says, in nanoseconds again.
pub(super) fn known(estimate: &Estimate) -> Known {
    let ns = |us: f64| us * NS_PER_US;
    let n = estimate.n.unwrap_or(0);
    match (estimate.value, estimate.lower, estimate.upper) {
        (Some(value), lower, upper) if lower.is_some() || upper.is_some() => {
            Known::Estimated(interval::Estimate {
                value_ns: ns(value),
                lower_ns: lower.map_or(f64::NEG_INFINITY, ns),
                upper_ns: upper.map_or(f64::INFINITY, ns),
                n,
                effective_n: estimate.effective_n.unwrap_or(n as f64),
            })
        }
        (None, None, None) | (Some(_), ..) => Known::Unknown(undefined(estimate)),
        (None, lower, upper) => Known::Bounded {
            lower_ns: lower.map(ns),
            upper_ns: upper.map(ns),
            n,
            because: match estimate.basis {
                Some(Basis::Tick) | None => Bounding::Tick,
                Some(Basis::Mean) => Bounding::Mean,
                Some(Basis::Timeout) => Bounding::Timeout,
                Some(Basis::AdjacentQuantiles) => Bounding::Neighbours(undefined(estimate)),
            },
        },
    }
}

/// Why a published estimate has no value.
fn undefined(estimate: &Estimate) -> Undefined {
    let Some(reason) = &estimate.reason else {
        return Undefined::NotMeasured(Missing::Place);
    };
    let (needed, have) = (
        reason.needed.unwrap_or_default(),
        reason.have.unwrap_or_default(),
    );
    match reason.code {
        ReasonCode::NoSamples => Undefined::NoSamples,
        ReasonCode::TooFewSamples => Undefined::TooFewSamples { needed, have },
        ReasonCode::TooFewIndependentSamples => Undefined::TooFewIndependentSamples {
            needed,
            have,
            worth: reason.effective_n.unwrap_or_default(),
            effective_n: estimate.effective_n.unwrap_or_default(),
        },
        ReasonCode::TooFewBlocks => Undefined::TooFewBlocks { have },
        ReasonCode::NoClock => Undefined::NotMeasured(Missing::Clock),
        ReasonCode::SamplesAreBackToBack => Undefined::NotMeasured(Missing::IsolatedCalls),
        ReasonCode::NotRepeated => Undefined::NotMeasured(Missing::Repetition),
        ReasonCode::NotMeasured => Undefined::NotMeasured(Missing::Part),
        ReasonCode::OneSize => Undefined::NotMeasured(Missing::Sizes),
        ReasonCode::AnotherPlace
        | ReasonCode::Tick
        | ReasonCode::MeanOnly
        | ReasonCode::Timeouts
        | ReasonCode::NotReported
        | ReasonCode::Legacy => Undefined::NotMeasured(Missing::Place),
    }
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
        assert_eq!(
            (bounded.basis, bounded.exclusive),
            (Some(Basis::Tick), true)
        );
        let unknown = published(&Known::Unknown(Undefined::NoSamples), 1e6);
        assert_eq!(unknown.reason.unwrap().code, ReasonCode::NoSamples);
    }

    #[test]
    fn what_is_published_is_known_again() {
        let few = Undefined::TooFewIndependentSamples {
            needed: 368,
            have: 440,
            worth: 92.0,
            effective_n: 50.0,
        };
        let bounded = |because, upper_ns| Known::Bounded {
            lower_ns: Some(1e6),
            upper_ns,
            n: 440,
            because,
        };
        for said in [
            Known::Unknown(Undefined::NoSamples),
            Known::Unknown(few),
            Known::Unknown(Undefined::TooFewSamples {
                needed: 72,
                have: 20,
            }),
            Known::Unknown(Undefined::TooFewBlocks { have: 1 }),
            Known::Unknown(Undefined::NotMeasured(Missing::Clock)),
            Known::Unknown(Undefined::NotMeasured(Missing::IsolatedCalls)),
            Known::Unknown(Undefined::NotMeasured(Missing::Repetition)),
            Known::Unknown(Undefined::NotMeasured(Missing::Part)),
            Known::Unknown(Undefined::NotMeasured(Missing::Sizes)),
            Known::Unknown(Undefined::NotMeasured(Missing::Place)),
            bounded(Bounding::Tick, Some(2e6)),
            bounded(Bounding::Mean, Some(2e6)),
            bounded(Bounding::Timeout, None),
            bounded(Bounding::Neighbours(few), None),
        ] {
            assert_eq!(known(&published(&said, 1e6)), said);
        }
    }
}
