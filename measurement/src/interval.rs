//! Estimates with their intervals, and the reasons why one cannot be stated.

/// A duration or a difference of durations with its 95 % interval, in nanoseconds.
///
/// `lower_ns <= value_ns <= upper_ns` always holds. Differences may be negative. An end is infinite where the interval reaches calls that
/// timed out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The point estimate.
    pub value_ns: f64,
    /// Lower end of the interval.
    pub lower_ns: f64,
    /// Upper end of the interval.
    pub upper_ns: f64,
    /// Samples that the estimate rests on.
    pub n: u64,
    /// Independent samples that would say as much: at most `n`, less when samples of a block resemble each other.
    pub effective_n: f64,
}

impl Estimate {
    /// The same estimate with ends at least `resolution_ns` away from the value: no interval is finer than the clock behind it.
    #[must_use]
    pub fn no_finer_than(self, resolution_ns: f64) -> Self {
        Self {
            lower_ns: self.lower_ns.min(self.value_ns - resolution_ns),
            upper_ns: self.upper_ns.max(self.value_ns + resolution_ns),
            ..self
        }
    }

    /// The same estimate with both ends moved outward by `ns`.
    #[must_use]
    pub fn widened_by(self, ns: f64) -> Self {
        Self {
            lower_ns: self.lower_ns - ns,
            upper_ns: self.upper_ns + ns,
            ..self
        }
    }

    /// The same estimate of a quantity that cannot be negative. (A value that is negative, as a difference of two noisy dispatches may be, stays where it is.)
    #[must_use]
    pub fn not_negative(self) -> Self {
        Self {
            lower_ns: self.lower_ns.max(0.0).min(self.value_ns),
            ..self
        }
    }

    /// Upper end less lower end, in nanoseconds.
    #[must_use]
    pub fn width_ns(&self) -> f64 {
        self.upper_ns - self.lower_ns
    }

    /// Whether `truth_ns` lies in the interval, ends included.
    #[must_use]
    pub fn covers(&self, truth_ns: f64) -> bool {
        self.lower_ns <= truth_ns && truth_ns <= self.upper_ns
    }
}

/// Why a statistic cannot be stated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Undefined {
    /// There are no successful samples.
    NoSamples,
    /// Fewer samples than a two-sided interval of this quantile needs.
    TooFewSamples {
        /// Samples that are needed ([`crate::confidence::minimum_n`]).
        needed: u64,
        /// Samples at hand.
        have: u64,
    },
    /// Samples resemble each other so much that they are worth fewer than the interval needs.
    TooFewIndependentSamples {
        /// Independent samples that are needed.
        needed: u64,
        /// Samples at hand.
        have: u64,
        /// Independent samples that they are worth, at the favourable end of what the blocks allow.
        worth: f64,
        /// The same by the best estimate.
        effective_n: f64,
    },
    /// The plan, the timer or the outcome of the run left it out.
    NotMeasured(Missing),
    /// Variation between blocks cannot be judged: there are fewer than [`crate::confidence::MIN_BLOCKS`].
    TooFewBlocks {
        /// Blocks at hand (for a comparison: blocks that both cells have).
        have: u64,
    },
}

/// What left a statistic out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The stub says nothing of its clock: only means are known.
    Clock,
    /// Samples in whole ticks are back-to-back calls themselves.
    IsolatedCalls,
    /// The clock stands still, and the function was not timed by repetition.
    Repetition,
    /// The part was not measured.
    Part,
    /// There are payloads of one size only.
    Sizes,
    /// A place whose report was merged does not state it.
    Place,
}

/// Why there are bounds and no value between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bounding {
    /// The clock's tick is too coarse for a value.
    Tick,
    /// The clock stands still, and only the mean is known: Markov's inequality bounds the quantiles by it.
    Mean,
    /// The calls that it falls among timed out: they took their timeout at least.
    Timeout,
    /// The quantile cannot be stated itself, for this reason; the nearest ones that can be stated enclose it ([`crate::neighbours`]).
    Neighbours(Undefined),
}

impl Bounding {
    /// Whether the bounds exclude themselves: whole ticks prove "less than" and "more than".
    #[must_use]
    pub const fn is_exclusive(&self) -> bool {
        matches!(self, Self::Tick)
    }
}

/// What is known of a duration or a difference of durations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Known {
    /// A value with its interval.
    Estimated(Estimate),
    /// Proven bounds without a value between them.
    Bounded {
        /// Lower bound in nanoseconds; `None` when none is proven.
        lower_ns: Option<f64>,
        /// Upper bound in nanoseconds; `None` when none is proven.
        upper_ns: Option<f64>,
        /// Samples behind the bounds.
        n: u64,
        /// Why there is no value.
        because: Bounding,
    },
    /// Nothing, and why.
    Unknown(Undefined),
}

impl Known {
    /// The estimate, where there is one.
    #[must_use]
    pub fn estimate(&self) -> Option<&Estimate> {
        match self {
            Self::Estimated(estimate) => Some(estimate),
            Self::Bounded { .. } | Self::Unknown(_) => None,
        }
    }

    /// Lower end of the interval or lower bound, in nanoseconds.
    #[must_use]
    pub fn lower_ns(&self) -> Option<f64> {
        match *self {
            Self::Estimated(estimate) => Some(estimate.lower_ns),
            Self::Bounded { lower_ns, .. } => lower_ns,
            Self::Unknown(_) => None,
        }
        .filter(|ns| ns.is_finite())
    }

    /// Upper end of the interval or upper bound, in nanoseconds.
    #[must_use]
    pub fn upper_ns(&self) -> Option<f64> {
        match *self {
            Self::Estimated(estimate) => Some(estimate.upper_ns),
            Self::Bounded { upper_ns, .. } => upper_ns,
            Self::Unknown(_) => None,
        }
        .filter(|ns| ns.is_finite())
    }

    /// Samples behind it.
    pub(crate) fn n(&self) -> u64 {
        match *self {
            Self::Estimated(Estimate { n, .. }) | Self::Bounded { n, .. } => n,
            Self::Unknown(_) => 0,
        }
    }
}

impl From<Result<Estimate, Undefined>> for Known {
    fn from(result: Result<Estimate, Undefined>) -> Self {
        match result {
            Ok(estimate) if estimate.value_ns.is_infinite() => Self::Bounded {
                lower_ns: Some(estimate.lower_ns),
                upper_ns: None,
                n: estimate.n,
                because: Bounding::Timeout,
            },
            Ok(estimate) => Self::Estimated(estimate),
            Err(reason) => Self::Unknown(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_has_the_bounds_that_its_parts_have() {
        let few = Undefined::TooFewSamples {
            needed: 368,
            have: 300,
        };
        let at_least = |lower_ns: f64| Known::Bounded {
            lower_ns: Some(lower_ns),
            upper_ns: None,
            n: 300,
            because: Bounding::Neighbours(few),
        };
        let stated = Known::Estimated(Estimate {
            value_ns: 20.0,
            lower_ns: 15.0,
            upper_ns: 30.0,
            n: 400,
            effective_n: 400.0,
        });
        let difference = at_least(100.0).minus(&stated);
        assert_eq!(
            (difference.lower_ns(), difference.upper_ns()),
            (Some(70.0), None)
        );
        assert_eq!(at_least(100.0).minus(&at_least(10.0)), Known::Unknown(few));
        let difference = stated.minus(&stated);
        assert!(difference.estimate().is_some_and(|d| d.covers(0.0)));
    }
}
