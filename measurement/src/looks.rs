//! Planned looks at a verdict, so that a run may stop as soon as it is settled.
//!
//! Testing again and again until something is significant errs more often than each test says: at a share that is just what is allowed, nine
//! looks at 2.5 % each pass in some 10 % of the runs. Here the looks are planned before anything is measured, and share the error. Look `i`
//! takes limits that err with probability `level_i` on either side ([`ShareTest::at`]), and the levels add up to the 2.5 % that a single look
//! would have. By Bonferroni's inequality the verdict is then wrong in no more runs than that, however the looks depend on each other: so for blocks that differ as
//! well, for which no joint distribution of the looks is known. All limits of all looks hold at once with 95 %, therefore those of the look that
//! settled a verdict hold as well: they are what is published with it.
//!
//! What the inequality gives away is little. With nine looks at 440 to 10,000 samples, a share that is just what is allowed (independent calls,
//! worked out exactly) passes in 1.7 % of the runs and fails in 1.0 % (p99). Boundaries from the joint distribution could spend twice as much at
//! later looks, and would save some 10 % of the samples where half or twice of what is allowed lies above a p99; they hold for independent calls only.
//!
//! Half of the error goes to the first look, because most cells are settled there: with 440 samples and none above the threshold the upper limit of
//! 1.25 % is 0.99 %, so that a p99 passes. The other half is spent evenly on looks that are each half as large again as the one before.
//! Half and twice what is allowed are then settled with 0.8 to 1.3 times the samples that a single look needs to settle them in 95 % of the runs.
//!
//! Whether to go on depends on the data; when to look and at which level does not. A run that is ended by its time may spend what is left of the
//! error at its last look ([`Looks::last_level`]): how fast a run is has hardly to do with on which side of a threshold its calls lie.

use crate::{
    confidence::TAIL,
    exceedance::{Exceedance, ShareTest},
};
use protocol::report::Outcome;

/// The part of the error that the first of several looks spends.
const FIRST_PART: f64 = 0.5;

/// Each look has this many times the samples of the one before.
const RATIO: f64 = 1.5;

/// One planned look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Samples of a cell that are there by then, from the start of the run.
    pub samples: u64,
    /// The probability, in (0, 0.025], with which each limit of this look may err.
    pub level: f64,
}

/// The looks of a run, planned before it begins.
///
/// They are counted by rounds: look `i` comes after round `i`, at its level, even if failed calls leave a cell with fewer samples than planned.
#[derive(Clone, Debug, PartialEq)]
pub struct Looks(Vec<Look>);

/// A verdict after some of its looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// The look that settled it, or the last one so far, from 0.
    pub look: usize,
    /// The share of calls with the limits of that look.
    pub exceedance: Exceedance,
    /// What these say.
    pub outcome: Outcome,
}

impl Looks {
    /// A run of fixed size: one look, with all of the error.
    #[must_use]
    pub fn once(samples: u64) -> Self {
        let level = TAIL;
        Self(vec![Look { samples, level }])
    }

    /// The first look at `first` samples, then each at half as many again, in whole slices of `slice` samples; the last at `most`.
    ///
    /// `slice` counts as 1 at least. With `most` up to `first` there is one look, at `first`.
    #[must_use]
    pub fn until(first: u64, most: u64, slice: u64) -> Self {
        let slice = slice.max(1);
        let mut samples = vec![first];
        while let Some(&last) = samples.last()
            && last < most
        {
            samples.push(grown(last, slice).min(most));
        }
        let later = samples.len() - 1;
        if later == 0 {
            return Self::once(first);
        }
        let level = |i: usize| match i {
            0 => TAIL * FIRST_PART,
            _ => TAIL * (1.0 - FIRST_PART) / later as f64,
        };
        let look = |(i, &samples)| Look {
            samples,
            level: level(i),
        };
        Self(samples.iter().enumerate().map(look).collect())
    }

    /// All looks, in order.
    #[must_use]
    pub fn all(&self) -> &[Look] {
        &self.0
    }

    /// The look after round `index`, from 0.
    #[must_use]
    pub fn at(&self, index: usize) -> Option<Look> {
        self.0.get(index).copied()
    }

    /// The first look with more than `samples`: the one to measure for next.
    #[must_use]
    pub fn next(&self, samples: u64) -> Option<Look> {
        self.0.iter().find(|look| look.samples > samples).copied()
    }

    /// The level of look `index` if the run ends with it: what it and all later ones would have spent. 0 beyond the last.
    #[must_use]
    pub fn last_level(&self, index: usize) -> f64 {
        self.0.iter().skip(index).map(|look| look.level).sum()
    }

    /// The look at which a test that is open after look `index` would probably be settled, if shares and differences between blocks stay as they are.
    /// `None` where none of the planned ones would.
    #[must_use]
    pub fn likely_settled_at(&self, index: usize, test: &ShareTest) -> Option<Look> {
        let n = test.n() as f64;
        let settles = |look: &&Look| {
            let growth = look.samples as f64 / n;
            growth > 1.0 && test.outcome_if_grown(growth, look.level) != Outcome::Inconclusive
        };
        self.0.iter().skip(index + 1).find(settles).copied()
    }

    /// The verdict of the first look that settles it, or of the last one. `tests` are those of each look so far, all samples of the cell
    /// until then; `has_ended` says that no other look will follow. `None` without tests.
    #[must_use]
    pub fn verdict(&self, tests: &[ShareTest], has_ended: bool) -> Option<Verdict> {
        let last = tests.len().checked_sub(1)?;
        let of = |(look, test): (usize, &ShareTest)| {
            let level = self.level(look, has_ended && look == last);
            let outcome = test.outcome(level);
            (outcome != Outcome::Inconclusive || look == last).then(|| Verdict {
                look,
                exceedance: test.at(level),
                outcome,
            })
        };
        tests.iter().enumerate().find_map(of)
    }

    /// The p-value of failure over all looks so far: the smallest total error at which one of them fails. It is below 2.5 % where the verdict
    /// is a failure, and [`crate::holm`] takes it as any other. Arguments as for [`Self::verdict`].
    #[must_use]
    pub fn fail_p_value(&self, tests: &[ShareTest], has_ended: bool) -> f64 {
        let weighed = |(look, test): (usize, &ShareTest)| {
            let is_last = has_ended && look + 1 == tests.len();
            test.fail_p_value() * TAIL / self.level(look, is_last)
        };
        tests.iter().enumerate().map(weighed).fold(1.0, f64::min)
    }

    /// A look beyond the planned ones has the smallest level of all, so that nothing is claimed with an error that was not planned.
    fn level(&self, index: usize, is_last: bool) -> f64 {
        match self.at(index) {
            Some(_) if is_last => self.last_level(index),
            Some(look) => look.level,
            None => f64::MIN_POSITIVE,
        }
    }
}

/// Half as many again, in whole slices, and one slice more at least.
fn grown(samples: u64, slice: u64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and far below 2^53"
    )]
    let grown = (samples as f64 * RATIO) as u64;
    (grown / slice * slice).max(samples + slice)
}

#[cfg(test)]
mod tests;
