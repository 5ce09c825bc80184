//! `msgpack`: `MessagePack` over `fetch` on the service binding `RUNTIME`.

use super::{Calling, Encoding, Invocation, OpenTransport, exchange::Exchange};
use crate::{
    answer::Answer,
    call_error::CallError,
    platform::{BodyForm, Env, ServiceBinding, now_ms},
};
use protocol::{
    Problem,
    msgpack::{self, MSGPACK, MsgpackRequest, MsgpackResponse},
    routes::runtime::{EXECUTE_MSGPACK, INTERNAL_ORIGIN},
};
use std::borrow::Cow;

/// See the [module](self).
pub struct Msgpack {
    function_id: String,
    /// In `MessagePack` from the start, as it is JSON from the start for the other transports.
    payload: Vec<u8>,
    exchange: Exchange,
    runtime: ServiceBinding,
}

impl Msgpack {
    /// Opens it for `invocation`.
    ///
    /// # Errors
    /// 400 when the payload is not JSON, 503 when this Worker lacks the service binding.
    pub fn new(invocation: Invocation, env: &Env) -> Result<Self, Problem> {
        Ok(Self {
            payload: msgpack::from_json(&Invocation::checked_payload(&invocation.payload)?),
            function_id: invocation.function_id,
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
            function_id: &self.function_id,
            payload: &self.payload,
            timestamp: now_ms(),
        };
        let received = self
            .exchange
            .send(&request.to_bytes(), |url, init| {
                self.runtime.fetch(url, init)
            })
            .await?;
        let (results, isolate) = match MsgpackResponse::from_bytes(&received) {
            Ok(answer) => (
                Answer::in_envelope(&received, answer.result),
                answer.isolate,
            ),
            Err(error) => return Err(CallError::bad_response(error.to_string())),
        };
        Ok(Answer {
            received: Cow::Owned(received),
            results,
            isolate,
        })
    }
}

impl OpenTransport for Msgpack {
    fn call(&self) -> Calling<'_> {
        Box::pin(self.exchange())
    }

    fn encoding(&self) -> Encoding {
        Encoding::Msgpack
    }

    fn to_json(&self, result: &[u8]) -> Result<String, CallError> {
        msgpack::to_json(result).map_err(|error| CallError::bad_response(error.to_string()))
    }
}
