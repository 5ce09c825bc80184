//! Letting go of what is older than the operator wants to keep.

use super::{
    Store, StoreError,
    run_row::parse,
    sql::{Columns, Sql},
};
use protocol::RunId;

/// Slices let go in one wake, at most: each is a row written, and a wake must stay short.
const SLICES_PER_WAKE: u32 = 500;

/// Years for which the figures of runs stay in the series after the runs themselves have been let go. With a run every six hours and 36
/// cells these are 160,000 rows of 500 bytes.
const HISTORY_YEARS: i32 = 3;

impl<S: Sql> Store<S> {
    /// Lets go of raw samples beyond the newest `keep_samples` runs and of whole runs beyond the newest `keep_runs`, a bounded
    /// number of rows a call. Returns whether there is more to do. Unfinished runs are never touched.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn let_go(&self, keep_runs: u32, keep_samples: u32) -> Result<bool, StoreError> {
        if let Some(run) = self.oldest_beyond(keep_runs, "1")? {
            return self.let_go_of_run(&run);
        }
        let with_samples =
            "EXISTS (SELECT 1 FROM slices WHERE slices.run = runs.id AND record IS NOT NULL)";
        let Some(run) = self.oldest_beyond(keep_samples, with_samples)? else {
            return Ok(false);
        };
        self.sql.query(
            "UPDATE slices SET record = NULL WHERE run = ?1 AND idx IN
             (SELECT idx FROM slices WHERE run = ?1 AND record IS NOT NULL ORDER BY idx LIMIT ?2)",
            &[run.as_str().into(), SLICES_PER_WAKE.into()],
        )?;
        Ok(true)
    }

    /// The oldest ended run beyond the newest `keep` runs for which `condition` holds. A report that is due needs the samples.
    fn oldest_beyond(&self, keep: u32, condition: &str) -> Result<Option<RunId>, StoreError> {
        let row = self.one(
            &format!(
                "SELECT id FROM runs WHERE state NOT IN ('pending', 'running') AND report <> 'due' AND {condition}
                 AND id <= (SELECT id FROM runs ORDER BY id DESC LIMIT 1 OFFSET ?) ORDER BY id LIMIT 1"
            ),
            &[keep.into()],
        )?;
        row.map(|row| parse("run id", &Columns::of(row).text()?))
            .transpose()
    }

    fn let_go_of_run(&self, run: &RunId) -> Result<bool, StoreError> {
        self.sql.query(
            "DELETE FROM slices WHERE run = ?1 AND idx IN (SELECT idx FROM slices WHERE run = ?1 ORDER BY idx LIMIT ?2)",
            &[run.as_str().into(), SLICES_PER_WAKE.into()],
        )?;
        let left = self.one(
            "SELECT 1 FROM slices WHERE run = ? LIMIT 1",
            &[run.as_str().into()],
        )?;
        if left.is_none() {
            self.sql.transaction(|| {
                for statement in [
                    "DELETE FROM reports WHERE run = ?",
                    "DELETE FROM alerts WHERE run = ? AND state IN ('delivered', 'given-up')",
                    "DELETE FROM runs WHERE id = ?",
                ] {
                    self.sql.query(statement, &[run.as_str().into()])?;
                }
                self.sql.query(
                    "DELETE FROM history WHERE run < ?",
                    &[years_before(run).into()],
                )?;
                Ok::<(), StoreError>(())
            })?;
        }
        Ok(true)
    }
}

/// What the ids of runs begin with that were created [`HISTORY_YEARS`] before `run`.
fn years_before(run: &RunId) -> String {
    let (year, rest) = run.as_str().split_at(4);
    let year: i32 = year.parse().unwrap_or(0);
    format!("{:04}{rest}", year - HISTORY_YEARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_cut_by_the_year_in_the_ids() {
        let run: RunId = "20261122T172800Z-4f9a1c07".parse().unwrap();
        assert_eq!(years_before(&run), "20231122T172800Z-4f9a1c07");
    }
}
