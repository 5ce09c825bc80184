//! The platform as this Worker needs it: a few JavaScript objects, declared by hand.
//!
//! Workers are JavaScript objects to their platform, and Rust reaches them through declarations like those below. The crate `worker` wraps them
//! comfortably, at 10 to 80 microseconds a wrapper: as long as the whole call that is measured. So what every delegated call touches is
//! declared here, as it is in JavaScript; `worker` serves everything else.

use crate::routing::{Refusal, check_length};
use js_sys::{ArrayBuffer, Function, JsString, Object, Promise, Uint8Array};
use protocol::{problem::PROBLEM_JSON, routes::runtime::SHORT_BODY_BYTES};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// The request of an event, a JavaScript `Request`.
    pub(crate) type IncomingRequest;

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

    type Headers;

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

    /// A promise, followed by functions that are there already.
    type Followed;

    #[wasm_bindgen(method)]
    fn then(this: &Followed, kept: &JsValue, broken: &JsValue) -> Promise;

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

/// What is called when a promise is kept or broken: two JavaScript functions, made once for all the promises that they will ever follow.
///
/// An `async fn` makes and unmakes such a pair for every promise that it awaits, and a task and a promise for itself: a tenth of a delegated call.
pub(crate) struct Continuation {
    kept: JsValue,
    broken: JsValue,
}

impl Continuation {
    /// Calls `kept` with what a promise comes to, `broken` with why it does not; the promise that follows it comes to what they return.
    pub(crate) fn new(
        kept: impl Fn(JsValue) -> JsValue + 'static,
        broken: impl Fn(JsValue) -> JsValue + 'static,
    ) -> Self {
        Self {
            kept: Closure::<dyn Fn(JsValue) -> JsValue>::new(kept).into_js_value(),
            broken: Closure::<dyn Fn(JsValue) -> JsValue>::new(broken).into_js_value(),
        }
    }

    /// The promise of what follows when `promise` is kept or broken.
    pub(crate) fn of(&self, promise: &Promise) -> Promise {
        promise
            .unchecked_ref::<Followed>()
            .then(&self.kept, &self.broken)
    }
}

/// Answers requests of one kind, each when its body has come.
pub(crate) struct BodyServer {
    read: fn(&IncomingRequest) -> Result<Promise, JsValue>,
    answered: Continuation,
}

impl BodyServer {
    /// Answers a body, read as bytes, by `answer`.
    pub(crate) fn of_bytes(answer: fn(&[u8]) -> Result<Answer, Refusal>) -> Self {
        Self::new(IncomingRequest::array_buffer, move |buffer| {
            let bytes = Uint8Array::new(buffer.unchecked_ref::<ArrayBuffer>());
            check_length(bytes.length() as usize)?;
            answer(&bytes.to_vec())
        })
    }

    /// The same for a body that is read as text: see [`protocol::routes::runtime::SHORT_BODY_BYTES`].
    pub(crate) fn of_text(answer: fn(&[u8]) -> Result<Answer, Refusal>) -> Self {
        Self::new(IncomingRequest::text, move |text| {
            let text = String::from(text.unchecked_ref::<JsString>());
            check_length(text.len())?;
            answer(text.as_bytes())
        })
    }

    fn new(
        read: fn(&IncomingRequest) -> Result<Promise, JsValue>,
        answer: impl Fn(&JsValue) -> Result<Answer, Refusal> + 'static,
    ) -> Self {
        let answered = Continuation::new(
            move |body| answer(&body).unwrap_or_else(|refusal| refuse(&refusal).into()),
            |_| refuse(&broken_body()).into(),
        );
        Self { read, answered }
    }

    /// The promise of the answer to `request`.
    pub(crate) fn serve(&self, request: &IncomingRequest) -> Answer {
        match (self.read)(request) {
            Ok(body) => self.answered.of(&body).into(),
            Err(_) => refuse(&broken_body()).into(),
        }
    }
}

fn broken_body() -> Refusal {
    Refusal::new(400, "the body could not be read to its end")
}

/// An [`OutgoingResponse`], or the promise of one.
pub(crate) type Answer = JsValue;

/// A plain JavaScript object of the given entries.
fn object(entries: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (key, value) in entries {
        // Setting a key of a fresh plain object cannot fail.
        let _ = js_sys::Reflect::set(&object, &JsValue::from_str(key), value);
    }
    object
}

fn headers(entries: &[(&str, &str)]) -> JsValue {
    let entries: Vec<(&str, JsValue)> = entries
        .iter()
        .map(|(name, value)| (*name, JsValue::from_str(value)))
        .collect();
    object(&entries).into()
}

thread_local! {
    /// The second argument of `new Response` for an answer of each kind. It is only read, so one object serves all requests.
    static JSON: Object = object(&[("headers", headers(&[("content-type", "application/json")]))]);
    static MSGPACK: Object = object(&[("headers", headers(&[("content-type", protocol::msgpack::MSGPACK)]))]);
    static NO_CONTENT: Object = object(&[("status", 204.into())]);
}

/// An answer of status 200 with a JSON body. A short one is handed over as a string, which the platform is quicker with.
pub(crate) fn json(body: &[u8]) -> OutgoingResponse {
    let body = if body.len() <= SHORT_BODY_BYTES {
        JsValue::from_str(&String::from_utf8_lossy(body))
    } else {
        Uint8Array::from(body).into()
    };
    JSON.with(|init| OutgoingResponse::new(&body, init))
}

/// An answer of status 200 with a body in `MessagePack`.
pub(crate) fn msgpack(body: &[u8]) -> OutgoingResponse {
    MSGPACK.with(|init| OutgoingResponse::new(&Uint8Array::from(body), init))
}

/// An answer of status 101: from now on the connection is the WebSocket whose other end this Worker keeps.
pub(crate) fn switching_to(client: &WebSocket) -> OutgoingResponse {
    let init = object(&[("status", 101.into()), ("webSocket", client.into())]);
    OutgoingResponse::new(&JsValue::NULL, &init)
}

/// An answer of status 204.
pub(crate) fn no_content() -> OutgoingResponse {
    NO_CONTENT.with(|init| OutgoingResponse::new(&JsValue::NULL, init))
}

/// The answer to a request that is not served.
pub(crate) fn refuse(refusal: &Refusal) -> OutgoingResponse {
    let problem = &refusal.problem;
    let mut entries = vec![("content-type", PROBLEM_JSON)];
    if let Some(allow) = refusal.allow {
        entries.push(("allow", allow));
    }
    if problem.status == 401 {
        entries.push(("www-authenticate", "Bearer"));
    }
    let init = object(&[
        ("status", problem.status.into()),
        ("headers", headers(&entries)),
    ]);
    let body = serde_json::to_string(problem).unwrap_or_default();
    OutgoingResponse::new(&JsValue::from_str(&body), &init)
}

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
pub(crate) fn now_ms() -> f64 {
    js_sys::Date::now()
}
