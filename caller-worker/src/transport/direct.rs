//! `direct`: the function in the caller itself, the baseline that every overhead is measured against.

use super::{Calling, Invocation, OpenTransport};
use crate::{answer::Answer, call_error::CallError};
use protocol::function::ExecuteError;
use std::borrow::Cow;

pub(super) struct Direct(Invocation);

impl Direct {
    pub(super) fn new(invocation: Invocation) -> Self {
        Self(invocation)
    }

    fn execute(&self) -> Result<Answer<'_>, CallError> {
        match self.0.function.execute(&self.0.payload) {
            Ok(Cow::Borrowed(result)) => Ok(Answer::bare(result.get().as_bytes())),
            Ok(Cow::Owned(result)) => Ok(Answer::bare(
                String::from(Box::<str>::from(result)).into_bytes(),
            )),
            // A test-only function does its mischief in the runtime; here it does nothing, so that the difference shows it.
            Err(ExecuteError::NotPure(_)) => Ok(Answer::bare(self.0.payload.get().as_bytes())),
            Err(error) => Err(CallError::bad_response(error.to_string())),
        }
    }
}

impl OpenTransport for Direct {
    fn call(&self) -> Calling<'_> {
        #[cfg(feature = "test-functions")]
        if self.0.function == protocol::Function::Hang {
            return Box::pin(core::future::pending());
        }
        Box::pin(core::future::ready(self.execute()))
    }

    fn expected(&self) -> Vec<u8> {
        self.0.expected_json().into_bytes()
    }
}
