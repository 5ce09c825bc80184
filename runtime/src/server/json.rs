//! JSON over `fetch`: the transports `service-binding` and `raw-fetch`.

use crate::{
    functions::Functions,
    platform::{self, Answer, BodyServer, IncomingRequest, now_ms, promise_of_nothing},
};
use protocol::{
    execute::{ExecuteRequest, ExecuteResponse},
    residency::Isolate,
    routes::Refusal,
};

/// The server.
pub(crate) struct Json {
    long: BodyServer,
    short: BodyServer,
}

impl Json {
    pub(crate) fn new<F: Functions>(functions: F) -> Self {
        Self {
            long: BodyServer::of_bytes(move |body, isolate| answer(functions, body, isolate)),
            short: BodyServer::of_text(move |body, isolate| answer(functions, body, isolate)),
        }
    }

    /// `POST /execute`.
    pub(crate) fn serve(&self, request: &IncomingRequest) -> Answer {
        self.long.serve(request)
    }

    /// `POST /execute/short`.
    pub(crate) fn serve_short(&self, request: &IncomingRequest) -> Answer {
        self.short.serve(request)
    }
}

fn answer<F: Functions>(functions: F, body: &[u8], isolate: Isolate) -> Result<Answer, Refusal> {
    let started_ms = now_ms();
    let request =
        ExecuteRequest::from_json(body).map_err(|error| error.into_problem("the body"))?;
    let function = functions.find(&request.function_id)?;
    if functions.never_returns(function) {
        return Ok(promise_of_nothing().into());
    }
    let result = functions.execute(function, request.payload)?;
    let ended_ms = now_ms();
    let answer = ExecuteResponse {
        result: &result,
        runtime_timestamp: ended_ms,
        execution_time_ms: ended_ms - started_ms,
        isolate: Some(isolate),
    };
    Ok(platform::json(&answer.to_json()).into())
}
