//! Cold starts by deployment, each under the key that its sender chose.

use super::{
    Millis, Store, StoreError, from_json,
    sql::{Columns, Sql},
    to_json,
};
use protocol::deployment_starts::DeploymentStart;

/// Starts that are kept; the oldest make room for new ones.
pub const STARTS_KEPT: u32 = 1_000;

/// Starts that a report is made of: the latest.
pub const STARTS_OF_REPORT: u32 = 200;

impl<S: Sql> Store<S> {
    /// The start of this key, if it was timed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn deployment_start(&self, key: &str) -> Result<Option<DeploymentStart>, StoreError> {
        let statement = "SELECT start FROM deployment_starts WHERE key = ?";
        let Some(row) = self.one(statement, &[key.into()])? else {
            return Ok(None);
        };
        from_json("start by deployment", &Columns::of(row).text()?).map(Some)
    }

    /// Keeps a start, unless there is one of its key already. Returns the one that is kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_deployment_start(
        &self,
        start: DeploymentStart,
    ) -> Result<DeploymentStart, StoreError> {
        self.sql.transaction(|| {
            if let Some(kept) = self.deployment_start(&start.key)? {
                return Ok(kept);
            }
            let at_ms: Millis = start.at.timestamp_millis();
            self.sql.query(
                "INSERT INTO deployment_starts (key, at_ms, start) VALUES (?, ?, ?)",
                &[
                    start.key.as_str().into(),
                    at_ms.into(),
                    to_json("start by deployment", &start)?.into(),
                ],
            )?;
            self.sql.query(
                "DELETE FROM deployment_starts WHERE key IN
                 (SELECT key FROM deployment_starts ORDER BY at_ms DESC, key DESC LIMIT 10 OFFSET ?)",
                &[STARTS_KEPT.into()],
            )?;
            Ok(start)
        })
    }

    /// The latest starts, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn deployment_starts(&self) -> Result<Vec<DeploymentStart>, StoreError> {
        let rows = self.sql.query(
            "SELECT start FROM deployment_starts ORDER BY at_ms DESC, key DESC LIMIT ?",
            &[STARTS_OF_REPORT.into()],
        )?;
        rows.into_iter()
            .map(|row| from_json("start by deployment", &Columns::of(row).text()?))
            .collect()
    }
}
