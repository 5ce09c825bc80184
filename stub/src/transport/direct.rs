//! `direct`: the function in the stub itself, the baseline that every overhead is measured against.

use super::{Calling, Invocation, OpenTransport};
use crate::{answer::Answer, call_error::CallError};
use protocol::{Function, Problem, function::ExecuteError};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// See the [module](self).
pub struct Direct {
    function: Function,
    payload: Box<RawValue>,
}

impl Direct {
    /// Opens it for `invocation`.
    ///
    /// # Errors
    /// 400 for a function that this stub does not have, and when the payload is not JSON.
    pub fn new(invocation: &Invocation) -> Result<Self, Problem> {
        let function = Function::known(&invocation.function_id);
        Ok(Self {
            function: function.map_err(|error| Problem::new(400, error.to_string()))?,
            payload: Invocation::checked_payload(&invocation.payload)?,
        })
    }

    fn execute(&self) -> Result<Answer<'_>, CallError> {
        match self.function.execute(&self.payload) {
            Ok(Cow::Borrowed(result)) => Ok(Answer::bare(result.get().as_bytes())),
            Ok(Cow::Owned(result)) => Ok(Answer::bare(
                String::from(Box::<str>::from(result)).into_bytes(),
            )),
            Err(ExecuteError::NotPure(function)) => {
                misbehave(function);
                Ok(Answer::bare(self.payload.get().as_bytes()))
            }
            Err(error) => Err(CallError::bad_response(error.to_string())),
        }
    }
}

/// Does what a function that only tests call does besides echoing.
#[cfg(feature = "test-functions")]
fn misbehave(function: Function) {
    use crate::platform::now_ms;
    use protocol::function::Burner;
    thread_local! {
        static BURNER: core::cell::OnceCell<Burner> = const { core::cell::OnceCell::new() };
    }
    if let Function::Burn(burn) = function {
        BURNER.with(|burner| {
            burner
                .get_or_init(|| Burner::calibrate(now_ms))
                .burn(burn, now_ms);
        });
    }
}

#[cfg(not(feature = "test-functions"))]
fn misbehave(_: Function) {}

impl OpenTransport for Direct {
    fn call(&self) -> Calling<'_> {
        if self.function.never_returns() {
            return Box::pin(core::future::pending());
        }
        Box::pin(core::future::ready(self.execute()))
    }
}
