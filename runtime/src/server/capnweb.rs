//! capnweb: the transports `capnweb-batch` (an HTTP request each) and `capnweb-websocket`.
//!
//! The protocol is spoken by its official implementation, the npm package `capnweb`, which the build bundles into the Worker. What it serves is
//! an object with one method, `execute(functionId, payloadJson)`, which returns the result as a JSON text and throws what is wrong with a call.

use crate::{
    functions::Functions,
    isolate,
    platform::{Answer, Continuation, IncomingRequest, now_ms, promise_of_nothing, refuse},
};
use js_sys::{JsString, Promise};
use protocol::{residency::Isolate, routes::Refusal};
use serde_json::value::RawValue;
use wasm_bindgen::{JsError, JsValue, closure::Closure, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/js/capnweb.js")]
extern "C" {
    /// Answers a capnweb batch, or accepts a capnweb WebSocket, with `execute` as the object's method.
    #[wasm_bindgen(catch, js_name = serve)]
    fn serve_object(request: &IncomingRequest, execute: &JsValue) -> Result<Promise, JsValue>;
}

/// Of a string each and whether to name the isolate, which `js/capnweb.js` checks. Why they come in as JavaScript has them, `super::rpc` says.
type Execute = dyn Fn(JsString, JsString, bool) -> Result<JsValue, JsError>;

/// The server.
pub(crate) struct Capnweb {
    /// The object's method. It keeps nothing, so one serves all requests.
    execute: JsValue,
    answered: Continuation,
}

impl Capnweb {
    pub(crate) fn new<F: Functions>(functions: F) -> Self {
        let execute = move |function_id, payload, with_isolate| {
            execute(functions, function_id, payload, with_isolate)
        };
        Self {
            execute: Closure::<Execute>::new(execute).into_js_value(),
            answered: Continuation::new(
                |response| response,
                |_| {
                    isolate::count(now_ms());
                    refuse(&not_a_batch()).into()
                },
            ),
        }
    }

    /// `POST /capnweb` or a WebSocket there.
    pub(crate) fn serve(&self, request: &IncomingRequest) -> Answer {
        match serve_object(request, &self.execute) {
            Ok(response) => self.answered.of(&response).into(),
            Err(_) => refuse(&not_a_batch()).into(),
        }
    }
}

fn not_a_batch() -> Refusal {
    Refusal::new(400, "the body is not a capnweb batch")
}

fn execute<F: Functions>(
    functions: F,
    function_id: JsString,
    payload: JsString,
    with_isolate: bool,
) -> Result<JsValue, JsError> {
    let isolate = isolate::count(now_ms());
    answer(
        functions,
        &String::from(function_id),
        &String::from(payload),
        with_isolate.then_some(isolate),
    )
    .map_err(|refusal| JsError::new(&refusal.problem.detail))
}

fn answer<F: Functions>(
    functions: F,
    function_id: &str,
    payload: &str,
    isolate: Option<Isolate>,
) -> Result<JsValue, Refusal> {
    let function = functions.find(function_id)?;
    let payload: &RawValue = serde_json::from_str(payload)
        .map_err(|error| Refusal::new(400, format!("the payload is not JSON: {error}")))?;
    if functions.never_returns(function) {
        return Ok(promise_of_nothing().into());
    }
    let result = functions.execute(function, payload)?;
    Ok(JsValue::from_str(&isolate::named(result.get(), isolate)))
}
