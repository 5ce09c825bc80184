//! The answers that this Worker gives.

use super::{Headers, OutgoingResponse, WebSocket};
use js_sys::{Object, Uint8Array};
use protocol::{problem::PROBLEM_JSON, routes::Refusal, routes::runtime::SHORT_BODY_BYTES};
use wasm_bindgen::JsValue;

/// A plain JavaScript object of the given entries.
fn object(entries: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (key, value) in entries {
        // Setting a key of a fresh plain object cannot fail.
        let _ = js_sys::Reflect::set(&object, &JsValue::from_str(key), value);
    }
    object
}

/// Headers as the platform keeps them: reading a plain object for them, which would do, takes it a microsecond more in each answer.
fn headers(entries: &[(&str, &str)]) -> JsValue {
    let headers = Headers::empty();
    for (name, value) in entries {
        headers.set(name, value);
    }
    headers.into()
}

thread_local! {
    /// The second argument of `new Response` for an answer of each kind. It is only read, so one object serves all requests.
    static JSON: Object = object(&[("headers", headers(&[("content-type", "application/json")]))]);
    static MSGPACK: Object = object(&[("headers", headers(&[("content-type", protocol::msgpack::MSGPACK)]))]);
    static NO_CONTENT: Object = object(&[("status", 204.into())]);
}

/// An answer of status 200 with a JSON body, which is UTF-8. A short one is handed over as a string, which the platform is quicker with.
pub(crate) fn json(body: &[u8]) -> OutgoingResponse {
    let body = if body.len() <= SHORT_BODY_BYTES {
        JsValue::from_str(core::str::from_utf8(body).unwrap_or_default())
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
    if let Some(allow) = &refusal.allow {
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
