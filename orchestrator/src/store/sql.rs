//! The little of SQL that the store needs, so that one code and one schema run on a Durable Object and on `SQLite` natively.

/// A value of one column, in a row or as a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// SQL `NULL`.
    Null,
    /// A whole number; on a Durable Object it must be within +-2^53, which every number of the store is.
    Integer(i64),
    /// Text.
    Text(String),
}

/// Columns in the order of the statement.
pub type Row = Vec<Value>;

/// A statement that the database refused, or a crash that a test injected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("database: {0}")]
pub struct SqlError(pub String);

/// A synchronous `SQLite` database.
pub trait Sql {
    /// Executes one statement with its `?` parameters and collects the rows it returns.
    ///
    /// # Errors
    /// [`SqlError`] when the database refuses the statement.
    fn query(&self, statement: &str, parameters: &[Value]) -> Result<Vec<Row>, SqlError>;

    /// Executes `body` so that either all of its statements take effect or none. Not reentrant.
    ///
    /// # Errors
    /// What `body` returns, after which nothing of it has taken effect; or that the database could not commit.
    fn transaction<T, E: From<SqlError>>(
        &self,
        body: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E>;
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Integer(i64::from(number))
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Takes the columns of a row one after the other.
#[derive(Debug)]
pub struct Columns(std::vec::IntoIter<Value>);

impl Columns {
    /// From the first column on.
    #[must_use]
    pub fn of(row: Row) -> Self {
        Self(row.into_iter())
    }

    /// The next column as text.
    ///
    /// # Errors
    /// [`SqlError`] when it is something else, which only a foreign hand in the database can bring about.
    pub fn text(&mut self) -> Result<String, SqlError> {
        self.optional_text()?
            .ok_or_else(|| SqlError("a text column is NULL".to_owned()))
    }

    /// The next column as text or `NULL`.
    ///
    /// # Errors
    /// [`SqlError`] when it is something else.
    pub fn optional_text(&mut self) -> Result<Option<String>, SqlError> {
        match self.0.next() {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Null) => Ok(None),
            other => Err(SqlError(format!("expected text, found {other:?}"))),
        }
    }

    /// The next column as a whole number.
    ///
    /// # Errors
    /// [`SqlError`] when it is something else.
    pub fn integer(&mut self) -> Result<i64, SqlError> {
        self.optional_integer()?
            .ok_or_else(|| SqlError("a number column is NULL".to_owned()))
    }

    /// The next column as a whole number or `NULL`.
    ///
    /// # Errors
    /// [`SqlError`] when it is something else.
    pub fn optional_integer(&mut self) -> Result<Option<i64>, SqlError> {
        match self.0.next() {
            Some(Value::Integer(number)) => Ok(Some(number)),
            Some(Value::Null) => Ok(None),
            other => Err(SqlError(format!("expected a number, found {other:?}"))),
        }
    }
}
