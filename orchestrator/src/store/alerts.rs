//! Alerts on their way out.

use super::{
    Millis, Store, StoreError,
    sql::{Columns, Sql},
};

/// An alert that is to be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Identifies what it is about: the same finding is stored, and so sent, once.
    pub id: String,
    /// What is sent, as JSON.
    pub body: String,
    /// Attempts made.
    pub attempts: u32,
    /// The next attempt is made no earlier.
    pub due_ms: Millis,
}

impl<S: Sql> Store<S> {
    /// Stores an alert unless one of that id has been stored before. Returns whether it is new.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_alert(
        &self,
        id: &str,
        run: &str,
        body: &str,
        now: Millis,
    ) -> Result<bool, StoreError> {
        let rows = self.sql.query(
            "INSERT INTO alerts (id, run, body, state, attempts, due_ms) VALUES (?, ?, ?, 'due', 0, ?) ON CONFLICT (id) DO NOTHING RETURNING id",
            &[id.into(), run.into(), body.into(), now.into()],
        )?;
        Ok(!rows.is_empty())
    }

    /// The alert that is due first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_alert(&self) -> Result<Option<Alert>, StoreError> {
        let row = self.one(
            "SELECT id, body, attempts, due_ms FROM alerts WHERE state = 'due' ORDER BY due_ms, id LIMIT 1",
            &[],
        )?;
        row.map(|row| {
            let mut columns = Columns::of(row);
            Ok(Alert {
                id: columns.text()?,
                body: columns.text()?,
                attempts: u32::try_from(columns.integer()?).unwrap_or(u32::MAX),
                due_ms: columns.integer()?,
            })
        })
        .transpose()
    }

    /// Notes that an attempt at delivery begins. An alert in this state is not sent again by anyone who finds it: whether it
    /// arrived is not known, and a second copy is worse than none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn begin_delivery(&self, id: &str) -> Result<(), StoreError> {
        self.sql.query(
            "UPDATE alerts SET state = 'sending', attempts = attempts + 1 WHERE id = ?",
            &[id.into()],
        )?;
        Ok(())
    }

    /// Notes how an attempt at delivery ended: delivered, to be tried again at `retry_at`, or given up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn end_delivery(
        &self,
        id: &str,
        delivered: bool,
        retry_at: Option<Millis>,
    ) -> Result<(), StoreError> {
        let state = match (delivered, retry_at) {
            (true, _) => "delivered",
            (false, Some(_)) => "due",
            (false, None) => "given-up",
        };
        self.sql.query(
            "UPDATE alerts SET state = ?, due_ms = COALESCE(?, due_ms) WHERE id = ?",
            &[state.into(), retry_at.into(), id.into()],
        )?;
        Ok(())
    }
}
