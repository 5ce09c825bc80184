//! `msgpack`: `MessagePack` over `fetch` on the service binding `RUNTIME`.

use super::{Calling, Invocation, OpenTransport, exchange::Exchange};
use crate::{
    answer::Answer,
    call_error::CallError,
    clock::WorkerClock,
    platform::{BodyForm, Env, ServiceBinding},
};
use measurement::clock::Clock as _;
use protocol::{
    Function, Problem,
    msgpack::{self, MSGPACK, MsgpackRequest, MsgpackResponse},
    routes::runtime::{EXECUTE_MSGPACK, INTERNAL_ORIGIN},
};
use std::borrow::Cow;

pub(super) struct Msgpack {
    function: Function,
    /// In `MessagePack` from the start, as it is JSON from the start for the other transports.
    payload: Vec<u8>,
    exchange: Exchange,
    runtime: ServiceBinding,
}

impl Msgpack {
    pub(super) fn new(invocation: &Invocation, env: &Env) -> Result<Self, Problem> {
        Ok(Self {
            function: invocation.function,
            payload: msgpack::from_json(&invocation.payload),
            exchange: Exchange::new(
                BodyForm::Bytes,
                &format!("{INTERNAL_ORIGIN}{EXECUTE_MSGPACK}"),
                &[("content-type", MSGPACK)],
            ),
            runtime: env.runtime()?,
        })
    }

    async fn exchange(&self) -> Result<Answer<'_>, CallError> {
        let request = MsgpackRequest {
            function_id: self.function.as_str(),
            payload: &self.payload,
            timestamp: WorkerClock.now_ms() as f64,
        };
        let received = self
            .exchange
            .send(&request.to_bytes(), |url, init| {
                self.runtime.fetch(url, init)
            })
            .await?;
        let results = match MsgpackResponse::from_bytes(&received) {
            Ok(answer) => Answer::in_envelope(&received, answer.result),
            Err(error) => return Err(CallError::bad_response(error.to_string())),
        };
        Ok(Answer {
            received: Cow::Owned(received),
            results,
        })
    }
}

impl OpenTransport for Msgpack {
    fn call(&self) -> Calling<'_> {
        Box::pin(self.exchange())
    }

    fn expected(&self) -> Vec<u8> {
        // What cannot be executed here (a test-only function) returns what it was given, see `Invocation::expected_json`.
        msgpack::execute(self.function, &self.payload)
            .map_or_else(|_| self.payload.clone(), Cow::into_owned)
    }

    fn to_json(&self, result: &[u8]) -> Result<String, CallError> {
        msgpack::to_json(result).map_err(|error| CallError::bad_response(error.to_string()))
    }
}
