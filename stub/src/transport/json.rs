//! What `service-binding` and `raw-fetch` have in common: JSON in the bodies.

use super::{Invocation, exchange::Exchange};
use crate::{
    answer::Answer,
    call_error::CallError,
    platform::{BodyForm, FetchInit, Promise, now_ms},
};
use js_sys::JsString;
use protocol::{
    Problem,
    execute::{ExecuteRequest, ExecuteResponse},
    routes::runtime::{EXECUTE, EXECUTE_SHORT},
};
use serde_json::value::RawValue;
use std::borrow::Cow;
use wasm_bindgen::JsValue;

/// JSON, sent again and again to one URL.
pub(super) struct JsonExchange {
    function_id: String,
    payload: Box<RawValue>,
    exchange: Exchange,
}

impl JsonExchange {
    /// An exchange with the runtime at `origin`, with these headers besides the content type.
    ///
    /// # Errors
    /// 400 when the payload is not JSON.
    pub(super) fn new(
        invocation: Invocation,
        origin: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, Problem> {
        let form = BodyForm::of_text(invocation.payload.len());
        let path = match form {
            BodyForm::Text => EXECUTE_SHORT,
            BodyForm::Bytes => EXECUTE,
        };
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        Ok(Self {
            function_id: invocation.function_id,
            payload: Invocation::checked_payload(&invocation.payload)?,
            exchange: Exchange::new(form, &format!("{origin}{path}"), &all),
        })
    }

    /// One exchange; `fetch` is what sends the request.
    pub(super) async fn call(
        &self,
        fetch: impl FnOnce(&JsString, &FetchInit) -> Result<Promise, JsValue>,
    ) -> Result<Answer<'_>, CallError> {
        let received = self.exchange.send(&self.request(), fetch).await?;
        let results = match ExecuteResponse::result_from_json(&received) {
            Ok(result) => Answer::in_envelope(&received, result.get().as_bytes()),
            Err(error) => return Err(CallError::bad_response(error.to_string())),
        };
        Ok(Answer {
            received: Cow::Owned(received),
            results,
            isolate: None,
        })
    }

    fn request(&self) -> Vec<u8> {
        ExecuteRequest {
            function_id: Cow::Borrowed(&self.function_id),
            payload: &self.payload,
            timestamp: now_ms(),
        }
        .to_json()
    }
}
