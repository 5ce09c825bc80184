//! Figures as text: as many digits as the resolution supports, and never a 0 that means "too small to see".

mod scale;

use protocol::{Estimate, report::Share};
pub use scale::Scale;

/// What stands where nothing can be stated.
pub const UNSTATED: &str = "n/a";

/// A time in ms: `0.091`, `< 0.001` below the resolution, `1-2` where only bounds are known, `n/a` where nothing is.
#[must_use]
pub fn milliseconds(estimate_us: &Estimate) -> String {
    text(estimate_us, 1_000.0)
}

/// A time in us, in the same manner.
#[must_use]
pub fn microseconds(estimate_us: &Estimate) -> String {
    text(estimate_us, 1.0)
}

/// A time in ms with its interval: `0.091 [0.088, 0.094]`.
#[must_use]
pub fn milliseconds_with_interval(estimate_us: &Estimate) -> String {
    with_interval(estimate_us, 1_000.0)
}

/// A time in us with its interval.
#[must_use]
pub fn microseconds_with_interval(estimate_us: &Estimate) -> String {
    with_interval(estimate_us, 1.0)
}

/// A payload size: `100 B`, `10 KB`.
#[must_use]
pub fn size(bytes: u32) -> String {
    match bytes {
        1_000_000.. if bytes.is_multiple_of(1_000_000) => format!("{} MB", bytes / 1_000_000),
        1_000.. if bytes.is_multiple_of(1_000) => format!("{} KB", bytes / 1_000),
        _ => format!("{bytes} B"),
    }
}

/// A share of calls in [0, 1] as percent: `0.23 %`, `1.4 %`, `62 %`; two digits, which is more than intervals leave of it.
#[must_use]
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let decimals = match percent {
        p if p > 0.0 && p < 0.005 => return "< 0.01 %".to_owned(),
        p if p == 0.0 || p >= 9.95 => 0,
        p if p >= 0.995 => 1,
        _ => 2,
    };
    format!("{percent:.decimals$} %")
}

/// A share with its limits: `0.90 % [0.40 %, 1.7 %]`, or `0 %-1.7 %` where the clock leaves it open.
#[must_use]
pub fn share_with_interval(share: &Share) -> String {
    let (lower, upper) = (percent(share.lower), percent(share.upper));
    match share.value {
        Some(value) => format!("{} [{lower}, {upper}]", percent(value)),
        None => format!("{lower}-{upper}"),
    }
}

fn text(estimate: &Estimate, unit_us: f64) -> String {
    let scale = Scale::of(unit_us, estimate.resolution);
    match (estimate.value, estimate.lower, estimate.upper) {
        (Some(value), _, _) => scale.reading(value),
        (None, Some(lower), Some(upper)) => {
            let between = if lower < 0.0 { " to " } else { "-" };
            [
                &scale.lower_bound(lower),
                between,
                &scale.upper_bound(upper),
            ]
            .concat()
        }
        (None, Some(lower), None) => format!("> {}", scale.lower_bound(lower)),
        (None, None, Some(upper)) => format!("< {}", scale.upper_bound(upper)),
        (None, None, None) => UNSTATED.to_owned(),
    }
}

