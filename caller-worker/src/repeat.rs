//! `POST /repeat`: one part of a delegated call, many times, between two readings of the clock.

use crate::{clock::WorkerClock, measure::bad_field};
use core::hint::black_box;
use js_sys::{JsString, Uint8Array};
use measurement::driver::{repeat_calls, repeat_work};
use protocol::{
    ErrorKind, Function, Payload, Problem,
    breakdown::Component,
    execute::{ExecuteRequest, ExecuteResponse},
    measure::{RepeatRequest, RepeatResponse},
    residency::Isolate,
    routes::runtime::{INTERNAL_ORIGIN, NOTHING},
};
use serde_json::value::RawValue;
use std::borrow::Cow;
use stub::{
    CallError,
    platform::{BodyForm, Env, FetchInit, FetchedResponse, ServiceBinding, now_ms},
    watchdog::Watchdog,
};
use wasm_bindgen::{JsCast as _, JsValue};

/// Repeats one component.
///
/// # Errors
/// 400 for a payload size that cannot be made, 503 when this Worker lacks its binding.
pub(crate) async fn repeat(request: &RepeatRequest, env: &Env) -> Result<RepeatResponse, Problem> {
    let task = Task::of(request, env)?;
    Ok(task
        .repeat(request.repetitions, request.call_timeout_ms)
        .await)
}

/// What is repeated, with everything made ready that is not part of it.
enum Task {
    Nothing,
    EmptyHop(EmptyHop),
    Encode(Box<RawValue>),
    Decode(Bodies),
    Function(Function, Box<RawValue>),
}

impl Task {
    fn of(request: &RepeatRequest, env: &Env) -> Result<Self, Problem> {
        let payload = |bytes| {
            Payload::new(request.payload_shape, bytes)
                .map(|payload| payload.json().to_owned())
                .map_err(|error| bad_field("payload_bytes", error.to_string()))
        };
        Ok(match request.component {
            Component::Nothing => Self::Nothing,
            Component::EmptyHop => Self::EmptyHop(EmptyHop::new(env)?),
            Component::Encode { payload_bytes } => Self::Encode(payload(payload_bytes)?),
            Component::Decode { payload_bytes } => {
                Self::Decode(Bodies::of(&payload(payload_bytes)?).as_received())
            }
            Component::Function {
                function,
                payload_bytes,
            } => Self::Function(function, payload(payload_bytes)?),
        })
    }

    async fn repeat(&self, repetitions: u32, timeout_ms: u32) -> RepeatResponse {
        match self {
            Self::Nothing => computed(repetitions, || ()),
            Self::EmptyHop(hop) => hop.repeat(repetitions, timeout_ms).await,
            Self::Encode(payload) => computed(repetitions, || Bodies::of(payload)),
            Self::Decode(bodies) => computed(repetitions, || bodies.decode()),
            Self::Function(function, payload) => computed(repetitions, || {
                // What only tests call does nothing here, as in `direct`.
                function.execute(black_box(payload))
            }),
        }
    }
}

fn computed<T>(repetitions: u32, mut work: impl FnMut() -> T) -> RepeatResponse {
    repeat_work(&WorkerClock::default(), repetitions, || {
        drop(black_box(work()));
    })
}

/// The two bodies of one call of `echo`: the caller's request and the runtime's answer, as they are handed to the platform.
struct Bodies {
    form: BodyForm,
    request: JsValue,
    answer: JsValue,
}

impl Bodies {
    /// All encoding of one call.
    fn of(payload: &RawValue) -> Self {
        let form = BodyForm::of_text(payload.get().len());
        let now_ms = now_ms();
        let request = ExecuteRequest {
            function_id: Cow::Borrowed(Function::Echo.as_str()),
            payload,
            timestamp: now_ms,
        };
        let answer = ExecuteResponse {
            result: payload,
            runtime_timestamp: now_ms,
            execution_time_ms: 0.0,
            isolate: Some(Isolate {
                id: (1 << 53) - 1,
                calls_served: 1_000,
                age_ms: 100_000,
            }),
        };
        Self {
            form,
            request: form.to_js(&request.to_json()),
            answer: form.to_js(&answer.to_json()),
        }
    }

    /// The same bodies as the platform hands them over on the other side.
    fn as_received(&self) -> Self {
        let received = |body: &JsValue| match self.form {
            BodyForm::Text => body.clone(),
            BodyForm::Bytes => body.unchecked_ref::<Uint8Array>().buffer().into(),
        };
        Self {
            form: self.form,
            request: received(&self.request),
            answer: received(&self.answer),
        }
    }

    /// All decoding of one call.
    fn decode(&self) {
        let (request, answer) = (
            self.form.to_rust(&self.request),
            self.form.to_rust(&self.answer),
        );
        // Both are what `of` made, so both decode.
        let _ = black_box(ExecuteRequest::from_json(&request));
        let _ = black_box(ExecuteResponse::result_from_json(&answer));
    }
}

/// A call of the runtime that carries nothing and does nothing.
pub(crate) struct EmptyHop {
    runtime: ServiceBinding,
    url: JsString,
    init: FetchInit,
}

impl EmptyHop {
    pub(crate) fn new(env: &Env) -> Result<Self, Problem> {
        Ok(Self {
            runtime: env.runtime()?,
            url: format!("{INTERNAL_ORIGIN}{NOTHING}").into(),
            init: FetchInit::new("GET", &[]),
        })
    }

    pub(crate) async fn hop(&self) -> Result<(), CallError> {
        let response = FetchedResponse::of(self.runtime.fetch(&self.url, &self.init)).await?;
        match response.status() {
            204 => Ok(()),
            status => Err(CallError::new(
                ErrorKind::Status,
                format!("the runtime answered an empty hop with status {status}"),
            )),
        }
    }

    async fn repeat(&self, repetitions: u32, timeout_ms: u32) -> RepeatResponse {
        let watchdog = Watchdog::new(timeout_ms, 1);
        let hop = async || {
            let hop = watchdog.guard(0, self.hop()).await;
            hop.map_err(|error| error.kind)
        };
        watchdog
            .over(repeat_calls(&WorkerClock::default(), repetitions, hop))
            .await
    }
}
