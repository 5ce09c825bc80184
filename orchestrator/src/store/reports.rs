//! Reports, in pieces small enough for a row.

use super::{
    HistoryRow, RunRow, Store, StoreError,
    run_row::parse,
    sql::{Columns, Sql},
};
use core::{fmt, str::FromStr};
use protocol::RunId;

/// Largest piece of a report in one row, in bytes: half of what a Durable Object's row may hold (2 MB), whatever the keys add.
const PIECE_BYTES: usize = 1_000_000;

/// Where the report of a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportState {
    /// There is none: the run goes on, or ended before anything was measured.
    None,
    /// The run has ended; its report is to be assembled.
    Due,
    /// It is stored.
    Stored,
    /// It could not be assembled; the run says why.
    Impossible,
}

impl ReportState {
    const ALL: [Self; 4] = [Self::None, Self::Due, Self::Stored, Self::Impossible];

    /// The stored name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Due => "due",
            Self::Stored => "stored",
            Self::Impossible => "impossible",
        }
    }
}

impl fmt::Display for ReportState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ReportState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| format!("unknown report state {text}"))
    }
}

impl<S: Sql> Store<S> {
    /// Stores the report of a run in one transaction with the run's final state and, for a completed one, its figures for the
    /// series. A run that has ended meanwhile keeps the state it has; its report is then still to be assembled.
    ///
    /// # Errors
    /// [`StoreError::MovedOn`] when the run has ended meanwhile in another state than the report says.
    pub fn save_report(
        &self,
        ended: &RunRow,
        report: &str,
        figures: &[HistoryRow],
    ) -> Result<(), StoreError> {
        let run = &ended.id;
        self.sql.transaction(|| {
            if self.settle(ended, "state IN ('pending', 'running')")? {
                self.count_ended(run, ended.state)?;
            } else if !self.settle(ended, "state = ?1")? {
                return Err(StoreError::MovedOn);
            }
            self.sql
                .query("DELETE FROM reports WHERE run = ?", &[run.as_str().into()])?;
            for (number, piece) in (0_u32..).zip(pieces(report)) {
                self.sql.query(
                    "INSERT INTO reports (run, piece, body) VALUES (?, ?, ?)",
                    &[run.as_str().into(), number.into(), piece.into()],
                )?;
            }
            if let Some(now) = ended.finished_ms {
                self.begin_waiting_run(now)?;
            }
            for row in figures {
                self.insert_history(row)?;
            }
            Ok(())
        })
    }

    /// Gives a run the state that its report says, and notes that the report is stored, where `condition` holds. Returns whether it does.
    fn settle(&self, ended: &RunRow, condition: &str) -> Result<bool, StoreError> {
        let settled = self.sql.query(
            &format!("UPDATE runs SET state = ?1, finished_ms = ?2, report = 'stored' WHERE id = ?3 AND {condition} RETURNING id"),
            &[ended.state.as_str().into(), ended.finished_ms.into(), ended.id.as_str().into()],
        )?;
        Ok(!settled.is_empty())
    }

    /// Notes where the report of a run stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_report_state(&self, run: &RunId, state: ReportState) -> Result<(), StoreError> {
        self.sql.query(
            "UPDATE runs SET report = ? WHERE id = ?",
            &[state.as_str().into(), run.as_str().into()],
        )?;
        Ok(())
    }

    /// The report of a run as JSON text.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn report(&self, run: &RunId) -> Result<Option<String>, StoreError> {
        let rows = self.sql.query(
            "SELECT body FROM reports WHERE run = ? ORDER BY piece",
            &[run.as_str().into()],
        )?;
        let pieces = rows
            .into_iter()
            .map(|row| Columns::of(row).text())
            .collect::<Result<Vec<_>, _>>()?;
        Ok((!pieces.is_empty()).then(|| pieces.concat()))
    }

    /// The completed run with a report that ended last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn latest_completed(&self) -> Result<Option<RunId>, StoreError> {
        let row = self.one(
            "SELECT id FROM runs WHERE state = 'completed' AND report = 'stored' ORDER BY finished_ms DESC, id DESC LIMIT 1",
            &[],
        )?;
        row.map(|row| parse("run id", &Columns::of(row).text()?))
            .transpose()
    }
}

/// Cuts a text into pieces of at most [`PIECE_BYTES`], between characters.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, left) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES));
        rest = left;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_comes_together_again() {
        let text = "µ".repeat(PIECE_BYTES);
        let cut: Vec<&str> = pieces(&text).collect();
        assert_eq!(cut.len(), 2);
        assert!(cut.iter().all(|piece| piece.len() <= PIECE_BYTES));
        assert_eq!(cut.concat(), text);
        assert_eq!(pieces("").count(), 0);
    }

    #[test]
    fn report_states_read_back() {
        for state in ReportState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
    }
}
