//! The figures of completed runs over time.

use super::{
    Millis, Store, StoreError,
    run_row::parse,
    sql::{Columns, Sql},
};
use protocol::RunId;

/// The figures of one completed run, for the series.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryRow {
    /// The run.
    pub run: RunId,
    /// When it ended.
    pub finished_ms: Millis,
    /// The version that measured, by Cloudflare's id.
    pub version: Option<String>,
    /// What else determines a latency beside the cell; runs that differ in it are not comparable.
    pub conditions: String,
    /// JSON: `{cell: {metric: value}}`.
    pub figures: String,
}

impl<S: Sql> Store<S> {
    /// Adds a run's figures; inside a transaction of the caller.
    pub(super) fn insert_history(&self, row: &HistoryRow) -> Result<(), StoreError> {
        self.sql.query(
            "INSERT OR REPLACE INTO history (run, finished_ms, version, conditions, figures) VALUES (?, ?, ?, ?, ?)",
            &[
                row.run.as_str().into(),
                row.finished_ms.into(),
                row.version.as_deref().into(),
                row.conditions.as_str().into(),
                row.figures.as_str().into(),
            ],
        )?;
        Ok(())
    }

    /// The last `limit` runs' figures, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn history(&self, limit: u32) -> Result<Vec<HistoryRow>, StoreError> {
        let rows = self.sql.query(
            "SELECT run, finished_ms, version, conditions, figures FROM history ORDER BY run DESC LIMIT ?",
            &[limit.into()],
        )?;
        let mut history = rows
            .into_iter()
            .map(|row| {
                let mut columns = Columns::of(row);
                Ok(HistoryRow {
                    run: parse("run id", &columns.text()?)?,
                    finished_ms: columns.integer()?,
                    version: columns.optional_text()?,
                    conditions: columns.text()?,
                    figures: columns.text()?,
                })
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        history.reverse();
        Ok(history)
    }
}
