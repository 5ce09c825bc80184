//! What a coordinator keeps: runs, committed slices, reports, series, alerts. `SQLite`, one database a coordinator.
//!
//! **Invariant**, asserted by [`Store::open`] and upheld by every method:
//!
//! 1. a run's `cursor` is the number of its committed slices, and its slices have the indices `0..cursor`, each exactly once;
//! 2. its rounds are numbered from 0, each begins where the one before it ends, and `cursor <= slices of its rounds`;
//! 3. at most one run is `running`, and at most one more is `pending` behind it or alone;
//! 4. a run in a final state gains no more slices and no more rounds.
//!
//! No statement reads all that is stored: what is sought has an index, what is counted a count that is kept (`counts`), lists have a limit.
//!
//! A slice and the cursor that counts it are committed in one transaction ([`Store::commit_slice`]): a crash before it loses the
//! slice in flight and nothing else, a crash after it loses nothing, and a slice that arrives twice is refused. A round is stored before its first
//! slice is dispatched: the first with its run, each later one in a turn of its own ([`Store::append_round`]).
//!
//! Out of scope: deciding what to do next (`coordinator`), and the platform: the database is a parameter ([`sql::Sql`]).

mod alerts;
mod counts;
mod deployment_starts;
mod derived;
mod history;
mod reports;
mod retention;
mod reviews;
mod rounds;
mod run_row;
mod runs;
mod schedule;
pub mod schema;
mod slices;
pub mod sql;

pub use alerts::Alert;
pub use deployment_starts::{STARTS_KEPT, STARTS_OF_REPORT};
pub use history::HistoryRow;
use protocol::Limits;
pub use reports::ReportState;
pub use reviews::Review;
pub use run_row::{RunRequest, RunRow, Tally};
pub use schedule::Schedule;
pub use slices::StoredSlice;
use sql::{Columns, Sql, SqlError, Value};

/// Instants as the platform's clock gives them: milliseconds since the epoch.
pub type Millis = i64;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// What is stored is not what this code writes.
    #[error("stored {what} cannot be read: {error}")]
    Unreadable {
        /// What was being read.
        what: &'static str,
        /// Why it could not be.
        error: String,
    },
    /// A later release has written this database.
    #[error(
        "the database has schema version {found}, this release knows {known}: deploy a newer release"
    )]
    Newer {
        /// The version found.
        found: usize,
        /// The version known.
        known: usize,
    },
    /// The invariant at the head of this module does not hold.
    #[error("the stored state of run {run} contradicts itself: {contradiction}")]
    Contradiction {
        /// The run.
        run: String,
        /// What does not fit together.
        contradiction: String,
    },
    /// The run has moved on: the slice is already committed, or the run has ended.
    #[error("the run has moved on; the slice is dropped")]
    MovedOn,
}

/// The store of one coordinator.
#[derive(Debug)]
pub struct Store<S> {
    sql: S,
}

impl<S: Sql> Store<S> {
    /// Opens the database: brings its schema up to date and asserts the invariant. Runs of releases that did not keep the limits that they were
    /// accepted with take `limits`.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Contradiction`] when the invariant does not hold.
    pub fn open(sql: S, limits: &Limits) -> Result<Self, StoreError> {
        schema::migrate(&sql, limits)?;
        let store = Self { sql };
        store.assert_invariant()?;
        Ok(store)
    }

    /// The database itself, for tests that look behind the store.
    pub const fn sql(&self) -> &S {
        &self.sql
    }

    /// Asserts the invariant for every run that may still gain slices; the others are immutable.
    fn assert_invariant(&self) -> Result<(), StoreError> {
        let active = self.unfinished_runs()?;
        for run in &active {
            let contradiction = |text: String| {
                Err(StoreError::Contradiction {
                    run: run.id.to_string(),
                    contradiction: text,
                })
            };
            let row = self.one(
                "SELECT COUNT(*), MIN(idx), MAX(idx) FROM slices WHERE run = ?",
                &[Value::from(run.id.as_str())],
            )?;
            let mut columns = Columns::of(row.unwrap_or_default());
            let (count, first, last) = (
                columns.integer()?,
                columns.optional_integer()?,
                columns.optional_integer()?,
            );
            let cursor = i64::from(run.cursor);
            // Indices are a primary key, so that as many of them as their range is long are each there once.
            let whole = match (first, last) {
                (None, None) => cursor == 0,
                (first, last) => first == Some(0) && last == Some(cursor - 1) && count == cursor,
            };
            if !whole {
                return contradiction(format!(
                    "cursor {cursor}, but {count} slices from {first:?} to {last:?}"
                ));
            }
            if run.cursor > run.rounds.slices() {
                return contradiction(format!(
                    "cursor {cursor} is beyond its {} slices",
                    run.rounds.slices()
                ));
            }
        }
        let running = active
            .iter()
            .filter(|run| run.state == protocol::RunState::Running);
        match (running.count(), active.as_slice()) {
            (0 | 1, [] | [_]) | (1, [_, _]) => Ok(()),
            (running, all) => Err(StoreError::Contradiction {
                run: all
                    .first()
                    .map_or_else(String::new, |run| run.id.to_string()),
                contradiction: format!(
                    "{running} runs are running and {} are unfinished",
                    all.len()
                ),
            }),
        }
    }

    /// The first row that a statement returns.
    fn one(&self, statement: &str, parameters: &[Value]) -> Result<Option<sql::Row>, StoreError> {
        Ok(self.sql.query(statement, parameters)?.into_iter().next())
    }
}

/// Reads stored JSON.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(
    what: &'static str,
    json: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|error| StoreError::Unreadable {
        what,
        error: error.to_string(),
    })
}

/// Writes JSON to be stored.
fn to_json<T: serde::Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unreadable {
        what,
        error: error.to_string(),
    })
}
