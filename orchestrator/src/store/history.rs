//! The figures of completed runs over time, by cell.

use super::{
    Millis, Store, StoreError, from_json,
    run_row::parse,
    sql::{Columns, Sql},
    to_json,
};
use protocol::{Cell, Estimate, RunId, history::SeriesMetric};
use std::collections::BTreeMap;

/// The figures of one cell in one completed run.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryRow {
    /// The cell.
    pub cell: Cell,
    /// The run.
    pub run: RunId,
    /// When it ended.
    pub finished_ms: Millis,
    /// The version that measured, by Cloudflare's id.
    pub version: Option<String>,
    /// What else determines a latency beside the cell; runs that differ in it are not comparable.
    pub conditions: String,
    /// Estimates by metric, in us.
    pub figures: BTreeMap<SeriesMetric, Estimate>,
}

impl<S: Sql> Store<S> {
    /// Adds the figures of one cell; inside a transaction of the caller.
    pub(super) fn insert_history(&self, row: &HistoryRow) -> Result<(), StoreError> {
        self.sql.query(
            "INSERT OR REPLACE INTO history (cell, run, finished_ms, version, conditions, figures) VALUES (?, ?, ?, ?, ?, ?)",
            &[
                row.cell.to_string().into(),
                row.run.as_str().into(),
                row.finished_ms.into(),
                row.version.as_deref().into(),
                row.conditions.as_str().into(),
                to_json("figures", &row.figures)?.into(),
            ],
        )?;
        Ok(())
    }

    /// The figures of one cell in the last `limit` runs that have it, oldest first.
    ///
    /// # Errors
    /// [`StoreError`], also for figures that cannot be read: a series without them would be another one.
    pub fn history(&self, cell: &Cell, limit: u32) -> Result<Vec<HistoryRow>, StoreError> {
        let rows = self.sql.query(
            "SELECT run, finished_ms, version, conditions, figures FROM history WHERE cell = ? ORDER BY run DESC LIMIT ?",
            &[cell.to_string().into(), limit.into()],
        )?;
        let mut history = rows
            .into_iter()
            .map(|row| {
                let mut columns = Columns::of(row);
                Ok(HistoryRow {
                    cell: *cell,
                    run: parse("run id", &columns.text()?)?,
                    finished_ms: columns.integer()?,
                    version: columns.optional_text()?,
                    conditions: columns.text()?,
                    figures: from_json("figures of the series", &columns.text()?)?,
                })
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        history.reverse();
        Ok(history)
    }
}
