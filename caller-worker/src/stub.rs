//! `POST /execute`: one invocation, as a real stub would do it.

use crate::{
    call_error::CallError,
    platform::Env,
    transport::{self, Invocation, OpenTransport},
    watchdog::Watchdog,
};
use protocol::{
    ErrorKind, Problem,
    execute::{StubRequest, StubResponse},
    measure::DEFAULT_CALL_TIMEOUT_MS,
};
use serde_json::value::RawValue;

/// Executes one function through one transport, and answers with its result.
///
/// # Errors
/// 400 for a bad request, 502 when the runtime failed, 504 when it did not answer in time, 429 when the platform's limit on calls was reached,
/// 503 when this Worker lacks what the transport needs.
pub(crate) async fn execute(body: &[u8], env: &Env) -> Result<Vec<u8>, Problem> {
    let request = StubRequest::from_json(body)
        .map_err(|error| Problem::new(400, format!("the body is not a request: {error}")))?;
    let invocation = Invocation {
        function: request.function_id,
        payload: request.payload.to_owned(),
        batch_size: 1,
    };
    let transport = transport::open(request.transport, invocation, env)?;
    let result = call(&*transport).await.map_err(problem)?;
    let result = RawValue::from_string(result)
        .map_err(|error| Problem::new(502, format!("the result is not JSON: {error}")))?;
    Ok(StubResponse { result: &result }.to_json())
}

async fn call(transport: &dyn OpenTransport) -> Result<String, CallError> {
    let watchdog = Watchdog::new(DEFAULT_CALL_TIMEOUT_MS, 1);
    watchdog
        .over(async {
            watchdog.guard(0, transport.connect()).await?;
            let answer = watchdog.guard(0, transport.call()).await?;
            transport.to_json(answer.results())
        })
        .await
}

fn problem(error: CallError) -> Problem {
    let status = match error.kind {
        ErrorKind::Timeout => 504,
        ErrorKind::LimitExceeded => 429,
        ErrorKind::Transport | ErrorKind::Status | ErrorKind::BadResponse => 502,
    };
    Problem::new(status, error.detail)
}
