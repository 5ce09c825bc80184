//! One time as text: how many digits, and what to say of what has none.

/// Resolution assumed where an estimate states none, in us: report figures have been through a histogram of 3 digits.
const DEFAULT_RESOLUTION_US: f64 = 1.0;

/// How times of one resolution are written in one unit: what is smaller than the resolution is said to be so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    unit_us: f64,
    resolution_us: f64,
}

/// Digits of the resolution where a figure is below it.
const RESOLUTION_DIGITS: i32 = 2;

/// Digits of a bound beyond those that the resolution supports.
const BOUND_DIGITS: i32 = 2;

/// Digits in all that they may bring a bound to.
const BOUND_FIGURES: i32 = 3;

/// Decimals at most.
const MOST_DECIMALS: i32 = 9;

/// A hair of tolerance, in steps of the last digit: 1 / 1000 is not exactly representable.
const HAIR: f64 = 1e-9;

impl Scale {
    /// Milliseconds of a timer that resolves `resolution_us`; 1 us where that is not stated.
    #[must_use]
    pub fn milliseconds(resolution_us: Option<f64>) -> Self {
        Self::of(1_000.0, resolution_us)
    }

    /// Microseconds of such a timer.
    #[must_use]
    pub fn microseconds(resolution_us: Option<f64>) -> Self {
        Self::of(1.0, resolution_us)
    }

    pub(super) fn of(unit_us: f64, resolution_us: Option<f64>) -> Self {
        let stated = resolution_us.filter(|&resolution| resolution > 0.0);
        Self {
            unit_us,
            resolution_us: stated.unwrap_or(DEFAULT_RESOLUTION_US),
        }
    }

    /// Whether a time in us is too small to see.
    #[must_use]
    pub fn is_below(self, us: f64) -> bool {
        us.abs() < self.resolution_us
    }

    /// The resolution itself, to two digits, rounded up: what is below it is below this.
    #[must_use]
    pub fn resolution(self) -> String {
        let resolution = self.resolution_us / self.unit_us;
        trimmed(rounded(
            resolution,
            significant(resolution, RESOLUTION_DIGITS),
            Towards::Up,
        ))
    }

    /// A time in us: `0.091`, or `< 0.001` where it is too small to see. What is not too small is not written as less than that either.
    #[must_use]
    pub fn reading(self, us: f64) -> String {
        let resolution = self.resolution();
        if self.is_below(us) {
            return format!("< {resolution}");
        }
        let digits = self.digits(us);
        let size = |text: &str| text.parse::<f64>().map_or(f64::INFINITY, f64::abs);
        match size(&digits) < size(&resolution) {
            true if us < 0.0 => format!("-{resolution}"),
            true => resolution,
            false => digits,
        }
    }

    /// Whether the text of a time in us has the resolution's number.
    pub(super) fn is_written_as_resolution(self, us: f64) -> bool {
        self.is_below(us) || self.reading(us.abs()) == self.resolution()
    }

    /// The end of an interval, in us: as a reading, with its sign where it is too small to see (`> -0.001`).
    #[must_use]
    pub fn end(self, us: f64) -> String {
        if self.is_below(us) && us < 0.0 {
            return format!("> -{}", self.resolution());
        }
        self.reading(us)
    }

    /// A proven lower bound, in us, rounded down. It is a fact and no reading, so it has up to two digits more than the resolution supports, to three in all, and what
    /// rounds to nothing there is 0.
    #[must_use]
    pub fn lower_bound(self, us: f64) -> String {
        self.bound(us, Towards::Down)
    }

    /// A proven upper bound, in us, rounded up.
    #[must_use]
    pub fn upper_bound(self, us: f64) -> String {
        self.bound(us, Towards::Up)
    }

    fn bound(self, us: f64, towards: Towards) -> String {
        let bound = us / self.unit_us;
        // two digits finer than the resolution at most: what rounds to nothing there is 0
        let finest = self.decimals() + BOUND_DIGITS;
        if (bound * 10_f64.powi(finest)).abs() < 0.5 {
            return "0".to_owned();
        }
        let decimals = significant(bound, BOUND_FIGURES).clamp(self.decimals(), finest);
        trimmed(rounded(bound, decimals, towards))
    }

    fn digits(self, us: f64) -> String {
        rounded(us / self.unit_us, self.decimals(), Towards::Nearest)
    }

    /// Decimals that the resolution supports in the unit: 1 us in ms gives 3, a tick of 1 ms gives 0; 6 at most.
    fn decimals(self) -> i32 {
        let resolution = self.resolution_us / self.unit_us;
        let enough = |decimals: &i32| 10_f64.powi(-decimals) <= resolution * (1.0 + HAIR);
        (0..6).find(enough).unwrap_or(6)
    }
}

/// Where a number is rounded to.
#[derive(Clone, Copy)]
enum Towards {
    Nearest,
    Up,
    Down,
}

/// Decimals that show `digits` digits of a number that is not 0.
fn significant(number: f64, digits: i32) -> i32 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the exponent of a finite number"
    )]
    let exponent = (number.abs().log10() + HAIR).floor() as i32;
    (digits - 1 - exponent).clamp(0, MOST_DECIMALS)
}

fn rounded(number: f64, decimals: i32, towards: Towards) -> String {
    let scale = 10_f64.powi(decimals);
    let steps = match towards {
        Towards::Nearest => number * scale,
        Towards::Up => (number * scale - HAIR).ceil(),
        Towards::Down => (number * scale + HAIR).floor(),
    };
    let decimals = usize::try_from(decimals).unwrap_or(0);
    format!("{:.decimals$}", steps / scale)
}

/// Without zeros at the end that stand for nothing.
fn trimmed(text: String) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}
