//! The shared runtime Worker: executes functions for stubs that delegate them, with one server per transport.
//!
//! A *Worker* is a WebAssembly module that Cloudflare (or a local `workerd`) starts for each event; here the event is an HTTP request.
//! This Worker is reached in two ways, and treats them differently:
//!
//! * over a *service binding*, a named capability that the platform gives to another Worker of the same account: trusted;
//! * over its public URL: only with the token of the secret `RUNTIME_TOKEN`, except for `GET /health`.
//!
//! See [`routing`] for how the two are told apart. Contract, with types in `protocol::execute`: `POST /execute` takes a function's name and
//! its payload and answers with the result; what is wrong with a request is said in a problem document (`protocol::Problem`).
//!
//! Out of scope: measuring anything (the caller-worker does), keeping anything between requests.

mod execution;
mod platform;
mod routing;
mod server;

use platform::IncomingRequest;
use routing::{Admission, Refusal, Resource};
use wasm_bindgen::JsCast as _;
use worker::{Context, Env, event};

/// The Worker's entry point for HTTP requests.
#[event(fetch)]
async fn fetch(
    request: web_sys::Request,
    env: Env,
    _context: Context,
) -> worker::Result<web_sys::Response> {
    let request: IncomingRequest = request.unchecked_into();
    let response = match admit(&request, &env) {
        Ok(admission) => serve(&request, admission).await,
        Err(refusal) => Err(refusal),
    };
    Ok(response
        .unwrap_or_else(|refusal| platform::refuse(&refusal))
        .unchecked_into())
}

/// Decides by the request's head alone whether and by whom it is served.
fn admit(request: &IncomingRequest, env: &Env) -> Result<Admission, Refusal> {
    let (method, url) = (request.method(), request.url());
    routing::admit(&method, &url, || routing::PublicHead {
        configured_token: env
            .secret("RUNTIME_TOKEN")
            .ok()
            .map(|token| token.to_string()),
        authorization: request.header("authorization"),
        content_length: request.header("content-length"),
    })
}

async fn serve(
    request: &IncomingRequest,
    admission: Admission,
) -> Result<platform::OutgoingResponse, Refusal> {
    match admission.resource {
        Resource::Health => Ok(server::health::serve()),
        Resource::Nothing => Ok(platform::no_content()),
        Resource::Execute => server::json::serve(request).await,
        Resource::ExecuteMsgpack => server::msgpack::serve(request).await,
        Resource::WebSocket => {
            request.asks_for_websocket()?;
            Ok(server::websocket::serve())
        }
        Resource::Capnweb => {
            if request.method() == "GET" {
                request.asks_for_websocket()?;
            }
            server::capnweb::serve(request).await
        }
    }
}
