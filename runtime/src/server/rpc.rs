//! Workers RPC: the transport `rpc`.
//!
//! A method of the entrypoint `Runtime` can be called by whoever holds a service binding to it as if it were an object of its own. A public request
//! cannot: it only ever reaches `fetch` of the default entrypoint.

use crate::{
    functions::Functions,
    isolate,
    platform::{now_ms, promise_of_nothing},
};
use js_sys::Uint8Array;
use protocol::routes::Refusal;
use serde_json::value::RawValue;
use wasm_bindgen::{JsCast as _, JsValue};

/// [`crate::Servers::execute`] says what comes in and goes out.
pub(crate) fn execute<F: Functions>(
    functions: F,
    function_id: &JsValue,
    payload: &JsValue,
    with_isolate: &JsValue,
) -> Result<JsValue, Refusal> {
    let isolate = isolate::count(now_ms());
    let bad = |why: &str| Refusal::new(400, format!("execute(functionId, payload): {why}"));
    let function_id = function_id
        .as_string()
        .ok_or_else(|| bad("functionId must be a string"))?;
    let function = functions.find(&function_id)?;
    let payload = payload
        .dyn_ref::<Uint8Array>()
        .ok_or_else(|| bad("payload must be a Uint8Array"))?;
    let not_json = |why: String| bad(&format!("payload is not JSON: {why}"));
    let text = String::from_utf8(payload.to_vec()).map_err(|error| not_json(error.to_string()))?;
    let payload: &RawValue =
        serde_json::from_str(&text).map_err(|error| not_json(error.to_string()))?;
    if functions.never_returns(function) {
        return Ok(promise_of_nothing().into());
    }
    let result = functions.execute(function, payload)?;
    let named = isolate::named(result.get(), with_isolate.is_truthy().then_some(isolate));
    Ok(Uint8Array::from(named.as_bytes()).into())
}
