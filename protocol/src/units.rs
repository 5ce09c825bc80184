//! Units of time, as factors.

/// Nanoseconds in a microsecond.
pub const NS_PER_US: f64 = 1e3;
/// Nanoseconds in a millisecond.
pub const NS_PER_MS: f64 = 1e6;
/// Microseconds in a millisecond.
pub const US_PER_MS: f64 = 1e3;
/// Milliseconds in a second.
pub const MS_PER_SECOND: f64 = 1e3;
/// Microseconds in a second.
pub const US_PER_SECOND: f64 = 1e6;
