//! What each planned look of a run saw.
//!
//! A run until it is settled is looked at after each of its rounds. What a look saw follows from the records of the rounds until then, so that it is
//! worked out again, the same, whoever asks.

use super::{standing::Standing, verdicts::Tested};
use measurement::{
    exceedance::{Exceedance, ShareTest},
    looks,
};
use protocol::{Cell, Plan, Quantile, Rounds, Until, report::Condition, slice::SliceRecord};
use std::collections::BTreeMap;

/// The looks that a plan has.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Looks(looks::Looks);

impl Looks {
    /// A run of fixed size is looked at once; one until it is settled first after its first round, and until it has all samples that its limits allow.
    pub(super) fn of(plan: &Plan, rounds: &Rounds) -> Self {
        let first = rounds.first();
        let (slice, blocks) = (u64::from(first.samples_per_slice), u64::from(first.blocks));
        let samples = slice * blocks;
        Self(match plan.until {
            Until::Samples => looks::Looks::once(samples),
            Until::Settled => {
                looks::Looks::until(samples, first.limits.samples_per_cell.into(), slice)
            }
        })
    }

    /// What the first look that settles it says, or the last one; its p-value is that of all of them. `None` without tests.
    pub(super) fn settled(&self, tests: &[ShareTest]) -> Option<Exceedance> {
        let verdict = self.0.verdict(tests, false)?;
        Some(Exceedance {
            p_value: self.0.fail_p_value(tests, false),
            ..verdict.exceedance
        })
    }

    /// The samples of a cell that the look after `index` adds to those before it, from 0; `None` where there is none.
    pub(super) fn added_by(&self, index: usize) -> Option<u64> {
        let look = self.0.at(index)?;
        let before = index.checked_sub(1).and_then(|last| self.0.at(last));
        Some(look.samples - before.map_or(0, |look| look.samples))
    }

    /// The samples still missing at the look that would probably settle an open test, the last of `tests`.
    pub(super) fn missing(&self, tests: &[ShareTest]) -> Option<u64> {
        let (index, test) = (tests.len().checked_sub(1)?, tests.last()?);
        let look = self.0.likely_settled_at(index, test)?;
        Some(look.samples.saturating_sub(test.n()))
    }
}

/// What every look so far saw of one threshold of one cell.
#[derive(Clone, Debug)]
pub(super) struct Tests {
    pub(super) condition: Condition,
    pub(super) tests: Vec<ShareTest>,
}

/// What every look so far saw.
pub(super) struct Series {
    looks: Looks,
    tests: BTreeMap<(Cell, Quantile), Tests>,
}

impl Series {
    /// Goes through the rounds of a run; `now` is what all its records say.
    pub(super) fn of(
        plan: &Plan,
        rounds: &Rounds,
        records: &[SliceRecord],
        now: Vec<Tested>,
    ) -> Self {
        let mut tests: BTreeMap<(Cell, Quantile), Tests> = BTreeMap::new();
        let empty = |found: &Tested| Tests {
            condition: found.condition,
            tests: Vec::new(),
        };
        for found in &now {
            tests.insert((found.cell, found.quantile), empty(found));
        }
        let ends = rounds.iter().map(protocol::Round::end_block);
        for end in ends.take_while(|&end| plan.until == Until::Settled && end < rounds.blocks()) {
            let until: Vec<SliceRecord> = records
                .iter()
                .filter(|record| record.block < end)
                .cloned()
                .collect();
            add(&mut tests, Standing::of(plan, rounds, &until).tested(plan));
        }
        add(&mut tests, now);
        Self {
            looks: Looks::of(plan, rounds),
            tests,
        }
    }

    pub(super) const fn looks(&self) -> &Looks {
        &self.looks
    }

    pub(super) fn of_cell(&self, cell: Cell, quantile: Quantile) -> Option<&Tests> {
        self.tests.get(&(cell, quantile))
    }
}

/// Adds what a look saw. A round that added nothing to a cell is no look at it.
fn add(tests: &mut BTreeMap<(Cell, Quantile), Tests>, found: Vec<Tested>) {
    for one in found {
        let Some(known) = tests.get_mut(&(one.cell, one.quantile)) else {
            continue;
        };
        let n = known.tests.last().map_or(0, ShareTest::n);
        if known.condition == one.condition && one.test.n() > n {
            known.tests.push(one.test);
        }
    }
}
