//! Executing a function, whatever transport asked for it.

use protocol::{
    Function, Problem, function::ExecuteError, msgpack, msgpack::MsgpackError, problem::FieldError,
    routes::Refusal,
};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The function of a request's `functionId`.
///
/// # Errors
/// 400, with the names that there are.
pub(crate) fn function(name: &str) -> Result<Function, Refusal> {
    Function::known(name).map_err(|unknown| bad_field("functionId", unknown.to_string()))
}

/// Executes `function` on a JSON payload.
///
/// # Errors
/// 400 when the function cannot make sense of the payload.
pub(crate) fn execute(
    function: Function,
    payload: &RawValue,
) -> Result<Cow<'_, RawValue>, Refusal> {
    match function.execute(payload) {
        Ok(result) => Ok(result),
        Err(ExecuteError::NotPure(function)) => {
            misbehave(function);
            Ok(Cow::Borrowed(payload))
        }
        Err(error) => Err(bad_field("payload", error.to_string())),
    }
}

/// Executes `function` on a payload in `MessagePack`.
///
/// # Errors
/// 400 when the function cannot make sense of the payload.
pub(crate) fn execute_msgpack(
    function: Function,
    payload: &[u8],
) -> Result<Cow<'_, [u8]>, Refusal> {
    match msgpack::execute(function, payload) {
        Ok(result) => Ok(result),
        Err(MsgpackError::NotPure(function)) => {
            misbehave(function);
            Ok(Cow::Borrowed(payload))
        }
        Err(error) => Err(bad_field("payload", error.to_string())),
    }
}

/// Does what a function that only tests call does besides echoing.
#[cfg(feature = "test-functions")]
fn misbehave(function: Function) {
    use protocol::function::Burner;
    thread_local! {
        static BURNER: Burner = Burner::calibrate(crate::platform::now_ms);
    }
    match function {
        Function::Burn => BURNER.with(|burner| burner.burn(crate::platform::now_ms)),
        Function::Panic => panic!("as the test function {function} is to"),
        _ => {}
    }
}

#[cfg(not(feature = "test-functions"))]
fn misbehave(_: Function) {}

fn bad_field(field: &str, detail: String) -> Refusal {
    Problem::new(400, detail.clone())
        .with_errors(vec![FieldError {
            field: field.to_owned(),
            detail,
        }])
        .into()
}
