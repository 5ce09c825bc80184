//! JSON over `fetch`: the transports `service-binding` and `raw-fetch`.

use crate::{
    execution,
    platform::{self, IncomingRequest, OutgoingResponse, now_ms},
    routing::Refusal,
};
use protocol::execute::{ExecuteRequest, ExecuteResponse};

/// `POST /execute`.
pub(crate) async fn serve(request: &IncomingRequest) -> Result<OutgoingResponse, Refusal> {
    let body = request.body().await?;
    let started_ms = now_ms();
    let request = ExecuteRequest::from_json(&body)
        .map_err(|error| Refusal::new(400, format!("the body is not a request: {error}")))?;
    let function = execution::function(&request.function_id)?;
    if function.never_returns() {
        platform::forever().await;
    }
    let result = execution::execute(function, request.payload)?;
    let ended_ms = now_ms();
    let answer = ExecuteResponse {
        result: &result,
        runtime_timestamp: ended_ms,
        execution_time_ms: ended_ms - started_ms,
    };
    Ok(platform::json(&answer.to_json()))
}
