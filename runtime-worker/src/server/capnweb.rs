//! capnweb: the transports `capnweb-batch` (an HTTP request each) and `capnweb-websocket`.
//!
//! The protocol is spoken by its official implementation, the npm package `capnweb`, which the build bundles into the Worker. What it serves is
//! an object with one method, `execute(functionId, payloadJson)`, which returns the result as a JSON text and throws what is wrong with a call.

use crate::{
    execution,
    platform::{IncomingRequest, OutgoingResponse, promise_of_nothing},
    routing::Refusal,
};
use js_sys::Promise;
use serde_json::value::RawValue;
use wasm_bindgen::{JsCast as _, JsError, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(module = "/js/capnweb.js")]
extern "C" {
    /// Answers a capnweb batch, or accepts a capnweb WebSocket, with `execute` as the object's method.
    #[wasm_bindgen(catch, js_name = serve)]
    fn serve_object(request: &IncomingRequest, execute: &JsValue) -> Result<Promise, JsValue>;
}

type Execute = dyn Fn(String, String) -> Result<JsValue, JsError>;

thread_local! {
    /// The object's method. It keeps nothing, so one serves all requests.
    static EXECUTE: JsValue = Closure::<Execute>::new(execute).into_js_value();
}

/// `POST /capnweb` or a WebSocket there.
pub(crate) async fn serve(request: &IncomingRequest) -> Result<OutgoingResponse, Refusal> {
    let broken = |_| Refusal::new(400, "the body is not a capnweb batch");
    let serving = EXECUTE
        .with(|execute| serve_object(request, execute))
        .map_err(broken)?;
    let response = JsFuture::from(serving).await.map_err(broken)?;
    Ok(response.unchecked_into())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "what crosses from JavaScript is handed over"
)]
fn execute(function_id: String, payload: String) -> Result<JsValue, JsError> {
    answer(&function_id, &payload).map_err(|refusal| JsError::new(&refusal.problem.detail))
}

fn answer(function_id: &str, payload: &str) -> Result<JsValue, Refusal> {
    let function = execution::function(function_id)?;
    let payload: &RawValue = serde_json::from_str(payload)
        .map_err(|error| Refusal::new(400, format!("the payload is not JSON: {error}")))?;
    if function.never_returns() {
        return Ok(promise_of_nothing().into());
    }
    let result = execution::execute(function, payload)?;
    Ok(JsValue::from_str(result.get()))
}
