//! Durations as integers: what is measured is a count of nanoseconds, never a floating-point second.

use protocol::units::NS_PER_US;
use std::ops::{Add, Sub};

/// A duration in whole nanoseconds, up to 584 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanoseconds(pub u64);

impl Nanoseconds {
    /// `ms` whole milliseconds.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms * 1_000_000)
    }

    /// This duration in microseconds, for statistics.
    #[must_use]
    pub const fn as_us(self) -> f64 {
        self.0 as f64 / NS_PER_US
    }
}

impl Add for Nanoseconds {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Nanoseconds {
    type Output = Self;

    /// Panics in debug builds when `other` is the longer one, like the integers underneath.
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}
