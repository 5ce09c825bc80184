//! The thin stub Worker under test: executes functions itself or delegates them, and measures what that costs.
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

mod answer;
mod call_error;
mod clock;
mod measure;
mod platform;
mod repeat;
mod routing;
mod slice;
mod stub;
mod transport;
mod watchdog;

use platform::{Env, Promise};
use protocol::{
    PACKAGE_VERSION, Problem,
    execute::MAX_BODY_BYTES,
    measure::{MeasureRequest, RepeatRequest},
    problem::PROBLEM_JSON,
};
use routing::{Refusal, Resource};
use serde::Serialize;
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};
use web_sys::js_sys::{ArrayBuffer, Uint8Array};

/// Runs in each new instance: a panic is logged, and the next event gets a fresh instance.
#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
    wasm_bindgen::handler::set_on_abort(wasm_bindgen::handler::schedule_reinit);
}

/// The Worker's entry point for HTTP requests: the promise of a response.
#[wasm_bindgen]
#[expect(
    private_interfaces,
    reason = "only public functions are exported to JavaScript"
)]
pub fn fetch(request: web_sys::Request, env: Env) -> js_sys::Promise {
    platform::promise_of(async move {
        let response = match answer(&request, &env).await {
            Ok(body) => respond(200, "application/json", None, &body),
            Err(refusal) => respond(
                refusal.problem.status,
                PROBLEM_JSON,
                refusal.allow,
                &json(&refusal.problem),
            ),
        };
        response.map(JsValue::from)
    })
}

async fn answer(request: &web_sys::Request, env: &Env) -> Result<Vec<u8>, Refusal> {
    let resource = routing::find(&request.method(), &request.url())?;
    if resource == Resource::Health {
        return Ok(health());
    }
    let body = read_body(request).await?;
    Ok(match resource {
        Resource::Health => health(),
        Resource::Execute => stub::execute(&body, env).await?,
        Resource::Measure => json(&measure::measure(&MeasureRequest::parse(&body)?, env).await?),
        Resource::Repeat => json(&repeat::repeat(&RepeatRequest::parse(&body)?, env).await?),
    })
}

fn health() -> Vec<u8> {
    format!("{{\"status\":\"ok\",\"worker\":\"caller-worker\",\"version\":\"{PACKAGE_VERSION}\"}}")
        .into_bytes()
}

async fn read_body(request: &web_sys::Request) -> Result<Vec<u8>, Problem> {
    let broken = |_| Problem::new(400, "the body could not be read to its end");
    let reading: Promise = request.array_buffer().map_err(broken)?.unchecked_into();
    let buffer = reading.settled().await.map_err(broken)?;
    let bytes = Uint8Array::new(buffer.unchecked_ref::<ArrayBuffer>());
    if bytes.length() as usize > MAX_BODY_BYTES {
        return Err(Problem::new(
            413,
            format!(
                "the body has {} bytes; at most {MAX_BODY_BYTES} are read",
                bytes.length()
            ),
        ));
    }
    Ok(bytes.to_vec())
}

fn json(message: &impl Serialize) -> Vec<u8> {
    // The types of the contract have nothing that JSON cannot express.
    serde_json::to_vec(message).unwrap_or_default()
}

fn respond(
    status: u16,
    content_type: &str,
    allow: Option<String>,
    body: &[u8],
) -> Result<web_sys::Response, JsValue> {
    let headers = web_sys::Headers::new()?;
    headers.set("content-type", content_type)?;
    if let Some(allow) = allow {
        headers.set("allow", &allow)?;
    }
    let init = web_sys::ResponseInit::new();
    init.set_status(status);
    init.set_headers(&headers);
    web_sys::Response::new_with_opt_js_u8_array_and_init(Some(&Uint8Array::from(body)), &init)
}
