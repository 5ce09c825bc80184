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
