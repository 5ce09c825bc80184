//! Real `SQLite` behind the store, with a crash point before and after each statement and each commit.

use super::{Crashed, Crashes};
use orchestrator::store::sql::{Row, Sql, SqlError, Value};
use rusqlite::{Connection, StatementStatus, types::ValueRef};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

/// What one execution of a statement took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Effort {
    /// Steps of `SQLite`'s virtual machine: some ten for each row that is read, whether it is returned or not.
    pub steps: i32,
    /// Rows returned.
    pub rows: i32,
}

/// A database that outlives its process.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    connection: Rc<Connection>,
    crashes: Rc<Crashes>,
    /// The most that any execution of each statement took, while somebody counts.
    efforts: Rc<RefCell<Option<BTreeMap<String, Effort>>>>,
}

impl From<Crashed> for SqlError {
    fn from(_: Crashed) -> Self {
        Self("the process crashed".to_owned())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn refused(error: rusqlite::Error) -> SqlError {
    SqlError(error.to_string())
}

impl Database {
    /// An empty database.
    pub(crate) fn new(crashes: Rc<Crashes>) -> Self {
        Self {
            connection: Rc::new(Connection::open_in_memory().unwrap()),
            crashes,
            efforts: Rc::default(),
        }
    }

    /// From now on the effort of every statement is counted.
    pub(crate) fn count_efforts(&self) {
        self.efforts.replace(Some(BTreeMap::new()));
    }

    /// The efforts counted: for each statement its most expensive execution, rows that it returned left out of account.
    pub(crate) fn efforts(&self) -> BTreeMap<String, Effort> {
        self.efforts.take().unwrap_or_default()
    }

    fn note_effort(&self, statement: &str, steps: i32, rows: usize) {
        if let Some(efforts) = self.efforts.borrow_mut().as_mut() {
            let rows = i32::try_from(rows).unwrap();
            let most = efforts.entry(statement.to_owned()).or_default();
            if steps >= most.steps {
                *most = Effort { steps, rows };
            }
        }
    }

    /// Executes without crash points, for tests that look behind the store.
    pub(crate) fn execute(
        &self,
        statement: &str,
        parameters: &[Value],
    ) -> Result<Vec<Row>, SqlError> {
        let mut prepared = self.connection.prepare_cached(statement).map_err(refused)?;
        let width = prepared.column_count();
        let bound = rusqlite::params_from_iter(parameters.iter().map(to_sqlite));
        let mut rows = prepared.query(bound).map_err(refused)?;
        let mut collected: Vec<Row> = Vec::new();
        while let Some(row) = rows.next().map_err(refused)? {
            let columns = (0..width).map(|column| from_sqlite(row.get_ref(column).unwrap()));
            collected.push(columns.collect());
        }
        drop(rows);
        self.note_effort(
            statement,
            prepared.reset_status(StatementStatus::VmStep),
            collected.len(),
        );
        Ok(collected)
    }

    /// Rows changed since the database was made.
    pub(crate) fn rows_written(&self) -> u64 {
        self.connection.total_changes()
    }
}

impl Sql for Database {
    fn query(&self, statement: &str, parameters: &[Value]) -> Result<Vec<Row>, SqlError> {
        if self.crashes.storage_fails.get() {
            return Err(SqlError("the storage failed".to_owned()));
        }
        self.crashes.step()?;
        let rows = self.execute(statement, parameters)?;
        self.crashes.step()?;
        Ok(rows)
    }

    fn transaction<T, E: From<SqlError>>(
        &self,
        body: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let run = |statement| self.execute(statement, &[]).map(|_| ());
        run("BEGIN")?;
        let outcome = body().and_then(|done| match self.crashes.step() {
            Ok(()) => Ok(done),
            Err(crashed) => Err(SqlError::from(crashed).into()),
        });
        match outcome {
            Ok(done) => {
                run("COMMIT")?;
                self.crashes.step().map_err(SqlError::from)?;
                Ok(done)
            }
            Err(error) => {
                run("ROLLBACK")?;
                Err(error)
            }
        }
    }
}

fn to_sqlite(value: &Value) -> rusqlite::types::Value {
    match value {
        Value::Null => rusqlite::types::Value::Null,
        Value::Integer(number) => (*number).into(),
        Value::Text(text) => text.clone().into(),
    }
}

fn from_sqlite(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8(text.to_vec()).unwrap()),
        ValueRef::Real(_) | ValueRef::Blob(_) => panic!("the store writes neither reals nor blobs"),
    }
}
