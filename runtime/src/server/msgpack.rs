//! `MessagePack` over `fetch`: the transport `msgpack`.

use crate::{
    functions::Functions,
    platform::{self, Answer, BodyServer, IncomingRequest, now_ms, promise_of_nothing},
};
use protocol::{
    msgpack::{MsgpackRequest, MsgpackResponse},
    residency::Isolate,
    routes::Refusal,
};

/// The server.
pub(crate) struct Msgpack(BodyServer);

impl Msgpack {
    pub(crate) fn new<F: Functions>(functions: F) -> Self {
        Self(BodyServer::of_bytes(move |body, isolate| {
            answer(functions, body, isolate)
        }))
    }

    /// `POST /execute/msgpack`.
    pub(crate) fn serve(&self, request: &IncomingRequest) -> Answer {
        self.0.serve(request)
    }
}

fn answer<F: Functions>(functions: F, body: &[u8], isolate: Isolate) -> Result<Answer, Refusal> {
    let started_ms = now_ms();
    let request = MsgpackRequest::from_bytes(body)
        .map_err(|error| Refusal::new(400, format!("the body is not a request: {error}")))?;
    let function = functions.find(request.function_id)?;
    if functions.never_returns(function) {
        return Ok(promise_of_nothing().into());
    }
    let result = functions.execute_msgpack(function, request.payload)?;
    let ended_ms = now_ms();
    let answer = MsgpackResponse {
        result: &result,
        runtime_timestamp: ended_ms,
        execution_time_ms: ended_ms - started_ms,
        isolate: Some(isolate),
    };
    Ok(platform::msgpack(&answer.to_bytes()).into())
}
