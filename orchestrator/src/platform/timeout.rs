//! Requests that are given up in time.

use core::time::Duration;
use futures_util::future::{Either, select};
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestInit, Response};
use worker::Delay;

/// Why there is no response.
pub(super) enum NoResponse {
    /// Given up.
    Timeout,
    /// An exception, in its own words.
    Exception(String),
}

impl From<JsValue> for NoResponse {
    fn from(error: JsValue) -> Self {
        let words = error
            .dyn_ref::<js_sys::Error>()
            .map(|error| String::from(error.message()));
        Self::Exception(
            words
                .or_else(|| error.as_string())
                .unwrap_or_else(|| "an exception without words".to_owned()),
        )
    }
}

/// Sends a request with `target.fetch` (a service binding, or the global scope) and reads the answer's text. After `timeout_ms` the request
/// is aborted, and whatever comes of it later is never seen.
pub(super) async fn fetch_text(
    target: &JsValue,
    url: &str,
    init: &RequestInit,
    timeout_ms: u32,
) -> Result<(u16, String), NoResponse> {
    let controller = AbortController::new()?;
    init.set_signal(Some(&controller.signal()));
    let answer = Box::pin(async {
        let fetch: Function = Reflect::get(target, &JsValue::from_str("fetch"))?.dyn_into()?;
        let promise: Promise = fetch
            .call2(target, &JsValue::from_str(url), init)?
            .dyn_into()?;
        let response: Response = JsFuture::from(promise).await?.dyn_into()?;
        let text = JsFuture::from(response.text()?).await?;
        Ok((response.status(), text.as_string().unwrap_or_default()))
    });
    let deadline = Delay::from(Duration::from_millis(u64::from(timeout_ms)));
    match select(answer, deadline).await {
        Either::Left((answer, _)) => answer,
        Either::Right(((), _)) => {
            controller.abort();
            Err(NoResponse::Timeout)
        }
    }
}

/// A `POST` of JSON.
pub(super) fn post(json: &str) -> Result<RequestInit, JsValue> {
    let headers = web_sys::Headers::new()?;
    headers.set("content-type", "application/json")?;
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&headers);
    init.set_body(&JsValue::from_str(json));
    Ok(init)
}
