//! Whether a Worker keeps a contract of docs/contracts.md, point by point, asked on a local workerd.
//!
//! Each point is asked for itself: a Worker with one fault fails the point of that fault, and the others say whether the rest is sound.

mod asking;
mod messages;
mod requests;
pub mod runtime;
pub mod stub;

use crate::local::driven::DrivenWorker;
use asking::Asking;
use serde::Serialize;

/// What a point came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "reason", rename_all = "lowercase")]
pub enum Outcome {
    /// As the contract says.
    Passed,
    /// Not so: what was expected, and what came.
    Failed(String),
    /// Not asked, and why.
    Skipped(String),
}

/// A point of a contract, and what it came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Point {
    /// Its name in docs/contracts.md.
    pub point: &'static str,
    /// What it says, in short.
    pub says: &'static str,
    /// What it came to.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What is asked for a point: nothing to say if the Worker keeps it.
type Ask = fn(&Asking<'_>) -> Result<(), String>;

/// A point of a contract.
struct Clause {
    point: &'static str,
    says: &'static str,
    ask: Ask,
}

impl Clause {
    fn of(&self, worker: &DrivenWorker) -> Point {
        self.with(match (self.ask)(&Asking::of(worker)) {
            Ok(()) => Outcome::Passed,
            Err(why) => Outcome::Failed(why),
        })
    }

    const fn with(&self, outcome: Outcome) -> Point {
        Point {
            point: self.point,
            says: self.says,
            outcome,
        }
    }
}
