//! Slices: what a run measures in one dispatch, and the record that is kept of it.

use crate::{
    Cell, ColdStart,
    breakdown::Component,
    busy::{BusyCell, Kept},
    cold_start,
    measure::{MeasureResponse, RepeatResponse},
};
use serde::{Deserialize, Serialize};

/// What one slice measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// Samples of one cell.
    Cell(Cell),
    /// One component of the breakdown, by repetition.
    Component(Component),
    /// One cold start.
    ColdStart(ColdStart),
    /// Samples of one cell while a runtime is kept busy.
    Busy(BusyCell),
}

impl core::fmt::Display for Work {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Cell(cell) => cell.fmt(f),
            Self::Component(component) => component.fmt(f),
            Self::ColdStart(cold_start) => cold_start.fmt(f),
            Self::Busy(busy) => busy.fmt(f),
        }
    }
}

/// What a slice measured.
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are samples: a box would be one more allocation for each; on wasm32 they are smaller"
)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measured {
    /// Of a [`Work::Cell`] or a [`Work::Busy`].
    Samples(MeasureResponse),
    /// Of a [`Work::Component`].
    Repeated(RepeatResponse),
    /// Of a [`Work::ColdStart`].
    ColdStart(cold_start::Outcome),
}

/// One committed slice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SliceRecord {
    /// Position in the run, from 0; every index up to the cursor is present exactly once.
    pub index: u32,
    /// The block it belongs to, from 0, counted over all rounds.
    pub block: u32,
    /// Which attempt at this slice succeeded, from 1.
    pub attempt: u32,
    /// What was measured.
    pub work: Work,
    /// What came out.
    pub measured: Measured,
    /// The whole dispatch by the coordinator's own clock, in ms.
    pub dispatch_ms: u64,
}

impl SliceRecord {
    /// What was measured beside a neighbour, and what that one did.
    #[must_use]
    pub fn neighbour(&self) -> Option<(BusyCell, Kept)> {
        match (&self.work, &self.measured) {
            (Work::Busy(busy), Measured::Samples(answer)) => {
                answer.kept.as_deref().map(|kept| (*busy, *kept))
            }
            _ => None,
        }
    }
}
