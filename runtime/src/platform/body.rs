//! Reading a request's body and answering when it has come, at the least cost.

use super::{Answer, IncomingRequest, now_ms, refuse};
use crate::{isolate, routing::check_length};
use js_sys::{ArrayBuffer, JsString, Promise, Uint8Array};
use protocol::{residency::Isolate, routes::Refusal};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// A promise, followed by functions that are there already.
    type Followed;

    #[wasm_bindgen(method)]
    fn then(this: &Followed, kept: &JsValue, broken: &JsValue) -> Promise;
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

/// Answers requests of one kind, each when its body has come. That is when a call is counted, too: of those that overlap on a fresh isolate, one is its
/// first.
pub(crate) struct BodyServer {
    read: fn(&IncomingRequest) -> Result<Promise, JsValue>,
    answered: Continuation,
}

impl BodyServer {
    /// Answers a body, read as bytes, by `answer`.
    pub(crate) fn of_bytes(
        answer: impl Fn(&[u8], Isolate) -> Result<Answer, Refusal> + 'static,
    ) -> Self {
        Self::new(IncomingRequest::array_buffer, move |buffer, isolate| {
            let bytes = Uint8Array::new(buffer.unchecked_ref::<ArrayBuffer>());
            check_length(bytes.length() as usize)?;
            answer(&bytes.to_vec(), isolate)
        })
    }

    /// The same for a body that is read as text: see [`protocol::routes::runtime::SHORT_BODY_BYTES`].
    pub(crate) fn of_text(
        answer: impl Fn(&[u8], Isolate) -> Result<Answer, Refusal> + 'static,
    ) -> Self {
        Self::new(IncomingRequest::text, move |text, isolate| {
            let text = String::from(text.unchecked_ref::<JsString>());
            check_length(text.len())?;
            answer(text.as_bytes(), isolate)
        })
    }

    fn new(
        read: fn(&IncomingRequest) -> Result<Promise, JsValue>,
        answer: impl Fn(&JsValue, Isolate) -> Result<Answer, Refusal> + 'static,
    ) -> Self {
        let answered = Continuation::new(
            move |body| {
                let isolate = isolate::count(now_ms());
                answer(&body, isolate).unwrap_or_else(|refusal| refuse(&refusal).into())
            },
            |_| {
                isolate::count(now_ms());
                refuse(&broken_body()).into()
            },
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
