//! What `service-binding` and `raw-fetch` have in common: JSON in the bodies.

use super::{Invocation, exchange::Exchange};
use crate::{
    answer::Answer,
    call_error::CallError,
    clock::WorkerClock,
    platform::{BodyForm, FetchInit, Promise},
};
use js_sys::JsString;
use measurement::clock::Clock as _;
use protocol::{
    execute::{ExecuteRequest, ExecuteResponse},
    routes::runtime::{EXECUTE, EXECUTE_SHORT},
};
use std::borrow::Cow;
use wasm_bindgen::JsValue;

/// JSON, sent again and again to one URL.
pub(super) struct JsonExchange {
    invocation: Invocation,
    exchange: Exchange,
}

impl JsonExchange {
    /// An exchange with the runtime at `origin`, with these headers besides the content type.
    pub(super) fn new(invocation: Invocation, origin: &str, headers: &[(&str, &str)]) -> Self {
        let form = BodyForm::of_text(invocation.payload.get().len());
        let path = match form {
            BodyForm::Text => EXECUTE_SHORT,
            BodyForm::Bytes => EXECUTE,
        };
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        Self {
            invocation,
            exchange: Exchange::new(form, &format!("{origin}{path}"), &all),
        }
    }

    /// One exchange; `fetch` is what sends the request.
    pub(super) async fn call(
        &self,
        fetch: impl FnOnce(&JsString, &FetchInit) -> Result<Promise, JsValue>,
    ) -> Result<Answer<'_>, CallError> {
        let received = self.exchange.send(&self.request(), fetch).await?;
        let results = match ExecuteResponse::from_json(&received) {
            Ok(answer) => Answer::in_envelope(&received, answer.result.get().as_bytes()),
            Err(error) => return Err(CallError::bad_response(error.to_string())),
        };
        Ok(Answer {
            received: Cow::Owned(received),
            results,
        })
    }

    fn request(&self) -> Vec<u8> {
        ExecuteRequest {
            function_id: Cow::Borrowed(self.invocation.function.as_str()),
            payload: &self.invocation.payload,
            timestamp: WorkerClock.now_ms() as f64,
        }
        .to_json()
    }

    /// What the result must be.
    pub(super) fn expected(&self) -> Vec<u8> {
        self.invocation.expected_json().into_bytes()
    }
}
