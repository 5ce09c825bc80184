//! The rounds of a run, and where each of its slices stands in them.
//!
//! A run is a list of rounds, of which a plan of fixed size has one. Blocks and slices are numbered over the whole run, so that a block stays the
//! unit of pairing and of resampling when later rounds hold fewer cells.

use crate::{Plan, Round, measure::TimerChoice, round::RoundKind, slice::Work};
use std::collections::BTreeSet;

/// Why a round cannot follow the others of its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoundError {
    /// There is none.
    #[error("a run has at least one round")]
    None,
    /// It is not the next one.
    #[error(
        "round {number} begins with block {block} and slice {slice}, where round {next} is to begin with block {next_block} and slice {next_slice}"
    )]
    Place {
        /// Its number.
        number: u32,
        /// Its first block.
        block: u32,
        /// Its first slice.
        slice: u32,
        /// The number of the next round.
        next: u32,
        /// The block that it begins with.
        next_block: u32,
        /// The slice that it begins with.
        next_slice: u32,
    },
    /// It measures nothing.
    #[error("round {0} has no works or no blocks")]
    Empty(u32),
    /// A block would measure something twice.
    #[error("round {0} names a cell or a component twice")]
    Twice(u32),
    /// Its slices make too many calls.
    #[error("a slice of round {number} makes {calls} calls; the limits allow {most}")]
    TooManyCalls {
        /// Its number.
        number: u32,
        /// Calls of one slice of a cell.
        calls: u32,
        /// Calls allowed.
        most: u32,
    },
    /// The run would become too long.
    #[error("round {number} brings the run to {slices} slices; the limits allow {most}")]
    TooManySlices {
        /// Its number.
        number: u32,
        /// Slices of the run with it.
        slices: u32,
        /// Slices allowed.
        most: u32,
    },
}

/// The rounds of a run, in order: at least one, and each begins where the one before it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rounds {
    first: Round,
    later: Vec<Round>,
}

/// Where a slice stands in its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The round that it belongs to.
    pub round: &'a Round,
    /// The block that it belongs to, counted over the run.
    pub block: u32,
    /// Its position in the block's order, from 0.
    pub position: usize,
}

impl Rounds {
    /// The rounds of a run that has come no further than `first`, which was made with the plan and its limits.
    ///
    /// # Errors
    /// [`RoundError`] when it is not the first one, or measures nothing.
    pub fn new(first: Round) -> Result<Self, RoundError> {
        check(&first, 0, 0, 0)?;
        Ok(Self {
            first,
            later: Vec::new(),
        })
    }

    /// The rounds of a run, in any order.
    ///
    /// # Errors
    /// [`RoundError`] naming what does not fit together.
    pub fn of(mut rounds: Vec<Round>) -> Result<Self, RoundError> {
        rounds.sort_by_key(|round| round.number);
        let mut rounds = rounds.into_iter();
        let mut run = Self::new(rounds.next().ok_or(RoundError::None)?)?;
        for round in rounds {
            run.push(round)?;
        }
        Ok(run)
    }

    /// The round of `blocks` blocks of `works` that would follow, of the size that the first one's slices have.
    #[must_use]
    pub fn next(&self, kind: RoundKind, works: Vec<Work>, blocks: u32) -> Round {
        let (timer, chain_calls) = match kind {
            RoundKind::Isolated => (self.first.timer, self.first.chain_calls),
            // calls that each come after a pause make no chain
            RoundKind::Busy => (self.first.timer, 0),
            // the samples of the ticked timer are themselves a chain
            RoundKind::BackToBack => (TimerChoice::Ticked, 0),
            RoundKind::ColdStarts => (TimerChoice::Auto, 0),
        };
        let round = Round {
            kind,
            chain_calls,
            timer,
            ..self.last().followed_by(works, blocks)
        };
        match kind {
            RoundKind::Isolated | RoundKind::BackToBack | RoundKind::Busy => round,
            RoundKind::ColdStarts => Round {
                samples_per_slice: 1,
                warmup_per_slice: 0,
                ..round
            },
        }
    }

    /// The next of the rounds that `plan` asks for whatever the latencies show: the one beside neighbours, then the cold starts.
    #[must_use]
    pub fn beside(&self, plan: &Plan) -> Option<Round> {
        let busy = match self.last().kind {
            RoundKind::Isolated | RoundKind::BackToBack => Round::busy(plan, self.last()),
            RoundKind::Busy | RoundKind::ColdStarts => None,
        };
        busy.or_else(|| self.cold_starts(plan))
    }

