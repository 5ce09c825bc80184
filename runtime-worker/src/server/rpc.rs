//! Workers RPC: the transport `rpc`.
//!
//! Every function that this crate exports to JavaScript becomes a method of the Worker's entrypoint, which whoever holds a service binding can
//! call as if it were an object of its own. A public request cannot: it only ever reaches `fetch`.

use crate::{execution, platform};
use js_sys::Uint8Array;
use protocol::routes::Refusal;
use serde_json::value::RawValue;
use wasm_bindgen::{JsCast as _, JsError, JsValue, prelude::wasm_bindgen};

/// Executes a function on a JSON text in UTF-8 (a `Uint8Array`) and returns its result as one. Bytes, because the platform copies them as they
/// are; a string is transcoded on both sides of the crossing, and an object would be walked over.
///
/// The arguments come in as JavaScript has them. As a `String` and a `Vec` they would be copied into wasm memory before it is known whether
/// that memory is still in use: after a panic the next call gets a fresh one.
///
/// # Errors
/// Thrown to the caller as an `Error` whose message says what is wrong with the call.
#[wasm_bindgen]
#[expect(
    clippy::needless_pass_by_value,
    unreachable_pub,
    reason = "what crosses from JavaScript is handed over; only public functions are exported to it"
)]
pub fn execute(function_id: JsValue, payload: JsValue) -> Result<JsValue, JsError> {
    answer(&function_id, &payload).map_err(|refusal| JsError::new(&refusal.problem.detail))
}

fn answer(function_id: &JsValue, payload: &JsValue) -> Result<JsValue, Refusal> {
    let bad = |why: &str| Refusal::new(400, format!("execute(functionId, payload): {why}"));
    let function_id = function_id
        .as_string()
        .ok_or_else(|| bad("functionId must be a string"))?;
    let function = execution::function(&function_id)?;
    let payload = payload
        .dyn_ref::<Uint8Array>()
        .ok_or_else(|| bad("payload must be a Uint8Array"))?;
    let not_json = |why: String| bad(&format!("payload is not JSON: {why}"));
    let text = String::from_utf8(payload.to_vec()).map_err(|error| not_json(error.to_string()))?;
    let payload: &RawValue =
        serde_json::from_str(&text).map_err(|error| not_json(error.to_string()))?;
    if function.never_returns() {
        return Ok(platform::promise_of_nothing().into());
    }
    let result = execution::execute(function, payload)?;
    Ok(Uint8Array::from(result.get().as_bytes()).into())
}
