//! Figures as text: as many digits as the resolution supports, and never a 0 that means "too small to see".

mod scale;
#[cfg(test)]
mod tests;

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
