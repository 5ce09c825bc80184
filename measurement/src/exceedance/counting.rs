//! From which latency on a call counts against a threshold.

use crate::interval::Known;

/// Where calls are counted, in nanoseconds.
///
/// A timer's error, whole ticks and what `direct` takes make the threshold itself a range: what passes must hold at its
/// lower end, what fails at its upper end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counting {
    /// A call of this latency or longer counts against passing.
    pub pass_ns: f64,
    /// The best estimate between the two; `None` where there is none between whole ticks.
    pub value_ns: Option<f64>,
    /// A call of this latency or longer counts for failing; `None` where none does, whatever it takes.
    pub fail_ns: Option<f64>,
}

impl Counting {
    /// The same threshold for passing, failing and the estimate.
    #[must_use]
    pub const fn at(threshold_ns: f64) -> Self {
        Self {
            pass_ns: threshold_ns,
            value_ns: Some(threshold_ns),
            fail_ns: Some(threshold_ns),
        }
    }

    /// The same threshold on top of what `direct` takes, as far as that is known. It takes no less than nothing.
    #[must_use]
    pub fn beyond(self, direct: Option<&Known>) -> Self {
        let Some(direct) = direct else {
            return self;
        };
        let least_ns = direct.lower_ns().unwrap_or(0.0).max(0.0);
        let value_ns = direct
            .estimate()
            .map_or(least_ns, |e| e.value_ns.max(least_ns));
        Self {
            pass_ns: self.pass_ns + least_ns,
            value_ns: self.value_ns.map(|ns| ns + value_ns),
            fail_ns: self
                .fail_ns
                .zip(direct.upper_ns())
                .map(|(ns, most_ns)| ns + most_ns),
        }
    }

    /// The same where the timer may be wrong by `ns` either way.
    #[must_use]
    pub fn blurred_by(self, ns: f64) -> Self {
        Self {
            pass_ns: self.pass_ns - ns,
            fail_ns: self.fail_ns.map(|fail_ns| fail_ns + ns),
            ..self
        }
    }

    /// The same for samples that are whole ticks.
    ///
    /// A call of `k` ticks or longer sees at least `k` steps of the clock, so the share that sees `k` or more is no smaller than the share
    /// that takes `k` ticks or longer; a call that sees `k + 1` steps is longer than `k` ticks
    /// ([`crate::bounds`]).
    #[must_use]
    pub fn in_ticks(self, tick_ns: u64) -> Self {
        let tick = tick_ns as f64;
        Self {
            pass_ns: (self.pass_ns / tick).floor() * tick,
            value_ns: None,
            fail_ns: self.fail_ns.map(|ns| ((ns / tick).ceil() + 1.0) * tick),
        }
    }
}

/// What single samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fineness {
    /// Latencies finer than the clock's tick.
    Fine,
    /// Multiples of a tick of this many nanoseconds.
    Ticks(u64),
}
