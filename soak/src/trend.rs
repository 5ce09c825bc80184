//! Whether something grows: a straight line through its readings, with the error of its slope.
//!
//! Readings that follow each other are alike, so there are fewer than they look: the error rests on the effective sample size `n (1 - r) / (1 + r)`, with r the
//! correlation of neighbouring residuals (Santer et al. 2000, "Statistical significance of trends and trend differences in layer-average
//! atmospheric temperature time series", section 4).

use core::fmt;
use statrs::distribution::{ContinuousCDF as _, StudentsT};

/// Growth that fails, as a share of the first level, in an hour.
pub const MOST_PER_HOUR: f64 = 0.1;
/// A line takes away two degrees of freedom; with fewer effective readings than this there is no error to be stated.
const LEAST_EFFECTIVE: f64 = 3.0;
/// The two ends of a 95 % interval.
const UPPER_END: f64 = 0.975;

/// One reading: hours since the first one, and how much there was.
pub type Reading = (f64, f64);

/// Growth in an hour, as a share of the level at the first reading; with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// The line's slope.
    pub per_hour: f64,
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Readings behind it.
    pub n: usize,
}

/// What a trend says about [`MOST_PER_HOUR`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The interval is below it.
    Steady,
    /// The interval holds it: more readings would tell.
    Open,
    /// The interval is above it.
    Grows,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Steady => "steady",
            Self::Open => "open",
            Self::Grows => "GROWS",
        })
    }
}

impl Trend {
    /// The trend of these readings; `None` where there are too few for an error.
    #[must_use]
    pub fn of(readings: &[Reading]) -> Option<Self> {
        let n = readings.len() as f64;
        let mean = |part: fn(&Reading) -> f64| readings.iter().map(part).sum::<f64>() / n;
        let (mean_h, mean_y) = (mean(|reading| reading.0), mean(|reading| reading.1));
        let spread: f64 = readings.iter().map(|(h, _)| (h - mean_h).powi(2)).sum();
        if readings.len() < 3 || spread <= 0.0 {
            return None;
        }
        let together: f64 = readings
            .iter()
            .map(|(h, y)| (h - mean_h) * (y - mean_y))
            .sum();
        let slope = together / spread;
        let first = mean_y + slope * (readings[0].0 - mean_h);
        if first <= 0.0 {
            return None;
        }
        let residuals: Vec<f64> = readings
            .iter()
            .map(|(h, y)| y - mean_y - slope * (h - mean_h))
            .collect();
        let squares: f64 = residuals.iter().map(|residual| residual.powi(2)).sum();
        let neighbours: f64 = residuals.windows(2).map(|pair| pair[0] * pair[1]).sum();
        // Readings that are all on the line, as those of what never changes, have no correlation to be found.
        let r = if squares > 0.0 {
            (neighbours / squares).clamp(0.0, 0.99)
        } else {
            0.0
        };
        let effective = n * (1.0 - r) / (1.0 + r);
        if effective < LEAST_EFFECTIVE {
            return None;
        }
        let freedom = effective - 2.0;
        let error = (squares / freedom / spread).sqrt();
        let t = StudentsT::new(0.0, 1.0, freedom)
            .ok()?
            .inverse_cdf(UPPER_END);
        Some(Self {
            per_hour: slope / first,
            lower: (slope - t * error) / first,
            upper: (slope + t * error) / first,
            n: readings.len(),
        })
    }

    /// Whether it is too much.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.lower > MOST_PER_HOUR {
            Verdict::Grows
        } else if self.upper < MOST_PER_HOUR {
            Verdict::Steady
        } else {
            Verdict::Open
        }
    }
}

impl fmt::Display for Trend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| share * 100.0;
        let (value, lower, upper) = (
            percent(self.per_hour),
            percent(self.lower),
            percent(self.upper),
        );
        write!(
            f,
            "{value:+.1} %/h [{lower:+.1}, {upper:+.1}], n = {}",
            self.n
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    /// An hour of readings each minute that grow by `per_hour`, with noise of `sd` around 10 MB, of which `kept` stays from reading to reading.
    fn hour(seed: u64, per_hour: f64, sd: f64, kept: f64) -> Vec<Reading> {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let mut noise = 0.0;
        (0..60)
            .map(|minute| {
                let drawn: f64 = (0..12).map(|_| chance.random::<f64>()).sum::<f64>() - 6.0;
                noise = kept * noise + drawn * sd * (1.0 - kept * kept).sqrt();
                let hours = f64::from(minute) / 60.0;
                (hours, 10e6 * (1.0 + per_hour * hours + noise))
            })
            .collect()
    }

    fn verdicts(per_hour: f64, sd: f64, kept: f64) -> [usize; 3] {
        let verdicts: Vec<Verdict> = (0..1_000)
            .map(|seed| {
                Trend::of(&hour(seed, per_hour, sd, kept))
                    .unwrap()
                    .verdict()
            })
            .collect();
        [Verdict::Steady, Verdict::Open, Verdict::Grows]
            .map(|verdict| verdicts.iter().filter(|one| **one == verdict).count())
    }

    #[test]
    fn a_leak_of_a_fifth_an_hour_is_found_and_no_growth_is_steady() {
        let [steady, _, grows] = verdicts(0.2, 0.02, 0.0);
        assert!(grows > 990 && steady == 0, "{grows} of 1,000 found");
        let [steady, _, grows] = verdicts(0.0, 0.02, 0.0);
        assert!(steady > 990 && grows == 0, "{steady} of 1,000 steady");
    }

    #[test]
    fn growth_of_just_the_limit_is_called_too_much_in_one_soak_of_forty_also_where_readings_are_alike()
     {
        for kept in [0.0, 0.6] {
            let [steady, _, grows] = verdicts(MOST_PER_HOUR, 0.03, kept);
            // 2.5 % on either side, and what the correction of so few readings misses
            assert!(
                grows < 70 && steady < 70,
                "kept {kept}: {grows} too much, {steady} steady"
            );
        }
    }

    #[test]
    fn what_never_changes_is_steady_and_two_readings_say_nothing() {
        let flat = Trend::of(&[(0.0, 5.0), (0.5, 5.0), (1.0, 5.0)]).unwrap();
        assert_eq!((flat.verdict(), flat.per_hour), (Verdict::Steady, 0.0));
        assert_eq!(Trend::of(&[(0.0, 5.0), (0.5, 6.0)]), None);
        assert_eq!(Trend::of(&[(1.0, 5.0); 4]), None);
    }
}
