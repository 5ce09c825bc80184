//! The stub with a measuring loop around it: executes functions itself or delegates them, and measures what that costs.
//!
//! The transports are those of crate `stub`, which a team would deploy; the loop is that of crate `measurement`. Here the two meet.
//!
//! Contract, with types in `protocol`: `POST /execute` is one invocation as a real stub would do it; `POST /measure` times a slice of calls;
//! `POST /repeat` repeats one part of a call; `GET /health`. What is wrong with a request is said in a problem document (`protocol::Problem`).
//! The Worker has no public address: it is reached over the orchestrator's service binding. Another team's stub can take its place by
//! answering the same requests.
//!
//! The timing happens here and not in the orchestrator's Durable Object because a Durable Object holds back messages until its storage is
//! confirmed; a plain Worker does not.
//!
//! Out of scope: planning, statistics, keeping anything between requests.

mod busy;
mod calls;
mod clock;
mod examination;
mod expected;
mod measure;
mod polls;
mod repeat;
mod routing;
mod runtimes;

use protocol::{
    PACKAGE_VERSION, Problem,
    execute::{StubRequest, StubResponse},
    measure::{MeasureRequest, RepeatRequest},
    named::UnknownName,
    routes::Refusal,
    runtime::RuntimeError,
};
use routing::Resource;
use serde::Serialize;
use serde_json::value::RawValue;
use stub::{
    http,
    platform::Env,
    transport::{self, Invocation},
};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(start)]
fn start() {
    stub::start();
}

/// The Worker's entry point for HTTP requests: the promise of a response.
#[wasm_bindgen]
pub fn fetch(request: web_sys::Request, env: Env) -> js_sys::Promise {
    http::serve(answer(request, env))
}

async fn answer(request: web_sys::Request, env: Env) -> Result<Vec<u8>, Refusal> {
    let resource = routing::find(&request.method(), &request.url())?;
    if resource == Resource::Health {
        return of_health(&request.url(), &env).await;
    }
    let body = http::read_body(&request).await?;
    Ok(match resource {
        Resource::Health => health(),
        Resource::Execute => execute(&body, &env).await?,
        Resource::Measure => json(&measure::measure(&MeasureRequest::parse(&body)?, &env).await?),
        Resource::Repeat => json(&repeat::repeat(&RepeatRequest::parse(&body)?, &env).await?),
    })
}

/// `/health`, of a runtime by `?runtime=pyodide`, or of this Worker's clock by `?probe=clock`.
async fn of_health(url: &str, env: &Env) -> Result<Vec<u8>, Refusal> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    match query.split_once('=') {
        Some(("runtime", name)) => {
            let runtime = name
                .parse()
                .map_err(|error: RuntimeError| measure::bad_field("runtime", error.to_string()))?;
            Ok(runtimes::health(runtime, env).await?)
        }
        Some(("probe", name)) => {
            let probing = name
                .parse()
                .map_err(|error: UnknownName| measure::bad_field("probe", error.to_string()))?;
            Ok(json(&examination::examine(probing, env).await?))
        }
        _ => Ok(health()),
    }
}

fn health() -> Vec<u8> {
    format!("{{\"status\":\"ok\",\"worker\":\"caller-worker\",\"version\":\"{PACKAGE_VERSION}\"}}")
        .into_bytes()
}

/// `POST /execute`: one invocation by any transport.
async fn execute(body: &[u8], env: &Env) -> Result<Vec<u8>, Problem> {
    let request = StubRequest::from_json(body).map_err(|error| error.into_problem("the body"))?;
    let invocation = Invocation {
        function_id: request.function_id.as_str().to_owned(),
        payload: request.payload.get().to_owned(),
        batch_size: 1,
    };
    let transport = transport::open(request.transport, invocation, env)?;
    let result: Box<RawValue> =
        serde_json::from_slice(stub::call_once(&*transport).await?.as_bytes())
            .map_err(|error| Problem::new(502, format!("the result is not JSON: {error}")))?;
    Ok(StubResponse { result: &result }.to_json())
}

fn json(message: &impl Serialize) -> Vec<u8> {
    // The types of the contract have nothing that JSON cannot express.
    serde_json::to_vec(message).unwrap_or_default()
}
