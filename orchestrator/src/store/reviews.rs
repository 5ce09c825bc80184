//! Reviews: what follows from a completed run beside its report.

use super::{
    Millis, RunRow, Store, StoreError,
    run_row::{COLUMNS, parse},
    sql::{Columns, Sql},
    to_json,
};
use protocol::{Cell, RunId, alert::Alert};

/// What follows from a completed run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Review {
    /// What is to be told.
    pub alerts: Vec<Alert>,
    /// Cells whose changes up to this run have thereby been told.
    pub told: Vec<Cell>,
    /// The run that is to confirm a suspicion.
    pub confirming: Option<RunRow>,
}

impl<S: Sql> Store<S> {
    /// The completed run that has not been reviewed, the earliest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn run_to_review(&self) -> Result<Option<RunRow>, StoreError> {
        let row = self.one(
            &format!(
                "SELECT {COLUMNS} FROM runs WHERE state = 'completed' AND report = 'stored' AND reviewed = 0 ORDER BY finished_ms, id LIMIT 1"
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
            for cell in &review.told {
                self.sql.query(
                    "INSERT INTO told (cell, run) VALUES (?, ?) ON CONFLICT (cell) DO UPDATE SET run = excluded.run",
                    &[cell.to_string().into(), run.id.as_str().into()],
                )?;
            }
            match &review.confirming {
                Some(confirming) => self.create_run(confirming),
                None => Ok(()),
            }
        })
    }

    /// The run up to which a cell's changes have been told.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn told_until(&self, cell: &Cell) -> Result<Option<RunId>, StoreError> {
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
        let row = self.one(
            "SELECT id FROM runs WHERE state = 'completed' AND report = 'stored' AND id <> ?1 AND finished_ms <= ?2
             AND json_remove(json_extract(request, '$.plan'), '$.seed') = json_remove(json_extract((SELECT request FROM runs WHERE id = ?1), '$.plan'), '$.seed')
             ORDER BY finished_ms DESC, id DESC LIMIT 1",
            &[run.id.as_str().into(), run.finished_ms.into()],
        )?;
        row.map(|row| parse("run id", &Columns::of(row).text()?))
            .transpose()
    }
}
