//! `MessagePack` over `fetch`: the transport `msgpack`.

use crate::{
    execution,
    platform::{self, Answer, BodyServer, IncomingRequest, now_ms, promise_of_nothing},
};
use protocol::{
    msgpack::{MsgpackRequest, MsgpackResponse},
    routes::Refusal,
};

thread_local! {
    static SERVER: BodyServer = BodyServer::of_bytes(answer);
}

/// `POST /execute/msgpack`.
pub(crate) fn serve(request: &IncomingRequest) -> Answer {
    SERVER.with(|server| server.serve(request))
}

fn answer(body: &[u8]) -> Result<Answer, Refusal> {
    let started_ms = now_ms();
    let request = MsgpackRequest::from_bytes(body)
        .map_err(|error| Refusal::new(400, format!("the body is not a request: {error}")))?;
    let function = execution::function(request.function_id)?;
    if function.never_returns() {
        return Ok(promise_of_nothing().into());
    }
    let result = execution::execute_msgpack(function, request.payload)?;
    let ended_ms = now_ms();
    let answer = MsgpackResponse {
        result: &result,
        runtime_timestamp: ended_ms,
        execution_time_ms: ended_ms - started_ms,
    };
    Ok(platform::msgpack(&answer.to_bytes()).into())
}
