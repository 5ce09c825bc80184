//! Runs: creating, reading, ending.

use super::{
    Millis, ReportState, RunRow, Store, StoreError, Tally,
    run_row::COLUMNS,
    sql::{Sql, Value},
    to_json,
};
use protocol::{RunId, RunState, run::Trigger};

impl<S: Sql> Store<S> {
    /// Stores a new run with its first round, and that somebody asked for it, in one transaction.
    ///
    /// # Errors
    /// [`StoreError::Sql`], also when there is a run of that id.
    pub fn create_run(&self, run: &RunRow) -> Result<(), StoreError> {
        self.sql.transaction(|| {
            self.insert_run(run)?;
            if run.request.trigger == Trigger::Request {
                self.note_request(run.request.created_ms)?;
            }
            Ok(())
        })
    }

    /// Stores a new run with its rounds; inside a transaction of the caller.
    pub(super) fn insert_run(&self, run: &RunRow) -> Result<(), StoreError> {
        self.sql.query(
            "INSERT INTO runs (id, state, request, cursor, tally, progress_ms, report) VALUES (?, ?, ?, ?, ?, ?, ?)",
            &[
                run.id.as_str().into(),
                run.state.as_str().into(),
                to_json("request", &run.request)?.into(),
                run.cursor.into(),
                to_json("tally", &run.tally)?.into(),
                run.progress_ms.into(),
                run.report.as_str().into(),
            ],
        )?;
        for round in run.rounds.iter() {
            self.insert_round(&run.id, round)?;
        }
        Ok(())
    }

    /// One run.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn run(&self, id: &RunId) -> Result<Option<RunRow>, StoreError> {
        self.one(
            &format!("SELECT {COLUMNS} FROM runs WHERE id = ?"),
            &[id.as_str().into()],
        )?
        .map(RunRow::read)
        .transpose()
    }

    /// Runs, newest first, those before `before` only.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn runs(&self, before: Option<&RunId>, limit: u32) -> Result<Vec<RunRow>, StoreError> {
        // Ids begin with a year: every id is below "~".
        let below = before.map_or("~", RunId::as_str);
        self.many(
            &format!("SELECT {COLUMNS} FROM runs WHERE id < ? ORDER BY id DESC LIMIT ?"),
            &[below.into(), limit.into()],
        )
    }

    /// Runs that are not in a final state: the running one first, then the pending ones, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unfinished_runs(&self) -> Result<Vec<RunRow>, StoreError> {
        self.many(
            &format!("SELECT {COLUMNS} FROM runs WHERE state IN ('pending', 'running') ORDER BY state DESC, id"),
            &[],
        )
    }

    /// A run in a final state whose report is still to be assembled.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn run_with_report_due(&self) -> Result<Option<RunRow>, StoreError> {
        self.one(
            &format!("SELECT {COLUMNS} FROM runs WHERE report = 'due' ORDER BY id LIMIT 1"),
            &[],
        )?
        .map(RunRow::read)
        .transpose()
    }

    /// Puts a run into a final state, unless it is in one; a report falls due where something was measured.
    /// Returns whether it was changed.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub fn end_run(
        &self,
        id: &RunId,
        state: RunState,
        reason: Option<&str>,
        now: Millis,
    ) -> Result<bool, StoreError> {
        self.sql.transaction(|| {
            let changed = self.sql.query(
                "UPDATE runs SET state = ?, reason = ?, finished_ms = ?, report = CASE WHEN cursor > 0 THEN ? ELSE ? END
                 WHERE id = ? AND state IN ('pending', 'running') RETURNING id",
                &[
                    state.as_str().into(),
                    reason.into(),
                    now.into(),
                    ReportState::Due.as_str().into(),
                    ReportState::None.as_str().into(),
                    id.as_str().into(),
                ],
            )?;
            self.begin_waiting_run(now)?;
            if changed.is_empty() {
                return Ok(false);
            }
            self.count_ended(id, state)?;
            Ok(true)
        })
    }

    /// From now on a run that has waited behind another is expected to get ahead. Inside a transaction of the caller.
    pub(super) fn begin_waiting_run(&self, now: Millis) -> Result<(), StoreError> {
        self.sql.query(
            // The first condition is that of the index.
            "UPDATE runs SET progress_ms = MAX(progress_ms, ?) WHERE state IN ('pending', 'running') AND state = 'pending'",
            &[now.into()],
        )?;
        Ok(())
    }

    /// Stores what has been counted, without a slice: a failed attempt, an attempt at the report.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn save_tally(&self, id: &RunId, tally: &Tally) -> Result<(), StoreError> {
        self.sql.query(
            "UPDATE runs SET tally = ? WHERE id = ?",
            &[to_json("tally", tally)?.into(), id.as_str().into()],
        )?;
        Ok(())
    }

    /// Stores where the run measures, and that this has been looked for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn save_colo(&self, run: &RunRow) -> Result<(), StoreError> {
        self.sql.query(
            "UPDATE runs SET colo = ?, tally = ? WHERE id = ?",
            &[
                run.colo.as_deref().into(),
                to_json("tally", &run.tally)?.into(),
                run.id.as_str().into(),
            ],
        )?;
        Ok(())
    }

    fn many(&self, statement: &str, parameters: &[Value]) -> Result<Vec<RunRow>, StoreError> {
        let rows = self.sql.query(statement, parameters)?;
        rows.into_iter().map(RunRow::read).collect()
    }
}
