//! `direct` in a stub with Python inside: the same function of Python that a shared runtime would execute, without the way there.

use super::{Calling, Invocation, OpenTransport};
use crate::{answer::Answer, call_error::CallError};
use protocol::{ErrorKind, Problem};
use python::{FindError, PythonFunction};
use serde_json::value::RawValue;

/// See the [module](self).
pub struct DirectPython {
    function: PythonFunction,
    payload: Box<RawValue>,
}

impl DirectPython {
    /// Opens it for `invocation`.
    ///
    /// # Errors
    /// 400 for a function that there is not, and when the payload is not JSON; 503 where Python cannot execute anything.
    pub fn new(invocation: &Invocation) -> Result<Self, Problem> {
        let function = PythonFunction::find(&invocation.function_id).map_err(|error| {
            let status = match error {
                FindError::Unavailable(_) => 503,
                FindError::Unknown { .. } => 400,
            };
            Problem::new(status, error.to_string())
        })?;
        Ok(Self {
            function,
            payload: Invocation::checked_payload(&invocation.payload)?,
        })
    }

    fn execute(&self) -> Result<Answer<'_>, CallError> {
        let result = self.function.call(&self.payload);
        // What a runtime would answer with status 500.
        let result = result.map_err(|why| CallError::new(ErrorKind::Status, why))?;
        let text = String::from(Box::<str>::from(result));
        Ok(Answer::bare(text.into_bytes()))
    }
}

impl OpenTransport for DirectPython {
    fn call(&self) -> Calling<'_> {
        Box::pin(core::future::ready(self.execute()))
    }
}
