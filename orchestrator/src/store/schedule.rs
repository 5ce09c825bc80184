//! The schedule as it is watched: when it last fired, and how many runs since then have not come.

use super::{
    Millis, Store, StoreError,
    run_row::parse,
    sql::{Columns, Sql},
};
use protocol::{RunId, alert::Alert};

/// Where the coordinator's own name is kept.
const LOCATION: &str = "location";

/// The schedule as it is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// When it last fired; where it never has, since when it is watched.
    pub since_ms: Millis,
    /// The run that it then asked for; `None` where it never has fired.
    pub fired: Option<RunId>,
    /// Runs that have not come since then and have been reported.
    pub missed: u32,
}

impl<S: Sql> Store<S> {
    /// The schedule, where it is watched.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn schedule(&self) -> Result<Option<Schedule>, StoreError> {
        let row = self.one("SELECT since_ms, fired, missed FROM schedule", &[])?;
        row.map(|row| {
            let mut columns = Columns::of(row);
            Ok(Schedule {
                since_ms: columns.integer()?,
                fired: columns
                    .optional_text()?
                    .map(|id| parse("run id", &id))
                    .transpose()?,
                missed: u32::try_from(columns.integer()?).unwrap_or(u32::MAX),
            })
        })
        .transpose()
    }

    /// From now on the schedule is watched, unless it is already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn watch_schedule(&self, now: Millis) -> Result<(), StoreError> {
        self.sql.query(
            "INSERT INTO schedule (only, since_ms, fired, missed) VALUES (1, ?, NULL, 0) ON CONFLICT (only) DO NOTHING",
            &[now.into()],
        )?;
        Ok(())
    }

    /// Stops watching the schedule.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unwatch_schedule(&self) -> Result<(), StoreError> {
        self.sql.query("DELETE FROM schedule", &[])?;
        Ok(())
    }

    /// Notes that the schedule has fired and asked for `run`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note_firing(&self, run: &RunId, now: Millis) -> Result<(), StoreError> {
        self.sql.query(
            "INSERT INTO schedule (only, since_ms, fired, missed) VALUES (1, ?1, ?2, 0)
             ON CONFLICT (only) DO UPDATE SET since_ms = ?1, fired = ?2, missed = 0",
            &[now.into(), run.as_str().into()],
        )?;
        Ok(())
    }

    /// Notes, in one transaction, that so many runs have not come since the schedule last fired, and the alert that says so, if one is to be sent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note_missed(
        &self,
        missed: u32,
        alert: Option<&Alert>,
        now: Millis,
    ) -> Result<(), StoreError> {
        self.sql.transaction(|| {
            self.sql
                .query("UPDATE schedule SET missed = ?", &[missed.into()])?;
            let Some(alert) = alert else {
                return Ok(());
            };
            // Such an alert belongs to no run whose removal would remove it.
            self.sql.query(
                "DELETE FROM alerts WHERE run = '' AND state IN ('delivered', 'given-up')",
                &[],
            )?;
            self.add_alert(&alert.id, "", &super::to_json("alert", alert)?, now)?;
            Ok(())
        })
    }

    /// The location that this coordinator serves, once it has learnt it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn location(&self) -> Result<Option<String>, StoreError> {
        let row = self.one("SELECT value FROM meta WHERE key = ?", &[LOCATION.into()])?;
        Ok(row.map(|row| Columns::of(row).text()).transpose()?)
    }

    /// Keeps the location that this coordinator serves, which never changes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn learn_location(&self, location: &str) -> Result<(), StoreError> {
        self.sql.query(
            "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING",
            &[LOCATION.into(), location.into()],
        )?;
        Ok(())
    }
}
