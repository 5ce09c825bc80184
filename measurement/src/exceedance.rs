//! The share of calls that take a threshold or longer, tested against the share that a quantile allows.
//!
//! `p_q < t` says that fewer than `1 - q` of the calls take `t` or longer. So a verdict is a test of that share, at the
//! threshold itself: its own design effect over blocks, and Clopper and Pearson's exact limits at the effective n that this
//! leaves ([`crate::proportion`]). With no call above the threshold nothing shows how alike the calls of a block are, and
//! all samples count.
//!
//! A few slow blocks may hold most of the calls above the threshold. A run that happens not to meet them sees too small a share and too
//! small a design effect, together: exact limits alone then pass at the threshold itself in up to 15 % of the runs where blocks differ by
//! sigma 0.6. But such blocks betray themselves below the threshold, where their medians vary. So the upper limit is never below the
//! share that blocks like these would have, were they measured without end ([`crate::block_spread`]).

use crate::{
    block_spread::BlockSpread,
    cell_samples::{CellSamples, SortedBlock},
    confidence::MIN_BLOCKS,
    interval::{Known, Undefined},
    proportion::BlockProportion,
    verdict::judge,
};
use protocol::report::Outcome;

/// More samples than this are no advice: a run has 10,000 a cell at most, and it would take a hundred of them.
const MOST_SAMPLES: f64 = 1e6;

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

/// The share of calls at or above a threshold, with its exact 95 % limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exceedance {
    /// The share observed, in [0, 1]; `None` where whole ticks leave it open.
    pub value: Option<f64>,
    /// Lower limit, in [0, 1].
    pub lower: f64,
    /// Upper limit, in [0, 1].
    pub upper: f64,
    /// Calls behind it.
    pub n: u64,
    /// Independent samples that would say as much, of the share that decides the upper limit.
    pub effective_n: f64,
    /// Calls in all that would probably settle it, if the shares and the differences between blocks stay as they are. `None` where it is settled,
    /// and where a million would not do.
    pub needed: Option<u64>,
}

/// The share of calls that a quantile allows at or above its threshold: `1 - q`, without the dust of its last digits.
#[must_use]
pub fn allowed_above(quantile: f64) -> f64 {
    ((1.0 - quantile) * 1e9).round() / 1e9
}

/// Tests the share of a cell's calls at or above a threshold against what `quantile` (in (0, 1)) allows.
///
/// # Errors
/// [`Undefined`] without samples, or with fewer than [`MIN_BLOCKS`] blocks.
pub fn exceedance(
    cell: &CellSamples,
    quantile: f64,
    counting: Counting,
    fineness: Fineness,
) -> Result<Exceedance, Undefined> {
    if cell.count() == 0 {
        return Err(Undefined::NoSamples);
    }
    if cell.block_count() < MIN_BLOCKS {
        return Err(Undefined::TooFewBlocks {
            have: cell.block_count(),
        });
    }
    let share = |threshold_ns: f64| share_at_least(cell, threshold_ns);
    let test = Test {
        against: share(counting.pass_ns),
        pass_ns: counting.pass_ns,
        fors: counting.fail_ns.map(|ns| share_proven_at_least(cell, ns)),
        spread: match fineness {
            Fineness::Fine => BlockSpread::of(cell),
            Fineness::Ticks(tick_ns) => BlockSpread::of_ticks(cell, tick_ns),
        },
        allowed: allowed_above(quantile),
    };
    let (lower, upper) = test.limits(1.0);
    Ok(Exceedance {
        value: counting.value_ns.map(|ns| share(ns).value()),
        lower,
        upper,
        n: cell.count(),
        effective_n: test.against.effective_n(),
        needed: test.needed(),
    })
}

/// The share of calls that may have taken so long: those that timed out may have, whatever their timeout.
fn share_at_least(cell: &CellSamples, threshold_ns: f64) -> BlockProportion {
    let counts = |block: &SortedBlock| (block.at_least(threshold_ns), block.count());
    BlockProportion::from_blocks(cell.blocks().iter().map(counts))
}

/// The share of calls that certainly took so long: those that timed out did if their timeout is as long.
fn share_proven_at_least(cell: &CellSamples, threshold_ns: f64) -> BlockProportion {
    let timeouts_count = cell.timeout_ns().is_none_or(|ns| ns as f64 >= threshold_ns);
    let counts = |block: &SortedBlock| {
        let timed_out = block.count() - block.timed_ns().len() as u64;
        let open = if timeouts_count { 0 } else { timed_out };
        (block.at_least(threshold_ns) - open, block.count())
    };
    BlockProportion::from_blocks(cell.blocks().iter().map(counts))
}

/// The two shares of one test, and what blocks that were not met may add.
struct Test {
    against: BlockProportion,
    pass_ns: f64,
    fors: Option<BlockProportion>,
    spread: Option<BlockSpread>,
    allowed: f64,
}

impl Test {
    /// Lower and upper limit, or those that `growth` times the blocks would probably show.
    fn limits(&self, growth: f64) -> (f64, f64) {
        let exact = |share: &BlockProportion| share.interval_if_grown(growth);
        let unmet = self
            .spread
            .as_ref()
            .map_or(0.0, |spread| spread.share_with_blocks(self.pass_ns, growth));
        let lower = self.fors.as_ref().map_or(0.0, |fors| exact(fors).lower);
        (lower, exact(&self.against).upper.max(unmet))
    }

    fn needed(&self) -> Option<u64> {
        needed(self.against.n(), self.allowed, |growth| self.limits(growth))
    }
}

/// Tests a share of calls itself, such as of those that failed, given each block's (count, calls) and the share that is allowed.
///
/// # Errors
/// [`Undefined`] without calls, or with fewer than [`MIN_BLOCKS`] blocks.
pub fn share(
    blocks: impl IntoIterator<Item = (u64, u64)> + Clone,
    allowed: f64,
) -> Result<Exceedance, Undefined> {
    let share = BlockProportion::from_blocks(blocks);
    if share.n() == 0 {
        return Err(Undefined::NoSamples);
    }
    if share.blocks() < MIN_BLOCKS {
        return Err(Undefined::TooFewBlocks {
            have: share.blocks(),
        });
    }
    let limits = |growth| {
        let interval = share.interval_if_grown(growth);
        (interval.lower, interval.upper)
    };
    let (lower, upper) = limits(1.0);
    Ok(Exceedance {
        value: Some(share.value()),
        lower,
        upper,
        n: share.n(),
        effective_n: share.effective_n(),
        needed: needed(share.n(), allowed, limits),
    })
}

/// The fewest calls that settle what `n` leave open, given the limits that `growth` times as many would have; to a hundredth.
/// `None` where `n` settle it, and where a million would not.
#[must_use]
pub fn needed(n: u64, allowed: f64, limits: impl Fn(f64) -> (f64, f64)) -> Option<u64> {
    let is_settled = |growth: f64| {
        let (lower, upper) = limits(growth);
        judge(lower, upper, allowed) != Outcome::Inconclusive
    };
    let n = n as f64;
    let most = MOST_SAMPLES / n;
    if is_settled(1.0) || most <= 1.0 || !is_settled(most) {
        return None;
    }
    let (mut open, mut settled) = (1.0, most);
    while settled / open > 1.01 {
        let middle = (open * settled).sqrt();
        if is_settled(middle) {
            settled = middle;
        } else {
            open = middle;
        }
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between n and MOST_SAMPLES"
    )]
    Some((n * settled).ceil() as u64)
}

#[cfg(test)]
mod tests;
