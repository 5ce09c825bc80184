//! How many there are of what: kept as they change, so that nobody has to count what is stored.

use super::{
    Millis, Store, StoreError,
    sql::{Columns, Sql},
};
use protocol::{RunId, RunState};

/// The count of ended runs whose raw samples are kept.
const WITH_SAMPLES: &str = "with-samples";

/// Old requests removed for each new one: more than one, so that they become fewer.
const REQUESTS_REMOVED: u32 = 2;

/// The span of the rate limit, in ms.
const HOUR_MS: Millis = 60 * 60 * 1_000;

impl<S: Sql> Store<S> {
    /// Runs in each state.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn runs_by_state(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let rows = self.sql.query(
            "SELECT what, n FROM counts WHERE what <> 'with-samples' AND n > 0
             UNION ALL SELECT state, COUNT(*) FROM runs WHERE state IN ('pending', 'running') GROUP BY state ORDER BY 1",
            &[],
        )?;
        rows.into_iter()
            .map(|row| {
                let mut columns = Columns::of(row);
                Ok((columns.text()?, columns.integer()?))
            })
            .collect()
    }

    /// Ended runs that are kept.
    pub(super) fn ended_runs(&self) -> Result<i64, StoreError> {
        let row = self.one(
            "SELECT COALESCE(SUM(n), 0) FROM counts WHERE what <> 'with-samples'",
            &[],
        )?;
        Ok(Columns::of(row.unwrap_or_default()).integer()?)
    }

    /// Ended runs whose raw samples are kept.
    pub(super) fn runs_with_samples(&self) -> Result<i64, StoreError> {
        let row = self.one(
            "SELECT n FROM counts WHERE what = ?",
            &[WITH_SAMPLES.into()],
        )?;
        Ok(row.map_or(Ok(0), |row| Columns::of(row).integer())?)
    }

    /// Counts a run that has just come to its end, and notes its raw samples. Inside a transaction of the caller.
    pub(super) fn count_ended(&self, run: &RunId, state: RunState) -> Result<(), StoreError> {
        self.change_count(state.as_str(), 1)?;
        let noted = self.sql.query(
            "INSERT INTO samples (run, expired) SELECT id, 0 FROM runs WHERE id = ? AND cursor > 0 RETURNING run",
            &[run.as_str().into()],
        )?;
        if noted.is_empty() {
            return Ok(());
        }
        self.change_count(WITH_SAMPLES, 1)
    }

    /// Counts an ended run that is removed. Inside a transaction of the caller.
    pub(super) fn count_removed(&self, run: &RunId, state: RunState) -> Result<(), StoreError> {
        self.forget_samples(run)?;
        self.change_count(state.as_str(), -1)
    }

    /// Notes that the raw samples of a run are kept no more. Inside a transaction of the caller.
    pub(super) fn forget_samples(&self, run: &RunId) -> Result<(), StoreError> {
        let noted = self.sql.query(
            "DELETE FROM samples WHERE run = ? RETURNING run",
            &[run.as_str().into()],
        )?;
        if noted.is_empty() {
            return Ok(());
        }
        self.change_count(WITH_SAMPLES, -1)
    }

    fn change_count(&self, what: &str, by: i64) -> Result<(), StoreError> {
        self.sql.query(
            "INSERT INTO counts (what, n) VALUES (?1, ?2) ON CONFLICT (what) DO UPDATE SET n = n + ?2",
            &[what.into(), by.into()],
        )?;
        Ok(())
    }

    /// Whether people have asked for `most` runs or more within the hour before `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn requests_reach(&self, most: u32, now: Millis) -> Result<bool, StoreError> {
        // Numbers follow each other without gaps: the last but so many tells, whatever lies between.
        let row = self.one(
            "SELECT asked_ms FROM requests WHERE number = (SELECT MAX(number) FROM requests) - ? + 1",
            &[most.into()],
        )?;
        let asked = row.map(|row| Columns::of(row).integer()).transpose()?;
        Ok(asked.is_some_and(|asked| asked > now - HOUR_MS))
    }

    /// Notes that somebody asked for a run, and forgets requests of more than an hour ago. Inside a transaction of the caller.
    pub(super) fn note_request(&self, now: Millis) -> Result<(), StoreError> {
        self.sql.query(
            "DELETE FROM requests WHERE number IN (SELECT number FROM requests ORDER BY number LIMIT ?)
             AND asked_ms <= ? AND number < (SELECT MAX(number) FROM requests)",
            &[REQUESTS_REMOVED.into(), (now - HOUR_MS).into()],
        )?;
        self.sql
            .query("INSERT INTO requests (asked_ms) VALUES (?)", &[now.into()])?;
        Ok(())
    }
}
