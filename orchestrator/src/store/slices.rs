//! Committed slices.

use super::{
    Millis, RunRow, Store, StoreError, from_json,
    sql::{Columns, Sql, Value},
    to_json,
};
use protocol::{
    Cell, RunId,
    slice::{SliceRecord, Work},
};

/// What is kept of one slice of a cell: the record for as long as raw samples are kept, the histogram for as long as the run is.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredSlice {
    /// Position in the run.
    pub index: u32,
    /// When it was committed.
    pub committed_ms: Millis,
    /// The record; `None` once raw samples have been let go.
    pub record: Option<SliceRecord>,
    /// Its samples as an encoded histogram; `None` where the slice has none.
    pub histogram: Option<String>,
}

impl<S: Sql> Store<S> {
    /// Commits one slice and the run's new cursor and tally, in one transaction. `run` is the run *after* the slice.
    ///
    /// # Errors
    /// [`StoreError::MovedOn`] when the slice is already there or the run has ended; nothing is changed then.
    pub fn commit_slice(
        &self,
        run: &RunRow,
        record: &SliceRecord,
        histogram: Option<String>,
        now: Millis,
    ) -> Result<(), StoreError> {
        let cell = match record.work {
            Work::Cell(cell) => Some(cell.to_string()),
            Work::Component(_) | Work::Busy(_) | Work::ColdStart(_) => None,
        };
        let (slice, tally) = (to_json("slice", record)?, to_json("tally", &run.tally)?);
        // Only the first slice sets the state: the index of unfinished runs would be written anew by each.
        let begins = if record.index == 0 {
            "state = 'running', started_ms = ?,"
        } else {
            ""
        };
        let mut parameters: Vec<Value> = Vec::new();
        if record.index == 0 {
            parameters.push(run.started_ms.into());
        }
        parameters.extend([
            tally.into(),
            now.into(),
            run.id.as_str().into(),
            record.index.into(),
        ]);
        self.sql.transaction(|| {
            let moved = self.sql.query(
                &format!(
                    "UPDATE runs SET cursor = cursor + 1, {begins} tally = ?, progress_ms = ?
                     WHERE id = ? AND cursor = ? AND state IN ('pending', 'running') RETURNING cursor"
                ),
                &parameters,
            )?;
            if moved.is_empty() {
                return Err(StoreError::MovedOn);
            }
            self.sql.query(
                "INSERT INTO slices (run, idx, committed_ms, record, cell, histogram) VALUES (?, ?, ?, ?, ?, ?)",
                &[
                    run.id.as_str().into(),
                    record.index.into(),
                    now.into(),
                    slice.into(),
                    cell.into(),
                    histogram.into(),
                ],
            )?;
            Ok(())
        })
    }

    /// Every record of a run, in order of the slices. Records whose raw samples have been let go are missing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn records(&self, run: &RunId) -> Result<Vec<SliceRecord>, StoreError> {
        let rows = self.sql.query(
            "SELECT record FROM slices WHERE run = ? AND record IS NOT NULL ORDER BY idx",
            &[run.as_str().into()],
        )?;
        rows.into_iter()
            .map(|row| from_json("slice", &Columns::of(row).text()?))
            .collect()
    }

    /// What is kept of one cell's slices, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn slices_of_cell(&self, run: &RunId, cell: &Cell) -> Result<Vec<StoredSlice>, StoreError> {
        let rows = self.sql.query(
            "SELECT idx, committed_ms, record, histogram FROM slices WHERE run = ? AND cell = ? ORDER BY idx",
            &[run.as_str().into(), Value::from(cell.to_string())],
        )?;
        rows.into_iter()
            .map(|row| {
                let mut columns = Columns::of(row);
                Ok(StoredSlice {
                    index: u32::try_from(columns.integer()?).unwrap_or(u32::MAX),
                    committed_ms: columns.integer()?,
                    record: columns
                        .optional_text()?
                        .map(|json| from_json("slice", &json))
                        .transpose()?,
                    histogram: columns.optional_text()?,
                })
            })
            .collect()
    }
}
