//! Executing a function, whatever transport asked for it.

use crate::routing::Refusal;
use protocol::{Function, Problem, function::ExecuteError, problem::FieldError};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The function of a request's `functionId`.
///
/// # Errors
/// 400, with the names that there are.
pub(crate) fn function(name: &str) -> Result<Function, Refusal> {
    name.parse()
        .map_err(|unknown: protocol::named::UnknownName| {
            let detail = unknown.to_string();
            Problem::new(400, detail.clone())
                .with_errors(vec![FieldError {
                    field: "functionId".to_owned(),
                    detail,
                }])
                .into()
        })
}

/// Executes `function` on a JSON payload.
///
/// # Errors
/// 400 when the function cannot make sense of the payload.
#[cfg_attr(
    not(feature = "test-functions"),
    expect(clippy::unused_async, reason = "only a test-only function has to wait")
)]
pub(crate) async fn execute(
    function: Function,
    payload: &RawValue,
) -> Result<Cow<'_, RawValue>, Refusal> {
    function.execute(payload).map_err(|error| refuse(&error))
}

fn refuse(error: &ExecuteError) -> Refusal {
    Problem::new(400, error.to_string())
        .with_errors(vec![FieldError {
            field: "payload".to_owned(),
            detail: error.to_string(),
        }])
        .into()
}
