//! The way from the Worker to its coordinators: Durable Objects, one a location, made where their hint says.

use super::timeout::{NoResponse, fetch_text, post};
use crate::{
    api::{Coordinators, RuntimeFacts},
    coordinator::{Answer, Question},
    settings::DEFAULT_LOCATION,
};
use core::cell::RefCell;
use js_sys::Reflect;
use protocol::{
    Problem, Runtime,
    capabilities::RuntimeHealth,
    cold_start,
    examination::{CallerFindings, Probing},
    measure::{MeasureRequest, MeasureResponse},
    routes::caller,
};
use std::collections::BTreeMap;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::RequestInit;
use worker::{Env, Stub};

/// A coordinator answers at once; it may be starting, or in a wake that assembles a report.
const PATIENCE_MS: u32 = 30_000;

/// Readers of several places wait for the slowest of them: a place that has not answered by now is named as missing.
const READERS_PATIENCE_MS: u32 = 10_000;

const fn patience_ms(question: &Question) -> u32 {
    match question {
        Question::Start(_) | Question::MayStart | Question::Cancel { .. } => PATIENCE_MS,
        _ => READERS_PATIENCE_MS,
    }
}

/// The Durable Object namespace of the coordinators.
pub(super) struct Namespace<'a> {
    pub(super) env: &'a Env,
}

impl Namespace<'_> {
    fn stub(&self, location: &str) -> worker::Result<JsValue> {
        let namespace = self.env.durable_object("COORDINATOR")?;
        let stub: Stub = if location == DEFAULT_LOCATION {
            namespace.get_by_name(location)?
        } else {
            namespace.get_by_name_with_location_hint(location, location)?
        };
        Ok(stub.into_rpc::<js_sys::Object>().unchecked_into())
    }

    async fn text_of(
        &self,
        location: &str,
        question: &str,
        patience_ms: u32,
    ) -> Result<(u16, String), NoResponse> {
        let stub = self
            .stub(location)
            .map_err(|error| NoResponse::Exception(error.to_string()))?;
        let init = post(question)?;
        fetch_text(&stub, "https://coordinator.internal/", &init, patience_ms).await
    }
}

/// Time for a slice of two calls, the first of which may start a heavy runtime, and for the caller's own start.
const MEASURING_PATIENCE_MS: u32 = 90_000;

/// Time for the caller's word about itself or a runtime: a heavy one may be starting.
const CALLER_PATIENCE_MS: u32 = 30_000;

thread_local! {
    /// What runtimes have said: they are asked once in the life of an isolate, and a new version always gets new isolates.
    static RUNTIMES: RefCell<BTreeMap<Runtime, RuntimeFacts>> = const { RefCell::new(BTreeMap::new()) };
}

impl Namespace<'_> {
    fn binding(&self, name: &str) -> Option<JsValue> {
        let found = Reflect::get(self.env, &JsValue::from_str(name)).ok()?;
        (!found.is_undefined()).then_some(found)
    }

    /// Asks the caller for its health, or what the query adds to it.
    async fn ask_caller(
        &self,
        query: &str,
        no_answer: impl Fn(String) -> Problem,
    ) -> Result<String, Problem> {
        let caller = self
            .binding(&Runtime::NATIVE.inlining_caller())
            .ok_or_else(|| no_answer("the orchestrator has no binding CALLER".to_owned()))?;
        let url = format!("https://caller.internal{}?{query}", caller::HEALTH);
        match fetch_text(&caller, &url, &RequestInit::new(), CALLER_PATIENCE_MS).await {
            Ok((200, text)) => Ok(text),
            Ok((status, text)) => Err(serde_json::from_str(&text)
                .unwrap_or_else(|_| no_answer(format!("status {status}")))),
            Err(NoResponse::Timeout) => Err(no_answer("the caller did not answer".to_owned())),
            Err(NoResponse::Exception(words)) => Err(no_answer(words)),
        }
    }

    /// Asks the caller for the word of a runtime.
    async fn ask_runtime(&self, runtime: Runtime) -> Result<RuntimeFacts, Problem> {
        let no_answer = |why: String| {
            Problem::new(
                502,
                format!("what runtime {runtime} can do is not known: {why}"),
            )
        };
        let query = format!("runtime={runtime}");
        let text = self.ask_caller(&query, no_answer).await?;
        let answer: RuntimeHealth =
            serde_json::from_str(&text).map_err(|error| no_answer(error.to_string()))?;
        let capabilities = answer
            .capabilities()
            .ok_or_else(|| no_answer("its health names no capabilities".to_owned()))?;
        Ok(RuntimeFacts {
            capabilities,
            is_inlined: self.binding(&runtime.inlining_caller()).is_some(),
        })
    }
}

