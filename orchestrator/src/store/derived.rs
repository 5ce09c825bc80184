//! Texts that are made of the latest reports of all locations, so that they are made once and not for each reader.
//!
//! A text stands under the runs that it is made of. A report that is stored later makes another list of runs, so that what is kept is never out of date: it
//! is found for just these runs, or not at all.

use super::{
    Store, StoreError,
    reports::pieces,
    sql::{Columns, Sql},
};
use crate::coordinator::Derived;

impl<S: Sql> Store<S> {
    /// The text, if it is made of just these runs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn derived(&self, what: Derived, of: &str) -> Result<Option<String>, StoreError> {
        let rows = self.sql.query(
            "SELECT body FROM derived WHERE what = ? AND of = ? ORDER BY piece",
            &[what.as_str().into(), of.into()],
        )?;
        let pieces = rows
            .into_iter()
            .map(|row| Columns::of(row).text())
            .collect::<Result<Vec<_>, _>>()?;
        Ok((!pieces.is_empty()).then(|| pieces.concat()))
    }

    /// Keeps a text in place of the one before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_derived(&self, what: Derived, of: &str, text: &str) -> Result<(), StoreError> {
        self.sql.transaction(|| {
            self.sql.query(
                "DELETE FROM derived WHERE what = ?",
                &[what.as_str().into()],
            )?;
            for (number, piece) in (0_u32..).zip(pieces(text)) {
                self.sql.query(
                    "INSERT INTO derived (what, piece, of, body) VALUES (?, ?, ?, ?)",
                    &[what.as_str().into(), number.into(), of.into(), piece.into()],
                )?;
            }
            Ok(())
        })
    }
}
