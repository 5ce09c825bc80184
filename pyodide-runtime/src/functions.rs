//! Functions in Python, as the servers of a runtime have them executed.

use protocol::{Function, msgpack, routes::Refusal};
use python::{FindError, PythonFunction};
use runtime::{Functions, bad_field, unknown_function};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The functions in the folder `functions`, one in each file.
#[derive(Clone, Copy)]
pub(crate) struct Python;

impl Functions for Python {
    type Function = PythonFunction;

    const WORKER: &'static str = "pyodide-runtime";

    fn unavailable(self) -> Option<String> {
        python::unavailable()
    }

    fn known(self) -> Vec<Function> {
        python::known()
    }

    fn find(self, name: &str) -> Result<PythonFunction, Refusal> {
        PythonFunction::find(name).map_err(|error| match error {
            FindError::Unavailable(why) => Refusal::new(503, why),
            FindError::Unknown { .. } => unknown_function(name, &self.known()),
        })
    }

    fn execute(
        self,
        function: PythonFunction,
        payload: &RawValue,
    ) -> Result<Cow<'_, RawValue>, Refusal> {
        result_of(function, payload).map(Cow::Owned)
    }

    fn execute_msgpack(
        self,
        function: PythonFunction,
        payload: &[u8],
    ) -> Result<Cow<'_, [u8]>, Refusal> {
        let bad_payload = |why: String| bad_field("payload", why);
        let json = msgpack::to_json(payload).map_err(|error| bad_payload(error.to_string()))?;
        let json = RawValue::from_string(json).map_err(|error| bad_payload(error.to_string()))?;
        let result = result_of(function, &json)?;
        Ok(Cow::Owned(msgpack::from_json(&result)))
    }
}

fn result_of(function: PythonFunction, payload: &RawValue) -> Result<Box<RawValue>, Refusal> {
    function.call(payload).map_err(|why| Refusal::new(500, why))
}
