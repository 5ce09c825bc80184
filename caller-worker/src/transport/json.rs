//! What `service-binding` and `raw-fetch` have in common: JSON in the bodies of a request and its response.

use super::Invocation;
use crate::{
    answer::Answer,
    call_error::CallError,
    clock::WorkerClock,
    platform::{FetchInit, FetchedResponse},
};
use js_sys::{JsString, Promise, Uint8Array};
use measurement::clock::Clock as _;
use protocol::{
    ErrorKind,
    execute::{ExecuteRequest, ExecuteResponse},
};
use std::borrow::Cow;
use wasm_bindgen::JsValue;

/// A request that is sent again and again to one URL.
pub(super) struct JsonExchange {
    invocation: Invocation,
    url: JsString,
    init: FetchInit,
}

impl JsonExchange {
    /// An exchange by `POST` to `url`, with these headers besides the content type.
    pub(super) fn new(invocation: Invocation, url: &str, headers: &[(&str, &str)]) -> Self {
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        Self {
            invocation,
            url: url.into(),
            init: FetchInit::new("POST", &all),
        }
    }

    /// One exchange; `fetch` is what sends the request.
    pub(super) async fn call(
        &self,
        fetch: impl FnOnce(&JsString, &FetchInit) -> Result<Promise, JsValue>,
    ) -> Result<Answer<'_>, CallError> {
        self.init.set_body(&Uint8Array::from(&*self.request()));
        let response = FetchedResponse::of(fetch(&self.url, &self.init)).await?;
        let status = response.status();
        let received = response.body().await?;
        if status != 200 {
            return Err(refused(status, &received));
        }
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

    pub(super) fn expected(&self) -> Vec<u8> {
        self.invocation.expected_json().into_bytes()
    }
}

/// The failure that an HTTP status other than 200 is, with the beginning of what the runtime said.
pub(super) fn refused(status: u16, body: &[u8]) -> CallError {
    /// Enough for a problem document's detail.
    const SAID: usize = 300;
    let said = String::from_utf8_lossy(&body[..body.len().min(SAID)]);
    CallError::new(
        ErrorKind::Status,
        format!("the runtime answered with status {status}: {said}"),
    )
}
