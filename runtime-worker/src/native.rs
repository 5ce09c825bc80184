//! Functions in Rust, executed here.

use protocol::{
    Function,
    busy::{MAX_STROKES, SPIN},
    function::{ExecuteError, sum_of_square_roots},
    msgpack,
    msgpack::MsgpackError,
    name::NameError,
    routes::Refusal,
};
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
        let spin = SPIN.parse().map(Function::Other);
        Function::KNOWN.iter().copied().chain(spin).collect()
    }

    fn find(self, name: &str) -> Result<Function, Refusal> {
        if name == SPIN {
            return name
                .parse()
                .map_err(|error: NameError| bad_field("functionId", error.to_string()));
        }
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
            // The one function that `find` finds and `protocol` does not know.
            Err(ExecuteError::Unknown(_)) => spin(payload.get()).map(|()| Cow::Borrowed(payload)),
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
            Err(MsgpackError::Unknown(_)) => {
                let json = msgpack::to_json(payload)
                    .map_err(|error| bad_field("payload", error.to_string()))?;
                spin(&json).map(|()| Cow::Borrowed(payload))
            }
            Err(error) => Err(bad_field("payload", error.to_string())),
        }
    }
}

/// Square roots of one stroke: some microseconds.
const STROKE_ROOTS: u32 = 1_000;

/// Works so many strokes, whatever the clock does.
fn spin(strokes: &str) -> Result<(), Refusal> {
    let strokes = strokes
        .trim()
        .parse()
        .ok()
        .filter(|strokes| *strokes <= MAX_STROKES);
    let strokes: u32 = strokes.ok_or_else(|| {
        bad_field(
            "payload",
            format!("{SPIN} takes a whole number of strokes, at most {MAX_STROKES}"),
        )
    })?;
    for _ in 0..strokes {
        core::hint::black_box(sum_of_square_roots(STROKE_ROOTS));
    }
    Ok(())
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
        let spin = Native.find("spin").unwrap();
        let strokes = RawValue::from_string("20000".to_owned()).unwrap();
        let began = std::time::Instant::now();
        assert_eq!(Native.execute(spin, &strokes).unwrap().get(), "20000");
        assert!(
            began.elapsed() > std::time::Duration::from_millis(5),
            "20 million square roots"
        );
        for wrong in ["1.5", "-1", "\"1\"", "1000001"] {
            let payload = RawValue::from_string(wrong.to_owned()).unwrap();
            let refusal = Native.execute(spin, &payload).unwrap_err();
            assert!(
                refusal
                    .problem
                    .detail
                    .contains("whole number of strokes, at most 1000000"),
                "{wrong}"
            );
        }
        assert_eq!(Native.execute_msgpack(spin, &[7]).unwrap(), &[7][..]);
        assert!(Native.known().contains(&spin));
        let refusal = Native.execute_msgpack(transform, &[0xc1]).unwrap_err();
        assert_eq!(refusal.problem.errors[0].field, "payload");
    }
}
