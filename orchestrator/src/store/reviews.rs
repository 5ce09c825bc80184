//! Reviews: what follows from a run that completed or failed, beside its report.

use super::{
    Millis, RunRow, Store, StoreError,
    run_row::{COLUMNS, parse},
    sql::{Columns, Row, Sql},
    to_json,
};
use protocol::{Cell, RunId, RunState, alert::Alert};

/// What follows from a run that completed or failed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Review {
    /// What is to be alerted.
    pub alerts: Vec<Alert>,
    /// Cells whose changes up to this run have thereby been alerted.
    pub alerted: Vec<Cell>,
    /// The run that is to confirm a suspicion.
    pub confirming: Option<RunRow>,
}

/// A run's plan without its seed, as the indices of such runs have it.
const PLAN: &str =
    "CASE WHEN json_valid(request) THEN json_remove(json_extract(request, '$.plan'), '$.seed') END";

impl<S: Sql> Store<S> {
    /// The run that has completed or failed and has not been reviewed, the earliest first; its report, if it has one, is stored.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn run_to_review(&self) -> Result<Option<RunRow>, StoreError> {
        let row = self.one(
            &format!(
                "SELECT {COLUMNS} FROM runs WHERE reviewed = 0 AND state IN ('completed', 'failed') AND report <> 'due' ORDER BY finished_ms, id LIMIT 1"
            ),
            &[],
        )?;
        row.map(RunRow::read).transpose()
    }

    /// Stores all that a review found, in one transaction: a review happens once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn save_review(
        &self,
        run: &RunRow,
        review: &Review,
        now: Millis,
    ) -> Result<(), StoreError> {
        self.sql.transaction(|| {
            self.sql.query("UPDATE runs SET reviewed = 1 WHERE id = ?", &[run.id.as_str().into()])?;
            for alert in &review.alerts {
                self.add_alert(&alert.id, run.id.as_str(), &to_json("alert", alert)?, now)?;
            }
            for cell in &review.alerted {
                self.sql.query(
                    "INSERT INTO told (cell, run) VALUES (?, ?) ON CONFLICT (cell) DO UPDATE SET run = excluded.run",
                    &[cell.to_string().into(), run.id.as_str().into()],
                )?;
            }
            match &review.confirming {
                Some(confirming) => self.insert_run(confirming),
                None => Ok(()),
            }
        })
    }

    /// The run up to which a cell's changes have been alerted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn alerted_until(&self, cell: &Cell) -> Result<Option<RunId>, StoreError> {
        let row = self.one(
            "SELECT run FROM told WHERE cell = ?",
            &[cell.to_string().into()],
        )?;
        row.map(|row| parse("run id", &Columns::of(row).text()?))
            .transpose()
    }

    /// The completed run of the same plan that ended last before `run` did.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn completed_before(&self, run: &RunRow) -> Result<Option<RunId>, StoreError> {
        let row = self.before(run, "id", "state = 'completed' AND report = 'stored'")?;
        row.map(|row| parse("run id", &Columns::of(row).text()?))
            .transpose()
    }

    /// How the run of the same plan ended that completed or failed last before `run` did.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ended_before(&self, run: &RunRow) -> Result<Option<RunState>, StoreError> {
        let row = self.before(run, "state", "state IN ('completed', 'failed')")?;
        row.map(|row| parse("run state", &Columns::of(row).text()?))
            .transpose()
    }

    /// A column of the last run of the same plan that ended before `run` did and is in the index of this condition.
    fn before(
        &self,
        run: &RunRow,
        column: &str,
        condition: &str,
    ) -> Result<Option<Row>, StoreError> {
        // Of two that ended at one instant the one with the lesser id is the one before.
        self.one(
            &format!(
                "SELECT {column} FROM runs WHERE {condition} AND {PLAN} = (SELECT {PLAN} FROM runs WHERE id = ?1)
                 AND (finished_ms, id) < (?2, ?1) ORDER BY finished_ms DESC, id DESC LIMIT 1"
            ),
            &[run.id.as_str().into(), run.finished_ms.into()],
        )
    }
}
