//! What whole ticks prove about quantiles below, at and above a tick.
//!
//! A ticked sample counts the clock's steps during a call. Let `A_k` be the probability that a sample counts more than `k`
//! ticks, and `S` the survival function of the true latency, in ticks. A call longer than `k + 1` ticks sees at least
//! `k + 1` steps, whenever it starts; a call that sees `k + 1` steps is longer than `k` ticks. So
//!
//! `S(k + 1) <= A_k <= S(k)`, whatever the phase.
//!
//! Hence a quantile `p_q` is below `k` ticks whenever `A_(k-1) < 1 - q`, and more than `k` ticks whenever `A_k > 1 - q`.
//! The `A_k` are known within limits only, so the upper limit decides the former and the lower limit the latter; both
//! must be confirmed by the two tests that judge quantiles in [`crate::quantile`]. What is proven is a pair of
//! bounds, never a point: under a tick there is nothing to see.

use crate::{
    cell_samples::CellSamples,
    interval::{Estimate, Undefined},
    mean::mean,
    quantile::{order_statistic, share_at_most, studentised_test_accepts},
};

/// Bounds between which a quantile lies, in ticks, with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The quantile is more than this many ticks; 0 when nothing is proven.
    pub lower_ticks: u64,
    /// It is less than this many; `None` when the samples are too few to prove any.
    pub upper_ticks: Option<u64>,
    /// Samples that the bounds rest on.
    pub n: u64,
}

impl Bounds {
    /// Whether a latency of `ticks` (fractional) is within the bounds.
    #[must_use]
    pub fn cover(&self, ticks: f64) -> bool {
        self.lower_ticks as f64 <= ticks
            && self.upper_ticks.is_none_or(|upper| ticks < upper as f64)
    }
}

/// Bounds of the `quantile` (in (0, 1)) of a cell whose samples are multiples of `tick_ns`.
///
/// # Errors
/// [`Undefined::NoSamples`]. Few samples or blocks are no error: they prove less.
pub fn bounds(cell: &CellSamples, tick_ns: u64, quantile: f64) -> Result<Bounds, Undefined> {
    if cell.count() == 0 {
        return Err(Undefined::NoSamples);
    }
    // above the largest sample A_k does not fall any more: it is 0, or the share of calls that timed out
    let largest = cell.timed_ns().last().copied().unwrap_or(0);
    // no bound on the wrong side of the estimate itself can be proven, so the search starts there; a call that timed out took its timeout at least
    let longest = cell.timeout_ns().unwrap_or(largest).max(largest);
    let estimate_ticks = order_statistic(cell, quantile).min(longest) / tick_ns;
    let highest = largest / tick_ns + 1;
    let upper_ticks = (estimate_ticks.max(1)..=highest)
        .find(|&k| proves_below(cell, (k - 1) * tick_ns, quantile));
    // a call that timed out after `t` ticks took more than `k` ticks for every `k < t`
    let provable = cell.timeout_ns().map_or(estimate_ticks, |ns| {
        estimate_ticks.min((ns / tick_ns).saturating_sub(1))
    });
    let lower_ticks = (0..=provable)
        .rev()
        .find(|&k| proves_more(cell, k * tick_ns, quantile))
        .unwrap_or(0);
    Ok(Bounds {
        lower_ticks,
        upper_ticks,
        n: cell.count(),
    })
}

/// Whether the share of samples above `bound_ns` is proven to be below `1 - quantile`.
fn proves_below(cell: &CellSamples, bound_ns: u64, quantile: f64) -> bool {
    let share = share_at_most(cell, bound_ns);
    share.interval().lower > quantile && !studentised_test_accepts(cell, quantile, bound_ns)
}

/// Whether the share of samples above `bound_ns` is proven to be more than `1 - quantile`.
fn proves_more(cell: &CellSamples, bound_ns: u64, quantile: f64) -> bool {
    let share = share_at_most(cell, bound_ns);
    share.interval().upper < quantile && !studentised_test_accepts(cell, quantile, bound_ns)
}