impl Coordinators for Namespace<'_> {
    async fn runtime(&self, runtime: Runtime) -> Result<RuntimeFacts, Problem> {
        if let Some(known) = RUNTIMES.with_borrow(|known| known.get(&runtime).cloned()) {
            return Ok(known);
        }
        let facts = self.ask_runtime(runtime).await?;
        RUNTIMES.with_borrow_mut(|known| known.insert(runtime, facts.clone()));
        Ok(facts)
    }

    async fn examine_caller(&self, probing: Probing) -> Result<CallerFindings, Problem> {
        let no_answer = |why: String| {
            Problem::new(
                502,
                format!("the caller's surroundings are not known: {why}"),
            )
        };
        let text = self
            .ask_caller(&format!("probe={probing}"), no_answer)
            .await?;
        serde_json::from_str(&text).map_err(|error| no_answer(error.to_string()))
    }

    async fn measure(&self, request: &MeasureRequest) -> Result<MeasureResponse, Problem> {
        let no_answer =
            |why: String| Problem::new(502, format!("the caller measured nothing: {why}"));
        let caller = self
            .binding(&Runtime::NATIVE.inlining_caller())
            .ok_or_else(|| no_answer("the orchestrator has no binding CALLER".to_owned()))?;
        let json = serde_json::to_string(request).map_err(|error| no_answer(error.to_string()))?;
        let init = post(&json).map_err(|error| no_answer(format!("{error:?}")))?;
        let url = format!("https://caller.internal{}", caller::MEASURE);
        match fetch_text(&caller, &url, &init, MEASURING_PATIENCE_MS).await {
            Ok((200, text)) => {
                serde_json::from_str(&text).map_err(|error| no_answer(error.to_string()))
            }
            Ok((status, text)) => match serde_json::from_str::<Problem>(&text) {
                Ok(unknown) if status == 404 => Err(unknown),
                Ok(problem) => Err(no_answer(problem.detail)),
                Err(_) => Err(no_answer(format!("status {status}"))),
            },
            Err(NoResponse::Timeout) => Err(no_answer("the caller did not answer".to_owned())),
            Err(NoResponse::Exception(words)) => Err(no_answer(words)),
        }
    }

    fn has_cold_starts(&self) -> bool {
        self.binding(cold_start::BINDING).is_some()
    }

    async fn cold_starts(&self) -> Result<cold_start::Capabilities, Problem> {
        let no_answer = |why: String| {
            Problem::new(
                502,
                format!("what the cold-worker can sample is not known: {why}"),
            )
        };
        let cold = self
            .binding(cold_start::BINDING)
            .ok_or_else(|| no_answer("the orchestrator has no binding COLD".to_owned()))?;
        let url = format!("https://cold.internal{}", cold_start::paths::HEALTH);
        match fetch_text(&cold, &url, &RequestInit::new(), CALLER_PATIENCE_MS).await {
            Ok((200, text)) => {
                serde_json::from_str(&text).map_err(|error| no_answer(error.to_string()))
            }
            Ok((status, _)) => Err(no_answer(format!("status {status}"))),
            Err(NoResponse::Timeout) => Err(no_answer("it did not answer".to_owned())),
            Err(NoResponse::Exception(words)) => Err(no_answer(words)),
        }
    }

    async fn ask(&self, location: &str, question: &Question) -> Answer {
        let patience_ms = patience_ms(question);
        let question = serde_json::to_string(question)
            .map_err(|error| Problem::new(500, error.to_string()))?;
        match self.text_of(location, &question, patience_ms).await {
            Ok((200, json)) => Ok(json),
            Ok((status, text)) => Err(serde_json::from_str(&text).unwrap_or_else(|_| {
                Problem::new(
                    502,
                    format!("the coordinator of {location} answered with status {status}"),
                )
            })),
            Err(NoResponse::Timeout) => Err(Problem::new(
                504,
                format!("the coordinator of {location} did not answer within {patience_ms} ms"),
            )),
            // The exception's words are the platform's own; they are logged, not sent.
            Err(NoResponse::Exception(words)) => {
                worker::console_error!(
                    "{}",
                    serde_json::json!({"event": "fault", "message": words})
                );
                Err(Problem::new(
                    502,
                    format!("the coordinator of {location} could not be reached"),
                ))
            }
        }
    }
}
