//! Figures as text: as many digits as the resolution supports, and never a 0 that means "too small to see".

mod scale;

use protocol::{Estimate, Runtime, Transport, limits::MOST_SAMPLES_PER_CELL, report::Share};
pub use scale::Scale;

/// What stands where nothing can be stated.
pub const UNSTATED: &str = "n/a";

/// In which unit an estimate in us is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Latencies and overheads.
    Milliseconds,
    /// Parts of a call, and slopes.
    Microseconds,
}

impl Unit {
    const fn us(self) -> f64 {
        match self {
            Self::Milliseconds => 1_000.0,
            Self::Microseconds => 1.0,
        }
    }
}

/// An estimate in us as text, without the unit. The one notation of every report, table, page and alert:
///
/// | text | means |
/// |---|---|
/// | `0.091 [0.088, 0.094]` | a value with its 95 % interval, with as many digits as the resolution supports |
/// | `0.091 [0.088, ∞]` | the interval reaches calls that timed out |
/// | `< 0.011` | below the resolution, or a proven bound: less than 0.011 |
/// | `> -0.011` | an end of an interval that is negative and too small to see |
/// | `2 to 4` | proven bounds without a value between them |
/// | `> 3`, `≥ 3`, `≤ 4` | a bound on one side; `<` and `>` exclude it |
/// | `n/a` | nothing can be stated |
#[must_use]
pub fn estimate(estimate_us: &Estimate, unit: Unit) -> String {
    let scale = Scale::of(unit.us(), estimate_us.resolution);
    match (estimate_us.value, estimate_us.lower, estimate_us.upper) {
        (Some(value), lower, upper) => with_interval(scale, value, lower, upper),
        (None, lower, upper) => bounds(scale, lower, upper, estimate_us.exclusive),
    }
}

/// The value of an estimate without its interval, or its bounds.
#[must_use]
pub fn value(estimate_us: &Estimate, unit: Unit) -> String {
    let scale = Scale::of(unit.us(), estimate_us.resolution);
    match estimate_us.value {
        Some(value) => scale.reading(value),
        None => estimate(estimate_us, unit),
    }
}

fn with_interval(scale: Scale, value: f64, lower: Option<f64>, upper: Option<f64>) -> String {
    let reading = scale.reading(value);
    let ends = [lower, upper];
    // an interval that ends at the resolution, as it is written, says no more than the value does
    let says_more = !(scale.is_below(value)
        && ends
            .iter()
            .all(|end| end.is_some_and(|us| scale.is_written_as_resolution(us))));
    if ends == [None, None] || !says_more {
        return reading;
    }
    let lower = lower.map_or_else(|| "-∞".to_owned(), |us| scale.end(us));
    let upper = upper.map_or_else(|| "∞".to_owned(), |us| scale.end(us));
    format!("{reading} [{lower}, {upper}]")
}

fn bounds(scale: Scale, lower: Option<f64>, upper: Option<f64>, exclusive: bool) -> String {
    let (above, below) = if exclusive {
        (">", "<")
    } else {
        ("≥", "≤")
    };
    let (lower, upper) = (
        lower.map(|us| scale.lower_bound(us)),
        upper.map(|us| scale.upper_bound(us)),
    );
    match (lower.as_deref(), upper.as_deref()) {
        // a latency is above nothing anyway
        (Some("0") | None, Some(upper)) => format!("{below} {upper}"),
        (Some(lower), Some(upper)) => format!("{lower} to {upper}"),
        (Some(lower), None) => format!("{above} {lower}"),
        (None, None) => UNSTATED.to_owned(),
    }
}

/// A payload size in the largest unit that shows it exactly: `100 B`, `1.5 KB`, `1 MB`.
#[must_use]
pub fn size(bytes: u32) -> String {
    // one decimal at most, or the exact number
    match bytes {
        1_000_000.. if bytes.is_multiple_of(100_000) => format!("{} MB", f64::from(bytes) / 1e6),
        1_000.. if bytes.is_multiple_of(100) => format!("{} KB", f64::from(bytes) / 1e3),
        _ => format!("{bytes} B"),
    }
}

/// How a cell reaches its function, and whose it is: `Service Binding`, `Service Binding (pyodide)`.
#[must_use]
pub fn method(runtime: Runtime, transport: Transport) -> String {
    if runtime == Runtime::NATIVE {
        transport.title().to_owned()
    } else {
        format!("{} ({runtime})", transport.title())
    }
}