/// The mean latency of a cell whose samples are multiples of `tick_ns`, with its interval.
///
/// The samples of a slice are one chain: each call starts at the reading that ended the one before, so their sum
/// telescopes to the difference of two readings and is wrong by less than one tick. That tick, whatever the
/// phase, is added to both ends of the interval over blocks. With calls in flight at once (`lanes` above 1) each lane is a
/// chain of its own.
///
/// # Errors
/// [`Undefined`] as for [`mean`].
pub fn ticked_mean(cell: &CellSamples, tick_ns: u64, lanes: u32) -> Result<Estimate, Undefined> {
    let estimate = mean(cell)?;
    let chains = cell.block_count() as f64 * f64::from(lanes.max(1));
    let allowance = tick_ns as f64 * chains / cell.count() as f64;
    Ok(Estimate {
        lower_ns: (estimate.lower_ns - allowance).max(0.0),
        upper_ns: estimate.upper_ns + allowance,
        ..estimate
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell_samples::Block;

    const TICK: u64 = 1_000_000;

    fn cell(blocks: u32, ticks: impl Fn(u64) -> u64) -> CellSamples {
        CellSamples::new((0..blocks).map(|index| {
            Block {
                index,
                samples_ns: (0..20)
                    .map(|i| ticks(u64::from(index) * 20 + i) * TICK)
                    .collect(),
            }
        }))
    }

    #[test]
    fn a_hop_below_a_tick_is_bounded_by_one_tick_and_never_called_zero() {
        let cell = cell(20, |i| u64::from(i % 10 == 0)); // 10 % of the calls saw a step
        let p50 = bounds(&cell, TICK, 0.5).unwrap();
        assert_eq!(
            p50,
            Bounds {
                lower_ticks: 0,
                upper_ticks: Some(1),
                n: 400
            }
        );
        // 10 % of the samples are not within 5 %: only two ticks are proven for p95
        assert_eq!(bounds(&cell, TICK, 0.95).unwrap().upper_ticks, Some(2));
    }

    #[test]
    fn long_calls_are_bounded_from_below() {
        let cell = cell(20, |i| 4 + i % 3); // 4, 5 or 6 steps
        let p50 = bounds(&cell, TICK, 0.5).unwrap();
        assert_eq!((p50.lower_ticks, p50.upper_ticks), (4, Some(6)));
    }

    #[test]
    fn with_too_few_samples_no_upper_bound_is_proven() {
        let p99 = |blocks| {
            bounds(&cell(blocks, |_| 0), TICK, 0.99)
                .unwrap()
                .upper_ticks
        };
        assert_eq!(p99(18), None); // 360 samples; 368 are needed
        assert_eq!(p99(19), Some(1));
        assert_eq!(
            bounds(&CellSamples::new([]), TICK, 0.5),
            Err(Undefined::NoSamples)
        );
    }

    #[test]
    fn calls_that_timed_out_are_above_every_bound_and_their_timeout_is_one_from_below() {
        let block = |index| Block {
            index,
            samples_ns: vec![0; 18],
        };
        let cell =
            CellSamples::with_timeouts((0..22).map(block), (0..22).map(|b| (b, 2)), 100 * TICK);
        let p95 = bounds(&cell, TICK, 0.95).unwrap(); // 10 % timed out
        assert_eq!((p95.lower_ticks, p95.upper_ticks), (99, None));
        let p50 = bounds(&cell, TICK, 0.5).unwrap();
        assert_eq!((p50.lower_ticks, p50.upper_ticks), (0, Some(1)));
        let all = CellSamples::with_timeouts([], (0..22).map(|b| (b, 20)), 100 * TICK);
        assert_eq!(bounds(&all, TICK, 0.5).unwrap().lower_ticks, 99);
    }

    #[test]
    fn the_mean_allows_for_a_tick_in_every_chain() {
        let cell = cell(20, |i| i % 2);
        let plain = mean(&cell).unwrap();
        let allowed = ticked_mean(&cell, TICK, 1).unwrap();
        assert!((allowed.upper_ns - plain.upper_ns - 50_000.0).abs() < 1e-6);
        assert!((plain.value_ns - 500_000.0).abs() < 1e-6);
    }
}
