//! Burning a known time with a clock that counts whole milliseconds. For tests only.

use super::sum_of_square_roots;

/// How long a function burns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Burn {
    /// 300 us: `burn`.
    Us300,
    /// 600 us: `burn-600`.
    Us600,
    /// 1,200 us: `burn-1200`.
    Us1200,
    /// 2,400 us: `burn-2400`.
    Us2400,
}

impl Burn {
    /// All of them, the shortest first.
    pub const ALL: [Self; 4] = [Self::Us300, Self::Us600, Self::Us1200, Self::Us2400];

    /// The function's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Us300 => "burn",
            Self::Us600 => "burn-600",
            Self::Us1200 => "burn-1200",
            Self::Us2400 => "burn-2400",
        }
    }

    /// Its length, in us.
    #[must_use]
    pub const fn us(self) -> u32 {
        match self {
            Self::Us300 => 300,
            Self::Us600 => 600,
            Self::Us1200 => 1_200,
            Self::Us2400 => 2_400,
        }
    }
}

/// Square roots in one stroke: under a microsecond of work.
const STROKE_ROOTS: u32 = 200;
/// Ticks that are worked through before any is counted: the machine may still be compiling, or its clock speeding up.
const TICKS_BEFORE: usize = 100;
/// Ticks that are counted: so many that a disturbance of some tens of milliseconds is a small part of them.
const TICKS: usize = 301;

/// How much work makes a millisecond, found out by working and watching the clock.
#[derive(Clone, Copy, Debug)]
pub struct Burner {
    strokes_per_ms: u32,
}

impl Burner {
    /// Calibrates itself on `now_ms`, a clock that must run during work, for about 0.4 s.
    ///
    /// Only ticks between two edges that were seen as they happened are counted. A stall inside a tick takes work away from it, so it is no mean that
    /// counts. It is the median: burns are judged by theirs, and what slows half of the ticks down slows half of the burns.
    pub fn calibrate(now_ms: impl Fn() -> f64) -> Self {
        let mut counts = Vec::with_capacity(TICKS);
        let (mut last_ms, mut strokes, mut whole, mut ticks) = (now_ms(), 0, false, 0);
        while counts.len() < TICKS {
            let reading_ms = work(1, &now_ms);
            strokes += 1;
            if reading_ms > last_ms {
                ticks += 1;
                let next = reading_ms < last_ms + 1.5;
                if whole && next && ticks > TICKS_BEFORE {
                    counts.push(strokes);
                }
                (last_ms, strokes, whole) = (reading_ms, 0, next);
            }
        }
        counts.sort_unstable();
        Self {
            strokes_per_ms: counts[TICKS / 2],
        }
    }

    /// Works for that long.
    pub fn burn(self, burn: Burn, now_ms: impl Fn() -> f64) {
        let strokes = u64::from(self.strokes_per_ms) * u64::from(burn.us()) / 1_000;
        core::hint::black_box(work(strokes, &now_ms));
    }
}

/// So many strokes, each some arithmetic and a reading of the clock, the last of which it returns.
///
/// Burning and calibrating call this one function. V8 replaces wasm by optimised code only where a function is entered anew: a loop that is entered
/// once, as the calibration's is, stays in baseline code to its end. Were the work a part of that loop, it would be calibrated on slow code, and burns
/// would run on fast code and be a quarter short.
#[inline(never)]
fn work(strokes: u64, now_ms: &impl Fn() -> f64) -> f64 {
    let mut reading_ms = 0.0;
    for _ in 0..strokes {
        core::hint::black_box(sum_of_square_roots(STROKE_ROOTS));
        reading_ms = now_ms();
    }
    reading_ms
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn a_burn_takes_its_time_by_a_finer_clock() {
        let start = Instant::now();
        let now_ms = || start.elapsed().as_millis() as f64;
        let burner = Burner::calibrate(now_ms);
        let mut took: Vec<Duration> = (0..101)
            .map(|_| {
                let begun = Instant::now();
                burner.burn(Burn::Us300, now_ms);
                begun.elapsed()
            })
            .collect();
        took.sort_unstable();
        let wanted_us = f64::from(Burn::Us300.us());
        let median_us = took[took.len() / 2].as_secs_f64() * 1e6;
        assert!(
            (median_us - wanted_us).abs() < 60.0,
            "{median_us} us instead of {wanted_us}"
        );
    }
}
