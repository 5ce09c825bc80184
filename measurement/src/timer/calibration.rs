//! How many polls make a tick.

use crate::{duration::Nanoseconds, median::median_of_sorted};

/// Polls per tick, over all the ticks of a slice that were counted whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// One tick, in ms.
    pub tick_ms: u64,
    /// Mean of the middle half of the counts of ticks that begin with the timer's lead; without one the same as `polls_per_tick`.
    pub polls_after_lead: f64,
    /// Mean of the middle half of the counts: robust like the median, because a stall can only take polls away from a tick,
    /// but not itself a whole number. (A median of 652 for 652.3 polls shifts a short latency by 0.5 us.)
    pub polls_per_tick: f64,
    /// Median absolute deviation of the counts from their mean: of those after a lead, where there is one.
    pub mad: f64,
    /// Ticks counted.
    pub ticks: usize,
}

/// Standard deviations per median absolute deviation, for a normal distribution: 1 / Phi^-1(3/4).
const SIGMA_PER_MAD: f64 = 1.4826;

impl Calibration {
    /// From the counts of whole ticks; `None` without any.
    #[cfg(test)]
    pub(crate) fn of(tick_ms: u64, counts: &[u32]) -> Option<Self> {
        Self::with_lead(tick_ms, &[], counts)
    }

    /// From the counts of whole ticks that were polled from the first to the last (`bare`), and of those that begin with a lead; `None` without any of the
    /// latter. Where none are bare there is no lead.
    pub(crate) fn with_lead(tick_ms: u64, bare: &[u32], counts: &[u32]) -> Option<Self> {
        let mean = |counts: &[u32]| mean_of_middle_half(counts.iter().map(|&c| f64::from(c)));
        let polls_after_lead = mean(counts)?;
        let deviations = counts
            .iter()
            .map(|&count| (f64::from(count) - polls_after_lead).abs());
        Some(Self {
            tick_ms,
            polls_after_lead,
            polls_per_tick: mean(bare).unwrap_or(polls_after_lead),
            mad: median_of_sorted(&sorted(deviations))?,
            ticks: counts.len(),
        })
    }

    /// What a lead takes, in polls.
    pub(crate) fn lead_polls(&self) -> f64 {
        self.polls_per_tick - self.polls_after_lead
    }

    /// How long a lead and `polls` polls take.
    #[must_use]
    pub fn time_after(&self, polls: u32) -> Nanoseconds {
        let share = (self.lead_polls() + f64::from(polls)) / self.polls_per_tick;
        whole_ns((share * self.tick_ns()).max(0.0))
    }

    /// The smallest difference between two single readings that is more than the timer's own doing: one standard deviation.
    ///
    /// Two errors combine. Start and end are each known to one poll, `p = tick / polls_per_tick`: the difference of two uniform errors has the
    /// deviation `p / sqrt(6)`; a whole `p` is stated. And the speed of polling varies from tick to tick: the robust deviation of the counts,
    /// `1.4826 * mad`, times the poll, since most of what is polled in a tick is polled when the call is short.
    #[must_use]
    pub fn resolution(&self) -> Nanoseconds {
        let poll = self.tick_ns() / self.polls_per_tick;
        whole_ns(poll.hypot(poll * SIGMA_PER_MAD * self.mad))
    }

    fn tick_ns(&self) -> f64 {
        Nanoseconds::from_ms(self.tick_ms).0 as f64
    }
}

pub(crate) fn mean_of_middle_half(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let values = sorted(values);
    let quarter = values.len() / 4;
    let middle = &values[quarter..values.len() - quarter];
    (!middle.is_empty()).then(|| middle.iter().sum::<f64>() / middle.len() as f64)
}

/// A few dozen values in order. The library's sort, which is quick with millions, would be 2 KB of each stub.
pub(crate) fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = Vec::new();
    for value in values {
        let at = sorted.partition_point(|other| other.total_cmp(&value).is_lt());
        sorted.insert(at, value);
    }
    sorted
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "never negative, and far below 2^63 ns"
)]
fn whole_ns(ns: f64) -> Nanoseconds {
    Nanoseconds(ns.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_per_tick_are_the_mean_of_the_middle_half_of_the_ticks() {
        // stalls took the polls of two ticks: the mean of all is 528.6; their median is 652.5
        let counts = [12, 300, 650, 652, 653, 653, 654, 655];
        let calibration = Calibration::of(1, &counts).unwrap();
        assert!((calibration.polls_per_tick - 652.0).abs() < 1e-9);
        // deviations from 652: 0 1 1 2 2 3 352 640
        assert!((calibration.mad - 2.0).abs() < 1e-9);
        assert_eq!(calibration.ticks, 8);
        assert_eq!(Calibration::of(1, &[]), None);
    }
}