/// A count with its thousands apart: `2,100`.
#[must_use]
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// How many samples of a cell would settle what is open: `about 2,100 samples per cell would settle it`.
#[must_use]
pub fn samples_to_settle(n: u64) -> String {
    if n > u64::from(MOST_SAMPLES_PER_CELL) {
        let most = count(MOST_SAMPLES_PER_CELL.into());
        return format!(
            "no run can settle it: it takes about {} samples per cell, {most} is the most",
            count(n)
        );
    }
    format!("about {} samples per cell would settle it", count(n))
}

/// Some time in whole seconds: `12 s`, `1 min 40 s`, `1 h 2 min`. What is negative or no number is `0 s`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and what is negative or no number becomes 0"
    )]
    let seconds = seconds.round() as u64;
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
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

/// A share with its limits: `0.90 % [0.40 %, 1.7 %]`, or `0 % to 1.7 %` where the clock leaves it open.
#[must_use]
pub fn share(share: &Share) -> String {
    let (lower, upper) = (percent(share.lower), percent(share.upper));
    match share.value {
        Some(value) => format!("{} [{lower}, {upper}]", percent(value)),
        None => format!("{lower} to {upper}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Reason, ReasonCode};

    fn ms(of: &Estimate) -> String {
        estimate(of, Unit::Milliseconds)
    }

    fn us(of: &Estimate) -> String {
        estimate(of, Unit::Microseconds)
    }

    fn ms_value(of: &Estimate) -> String {
        value(of, Unit::Milliseconds)
    }

    fn us_value(of: &Estimate) -> String {
        value(of, Unit::Microseconds)
    }

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
            exclusive: true,
            resolution: Some(1_000.0),
            ..Estimate::default()
        }
    }

    #[test]
    fn durations_are_whole_seconds() {
        let shown = [f64::NAN, -1.0, 0.4, 12.0, 59.6, 100.0, 3_720.0].map(duration);
        assert_eq!(
            shown,
            [
                "0 s",
                "0 s",
                "0 s",
                "12 s",
                "1 min 0 s",
                "1 min 40 s",
                "1 h 2 min"
            ]
        );
    }

    #[test]
    fn counts_have_their_thousands_apart() {
        let shown = [0, 7, 999, 1_000, 2_100, 12_345, 1_234_567].map(count);
        assert_eq!(
            shown,
            ["0", "7", "999", "1,000", "2,100", "12,345", "1,234,567"]
        );
    }

    #[test]
    fn a_time_has_as_many_digits_as_its_resolution_supports() {
        assert_eq!(ms_value(&stated(90.53, 1.0)), "0.091");
        assert_eq!(ms_value(&stated(90.53, 0.1)), "0.0905");
        assert_eq!(ms_value(&stated(2_000.0, 1_000.0)), "2");
        assert_eq!(us_value(&stated(90.53, 1.0)), "91");
        assert_eq!(us_value(&stated(90.53, 0.01)), "90.53");
    }

    #[test]
    fn nothing_is_printed_as_zero_for_being_too_small() {
        assert_eq!(ms_value(&stated(0.3, 1.0)), "< 0.001");
        assert_eq!(ms_value(&stated(0.0, 1_000.0)), "< 1");
        assert_eq!(us_value(&stated(-0.004, 0.05)), "< 0.05");
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
        assert_eq!(ms(&below(0.2, 2.0, 5.0)), "0.002 [< 0.001, 0.005]");
        assert_eq!(ms(&below(-0.2, 2.0, 5.0)), "0.002 [> -0.001, 0.005]");
        assert_eq!(
            us(&below(-0.1, 0.0, 0.1)),
            "< 1",
            "an interval below the resolution says no more"
        );
    }

    #[test]
    fn a_figure_below_the_resolution_is_never_said_to_be_below_less_than_that() {
        assert_eq!(ms_value(&stated(10.5, 10.93)), "< 0.011");
        assert_eq!(ms_value(&stated(1.0, 1_449.0)), "< 1.5");
        assert_eq!(us_value(&stated(0.0, 0.0231)), "< 0.024");
    }

    #[test]
    fn a_figure_at_the_resolution_is_never_written_as_less_than_it() {
        let at = |value: f64, ends: [f64; 2], resolution: f64| Estimate {
            value: Some(value),
            lower: Some(ends[0]),
            upper: Some(ends[1]),
            resolution: Some(resolution),
            ..Estimate::default()
        };
        assert_eq!(ms(&at(3.0, [1.0, 21.4], 21.1)), "< 0.022");
        assert_eq!(ms(&at(3.0, [1.0, 26.0], 21.1)), "< 0.022 [< 0.022, 0.03]");
        assert_eq!(ms(&at(21.4, [21.2, 31.0], 21.1)), "0.022 [0.022, 0.03]");
        assert_eq!(
            ms(&at(-21.4, [-44.0, 3.0], 21.1)),
            "-0.022 [-0.04, < 0.022]"
        );
        assert_eq!(
            ms(&at(1_449.0, [1_449.0, 1_600.0], 1_449.0)),
            "1.5 [1.5, 2]"
        );
    }

    #[test]
    fn a_bound_is_rounded_away_from_what_it_bounds_and_is_0_only_where_it_is_0() {
        assert_eq!(ms_value(&bounds(Some(-9.96), Some(1_000.0))), "-0.01 to 1");
        assert_eq!(
            ms_value(&bounds(Some(1_990.0), Some(3_004.0))),
            "1.99 to 3.01"
        );
        assert_eq!(ms_value(&bounds(Some(0.0), Some(10.04))), "< 0.02");
        let fine = Estimate {
            lower: Some(205.3),
            upper: Some(6_112.0),
            resolution: Some(10.9),
            ..Estimate::default()
        };
        assert_eq!(ms_value(&fine), "0.205 to 6.12");
    }

    #[test]
    fn a_bound_has_no_more_digits_than_a_reader_can_use() {
        let with_resolution = |us, resolution| Estimate {
            resolution: Some(resolution),
            ..bounds(Some(us), None)
        };
        let shown = |us, resolution| ms_value(&with_resolution(us, resolution));
        assert_eq!(shown(398.59, 1.0), "> 0.398");
        assert_eq!(shown(12_398.59, 1.0), "> 12.398");
        assert_eq!(shown(71.428, 1_000.0), "> 0.07");
        assert_eq!(shown(0.0718, 1.0), "> 0.00007");
    }

    #[test]
    fn what_no_run_can_settle_is_said_to_be_so() {
        assert_eq!(
            samples_to_settle(10_000),
            "about 10,000 samples per cell would settle it"
        );
        assert_eq!(
            samples_to_settle(548_490),
            "no run can settle it: it takes about 548,490 samples per cell, 10,000 is the most"
        );
    }

    #[test]
    fn bounds_stand_as_a_range() {
        assert_eq!(ms_value(&bounds(Some(1_000.0), Some(2_000.0))), "1 to 2");
        assert_eq!(ms_value(&bounds(Some(0.0), Some(1_000.0))), "< 1");
        assert_eq!(ms_value(&bounds(Some(-0.018), Some(1_000.0))), "< 1");
        let inclusive = |lower, upper| Estimate {
            exclusive: false,
            ..bounds(lower, upper)
        };
        assert_eq!(ms_value(&inclusive(Some(0.0), Some(1_000.0))), "≤ 1");
        assert_eq!(ms_value(&inclusive(Some(3_000.0), None)), "≥ 3");
        assert_eq!(ms_value(&bounds(None, Some(1_000.0))), "< 1");
        assert_eq!(ms_value(&bounds(Some(3_000.0), None)), "> 3");
        assert_eq!(
            ms_value(&Estimate::unavailable(Reason::of(
                ReasonCode::TooFewSamples
            ))),
            "n/a"
        );
    }

    #[test]
    fn an_interval_follows_its_value() {
        assert_eq!(ms(&stated(90.0, 1.0)), "0.090 [0.088, 0.093]");
        assert_eq!(ms(&stated(0.4, 1.0)), "< 0.001 [-0.002, 0.003]");
    }

    #[test]
    fn an_interval_that_reaches_calls_that_timed_out_has_no_upper_end() {
        let open = Estimate {
            upper: None,
            ..stated(90.0, 1.0)
        };
        assert_eq!(ms(&open), "0.090 [0.088, ∞]");
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
            p_value: None,
            text: String::new(),
        };
        assert_eq!(super::share(&share(Some(0.001))), "0.10 % [0 %, 0.83 %]");
        assert_eq!(super::share(&share(None)), "0 % to 0.83 %");
    }

    #[test]
    fn sizes_are_in_the_largest_whole_unit() {
        assert_eq!(
            [100, 1_000, 1_500, 100_000, 1_000_000].map(size),
            ["100 B", "1 KB", "1.5 KB", "100 KB", "1 MB"]
        );
    }
}
