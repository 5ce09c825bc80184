//! How much slower is still good enough.

use core::{fmt, str::FromStr};

/// A growth of a latency that is no regression yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Tolerance {
    /// A share of the baseline's latency; 0.05 for 5 %.
    Share(f64),
    /// A time, in nanoseconds.
    Time(f64),
}

/// The names of units and how many nanoseconds each is.
const UNITS: [(&str, f64); 3] = [("us", 1e3), ("µs", 1e3), ("ms", 1e6)];

impl Tolerance {
    /// The most that a latency of the baseline, read to `resolution_ns`, may have grown to, in nanoseconds.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a duration that is not negative; a cast keeps it in range"
    )]
    pub(crate) fn allows(self, baseline_ns: u64, resolution_ns: f64) -> u64 {
        let baseline = baseline_ns as f64;
        let tolerated = match self {
            Self::Share(share) => baseline * share,
            Self::Time(ns) => ns,
        };
        (baseline + tolerated.max(resolution_ns)).round() as u64
    }
}

impl FromStr for Tolerance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |digits: &str| {
            let number = digits.trim().parse::<f64>().ok();
            number.filter(|number| number.is_finite() && *number >= 0.0)
        };
        let read = match text.strip_suffix('%') {
            Some(percent) => number(percent).map(|percent| Self::Share(percent / 100.0)),
            None => UNITS.iter().find_map(|(unit, ns)| {
                let digits = text.strip_suffix(unit)?;
                number(digits).map(|number| Self::Time(number * ns))
            }),
        };
        read.ok_or_else(|| {
            "must be a share such as 5%, or a time such as 50us or 0.2ms, 0 or more".to_owned()
        })
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => write!(f, "{} %", share * 100.0),
            Self::Time(ns) => write!(f, "{} ms", ns / 1e6),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_or_a_time_is_read_and_nothing_else() {
        let read = |text: &str| text.parse::<Tolerance>();
        assert_eq!(read("5%"), Ok(Tolerance::Share(0.05)));
        assert_eq!(read("0%"), Ok(Tolerance::Share(0.0)));
        assert_eq!(read("50us"), Ok(Tolerance::Time(50_000.0)));
        assert_eq!(read("0.2 ms"), Ok(Tolerance::Time(200_000.0)));
        for text in ["", "5", "%", "-5%", "5s", "NaN%", "inf us", "us"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read("5").unwrap_err().contains("50us"));
    }

    #[test]
    fn it_says_how_far_a_latency_may_grow() {
        assert_eq!(Tolerance::Share(0.05).allows(100_000, 4_000.0), 105_000);
        assert_eq!(Tolerance::Time(50_000.0).allows(100_000, 0.0), 150_000);
        assert_eq!(Tolerance::Share(0.0).allows(7, 0.0), 7);
        // what the timer does not resolve is tolerated
        assert_eq!(Tolerance::Share(0.05).allows(100_000, 23_000.0), 123_000);
        assert_eq!(Tolerance::Share(0.05).to_string(), "5 %");
        assert_eq!(Tolerance::Time(50_000.0).to_string(), "0.05 ms");
    }
}
