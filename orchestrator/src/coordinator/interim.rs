//! The report of the active run as it stands, for anyone who watches it.
//!
//! It is assembled between two slices and never during one: where Workers share a thread, as they do locally, what the coordinator computes during a
//! slice would be in its samples. It is assembled only while somebody asks, at most once in [`Interim::pause_ms`], and never stored: a restart loses
//! nothing but the text.

use super::{Coordinator, LogLine, Turn};
use crate::store::{Millis, RunRow, StoreError, sql::Sql};
use protocol::{Problem, RunId, limits::LimitsProfile};

/// Least time between two reports of a run as it stands.
const PAUSE_MS: Millis = 5_000;

/// Assembling takes some microseconds a sample: with this much more time for each, it takes less than 3 % of a run.
const PAUSE_US_PER_SAMPLE: Millis = 200;

/// The report of the active run as it stands.
#[derive(Debug, Default)]
pub(super) struct Interim {
    /// The run whose report somebody waits for.
    asked: Option<RunId>,
    /// The last attempt to assemble one.
    last: Option<Attempt>,
}

#[derive(Debug)]
struct Attempt {
    run: RunId,
    at_ms: Millis,
    slices: u32,
    /// `None` where it could not be assembled.
    text: Option<String>,
}

impl Interim {
    fn pause_ms(run: &RunRow) -> Millis {
        let samples = Millis::try_from(run.tally.samples).unwrap_or(Millis::MAX);
        PAUSE_MS.max(samples.saturating_mul(PAUSE_US_PER_SAMPLE) / 1_000)
    }

    fn last_of(&self, run: &RunId) -> Option<&Attempt> {
        self.last.as_ref().filter(|last| last.run == *run)
    }
}

impl<S: Sql> Coordinator<S> {
    /// The report of an active run as it stands: one that is fresh enough, else one that is assembled after the slice in flight, for which the turn
    /// then asks to wait.
    pub(super) fn interim_report(
        &self,
        run: &RunRow,
        now: Millis,
        turn: &mut Turn,
    ) -> Result<String, Problem> {
        let id = &run.id;
        if run.cursor == 0 {
            let detail = format!(
                "run {id} is {} and has no samples yet: GET /runs/{id} shows how far it is",
                run.state
            );
            return Err(Problem::new(404, detail));
        }
        if run.rounds.first().limits.profile == LimitsProfile::Free {
            let detail = format!(
                "run {id} is {}; the CPU time of a free account allows one report, at its end: GET /runs/{id} shows how far it is",
                run.state
            );
            return Err(Problem::new(404, detail));
        }
        let mut interim = self.interim.borrow_mut();
        let last = interim.last_of(id);
        let text = last.and_then(|last| last.text.clone());
        let is_fresh = last.is_some_and(|last| {
            last.slices == run.cursor || now - last.at_ms < Interim::pause_ms(run)
        });
        if !is_fresh {
            turn.asks_again = true;
            interim.asked = Some(id.clone());
            if run.tally.retry_at_ms > now {
                // No slice is in flight, and the next wake is some time ahead.
                turn.wake_at = Turn::soon(now).wake_at;
            }
        }
        text.ok_or_else(|| {
            let why = if is_fresh {
                "could not be assembled, and the coordinator's log says why: ask again in some seconds"
            } else {
                "is assembled after the slice that is being measured: ask again in a second"
            };
            Problem::new(503, format!("the report of run {id} as it stands {why}"))
        })
    }

    /// Assembles the report of the active run as it stands, if somebody waits for it. What goes wrong here is logged, and never ends the run.
    pub(super) fn assemble_interim(&self, run: &RunRow, now: Millis) -> Option<Turn> {
        let asked = self.interim.borrow_mut().asked.take();
        if asked.as_ref() != Some(&run.id) {
            return None;
        }
        let (text, fault) = match self.interim_text(run) {
            Ok(text) => (Some(text), None),
            Err(error) => (None, Some(error)),
        };
        self.interim.borrow_mut().last = Some(Attempt {
            run: run.id.clone(),
            at_ms: now,
            slices: run.cursor,
            text,
        });
        let turn = Turn::soon(now);
        Some(match fault {
            None => turn,
            Some(error) => turn.with(LogLine::Fault {
                message: format!("run {}: the report as it stands: {error}", run.id),
            }),
        })
    }

    fn interim_text(&self, run: &RunRow) -> Result<String, StoreError> {
        let report = self.report_of(run, &self.store.records(&run.id)?)?;
        serde_json::to_string(&report).map_err(|error| StoreError::Unreadable {
            what: "report",
            error: error.to_string(),
        })
    }
}
