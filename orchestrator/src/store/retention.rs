//! Letting go of what is older than the operator wants to keep.

use super::{
    ReportState, Store, StoreError,
    run_row::parse,
    sql::{Columns, Sql},
};
use protocol::{RunId, RunState};

/// Slices let go in one wake, at most: each is a row written, and a wake must stay short.
const SLICES_PER_WAKE: u32 = 500;

/// Years for which the figures of runs stay in the series after the runs themselves have been let go. With a run every six hours and 36
/// cells these are 160,000 rows of 500 bytes.
const HISTORY_YEARS: i32 = 3;

impl<S: Sql> Store<S> {
    /// Lets go of the raw samples of all but the newest `keep_samples` runs that have any, and of whole runs beyond the newest `keep_runs`, a
    /// bounded number of rows a call. Returns whether there is more to do. Unfinished runs are never touched.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn prune(&self, keep_runs: u32, keep_samples: u32) -> Result<bool, StoreError> {
        let unfinished = i64::try_from(self.unfinished_runs()?.len()).unwrap_or(i64::MAX);
        if self.ended_runs()?.saturating_add(unfinished) > i64::from(keep_runs) {
            let oldest = self.one(
                "SELECT id, state, report FROM runs ORDER BY id LIMIT 1",
                &[],
            )?;
            let oldest = oldest.map(|row| ended(&mut Columns::of(row)));
            if let Some((run, state)) = oldest.transpose()?.flatten() {
                return self.prune_run(&run, state);
            }
        }
        if self.runs_with_samples()? <= i64::from(keep_samples) {
            return Ok(false);
        }
        let oldest = "SELECT id, state, report, expired FROM samples JOIN runs ON id = run ORDER BY run LIMIT 1";
        let Some(row) = self.one(oldest, &[])? else {
            return Ok(false);
        };
        let mut columns = Columns::of(row);
        match (ended(&mut columns)?, columns.integer()?) {
            (Some((run, _)), expired) => self.prune_samples(&run, expired),
            (None, _) => Ok(false),
        }
    }

    /// Lets go of the samples of some more slices, those from `first` on.
    fn prune_samples(&self, run: &RunId, first: i64) -> Result<bool, StoreError> {
        let next = first + i64::from(SLICES_PER_WAKE);
        self.sql.transaction::<(), StoreError>(|| {
            self.sql.query(
                "UPDATE slices SET record = NULL WHERE run = ? AND idx >= ? AND idx < ? AND record IS NOT NULL",
                &[run.as_str().into(), first.into(), next.into()],
            )?;
            let left = self.one(
                "SELECT 1 FROM slices WHERE run = ? AND idx >= ? LIMIT 1",
                &[run.as_str().into(), next.into()],
            )?;
            if left.is_none() {
                return self.forget_samples(run);
            }
            self.sql.query(
                "UPDATE samples SET expired = ? WHERE run = ?",
                &[next.into(), run.as_str().into()],
            )?;
            Ok(())
        })?;
        Ok(true)
    }

    fn prune_run(&self, run: &RunId, state: RunState) -> Result<bool, StoreError> {
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
                    "DELETE FROM rounds WHERE run = ?",
                    "DELETE FROM alerts WHERE run = ? AND state IN ('delivered', 'given-up')",
                    "DELETE FROM runs WHERE id = ?",
                ] {
                    self.sql.query(statement, &[run.as_str().into()])?;
                }
                self.count_removed(run, state)?;
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

/// The run whose id, state and report are the next columns, if it may be let go: it has ended. A report that is due needs the samples.
fn ended(columns: &mut Columns) -> Result<Option<(RunId, RunState)>, StoreError> {
    let run = parse("run id", &columns.text()?)?;
    let state: RunState = parse("run state", &columns.text()?)?;
    let report: ReportState = parse("report state", &columns.text()?)?;
    Ok((state.is_final() && report != ReportState::Due).then_some((run, state)))
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
