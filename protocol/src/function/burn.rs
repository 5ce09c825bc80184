//! Burning a known time with a clock that counts whole milliseconds. For tests only.

use super::{BURN_US, sum_of_square_roots};

/// Square roots in one stroke: under a microsecond of work.
const STROKE_ROOTS: u32 = 200;
/// Ticks that are worked through before any is counted: the machine may still be compiling, or its clock speeding up.
const TICKS_BEFORE: usize = 40;
/// Ticks that are counted.
const TICKS: usize = 41;

/// How much work makes a millisecond, found out by working and watching the clock.
#[derive(Clone, Copy, Debug)]
pub struct Burner {
    strokes_per_ms: u32,
}

impl Burner {
    /// Calibrates itself on `now_ms`, a clock that must run during work, for about 80 ms.
    ///
    /// Only ticks between two edges that were seen as they happened are counted. A stall inside a tick takes work away from it, never adds to it:
    /// so it is the upper quartile that counts, not the mean.
    pub fn calibrate(now_ms: impl Fn() -> f64) -> Self {
        let mut counts = Vec::with_capacity(TICKS);
        let (mut last_ms, mut strokes, mut whole, mut ticks) = (now_ms(), 0, false, 0);
        while counts.len() < TICKS {
            let reading_ms = stroke(&now_ms);
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
            strokes_per_ms: counts[TICKS * 3 / 4],
        }
    }

    /// Works for [`BURN_US`] microseconds.
    pub fn burn(self, now_ms: impl Fn() -> f64) {
        for _ in 0..u64::from(self.strokes_per_ms) * u64::from(BURN_US) / 1_000 {
            core::hint::black_box(stroke(&now_ms));
        }
    }
}

/// One unit of work, the same in burning as in calibrating: some arithmetic and a reading of the clock, which it returns.
fn stroke(now_ms: impl Fn() -> f64) -> f64 {
    core::hint::black_box(sum_of_square_roots(STROKE_ROOTS));
    now_ms()
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
                burner.burn(now_ms);
                begun.elapsed()
            })
            .collect();
        took.sort_unstable();
        let median_us = took[took.len() / 2].as_secs_f64() * 1e6;
        assert!(
            (median_us - f64::from(BURN_US)).abs() < 60.0,
            "{median_us} us instead of {BURN_US}"
        );
    }
}
