//! One invocation by one transport: what a stub does with each request.

use crate::{
    call_error::CallError,
    http::read_body,
    platform::Env,
    transport::{Invocation, OpenTransport},
    watchdog::Watchdog,
};
use protocol::{
    ErrorKind, Problem,
    measure::DEFAULT_CALL_TIMEOUT_MS,
    routes::{Refusal, path_of},
};

/// Answers a request by what a function returns: `POST /{function}` with its argument as the body, JSON there and back. The transport is the one that
/// `open` opens. This is the whole of a stub: `workers/` has two.
///
/// # Errors
/// 405 for another method, 413 or 400 for a bad body, and what [`call_once`] says.
pub async fn delegate<T: OpenTransport>(
    request: web_sys::Request,
    env: Env,
    open: impl FnOnce(Invocation, &Env) -> Result<T, Problem>,
) -> Result<Vec<u8>, Refusal> {
    if request.method() != "POST" {
        let refusal = Refusal::new(405, "a function is called by POST /{function}");
        return Err(Refusal {
            allow: Some("POST".to_owned()),
            ..refusal
        });
    }
    let url = request.url();
    let function_id = path_of(&url).strip_prefix('/').unwrap_or_default();
    let payload = String::from_utf8(read_body(&request).await?)
        .map_err(|_| Problem::new(400, "the body is not UTF-8"))?;
    let invocation = Invocation {
        function_id: function_id.to_owned(),
        payload,
        batch_size: 1,
    };
    let result = call_once(&open(invocation, &env)?).await?;
    Ok(result.into_bytes())
}

/// Makes one call by an open transport, and returns its result, a JSON text.
///
/// # Errors
/// 502 when the runtime failed, 504 when it did not answer within [`DEFAULT_CALL_TIMEOUT_MS`], 429 when the platform's limit on calls was reached.
pub async fn call_once(transport: &(impl OpenTransport + ?Sized)) -> Result<String, Problem> {
    call(transport).await.map_err(problem)
}

async fn call(transport: &(impl OpenTransport + ?Sized)) -> Result<String, CallError> {
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
