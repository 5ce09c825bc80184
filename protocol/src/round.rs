//! One round: which cells a run measures next and how much, decided and stored before it is measured.
//!
//! What the course of a run depends on beside its plan (works, blocks, calls, timer, limits) is read from its rounds
//! ([`crate::rounds::Rounds`]), whatever is deployed while it goes on.
//!
//! Out of scope: the order of works in a block, and the decision about the next round (the coordinator's).

use crate::{Limits, Plan, measure::TimerChoice, named::named, plan::Geometry, slice::Work};
use serde::{Deserialize, Serialize};

named! {
    /// What the slices of a round's cells are evidence of.
    pub enum RoundKind ("kind of round") {
        /// Isolated calls, each timed by the round's timer, beside one chain of back-to-back calls.
        Isolated = "isolated",
        /// Back-to-back calls, each read in whole ticks of the clock.
        BackToBack = "back-to-back",
        /// Cold starts, one sample a slice.
        ColdStarts = "cold-starts",
        /// Isolated calls at random moments while a runtime is kept busy; no evidence of the cells by themselves.
        Busy = "busy",
    }
}

/// One round of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// Position in the run, from 0.
    pub number: u32,
    /// What its slices are evidence of.
    pub kind: RoundKind,
    /// What each of its blocks measures once: cells and components.
    pub works: Vec<Work>,
    /// Blocks of the round, at least 1.
    pub blocks: u32,
    /// Timed calls of each slice of a cell.
    pub samples_per_slice: u32,
    /// Calls of each slice's chain.
    pub chain_calls: u32,
    /// Calls before the timed ones of each slice.
    pub warmup_per_slice: u32,
    /// Which timer is asked for.
    pub timer: TimerChoice,
    /// The limits that it was decided within, and is measured within.
    pub limits: Limits,
    /// Number of its first block: blocks of all rounds before it.
    pub first_block: u32,
    /// Index of its first slice: slices of all rounds before it.
    pub first_slice: u32,
}

impl Round {
    /// The first round of a run of `plan`: every cell and every component, divided to fit `limits`.
    #[must_use]
    pub fn first(plan: &Plan, limits: &Limits) -> Self {
        Self::divided(plan, &plan.geometry(limits), limits)
    }

    /// The first round of a run whose plan is divided as given.
    #[must_use]
    pub fn divided(plan: &Plan, geometry: &Geometry, limits: &Limits) -> Self {
        Self {
            number: 0,
            kind: RoundKind::Isolated,
            works: plan.works(),
            blocks: geometry.blocks,
            samples_per_slice: geometry.samples_per_slice,
            chain_calls: geometry.chain_calls,
            warmup_per_slice: plan.warmup_per_slice,
            timer: plan.timer.within(limits),
            limits: *limits,
            first_block: 0,
            first_slice: 0,
        }
    }

    /// The round that measures what a plan asks for while runtimes are kept busy, of as many calls as the run's first one and after `last`; `None`
    /// where the plan asks for none.
    #[must_use]
    pub fn busy(plan: &Plan, last: &Self) -> Option<Self> {
        let works: Vec<Work> = plan.busy_cells().into_iter().map(Work::Busy).collect();
        let geometry = plan.geometry(&last.limits);
        (!works.is_empty()).then(|| Self {
            kind: RoundKind::Busy,
            samples_per_slice: geometry.samples_per_slice,
            chain_calls: 0,
            warmup_per_slice: plan.warmup_per_slice,
            timer: plan.timer.within(&last.limits),
            ..last.followed_by(works, geometry.blocks)
        })
    }

    /// A round of `blocks` blocks of `works` that follows this one, otherwise like it.
    #[must_use]
    pub fn followed_by(&self, works: Vec<Work>, blocks: u32) -> Self {
        Self {
            number: self.number + 1,
            works,
            blocks,
            first_block: self.end_block(),
            first_slice: self.end_slice(),
            ..self.clone()
        }
    }

    /// Slices of each block.
    #[must_use]
    pub fn slices_per_block(&self) -> u32 {
        u32::try_from(self.works.len()).unwrap_or(u32::MAX)
    }

    /// Slices of the round.
    #[must_use]
    pub fn slices(&self) -> u32 {
        self.blocks.saturating_mul(self.slices_per_block())
    }

    /// Cells of the round; the other works are components.
    #[must_use]
    pub fn cells(&self) -> u32 {
        let cells = self
            .works
            .iter()
            .filter(|work| matches!(work, Work::Cell(_)));
        u32::try_from(cells.count()).unwrap_or(u32::MAX)
    }

    /// Calls of each slice of a cell: warmup, chain and timed ones.
    #[must_use]
    pub const fn calls_per_slice(&self) -> u32 {
        self.samples_per_slice
            .saturating_add(self.chain_calls)
            .saturating_add(self.warmup_per_slice)
    }

    /// The block after its last one.
    #[must_use]
    pub const fn end_block(&self) -> u32 {
        self.first_block.saturating_add(self.blocks)
    }

    /// The slice after its last one.
    #[must_use]
    pub fn end_slice(&self) -> u32 {
        self.first_slice.saturating_add(self.slices())
    }
}
