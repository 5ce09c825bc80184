//! The rounds of runs. A run is read with its rounds ([`super::RunRow`]); here they are written.

use super::{Millis, RunRow, Store, StoreError, sql::Sql, to_json};
use protocol::{Round, RunId};

impl<S: Sql> Store<S> {
    /// Appends the last round of `longer`, the run as it is with that round, and its tally, in one transaction.
    ///
    /// # Errors
    /// [`StoreError::MovedOn`] when the run has a round of that number already, is not at its beginning, or has ended; nothing is changed then.
    pub fn append_round(&self, longer: &RunRow, now: Millis) -> Result<(), StoreError> {
        let (run, round) = (&longer.id, longer.rounds.last());
        let tally = to_json("tally", &longer.tally)?;
        self.sql.transaction(|| {
            let stands = self.sql.query(
                "UPDATE runs SET tally = ?1, progress_ms = ?2
                 WHERE id = ?3 AND cursor = ?4 AND state IN ('pending', 'running')
                 AND ?5 = (SELECT COUNT(*) FROM rounds WHERE run = ?3) RETURNING id",
                &[
                    tally.into(),
                    now.into(),
                    run.as_str().into(),
                    round.first_slice.into(),
                    round.number.into(),
                ],
            )?;
            if stands.is_empty() {
                return Err(StoreError::MovedOn);
            }
            self.insert_round(run, round)
        })
    }

    /// Stores a round; inside a transaction of the caller.
    pub(super) fn insert_round(&self, run: &RunId, round: &Round) -> Result<(), StoreError> {
        insert_round(&self.sql, run.as_str(), round)
    }
}

/// Stores a round; inside a transaction of the caller.
pub(super) fn insert_round(sql: &impl Sql, run: &str, round: &Round) -> Result<(), StoreError> {
    sql.query(
        "INSERT INTO rounds (run, number, round) VALUES (?, ?, ?)",
        &[
            run.into(),
            round.number.into(),
            to_json("round", round)?.into(),
        ],
    )?;
    Ok(())
}
