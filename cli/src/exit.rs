//! The exit status: the answer, for scripts.

use protocol::report::Outcome;
use std::process::ExitCode;

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

impl From<Outcome> for Exit {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pass => Self::Pass,
            Outcome::Fail => Self::Fail,
            Outcome::Inconclusive => Self::Inconclusive,
        }
    }
}

impl Exit {
    /// The status for the shell.
    pub(crate) const fn status(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::Failure => 2,
            Self::Inconclusive => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.status())
    }
}
