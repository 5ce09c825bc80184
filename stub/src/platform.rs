//! The platform as this Worker needs it: a few JavaScript objects, declared by hand.
//!
//! Workers are JavaScript objects to their platform, and Rust reaches them through declarations like those below. The crate `worker`, which the
//! orchestrator uses, wraps them comfortably, at 10 to 80 microseconds a wrapper, as long as the whole call that is measured: a stub by it costs
//! 1.8 times what one in JavaScript does, this one no more (docs/transports.md). So the few that a stub needs are declared here, as they are in
//! JavaScript.

mod body;
mod environment;
mod promise;
mod task;
mod timer;

pub use body::BodyForm;
pub use environment::Env;
pub use promise::Promise;
pub use task::promise_of;
pub use timer::{delay, now_ms, whole_ms};

use crate::call_error::CallError;
use js_sys::{JsString, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// A service binding: another Worker, as a capability.
    pub type ServiceBinding;

    /// Sends a request to the other Worker; the URL is of the caller's choice.
    #[wasm_bindgen(method, catch)]
    pub fn fetch(
        this: &ServiceBinding,
        url: &JsString,
        init: &FetchInit,
    ) -> Result<Promise, JsValue>;

    /// The global `fetch`: by public URL.
    #[wasm_bindgen(catch, js_name = fetch)]
    pub fn public_fetch(url: &JsString, init: &FetchInit) -> Result<Promise, JsValue>;

    /// The second argument of `fetch`: a plain object. It is read at once, so one object serves all calls.
    pub type FetchInit;

    /// Gives the next request a body: a string or a `Uint8Array`.
    #[wasm_bindgen(method, setter)]
    pub fn set_body(this: &FetchInit, body: &JsValue);

    /// Headers of a request. Reading a plain object for them, which would do, takes the platform a microsecond more in each call.
    type Headers;

    #[wasm_bindgen(constructor)]
    fn new() -> Headers;

    #[wasm_bindgen(method)]
    fn set(this: &Headers, name: &str, value: &str);

    /// A `Response` to a `fetch`.
    pub type FetchedResponse;

    /// The HTTP status.
    #[wasm_bindgen(method, getter)]
    pub fn status(this: &FetchedResponse) -> u16;

    #[wasm_bindgen(method, catch, js_name = arrayBuffer)]
    fn array_buffer(this: &FetchedResponse) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn text(this: &FetchedResponse) -> Result<Promise, JsValue>;

    /// The connection, if the request asked for a WebSocket and got one.
    #[wasm_bindgen(method, getter, js_name = webSocket)]
    pub fn web_socket(this: &FetchedResponse) -> Option<WebSocket>;

    /// One end of a WebSocket.
    pub type WebSocket;

    #[wasm_bindgen(method)]
    fn accept(this: &WebSocket);

    #[wasm_bindgen(method, setter, js_name = binaryType)]
    fn set_binary_type(this: &WebSocket, kind: &str);

    /// Calls `listener` for every event of the kind.
    #[wasm_bindgen(method, js_name = addEventListener)]
    pub fn on(this: &WebSocket, kind: &str, listener: &JsValue);

    /// Sends a binary message.
    #[wasm_bindgen(method, catch)]
    pub fn send(this: &WebSocket, message: &Uint8Array) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = close)]
    fn try_close(this: &WebSocket) -> Result<(), JsValue>;

    /// A message that a WebSocket received.
    pub type MessageEvent;

    /// A string or an `ArrayBuffer`.
    #[wasm_bindgen(method, getter)]
    pub fn data(this: &MessageEvent) -> JsValue;
}

impl WebSocket {
    /// Accepts the connection; binary messages are to arrive as `ArrayBuffer`s (newer compatibility dates make them `Blob`s by default).
    pub fn accept_binary(&self) {
        self.set_binary_type("arraybuffer");
        self.accept();
    }

    /// Closes the connection, if it is still open.
    pub fn close(&self) {
        let _ = self.try_close();
    }
}

impl FetchInit {
    /// For a request with this method and these headers.
    #[must_use]
    pub fn new(method: &str, headers: &[(&str, &str)]) -> Self {
        let named = Headers::new();
        for (name, value) in headers {
            named.set(name, value);
        }
        let init = Object::new();
        set(&init, "method", &JsValue::from_str(method));
        set(&init, "headers", &named);
        init.unchecked_into()
    }
}

fn set(object: &Object, key: &str, value: &JsValue) {
    // Setting a key of a fresh plain object cannot fail.
    let _ = Reflect::set(object, &JsValue::from_str(key), value);
}

impl FetchedResponse {
    /// Waits for the response to a fetch that was just begun.
    ///
    /// # Errors
    /// What the platform throws.
    pub async fn of(fetching: Result<Promise, JsValue>) -> Result<Self, CallError> {
        let response = fetching?.settled().await?;
        Ok(response.unchecked_into())
    }

    /// Reads the whole body into wasm memory, asking the platform for it in `form`.
    ///
    /// # Errors
    /// What the platform throws, such as when the connection breaks off.
    pub async fn body(&self, form: BodyForm) -> Result<Vec<u8>, CallError> {
        let reading = match form {
            BodyForm::Text => self.text()?,
            BodyForm::Bytes => self.array_buffer()?,
        };
        Ok(form.to_rust(&reading.settled().await?))
    }
}