fn with_interval(estimate: &Estimate, unit_us: f64) -> String {
    let text = text(estimate, unit_us);
    let scale = Scale::of(unit_us, estimate.resolution);
    match (estimate.value, estimate.lower, estimate.upper) {
        // an interval wholly below the resolution says no more than the value does
        (Some(value), Some(lower), Some(upper))
            if ![value, lower, upper].iter().all(|&us| scale.is_below(us)) =>
        {
            format!("{text} [{}, {}]", scale.end(lower), scale.end(upper))
        }
        (Some(_), lower, upper) if lower.is_some() != upper.is_some() => {
            let lower = lower.map_or_else(|| "-∞".to_owned(), |us| scale.end(us));
            let upper = upper.map_or_else(|| "∞".to_owned(), |us| scale.end(us));
            format!("{text} [{lower}, {upper}]")
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(value: f64, resolution: f64) -> Estimate {
        Estimate {
            value: Some(value),
            lower: Some(value - 2.0),
            upper: Some(value + 3.0),
            resolution: Some(resolution),
            ..Estimate::default()
        }
    }

    fn bounds(lower: Option<f64>, upper: Option<f64>) -> Estimate {
        Estimate {
            lower,
            upper,
            resolution: Some(1_000.0),
            ..Estimate::default()
        }
    }

    #[test]
    fn a_time_has_as_many_digits_as_its_resolution_supports() {
        assert_eq!(milliseconds(&stated(90.53, 1.0)), "0.091");
        assert_eq!(milliseconds(&stated(90.53, 0.1)), "0.0905");
        assert_eq!(milliseconds(&stated(2_000.0, 1_000.0)), "2");
        assert_eq!(microseconds(&stated(90.53, 1.0)), "91");
        assert_eq!(microseconds(&stated(90.53, 0.01)), "90.53");
    }

    #[test]
    fn nothing_is_printed_as_zero_for_being_too_small() {
        assert_eq!(milliseconds(&stated(0.3, 1.0)), "< 0.001");
        assert_eq!(milliseconds(&stated(0.0, 1_000.0)), "< 1");
        assert_eq!(microseconds(&stated(-0.004, 0.05)), "< 0.05");
    }

    #[test]
    fn the_ends_of_an_interval_are_not_printed_as_zero_either() {
        let below = |lower: f64, value: f64, upper: f64| Estimate {
            value: Some(value),
            lower: Some(lower),
            upper: Some(upper),
            resolution: Some(1.0),
            ..Estimate::default()
        };
        assert_eq!(
            milliseconds_with_interval(&below(0.2, 2.0, 5.0)),
            "0.002 [< 0.001, 0.005]"
        );
        assert_eq!(
            milliseconds_with_interval(&below(-0.2, 2.0, 5.0)),
            "0.002 [> -0.001, 0.005]"
        );
        assert_eq!(
            microseconds_with_interval(&below(-0.1, 0.0, 0.1)),
            "< 1",
            "an interval below the resolution says no more"
        );
    }

    #[test]
    fn a_figure_below_the_resolution_is_never_said_to_be_below_less_than_that() {
        assert_eq!(milliseconds(&stated(10.5, 10.93)), "< 0.011");
        assert_eq!(milliseconds(&stated(1.0, 1_449.0)), "< 1.5");
        assert_eq!(microseconds(&stated(0.0, 0.0231)), "< 0.024");
    }

    #[test]
    fn a_bound_is_rounded_away_from_what_it_bounds_and_is_0_only_where_it_is_0() {
        assert_eq!(
            milliseconds(&bounds(Some(-9.96), Some(1_000.0))),
            "-0.01 to 1"
        );
        assert_eq!(
            milliseconds(&bounds(Some(1_990.0), Some(3_004.0))),
            "1.9-3.1"
        );
        assert_eq!(milliseconds(&bounds(Some(0.0), Some(10.04))), "0-0.011");
        let fine = Estimate {
            lower: Some(205.3),
            upper: Some(6_112.0),
            resolution: Some(10.9),
            ..Estimate::default()
        };
        assert_eq!(milliseconds(&fine), "0.20-6.12");
    }

    #[test]
    fn bounds_stand_as_a_range() {
        assert_eq!(milliseconds(&bounds(Some(1_000.0), Some(2_000.0))), "1-2");
        assert_eq!(milliseconds(&bounds(None, Some(1_000.0))), "< 1");
        assert_eq!(milliseconds(&bounds(Some(3_000.0), None)), "> 3");
        assert_eq!(
            milliseconds(&Estimate::unavailable("too few samples")),
            "n/a"
        );
    }

    #[test]
    fn an_interval_follows_its_value() {
        assert_eq!(
            milliseconds_with_interval(&stated(90.0, 1.0)),
            "0.090 [0.088, 0.093]"
        );
        assert_eq!(
            milliseconds_with_interval(&stated(0.4, 1.0)),
            "< 0.001 [-0.002, 0.003]"
        );
    }

    #[test]
    fn an_interval_that_reaches_calls_that_timed_out_has_no_upper_end() {
        let open = Estimate {
            upper: None,
            ..stated(90.0, 1.0)
        };
        assert_eq!(milliseconds_with_interval(&open), "0.090 [0.088, ∞]");
    }

    #[test]
    fn shares_are_percentages_of_two_digits() {
        assert_eq!(
            [0.0, 0.00001, 0.0023, 0.01, 0.014, 0.05, 0.62, 1.0].map(percent),
            [
                "0 %", "< 0.01 %", "0.23 %", "1.0 %", "1.4 %", "5.0 %", "62 %", "100 %"
            ]
        );
        let share = |value| Share {
            value,
            lower: 0.0,
            upper: 0.0083,
            n: 440,
            effective_n: 440.0,
        };
        assert_eq!(
            share_with_interval(&share(Some(0.001))),
            "0.10 % [0 %, 0.83 %]"
        );
        assert_eq!(share_with_interval(&share(None)), "0 %-0.83 %");
    }

    #[test]
    fn sizes_are_in_the_largest_whole_unit() {
        assert_eq!(
            [100, 1_000, 1_500, 100_000, 1_000_000].map(size),
            ["100 B", "1 KB", "1500 B", "100 KB", "1 MB"]
        );
    }
}
