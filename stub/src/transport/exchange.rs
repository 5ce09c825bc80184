//! What the transports over `fetch` have in common: a body there, a body back.

use crate::{
    call_error::CallError,
    platform::{BodyForm, FetchInit, FetchedResponse, Promise},
};
use js_sys::JsString;
use protocol::ErrorKind;
use wasm_bindgen::JsValue;

/// A request that is sent again and again to one URL, with another body each time.
pub(super) struct Exchange {
    form: BodyForm,
    url: JsString,
    init: FetchInit,
}

impl Exchange {
    /// By `POST` to `url`, with these headers; both bodies cross in `form`.
    pub(super) fn new(form: BodyForm, url: &str, headers: &[(&str, &str)]) -> Self {
        Self {
            form,
            url: url.into(),
            init: FetchInit::new("POST", headers),
        }
    }

    /// Sends `body` by `fetch`, and returns the body of the answer.
    pub(super) async fn send(
        &self,
        body: &[u8],
        fetch: impl FnOnce(&JsString, &FetchInit) -> Result<Promise, JsValue>,
    ) -> Result<Vec<u8>, CallError> {
        self.init.set_body(&self.form.to_js(body));
        let response = FetchedResponse::of(fetch(&self.url, &self.init)).await?;
        let status = response.status();
        let received = response.body(self.form).await?;
        if status == 200 {
            Ok(received)
        } else {
            Err(refused(status, &received))
        }
    }
}

/// The failure that an HTTP status other than 200 is, with the beginning of what the runtime said.
fn refused(status: u16, body: &[u8]) -> CallError {
    /// Enough for a problem document's detail.
    const SAID: usize = 300;
    let said = String::from_utf8_lossy(&body[..body.len().min(SAID)]);
    CallError::new(
        ErrorKind::Status,
        format!("the runtime answered with status {status}: {said}"),
    )
}
