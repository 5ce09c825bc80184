//! A Durable Object's `SQLite` as the store's database.

use crate::store::sql::{Row, Sql, SqlError, Value};
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};
use worker::{SqlStorageValue, Storage};

/// The database of one Durable Object.
pub(super) struct Database {
    storage: Storage,
}

impl core::fmt::Debug for Database {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Database")
    }
}

impl Database {
    pub(super) const fn new(storage: Storage) -> Self {
        Self { storage }
    }
}

impl Sql for Database {
    fn query(&self, statement: &str, parameters: &[Value]) -> Result<Vec<Row>, SqlError> {
        let bindings: Vec<SqlStorageValue> = parameters.iter().map(binding).collect();
        let cursor = self
            .storage
            .sql()
            .exec(statement, bindings)
            .map_err(|error| refused(&error))?;
        cursor
            .raw()
            .map(|row| {
                row.map_err(|error| refused(&error))?
                    .into_iter()
                    .map(value)
                    .collect()
            })
            .collect()
    }

    /// `transactionSync` of the platform, which `worker` does not wrap: throwing from its callback rolls back.
    fn transaction<T, E: From<SqlError>>(
        &self,
        body: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let (mut body, mut outcome) = (Some(body), None);
        let raw: &JsValue = self.storage.as_raw().as_ref();
        let storage: &Transactions = raw.unchecked_ref();
        let ran = storage.transaction_sync(&mut || {
            outcome = body.take().map(|body| body());
            match outcome {
                Some(Ok(_)) => Ok(()),
                _ => Err(JsValue::from_str("rolled back")),
            }
        });
        match (outcome, ran) {
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(done)), Ok(_)) => Ok(done),
            (_, ran) => Err(SqlError(format!("the transaction was not committed: {ran:?}")).into()),
        }
    }
}

#[wasm_bindgen]
extern "C" {
    /// A Durable Object's storage, as far as its transactions go.
    type Transactions;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &Transactions,
        body: &mut dyn FnMut() -> Result<(), JsValue>,
    ) -> Result<JsValue, JsValue>;
}

fn refused(error: &worker::Error) -> SqlError {
    SqlError(error.to_string())
}

fn binding(value: &Value) -> SqlStorageValue {
    match value {
        Value::Null => SqlStorageValue::Null,
        Value::Integer(number) => SqlStorageValue::Integer(*number),
        Value::Text(text) => SqlStorageValue::String(text.clone()),
    }
}

fn value(value: SqlStorageValue) -> Result<Value, SqlError> {
    match value {
        SqlStorageValue::Null => Ok(Value::Null),
        SqlStorageValue::Boolean(truth) => Ok(Value::Integer(i64::from(truth))),
        SqlStorageValue::Integer(number) => Ok(Value::Integer(number)),
        SqlStorageValue::String(text) => Ok(Value::Text(text)),
        SqlStorageValue::Float(number) => Err(SqlError(format!(
            "{number} is no whole number; the store writes no others"
        ))),
        SqlStorageValue::Blob(_) => {
            Err(SqlError("a blob, which the store never writes".to_owned()))
        }
    }
}
