//! `direct`: the function in the caller itself, the baseline that every overhead is measured against.

use super::{Calling, Invocation, OpenTransport};
use crate::{answer::Answer, call_error::CallError};
use protocol::{Function, function::ExecuteError};
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
            Err(ExecuteError::NotPure(function)) => {
                misbehave(function);
                Ok(Answer::bare(self.0.payload.get().as_bytes()))
            }
            Err(error) => Err(CallError::bad_response(error.to_string())),
        }
    }
}

/// Does what a function that only tests call does besides echoing.
#[cfg(feature = "test-functions")]
fn misbehave(function: Function) {
    use crate::clock::WorkerClock;
    use measurement::clock::Clock as _;
    use protocol::function::Burner;
    let now_ms = || WorkerClock.now_ms() as f64;
    thread_local! {
        static BURNER: core::cell::OnceCell<Burner> = const { core::cell::OnceCell::new() };
    }
    if function == Function::Burn {
        BURNER.with(|burner| {
            burner
                .get_or_init(|| Burner::calibrate(now_ms))
                .burn(now_ms);
        });
    }
}

#[cfg(not(feature = "test-functions"))]
fn misbehave(_: Function) {}

impl OpenTransport for Direct {
    fn call(&self) -> Calling<'_> {
        if self.0.function.never_returns() {
            return Box::pin(core::future::pending());
        }
        Box::pin(core::future::ready(self.execute()))
    }

    fn expected(&self) -> Vec<u8> {
        self.0.expected_json().into_bytes()
    }
}
