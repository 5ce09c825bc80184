//! Figures as text: as many digits as the resolution supports, and never a 0 that means "too small to see".

use crate::Estimate;

/// What stands where nothing can be stated.
pub const UNSTATED: &str = "n/a";

/// Resolution assumed where an estimate states none, in us: report figures have been through a histogram of 3 digits.
const DEFAULT_RESOLUTION_US: f64 = 1.0;

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

fn text(estimate: &Estimate, unit_us: f64) -> String {
    let digits = decimals(estimate, unit_us);
    let number = |us: f64| decimal(us / unit_us, digits);
    if estimate.is_below_resolution() {
        return format!("< {}", number(resolution(estimate)));
    }
    match (estimate.value, estimate.lower, estimate.upper) {
        (Some(value), _, _) => number(value),
        (None, Some(lower), Some(upper)) => format!("{}-{}", number(lower), number(upper)),
        (None, Some(lower), None) => format!("> {}", number(lower)),
        (None, None, Some(upper)) => format!("< {}", number(upper)),
        (None, None, None) => UNSTATED.to_owned(),
    }
}

fn with_interval(estimate: &Estimate, unit_us: f64) -> String {
    let text = text(estimate, unit_us);
    let digits = decimals(estimate, unit_us);
    match (estimate.value, estimate.lower, estimate.upper) {
        (Some(_), Some(lower), Some(upper)) => {
            let (lower, upper) = (
                decimal(lower / unit_us, digits),
                decimal(upper / unit_us, digits),
            );
            format!("{text} [{lower}, {upper}]")
        }
        _ => text,
    }
}

fn resolution(estimate: &Estimate) -> f64 {
    estimate
        .resolution
        .filter(|resolution| *resolution > 0.0)
        .unwrap_or(DEFAULT_RESOLUTION_US)
}

/// Decimals that the resolution supports in the unit: 1 us in ms gives 3, a tick of 1 ms gives 0; 6 at most.
fn decimals(estimate: &Estimate, unit_us: f64) -> usize {
    let steps = [0, 1, 2, 3, 4, 5];
    let resolution = resolution(estimate) / unit_us;
    // A hair of tolerance: 1 / 1000 is not exactly representable.
    let enough = |digits: &i32| 10_f64.powi(-digits) <= resolution * (1.0 + 1e-9);
    let found = steps.iter().position(enough);
    found.unwrap_or(steps.len())
}

/// A decimal number without the sign of a rounded-away negative.
fn decimal(number: f64, digits: usize) -> String {
    let text = format!("{number:.digits$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|byte| matches!(byte, b'0' | b'.')) => rest.to_owned(),
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
    fn sizes_are_in_the_largest_whole_unit() {
        assert_eq!(
            [100, 1_000, 1_500, 100_000, 1_000_000].map(size),
            ["100 B", "1 KB", "1500 B", "100 KB", "1 MB"]
        );
    }
}
