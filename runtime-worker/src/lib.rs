//! The shared runtime Worker: executes functions for stubs that delegate them, with one server per transport.
//!
//! A *Worker* is a WebAssembly module that Cloudflare (or a local `workerd`) starts for each event; here the event is an HTTP request.
//! This Worker is reached in two ways, and treats them differently:
//!
//! * over a *service binding*, a named capability that the platform gives to another Worker of the same account: trusted;
//! * over its public URL: only with the token of the secret `RUNTIME_TOKEN`, except for `GET /health`.
//!
//! See [`routing`] for how the two are distinguished. Contract, with types in `protocol::execute`: `POST /execute` takes a function's name and
//! its payload and answers with the result; what is wrong with a request is said in a problem document (`protocol::Problem`).
//!
//! Out of scope: measuring anything (the caller-worker does), keeping anything between requests.

mod execution;
mod platform;
mod routing;
mod server;

use platform::{Answer, Env, IncomingRequest, refuse};
use protocol::routes::Refusal;
use routing::Resource;
use wasm_bindgen::prelude::wasm_bindgen;

/// Runs in each new instance: a panic is logged, and the next event gets a fresh instance.
#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
    wasm_bindgen::handler::set_on_abort(wasm_bindgen::handler::schedule_reinit);
}

/// The Worker's entry point for HTTP requests: returns a response or the promise of one.
///
/// Not an `async fn`: [`platform::Continuation`] says what that would cost a call.
#[wasm_bindgen]
#[expect(
    clippy::needless_pass_by_value,
    clippy::must_use_candidate,
    private_interfaces,
    reason = "what crosses from JavaScript is handed over; only public functions are exported to it"
)]
pub fn fetch(request: IncomingRequest, env: Env) -> Answer {
    admit(&request, &env)
        .and_then(|resource| serve(&request, resource))
        .unwrap_or_else(|refusal| refuse(&refusal).into())
}

/// Decides by the request's head alone whether and by whom it is served.
fn admit(request: &IncomingRequest, env: &Env) -> Result<Resource, Refusal> {
    let (method, url) = (request.method(), request.url());
    routing::admit(&method, &url, || routing::PublicHead {
        configured_token: env.runtime_token(),
        authorization: request.header("authorization"),
        content_length: request.header("content-length"),
    })
}

fn serve(request: &IncomingRequest, resource: Resource) -> Result<Answer, Refusal> {
    Ok(match resource {
        Resource::Health => server::health::serve().into(),
        Resource::Nothing => platform::no_content().into(),
        Resource::Execute => server::json::serve(request),
        Resource::ExecuteShort => server::json::serve_short(request),
        Resource::ExecuteMsgpack => server::msgpack::serve(request),
        Resource::WebSocket => {
            request.asks_for_websocket()?;
            server::websocket::serve().into()
        }
        Resource::Capnweb => {
            if request.method() == "GET" {
                request.asks_for_websocket()?;
            }
            server::capnweb::serve(request)
        }
    })
}
