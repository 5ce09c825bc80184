//! The shared native runtime Worker: executes functions written in Rust for stubs that delegate them. Crate `runtime` has its servers.
//!
//! Out of scope: measuring anything (the caller-worker does), keeping anything between requests.

mod native;

use native::Native;
use runtime::{Answer, Env, IncomingRequest, Servers};
use wasm_bindgen::{JsError, JsValue, prelude::wasm_bindgen};

thread_local! {
    static SERVERS: Servers<Native> = Servers::new(Native);
}

#[wasm_bindgen(start)]
fn start() {
    runtime::start();
}

/// The Worker's entry point for HTTP requests: returns a response or the promise of one.
#[wasm_bindgen]
#[expect(
    clippy::needless_pass_by_value,
    clippy::must_use_candidate,
    reason = "what crosses from JavaScript is handed over, and what goes back to it is used there"
)]
pub fn fetch(request: IncomingRequest, env: Env) -> Answer {
    SERVERS.with(|servers| servers.fetch(&request, &env))
}

/// The Worker's entry point for Workers RPC.
///
/// # Errors
/// Thrown to the caller as an `Error` whose message says what is wrong with the call.
#[wasm_bindgen]
#[expect(
    clippy::needless_pass_by_value,
    reason = "what crosses from JavaScript is handed over"
)]
pub fn execute(function_id: JsValue, payload: JsValue) -> Result<JsValue, JsError> {
    SERVERS.with(|servers| servers.execute(&function_id, &payload))
}
