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
    confidence::{MIN_BLOCKS, TAIL, normal_probability, normal_quantile},
    interval::Undefined,
    proportion::BlockProportion,
    verdict::judge,
};
use protocol::report::Outcome;

mod counting;

pub use counting::{Counting, Fineness};

/// More samples than this are no advice: a run has 10,000 a cell at most, and it would take a hundred of them.
const MOST_SAMPLES: f64 = 1e6;

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
    /// One-sided p-value of "no more calls than allowed take so long", in [0, 1].
    pub p_value: f64,
    /// Calls in all that would probably settle it, if the shares and the differences between blocks stay as they are. `None` where it is settled,
    /// and where a million would not do.
    pub needed: Option<u64>,
}

impl Exceedance {
    /// What its limits say about the share that is `allowed`.
    #[must_use]
    pub fn outcome(&self, allowed: f64) -> Outcome {
        judge(self.lower, self.upper, allowed)
    }
}

/// The share of calls that a quantile allows at or above its threshold: `1 - q`, without the dust of its last digits.
#[must_use]
pub fn allowed_above(quantile: f64) -> f64 {
    ((1.0 - quantile) * 1e9).round() / 1e9
}

/// Tests the share of a cell's calls at or above a threshold against what `quantile` (in (0, 1)) allows, once, with limits of 95 %.
///
/// # Errors
/// As for [`ShareTest::of_cell`].
pub fn exceedance(
    cell: &CellSamples,
    quantile: f64,
    counting: Counting,
    fineness: Fineness,
) -> Result<Exceedance, Undefined> {
    Ok(ShareTest::of_cell(cell, quantile, counting, fineness)?.at(TAIL))
}

/// Tests a share of calls itself, such as of those that failed, given each block's (count, calls) and the share that is allowed.
///
/// # Errors
/// As for [`ShareTest::of_blocks`].
pub fn share(
    blocks: impl IntoIterator<Item = (u64, u64)> + Clone,
    allowed: f64,
) -> Result<Exceedance, Undefined> {
    Ok(ShareTest::of_blocks(blocks, allowed)?.at(TAIL))
}

/// A share of calls and what is allowed of it, to be tested at one level or another.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareTest {
    value: Option<f64>,
    /// The calls that count against passing, and from which latency on.
    against: BlockProportion,
    pass_ns: f64,
    /// The calls that count for failing; `None` where none does.
    fors: Option<BlockProportion>,
    /// What blocks that were not met may add.
    spread: Option<BlockSpread>,
    allowed: f64,
}

impl ShareTest {
    /// The share of a cell's calls at or above a threshold, against what `quantile` (in (0, 1)) allows.
    ///
    /// # Errors
    /// [`Undefined`] without samples, or with fewer than [`MIN_BLOCKS`] blocks.
    pub fn of_cell(
        cell: &CellSamples,
        quantile: f64,
        counting: Counting,
        fineness: Fineness,
    ) -> Result<Self, Undefined> {
        enough(cell.count(), cell.block_count())?;
        let share = |threshold_ns: f64| share_at_least(cell, threshold_ns);
        Ok(Self {
            value: counting.value_ns.map(|ns| share(ns).value()),
            against: share(counting.pass_ns),
            pass_ns: counting.pass_ns,
            fors: counting.fail_ns.map(|ns| share_proven_at_least(cell, ns)),
            spread: match fineness {
                Fineness::Fine => BlockSpread::of(cell),
                Fineness::Ticks(tick_ns) => BlockSpread::of_ticks(cell, tick_ns),
            },
            allowed: allowed_above(quantile),
        })
    }

    /// A share of calls itself, given each block's (count, calls), against the share that is allowed.
    ///
    /// # Errors
    /// [`Undefined`] without calls, or with fewer than [`MIN_BLOCKS`] blocks.
    pub fn of_blocks(
        blocks: impl IntoIterator<Item = (u64, u64)> + Clone,
        allowed: f64,
    ) -> Result<Self, Undefined> {
        let share = BlockProportion::from_blocks(blocks);
        enough(share.n(), share.blocks())?;
        Ok(Self {
            value: Some(share.value()),
            against: share,
            pass_ns: f64::INFINITY,
            fors: Some(share),
            spread: None,
            allowed,
        })
    }

    /// Tests it with limits that err with probability `level`, in (0, 0.5), each.
    #[must_use]
    pub fn at(&self, level: f64) -> Exceedance {
        let (lower, upper) = self.limits(1.0, level);
        let n = self.against.n();
        Exceedance {
            value: self.value,
            lower,
            upper,
            n,
            effective_n: self.against.effective_n_at(level),
            p_value: self.fail_p_value(),
            needed: needed(n, self.allowed, |growth| self.limits(growth, level)),
        }
    }

    /// What the limits of `level` say.
    #[must_use]
    pub fn outcome(&self, level: f64) -> Outcome {
        self.outcome_if_grown(1.0, level)
    }

    /// What the limits of `level` would probably say with `growth` times as many blocks like these.
    #[must_use]
    pub fn outcome_if_grown(&self, growth: f64, level: f64) -> Outcome {
        let (lower, upper) = self.limits(growth, level);
        judge(lower, upper, self.allowed)
    }

    /// Calls behind it.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.against.n()
    }

    /// The smallest level at which it fails: the one-sided p-value of "no more calls than allowed take so long". 1 where none will do.
    #[must_use]
    pub fn fail_p_value(&self) -> f64 {
        self.fors
            .map_or(1.0, |fors| fors.p_value_above(self.allowed))
    }

    /// Lower and upper limit, or those that `growth` times the blocks would probably show.
    fn limits(&self, growth: f64, level: f64) -> (f64, f64) {
        let exact = |share: &BlockProportion| share.interval_if_grown(growth, level);
        let unmet = self.spread.as_ref().map_or(0.0, |spread| {
            spread.share_with_blocks(self.pass_ns, growth, level)
        });
        let lower = self.fors.as_ref().map_or(0.0, |fors| exact(fors).lower);
        (lower, exact(&self.against).upper.max(unmet))
    }
}

/// The p-value of a share of which only its lower 95 % limit is known: that of a normal distribution of the width that the limit tells. Where there is no
/// `value`, a limit above what is `allowed` says no more than its own error.
#[must_use]
pub fn p_value_of_limit(value: Option<f64>, lower: f64, allowed: f64) -> f64 {
    match value {
        Some(value) if value > allowed && value > lower => {
            let deviation = (value - lower) / normal_quantile(1.0 - TAIL);
            1.0 - normal_probability((value - allowed) / deviation)
        }
        None if lower > allowed => TAIL,
        _ => 1.0,
    }
}

/// Whether there are samples at all, and blocks whose variation can be seen.
fn enough(n: u64, blocks: u64) -> Result<(), Undefined> {
    if n == 0 {
        return Err(Undefined::NoSamples);
    }
    if blocks < MIN_BLOCKS {
        return Err(Undefined::TooFewBlocks { have: blocks });
    }
    Ok(())
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
