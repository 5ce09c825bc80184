//! The difference of two figures from two runs, with its interval and what it says in words.
//!
//! The runs are independent, so the interval is MOVER's without correlation ([`measurement::mover`]). Where a figure is only bounded, the
//! difference is, too.

use crate::{
    format::{Unit, estimate},
    wire::{known, published},
};
use core::fmt;
use protocol::{Estimate, comparison::Finding};

/// What a second figure is less a first one, in us.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// With its interval, or bounds, or the reason why there is none.
    pub us: Estimate,
    /// In percent of the first figure, where that is known and neither it nor the difference is below the resolution.
    pub percent: Option<f64>,
}

impl Difference {
    /// `second` less `first`, both in us.
    #[must_use]
    pub fn of(first: &Estimate, second: &Estimate) -> Self {
        let us = minus(second, first);
        let visible = !first.is_below_resolution() && !us.is_below_resolution();
        let percent = match (first.value, us.value) {
            (Some(first), Some(more)) if first > 0.0 && visible => Some(more / first * 100.0),
            _ => None,
        };
        Self { us, percent }
    }

    /// What it says.
    #[must_use]
    pub fn finding(&self) -> Finding {
        match (self.us.lower, self.us.upper) {
            _ if self.us.is_below_resolution() => Finding::NoneShown,
            (Some(lower), _) if lower > 0.0 => Finding::Slower,
            (_, Some(upper)) if upper < 0.0 => Finding::Faster,
            (Some(_), Some(_)) => Finding::NoneShown,
            _ => Finding::Unclear,
        }
    }
}

impl fmt::Display for Difference {
    /// `+0.012 [0.004, 0.020], +13 %` in ms; `within ±0.003 [-0.010, 0.009]` where it is too small to see.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.us.text;
        if self.us.is_below_resolution() {
            // A difference has two sides: "< 0.003" would say that it may be -1, too.
            write!(f, "within ±{}", text.trim_start_matches("< "))?;
        } else if self.us.value.is_some_and(|value| value > 0.0) {
            write!(f, "+{text}")?;
        } else {
            f.write_str(text)?;
        }
        match self.percent {
            Some(percent) => write!(f, ", {percent:+.0} %"),
            None => Ok(()),
        }
    }
}

fn minus(second: &Estimate, first: &Estimate) -> Estimate {
    let resolutions = [first.resolution, second.resolution];
    let resolution_us = resolutions.into_iter().flatten().reduce(f64::max);
    let mut less = published(
        &known(second).minus(&known(first)),
        resolution_us.unwrap_or_default() * 1e3,
    );
    less.text = estimate(&less, Unit::Milliseconds);
    less
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Reason, ReasonCode};

    fn estimate(value: f64, lower: f64, upper: f64) -> Estimate {
        Estimate {
            value: Some(value),
            lower: Some(lower),
            upper: Some(upper),
            resolution: Some(1.0),
            ..Estimate::default()
        }
    }

    fn bounds(lower: f64, upper: f64) -> Estimate {
        Estimate {
            lower: Some(lower),
            upper: Some(upper),
            ..Estimate::default()
        }
    }

    #[test]
    fn the_interval_is_movers_and_not_as_wide_as_the_sum_of_both() {
        let difference = Difference::of(
            &estimate(100.0, 97.0, 104.0),
            &estimate(150.0, 147.0, 153.0),
        );
        // 3 and 4 make 5 below; 3 and 3 make 4.243 above.
        assert_eq!(difference.us.value, Some(50.0));
        assert_eq!(difference.us.lower, Some(45.0));
        // published to the nanosecond
        assert!((difference.us.upper.unwrap() - (50.0 + 18.0_f64.sqrt())).abs() < 1e-3);
        assert_eq!(difference.finding(), Finding::Slower);
        assert_eq!(difference.to_string(), "+0.050 [0.045, 0.054], +50 %");
    }

    #[test]
    fn a_difference_whose_interval_holds_0_is_not_shown() {
        let difference =
            Difference::of(&estimate(100.0, 90.0, 110.0), &estimate(95.0, 85.0, 105.0));
        assert_eq!(difference.finding(), Finding::NoneShown);
        let reverse = Difference::of(
            &estimate(150.0, 147.0, 153.0),
            &estimate(100.0, 97.0, 104.0),
        );
        assert_eq!(reverse.finding(), Finding::Faster);
        assert_eq!(reverse.percent.map(f64::round), Some(-33.0));
    }

    #[test]
    fn what_is_too_small_to_see_has_neither_a_sign_nor_a_percentage() {
        for second in [100.6, 99.4, 100.0] {
            let difference = Difference::of(
                &estimate(100.0, 97.0, 104.0),
                &estimate(second, second - 3.0, second + 4.0),
            );
            assert!(
                difference.to_string().starts_with("within ±0.001 ["),
                "{difference}"
            );
            assert!(difference.to_string().ends_with(']'), "{difference}");
            let wholly_above = Difference {
                us: Estimate {
                    lower: Some(0.1),
                    ..difference.us.clone()
                },
                ..difference
            };
            assert_eq!(wholly_above.finding(), Finding::NoneShown);
        }
        let surely = Difference::of(&estimate(100.0, 99.8, 100.2), &estimate(100.1, 99.9, 100.3));
        assert_eq!(surely.to_string(), "within ±0.001");
    }

    #[test]
    fn bounds_prove_a_difference_only_where_they_do_not_meet() {
        let ticked = Difference::of(&bounds(0.0, 1_000.0), &bounds(2_000.0, 3_000.0));
        assert_eq!((ticked.us.value, ticked.finding()), (None, Finding::Slower));
        let same = Difference::of(&bounds(0.0, 1_000.0), &bounds(0.0, 1_000.0));
        assert_eq!(same.finding(), Finding::NoneShown);
    }

    #[test]
    fn what_is_not_stated_has_no_finding() {
        let difference = Difference::of(
            &Estimate::unavailable(Reason::of(ReasonCode::NoSamples)),
            &estimate(1.0, 0.5, 2.0),
        );
        assert_eq!(difference.finding(), Finding::Unclear);
        assert_eq!(difference.to_string(), "n/a");
        assert_eq!(difference.us.reason.unwrap().code, ReasonCode::NoSamples);
    }
}
