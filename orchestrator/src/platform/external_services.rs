//! The caller-worker, the clock and the world outside, as the coordinator needs them.

use super::{
    now_ms,
    timeout::{NoResponse, fetch_text, post},
};
use crate::{
    coordinator::{Caller, Clock, DeliveryError, DispatchError, Outside},
    store::Millis,
};
use js_sys::Reflect;
use protocol::{
    Problem, Runtime, Transport, cold_start,
    measure::{MeasureRequest, MeasureResponse, RepeatRequest, RepeatResponse},
    routes::caller,
};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::JsValue;
use web_sys::RequestInit;
use worker::Env;

/// Reports to a Worker where it runs (developers.cloudflare.com, "cdn-cgi/trace").
const TRACE_URL: &str = "https://cloudflare.com/cdn-cgi/trace";
/// Not worth waiting longer for, in ms.
const TRACE_TIMEOUT_MS: u32 = 3_000;
/// A receiver that takes longer is asked again later, in ms.
const ALERT_TIMEOUT_MS: u32 = 10_000;
/// Characters of a failed answer that are kept for the log.
const WORDS: usize = 300;

/// The platform as one Durable Object sees it.
pub(super) struct Platform {
    env: Env,
}

impl Platform {
    pub(super) const fn new(env: Env) -> Self {
        Self { env }
    }

    async fn ask_caller<T: DeserializeOwned>(
        &self,
        binding: &str,
        path: &str,
        request: &impl Serialize,
        timeout_ms: u32,
    ) -> Result<T, DispatchError> {
        let unreachable = |error: JsValue| match NoResponse::from(error) {
            NoResponse::Exception(words) => DispatchError::Unreachable(words),
            NoResponse::Timeout => DispatchError::Timeout(timeout_ms),
        };
        let json = serde_json::to_string(request)
            .map_err(|error| DispatchError::Unusable(error.to_string()))?;
        let binding = Reflect::get(&self.env, &JsValue::from_str(binding)).map_err(unreachable)?;
        let init = post(&json).map_err(unreachable)?;
        let url = format!("https://caller.internal{path}");
        let (status, text) = match fetch_text(&binding, &url, &init, timeout_ms).await {
            Ok(answer) => answer,
            Err(NoResponse::Timeout) => return Err(DispatchError::Timeout(timeout_ms)),
            Err(NoResponse::Exception(words)) => return Err(DispatchError::Unreachable(words)),
        };
        match status {
            200 => serde_json::from_str(&text)
                .map_err(|error| DispatchError::Unusable(error.to_string())),
            400..=499 => Err(DispatchError::Refused {
                status,
                detail: words(&text),
            }),
            _ => Err(DispatchError::Failed {
                status,
                detail: words(&text),
            }),
        }
    }
}

/// The detail of a problem document, or the beginning of whatever else it is.
fn words(text: &str) -> String {
    let detail = match serde_json::from_str::<Problem>(text) {
        Ok(problem) => problem.detail,
        Err(_) => text.to_owned(),
    };
    detail.chars().take(WORDS).collect()
}

impl Caller for Platform {
    async fn measure(
        &self,
        request: &MeasureRequest,
        timeout_ms: u32,
    ) -> Result<MeasureResponse, DispatchError> {
        let caller = match request.transport {
            Transport::Direct => request.runtime,
            _ => Runtime::NATIVE,
        };
        let binding = caller.inlining_caller();
        self.ask_caller(&binding, caller::MEASURE, request, timeout_ms)
            .await
    }

    async fn repeat(
        &self,
        request: &RepeatRequest,
        timeout_ms: u32,
    ) -> Result<RepeatResponse, DispatchError> {
        let binding = Runtime::NATIVE.inlining_caller();
        self.ask_caller(&binding, caller::REPEAT, request, timeout_ms)
            .await
    }

    async fn cold_start(
        &self,
        request: &cold_start::Request,
        timeout_ms: u32,
    ) -> Result<cold_start::Sample, DispatchError> {
        let path = cold_start::paths::SAMPLE;
        self.ask_caller(cold_start::BINDING, path, request, timeout_ms)
            .await
    }
}

impl Clock for Platform {
    fn now_ms(&self) -> Millis {
        now_ms()
    }
}

impl Outside for Platform {
    async fn colo(&self) -> Option<String> {
        let answer = fetch_text(
            &js_sys::global(),
            TRACE_URL,
            &RequestInit::new(),
            TRACE_TIMEOUT_MS,
        )
        .await;
        let (_, text) = answer.ok().filter(|(status, _)| *status == 200)?;
        let colo = text.lines().find_map(|line| line.strip_prefix("colo="))?;
        let plausible =
            (3..=4).contains(&colo.len()) && colo.bytes().all(|byte| byte.is_ascii_alphanumeric());
        plausible.then(|| colo.to_owned())
    }

    async fn post_alert(&self, url: &str, id: &str, body: &str) -> Result<(), DeliveryError> {
        let unknown = |error: JsValue| match NoResponse::from(error) {
            NoResponse::Exception(words) => DeliveryError::Unreachable(words),
            NoResponse::Timeout => DeliveryError::Unknown,
        };
        let init = post(body).map_err(unknown)?;
        let headers = web_sys::Headers::new().map_err(unknown)?;
        headers
            .set("content-type", "application/json")
            .map_err(unknown)?;
        headers.set("idempotency-key", id).map_err(unknown)?;
        init.set_headers(&headers);
        match fetch_text(&js_sys::global(), url, &init, ALERT_TIMEOUT_MS).await {
            Ok((200..=299, _)) => Ok(()),
            Ok((status, _)) => Err(DeliveryError::Refused(status)),
            Err(NoResponse::Timeout) => Err(DeliveryError::Unknown),
            Err(NoResponse::Exception(words)) => Err(DeliveryError::Unreachable(words)),
        }
    }
}
