//! How long a soak lasts, as it is written: `90s`, `15m`, `1h`.

use std::time::Duration;

/// The longest soak, in seconds: a week.
const LONGEST_SECONDS: u64 = 7 * 24 * 3_600;

/// Reads a whole number of seconds, minutes or hours; without a unit they are seconds.
///
/// # Errors
/// What a duration looks like.
pub fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit_s = match &text[digits.len()..] {
        "" | "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3_600),
        _ => None,
    };
    let seconds = digits
        .parse::<u64>()
        .ok()
        .zip(unit_s)
        .and_then(|(number, unit_s)| number.checked_mul(unit_s));
    seconds
        .filter(|seconds| (1..=LONGEST_SECONDS).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| {
            format!("{text} is no duration from 1s to {LONGEST_SECONDS}s; write 90s, 15m or 1h")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_minutes_and_hours_are_read_and_all_else_is_refused_by_name() {
        let seconds = |text| parse(text).map(|duration| duration.as_secs());
        assert_eq!(seconds("90"), Ok(90));
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("15m"), Ok(900));
        assert_eq!(seconds("1h"), Ok(3_600));
        for wrong in ["", "h", "0s", "-1s", "1.5h", "1d", "1 h", "9999999h", "µs"] {
            let refusal = parse(wrong).unwrap_err();
            assert!(
                refusal.starts_with(wrong) && refusal.contains("90s"),
                "{refusal}"
            );
        }
    }
}
