//! The platform as this Worker needs it: a few JavaScript objects, declared by hand.
//!
//! Workers are JavaScript objects to their platform, and Rust reaches them through declarations like those below. The crate `worker`, which the
//! orchestrator uses, wraps them comfortably, at 10 to 80 microseconds a wrapper: as long as the whole call that is measured. So the few that
//! a runtime needs are declared here, as they are in JavaScript.

mod body;
mod response;

pub(crate) use body::{BodyServer, Continuation};
pub(crate) use response::{json, msgpack, no_content, refuse, switching_to};

use js_sys::{Function, Object, Promise, Uint8Array};
use protocol::routes::Refusal;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// What the deployment gives this Worker.
    pub type Env;

    /// The secret that public calls must show, if there is one.
    #[wasm_bindgen(method, getter, js_name = RUNTIME_TOKEN)]
    pub(crate) fn runtime_token(this: &Env) -> Option<String>;

    /// The request of an event, a JavaScript `Request`.
    pub type IncomingRequest;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn method(this: &IncomingRequest) -> String;

    /// The absolute URL.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn url(this: &IncomingRequest) -> String;

    #[wasm_bindgen(method, getter)]
    fn headers(this: &IncomingRequest) -> Headers;

    #[wasm_bindgen(method, catch, js_name = arrayBuffer)]
    fn array_buffer(this: &IncomingRequest) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn text(this: &IncomingRequest) -> Result<Promise, JsValue>;

    /// Headers of a request or an answer.
    type Headers;

    #[wasm_bindgen(constructor)]
    fn empty() -> Headers;

    #[wasm_bindgen(method)]
    fn set(this: &Headers, name: &str, value: &str);

    #[wasm_bindgen(method)]
    fn get(this: &Headers, name: &str) -> Option<String>;

    /// The answer to an event, a JavaScript `Response`.
    pub(crate) type OutgoingResponse;

    #[wasm_bindgen(constructor, js_class = "Response")]
    fn new(body: &JsValue, init: &Object) -> OutgoingResponse;

    /// The two ends of a new WebSocket; not part of any standard, but of Workers.
    pub(crate) type WebSocketPair;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> WebSocketPair;

    #[wasm_bindgen(method, indexing_getter)]
    fn end(this: &WebSocketPair, index: u32) -> WebSocket;

    /// One end of a WebSocket.
    #[derive(Clone)]
    pub(crate) type WebSocket;

    #[wasm_bindgen(method)]
    fn accept(this: &WebSocket);

    #[wasm_bindgen(method, setter, js_name = binaryType)]
    fn set_binary_type(this: &WebSocket, kind: &str);

    /// Calls `listener` for every event of the kind.
    #[wasm_bindgen(method, js_name = addEventListener)]
    pub(crate) fn on(this: &WebSocket, kind: &str, listener: &JsValue);

    #[wasm_bindgen(method, catch, js_name = send)]
    pub(crate) fn send_bytes(this: &WebSocket, message: &Uint8Array) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = send)]
    pub(crate) fn send_text(this: &WebSocket, message: &str) -> Result<(), JsValue>;

    /// A message that a WebSocket received.
    pub(crate) type MessageEvent;

    /// A string or an `ArrayBuffer`.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn data(this: &MessageEvent) -> JsValue;

    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, ms: f64) -> JsValue;
}

impl WebSocketPair {
    /// The end that this Worker keeps.
    pub(crate) fn ours(&self) -> WebSocket {
        self.end(0)
    }

    /// The end that is given to the client.
    pub(crate) fn theirs(&self) -> WebSocket {
        self.end(1)
    }
}

impl WebSocket {
    /// Accepts the connection; binary messages are to arrive as `ArrayBuffer`s (newer compatibility dates make them `Blob`s by default).
    pub(crate) fn accept_binary(&self) {
        self.set_binary_type("arraybuffer");
        self.accept();
    }
}

impl IncomingRequest {
    /// A header's value, if there is one.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers().get(name)
    }

    /// Checks that the request asks for a WebSocket.
    ///
    /// # Errors
    /// 426.
    pub(crate) fn asks_for_websocket(&self) -> Result<(), Refusal> {
        let asks = self
            .header("upgrade")
            .is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"));
        if asks {
            return Ok(());
        }
        Err(Refusal::new(
            426,
            "this path answers a request that opens a WebSocket: `Upgrade: websocket`",
        ))
    }
}

/// An [`OutgoingResponse`], or the promise of one.
pub type Answer = JsValue;

/// A promise that is not kept within any time that a caller would wait: an hour.
///
/// Not simply one that is never kept: the platform ends a request at once when nothing is pending that could still answer it.
pub(crate) fn promise_of_nothing() -> Promise {
    const HOUR_MS: f64 = 3_600_000.0;
    Promise::new(&mut |resolve, _| {
        set_timeout(&resolve, HOUR_MS);
    })
}

/// The platform's clock: whole milliseconds since the epoch. In production it stands still between I/O.
#[must_use]
pub fn now_ms() -> f64 {
    js_sys::Date::now()
}