    /// All of these rounds that are yet to come.
    #[must_use]
    pub fn yet_to_come(&self, plan: &Plan) -> Vec<Round> {
        let (mut rounds, mut coming) = (self.clone(), Vec::new());
        while let Some(round) = rounds.beside(plan) {
            if rounds.push(round.clone()).is_err() {
                break; // a plan that asks for more than the limits was refused
            }
            coming.push(round);
        }
        coming
    }

    /// The round of cold starts that `plan` asks for, if it does and they are yet to come: each block holds each of them once.
    #[must_use]
    pub fn cold_starts(&self, plan: &Plan) -> Option<Round> {
        let asked = plan.cold_starts.as_ref()?;
        if self.last().kind == RoundKind::ColdStarts {
            return None;
        }
        let cold_starts = asked.cold_starts(&plan.runtimes).into_iter();
        let works = cold_starts.map(Work::ColdStart).collect();
        Some(self.next(RoundKind::ColdStarts, works, asked.samples))
    }

    /// Appends a round.
    ///
    /// # Errors
    /// [`RoundError`] when it does not begin where the last one ends, measures nothing, or goes beyond its limits; nothing is appended then.
    pub fn push(&mut self, round: Round) -> Result<(), RoundError> {
        let last = self.last();
        check(&round, last.number + 1, last.end_block(), last.end_slice())?;
        let number = round.number;
        let (calls, most) = (
            round.calls_per_slice(),
            round.limits.delegated_calls_per_slice,
        );
        if calls > most {
            return Err(RoundError::TooManyCalls {
                number,
                calls,
                most,
            });
        }
        let (slices, most) = (round.end_slice(), round.limits.slices_per_run);
        if slices > most {
            return Err(RoundError::TooManySlices {
                number,
                slices,
                most,
            });
        }
        self.later.push(round);
        Ok(())
    }

    /// The rounds of another run that begins as this one did.
    #[must_use]
    pub fn begun_again(&self) -> Self {
        Self {
            first: self.first.clone(),
            later: Vec::new(),
        }
    }

    /// The rounds of latencies.
    #[must_use]
    pub fn without_cold_starts(&self) -> Self {
        let later = self.later.iter();
        let of_latencies = later.filter(|round| round.kind != RoundKind::ColdStarts);
        Self {
            first: self.first.clone(),
            later: of_latencies.cloned().collect(),
        }
    }

    /// The round that the run began with.
    #[must_use]
    pub const fn first(&self) -> &Round {
        &self.first
    }

    /// The round that was decided last.
    #[must_use]
    pub fn last(&self) -> &Round {
        self.later.last().unwrap_or(&self.first)
    }

    /// Every round, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Round> {
        core::iter::once(&self.first).chain(&self.later)
    }

    /// Blocks of all rounds that have been decided.
    #[must_use]
    pub fn blocks(&self) -> u32 {
        self.last().end_block()
    }

    /// Slices of all rounds that have been decided.
    #[must_use]
    pub fn slices(&self) -> u32 {
        self.last().end_slice()
    }

    /// Where the slice at `index` stands; `None` beyond the last round that has been decided.
    #[must_use]
    pub fn place(&self, index: u32) -> Option<Place<'_>> {
        let round = self.iter().find(|round| index < round.end_slice())?;
        let (within, per_block) = (index - round.first_slice, round.slices_per_block());
        Some(Place {
            round,
            block: round.first_block + within / per_block,
            position: (within % per_block) as usize,
        })
    }

    /// The round that a block belongs to.
    #[must_use]
    pub fn of_block(&self, block: u32) -> Option<&Round> {
        self.iter().find(|round| block < round.end_block())
    }

    /// Whole blocks among the first `slices` slices.
    #[must_use]
    pub fn whole_blocks(&self, slices: u32) -> u32 {
        self.place(slices)
            .map_or_else(|| self.blocks(), |place| place.block)
    }
}

/// Refuses a round that is not the next one or measures nothing.
fn check(round: &Round, next: u32, next_block: u32, next_slice: u32) -> Result<(), RoundError> {
    let (number, block, slice) = (round.number, round.first_block, round.first_slice);
    if (number, block, slice) != (next, next_block, next_slice) {
        return Err(RoundError::Place {
            number,
            block,
            slice,
            next,
            next_block,
            next_slice,
        });
    }
    if round.slices() == 0 {
        return Err(RoundError::Empty(number));
    }
    let different: BTreeSet<Work> = round.works.iter().copied().collect();
    if different.len() < round.works.len() {
        return Err(RoundError::Twice(number));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
