//! The exit status: the answer, for scripts.

use protocol::report::Outcome;
use std::{io, process::ExitCode};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// 0: done; of a run, every threshold is kept.
    Pass,
    /// 3: nothing fails, but some threshold lies inside its interval.
    Inconclusive,
    /// 1: some threshold is not kept.
    Fail,
    /// 2: wrong usage, or something failed (clap uses the same status).
    Failure,
}

/// Whether an error says no more than that nobody reads the output any longer.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let closed = |cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe;
    error
        .chain()
        .any(|cause| cause.downcast_ref().is_some_and(closed))
}

impl From<Outcome> for Exit {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pass => Self::Pass,
            Outcome::Fail => Self::Fail,
            Outcome::Inconclusive => Self::Inconclusive,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Pass => 0,
            Exit::Fail => 1,
            Exit::Failure => 2,
            Exit::Inconclusive => 3,
        })
    }
}
