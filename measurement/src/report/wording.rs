//! Figures in sentences: milliseconds with as many digits as the resolution supports.

use protocol::Estimate;

const US_PER_MS: f64 = 1e3;

/// `us` microseconds as milliseconds, `0.092 ms`; without digits finer than `resolution_us`, and never 0 for what is
/// merely below it.
pub(super) fn ms(us: f64, resolution_us: Option<f64>) -> String {
    let resolution_us = resolution_us.unwrap_or(1.0).max(0.1);
    if us != 0.0 && us.abs() < resolution_us {
        return format!(
            "less than {} ms",
            digits(resolution_us / US_PER_MS, resolution_us)
        );
    }
    format!("{} ms", digits(us / US_PER_MS, resolution_us))
}

/// The end of an interval as milliseconds, with the digits of the resolution.
pub(super) fn end_ms(us: f64, resolution_us: Option<f64>) -> String {
    format!(
        "{} ms",
        digits(us / US_PER_MS, resolution_us.unwrap_or(1.0).max(0.1))
    )
}

/// Enough decimals to show a step of the resolution, 4 at most.
fn digits(ms: f64, resolution_us: f64) -> String {
    let decimals = if resolution_us >= US_PER_MS {
        0
    } else if resolution_us >= 100.0 {
        1
    } else if resolution_us >= 10.0 {
        2
    } else if resolution_us >= 1.0 {
        3
    } else {
        4
    };
    let text = format!("{ms:.decimals$}");
    // a negative number that rounds to nothing reads as nothing
    if text
        .trim_start_matches('-')
        .chars()
        .all(|c| matches!(c, '0' | '.'))
    {
        text.trim_start_matches('-').to_owned()
    } else {
        text
    }
}

/// `0.092 ms (0.088 to 0.096)`, `at most 1 ms`, `between 2 and 4 ms`; `None` where nothing is known.
pub(super) fn said(estimate: &Estimate) -> Option<String> {
    let resolution = estimate.resolution;
    let fine = resolution.unwrap_or(1.0).max(0.1);
    let bare = |us: f64| digits(us / US_PER_MS, fine);
    match (estimate.value, estimate.lower, estimate.upper) {
        (Some(value), Some(lower), Some(upper)) => Some(format!(
            "{} ({} to {})",
            ms(value, resolution),
            bare(lower),
            bare(upper)
        )),
        (Some(value), ..) => Some(ms(value, resolution)),
        (None, Some(lower), Some(upper)) if lower > 0.0 => {
            Some(format!("between {} and {} ms", bare(lower), bare(upper)))
        }
        (None, _, Some(upper)) => Some(format!("at most {} ms", bare(upper))),
        (None, Some(lower), None) if lower > 0.0 => Some(format!("more than {} ms", bare(lower))),
        _ => None,
    }
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
        assert_eq!(end_ms(-11.5, Some(1_000.0)), "0 ms");
        assert_eq!(ms(0.4, Some(1.0)), "less than 0.001 ms");
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
        assert_eq!(said(&Estimate::unavailable("no samples")), None);
    }

    #[test]
    fn sizes_read_as_people_write_them() {
        assert_eq!(
            [100, 1_000, 1_500, 10_000, 1_234].map(size),
            ["100 B", "1 KB", "1.5 KB", "10 KB", "1234 B"]
        );
    }
}
