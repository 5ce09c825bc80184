//! The shared heavy runtime Worker: executes functions written in Python, by `CPython` compiled to wasm ([Pyodide](https://pyodide.org)), for stubs that
//! delegate them. Crate `runtime` has its servers, `js/python.js` what Pyodide needs, README.md how it is built.
//!
//! Out of scope: measuring anything (the caller-worker does). What a function's module keeps between calls is its own affair.

mod functions;

use functions::Python;
use runtime::{Answer, Env, IncomingRequest, Servers};
use wasm_bindgen::{JsError, JsValue, prelude::wasm_bindgen};

thread_local! {
    static SERVERS: Servers<Python> = Servers::new(Python);
}

#[wasm_bindgen(start)]
fn start() {
    runtime::start();
}

/// The way in for HTTP requests over the binding: returns a response or the promise of one. `js/entry.js` has started Python before, or tried.
#[wasm_bindgen]
#[expect(
    clippy::needless_pass_by_value,
    clippy::must_use_candidate,
    reason = "what crosses from JavaScript is handed over, and what goes back to it is used there"
)]
pub fn fetch(request: IncomingRequest) -> Answer {
    SERVERS.with(|servers| servers.fetch(&request))
}

/// The way in for public HTTP requests.
#[wasm_bindgen(js_name = fetchPublic)]
#[expect(
    clippy::needless_pass_by_value,
    clippy::must_use_candidate,
    reason = "what crosses from JavaScript is handed over, and what goes back to it is used there"
)]
pub fn fetch_public(request: IncomingRequest, env: Env) -> Answer {
    SERVERS.with(|servers| servers.fetch_public(&request, &env))
}

/// The way in for Workers RPC.
///
/// # Errors
/// Thrown to the caller as an `Error` whose message says what is wrong with the call.
#[wasm_bindgen]
#[expect(
    clippy::needless_pass_by_value,
    reason = "what crosses from JavaScript is handed over"
)]
pub fn execute(
    function_id: JsValue,
    payload: JsValue,
    with_isolate: JsValue,
) -> Result<JsValue, JsError> {
    SERVERS.with(|servers| servers.execute(&function_id, &payload, &with_isolate))
}
