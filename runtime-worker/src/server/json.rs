//! JSON over `fetch`: the transports `service-binding` and `raw-fetch`.

use crate::{
    execution,
    platform::{self, Answer, BodyServer, IncomingRequest, now_ms, promise_of_nothing},
};
use protocol::{
    execute::{ExecuteRequest, ExecuteResponse},
    routes::Refusal,
};

thread_local! {
    static SERVER: BodyServer = BodyServer::of_bytes(answer);
    static SHORT_SERVER: BodyServer = BodyServer::of_text(answer);
}

/// `POST /execute`.
pub(crate) fn serve(request: &IncomingRequest) -> Answer {
    SERVER.with(|server| server.serve(request))
}

/// `POST /execute/short`.
pub(crate) fn serve_short(request: &IncomingRequest) -> Answer {
    SHORT_SERVER.with(|server| server.serve(request))
}

fn answer(body: &[u8]) -> Result<Answer, Refusal> {
    let started_ms = now_ms();
    let request =
        ExecuteRequest::from_json(body).map_err(|error| error.into_problem("the body"))?;
    let function = execution::function(&request.function_id)?;
    if function.never_returns() {
        return Ok(promise_of_nothing().into());
    }
    let result = execution::execute(function, request.payload)?;
    let ended_ms = now_ms();
    let answer = ExecuteResponse {
        result: &result,
        runtime_timestamp: ended_ms,
        execution_time_ms: ended_ms - started_ms,
    };
    Ok(platform::json(&answer.to_json()).into())
}
