//! Functions in Rust, executed here.

use protocol::{Function, function::ExecuteError, msgpack, msgpack::MsgpackError, routes::Refusal};
use runtime::{Functions, bad_field};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The functions of crate `protocol`.
#[derive(Clone, Copy)]
pub(crate) struct Native;

impl Functions for Native {
    type Function = Function;

    const WORKER: &'static str = "runtime-worker";

    fn known(self) -> Vec<Function> {
        Function::KNOWN.to_vec()
    }

    fn find(self, name: &str) -> Result<Function, Refusal> {
        Function::known(name).map_err(|unknown| bad_field("functionId", unknown.to_string()))
    }

    fn never_returns(self, function: Function) -> bool {
        function.never_returns()
    }

    fn execute(self, function: Function, payload: &RawValue) -> Result<Cow<'_, RawValue>, Refusal> {
        match function.execute(payload) {
            Ok(result) => Ok(result),
            Err(ExecuteError::NotPure(function)) => {
                misbehave(function);
                Ok(Cow::Borrowed(payload))
            }
            Err(error) => Err(bad_field("payload", error.to_string())),
        }
    }

    fn execute_msgpack(self, function: Function, payload: &[u8]) -> Result<Cow<'_, [u8]>, Refusal> {
        match msgpack::execute(function, payload) {
            Ok(result) => Ok(result),
            Err(MsgpackError::NotPure(function)) => {
                misbehave(function);
                Ok(Cow::Borrowed(payload))
            }
            Err(error) => Err(bad_field("payload", error.to_string())),
        }
    }
}

/// Does what a function that only tests call does besides echoing.
#[cfg(feature = "test-functions")]
fn misbehave(function: Function) {
    use protocol::function::Burner;
    thread_local! {
        static BURNER: Burner = Burner::calibrate(runtime::now_ms);
    }
    match function {
        Function::Burn(burn) => BURNER.with(|burner| burner.burn(burn, runtime::now_ms)),
        Function::Panic => panic!("as the test function {function} is to"),
        _ => {}
    }
}

#[cfg(not(feature = "test-functions"))]
fn misbehave(_: Function) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_found_by_name_and_executed_or_the_bad_field_is_named() {
        let payload = RawValue::from_string("{ \"a\" : 1 }".to_owned()).unwrap();
        let transform = Native.find("transform").unwrap();
        let result = Native.execute(transform, &payload).unwrap();
        assert_eq!(result.get(), "{\"a\":1}");
        let refusal = Native.find("walk").unwrap_err();
        assert_eq!(refusal.problem.status, 400);
        assert_eq!(refusal.problem.errors[0].field, "functionId");
        assert!(refusal.problem.detail.contains("unknown function \"walk\""));
        let refusal = Native.execute_msgpack(transform, &[0xc1]).unwrap_err();
        assert_eq!(refusal.problem.errors[0].field, "payload");
    }
}
