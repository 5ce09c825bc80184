//! Figures in sentences: milliseconds with as many digits as the resolution supports, and what is too small to see said to be so.

use crate::format::Scale;
use protocol::{Estimate, report::Stretch};

/// Nobody reads more digits than these out of a sentence, in us, however fine the resolution.
const FINEST_US: f64 = 0.1;

/// How milliseconds are written that were measured with `resolution_us`.
fn scale(resolution_us: Option<f64>) -> Scale {
    Scale::milliseconds(resolution_us.map(|resolution| resolution.max(FINEST_US)))
}

/// `us` microseconds as milliseconds: `0.092 ms`, `less than 0.001 ms`.
pub(super) fn ms(us: f64, resolution_us: Option<f64>) -> String {
    format!("{} ms", spelt_out(&scale(resolution_us).reading(us)))
}

/// Microseconds, without the unit: `92.4`, `less than 0.6`, `more than -0.6`.
pub(super) fn microseconds<const N: usize>(
    us: [f64; N],
    resolution_us: Option<f64>,
) -> [String; N] {
    let scale = Scale::microseconds(resolution_us);
    us.map(|us| spelt_out(&scale.end(us)))
}

/// What the upper end of an estimate's interval, or its upper bound, says: `at most 0.092 ms`, `less than 0.001 ms`; `None` where there is none.
pub(super) fn at_most(estimate: &Estimate) -> Option<String> {
    let (scale, upper) = (scale(estimate.resolution), estimate.upper?);
    Some(match estimate.value {
        Some(_) if scale.is_below(upper) => ms(upper, estimate.resolution),
        Some(_) => format!("at most {}", ms(upper, estimate.resolution)),
        None => format!("at most {} ms", scale.upper_bound(upper)),
    })
}

/// The lower end of an estimate's interval, or its lower bound, where it proves more than nothing: `0.088 ms`.
pub(super) fn at_least(estimate: &Estimate) -> Option<String> {
    let scale = scale(estimate.resolution);
    let lower = estimate.lower.filter(|&lower| lower > 0.0)?;
    match estimate.value {
        Some(_) if scale.is_below(lower) => None,
        Some(_) => Some(ms(lower, estimate.resolution)),
        None => Some(format!("{} ms", scale.lower_bound(lower))),
    }
}

/// `0.092 ms (0.088 to 0.096)`, `at most 1 ms`, `between 2 and 4 ms`; `None` where nothing is known.
pub(super) fn said(estimate: &Estimate) -> Option<String> {
    let resolution = estimate.resolution;
    let scale = scale(resolution);
    match (estimate.value, estimate.lower, estimate.upper) {
        // an interval wholly below the resolution says no more than the value does
        (Some(value), Some(lower), Some(upper))
            if ![value, lower, upper].iter().all(|&us| scale.is_below(us)) =>
        {
            Some(format!(
                "{} ({} to {})",
                ms(value, resolution),
                spelt_out(&scale.end(lower)),
                spelt_out(&scale.end(upper))
            ))
        }
        (Some(value), ..) => Some(ms(value, resolution)),
        (None, Some(lower), Some(upper)) if lower > 0.0 => Some(format!(
            "between {} and {} ms",
            scale.lower_bound(lower),
            scale.upper_bound(upper)
        )),
        (None, _, Some(upper)) => Some(format!("at most {} ms", scale.upper_bound(upper))),
        (None, Some(lower), None) if lower > 0.0 => {
            Some(format!("more than {} ms", scale.lower_bound(lower)))
        }
        _ => None,
    }
}

/// What is to be known of a mean that one slice dominates: `, 57 % of it in one slice of 8 calls`.
pub(super) fn dominated(by: Option<&Stretch>) -> String {
    by.map_or_else(String::new, |stretch| {
        let (percent, calls) = (stretch.share * 100.0, stretch.calls);
        format!(", {percent:.0} % of it in one slice of {calls} calls")
    })
}

/// Without the signs that stand in tables.
fn spelt_out(figure: &str) -> String {
    figure
        .replace("< ", "less than ")
        .replace("> ", "more than ")
}

/// A payload size as people write it: `100 B`, `10 KB`.
pub(super) fn size(bytes: u32) -> String {
    if bytes >= 1_000 && bytes.is_multiple_of(100) {
        format!("{} KB", f64::from(bytes) / 1_000.0)
    } else {
        format!("{bytes} B")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(value: Option<f64>, lower: f64, upper: f64, resolution: f64) -> Estimate {
        Estimate {
            value,
            lower: Some(lower),
            upper: Some(upper),
            resolution: Some(resolution),
            ..Estimate::default()
        }
    }

    #[test]
    fn digits_follow_the_resolution() {
        assert_eq!(ms(92.4, Some(1.0)), "0.092 ms");
        assert_eq!(ms(92.4, Some(0.6)), "0.0924 ms");
        assert_eq!(ms(1_234.0, Some(50.0)), "1.23 ms");
        assert_eq!(ms(2_000.0, Some(1_000.0)), "2 ms");
        assert_eq!(microseconds([92.44], Some(0.6)), ["92.4"]);
    }

    #[test]
    fn nothing_is_said_to_be_zero_for_being_too_small() {
        assert_eq!(ms(0.4, Some(1.0)), "less than 0.001 ms");
        assert_eq!(ms(0.0, Some(10.93)), "less than 0.011 ms");
        assert_eq!(
            microseconds([0.0, -0.2], Some(0.6)),
            ["less than 0.6", "more than -0.6"]
        );
        let tiny = estimate(Some(0.2), 0.1, 0.4, 1.0);
        assert_eq!(at_most(&tiny).unwrap(), "less than 0.001 ms");
        assert_eq!(at_least(&tiny), None);
        let bounded = estimate(None, 1_990.0, 3_000.0, 1_000.0);
        assert_eq!(at_least(&bounded).unwrap(), "1.99 ms");
        assert_eq!(at_most(&bounded).unwrap(), "at most 3 ms");
        assert_eq!(
            said(&estimate(Some(2.0), -0.3, 5.0, 1.0)).unwrap(),
            "0.002 ms (more than -0.001 to 0.005)"
        );
        assert_eq!(
            said(&estimate(Some(0.0), 0.0, 0.6, 1.0)).unwrap(),
            "less than 0.001 ms"
        );
    }

    #[test]
    fn an_estimate_is_said_with_its_interval_and_bounds_as_bounds() {
        assert_eq!(
            said(&estimate(Some(92.0), 88.0, 96.0, 1.0)).unwrap(),
            "0.092 ms (0.088 to 0.096)"
        );
        assert_eq!(
            said(&estimate(None, 0.0, 1_000.0, 1_000.0)).unwrap(),
            "at most 1 ms"
        );
        assert_eq!(
            said(&estimate(None, 2_000.0, 4_000.0, 1_000.0)).unwrap(),
            "between 2 and 4 ms"
        );
        assert_eq!(
            said(&Estimate::unavailable(protocol::Reason::of(
                protocol::ReasonCode::NoSamples
            ))),
            None
        );
    }

    #[test]
    fn sizes_read_as_people_write_them() {
        assert_eq!(
            [100, 1_000, 1_500, 10_000, 1_234].map(size),
            ["100 B", "1 KB", "1.5 KB", "10 KB", "1234 B"]
        );
    }
}
