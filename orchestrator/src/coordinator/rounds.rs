//! What follows when every slice of the rounds decided so far is committed: another round, or the report.
//!
//! A round is decided from what is stored alone, and stored before its first slice is dispatched: whoever goes on after a crash finds the same
//! rounds, or decides the same one.

use super::{Coordinator, LogLine, Turn};
use crate::store::{Millis, RunRow, StoreError, sql::Sql};
use protocol::{rounds::RoundError, slice::SliceRecord};

impl<S: Sql> Coordinator<S> {
    /// Begins the next round of a run, or assembles its report. A run that was ended early gets no further round.
    pub(super) fn conclude(&self, run: &RunRow, now: Millis) -> Result<Turn, StoreError> {
        if self.announced.replace(None).as_ref() != Some(&run.id) {
            return self.announce(run.clone(), now);
        }
        let records = self.store.records(&run.id)?;
        let longer = if run.state.is_final() {
            Ok(None)
        } else {
            self.with_next_round(run, &records, now)
        };
        match longer {
            Ok(Some(longer)) => self.begin_round(&longer, now),
            Ok(None) => self.assemble(run, &records, now),
            // What was measured is worth its report.
            Err(error) => {
                let mut turn = self.assemble(run, &records, now)?;
                let message = format!(
                    "run {}: the round decided last cannot be measured: {error}",
                    run.id
                );
                turn.lines.insert(0, LogLine::Fault { message });
                Ok(turn)
            }
        }
    }

    /// The run with the round that follows, if one does.
    fn with_next_round(
        &self,
        run: &RunRow,
        records: &[SliceRecord],
        now: Millis,
    ) -> Result<Option<RunRow>, RoundError> {
        let Some(round) = (self.next_round)(run, records) else {
            return Ok(None);
        };
        let mut longer = run.clone();
        longer.rounds.push(round)?;
        // The attempts so far were at this decision; the next ones are at another, or at the report.
        longer.tally.assembly_attempts = 0;
        longer.tally.round_began_ms = now;
        Ok(Some(longer))
    }

    /// Stores the round that was decided.
    fn begin_round(&self, longer: &RunRow, now: Millis) -> Result<Turn, StoreError> {
        let turn = Turn::soon(now);
        let round = longer.rounds.last();
        match self.store.append_round(longer, now) {
            Ok(()) => Ok(turn.with(LogLine::RoundDecided {
                run: longer.id.clone(),
                round: round.number,
                cells: round.cells(),
                slices: round.slices(),
                slices_total: longer.rounds.slices(),
            })),
            // Another alarm of the same moment has stored it, or the run was cancelled.
            Err(StoreError::MovedOn) => Ok(turn),
            Err(error) => Err(error),
        }
    }
}
