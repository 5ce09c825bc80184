//! The Durable Object: decodes a question or an alarm, delegates to the coordinator, responds.

use super::{database::Database, external_services::Platform, log, now_ms, settings};
use crate::coordinator::{Coordinator as Driver, OpenError, Opening, Question, Turn};
use js_sys::Date;
use protocol::{Problem, problem::PROBLEM_JSON};
use wasm_bindgen::JsValue;
use worker::{
    DurableObject, Env, Headers, Request, Response, ScheduledTime, State, durable_object,
};

/// One location's coordinator.
#[durable_object(alarm)]
pub struct Coordinator {
    state: State,
    env: Env,
    platform: Platform,
    opening: Opening<Database>,
}

impl DurableObject for Coordinator {
    fn new(state: State, env: Env) -> Self {
        Self {
            state,
            platform: Platform::new(env.clone()),
            env,
            opening: Opening::new(),
        }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let question: Question = match serde_json::from_str(&request.text().await?) {
            Ok(question) => question,
            Err(error) => return problem(&Problem::new(400, format!("not a question: {error}"))),
        };
        let (answer, turn) = self.opening.answer(|| self.open(), question, now_ms());
        self.follow(turn).await?;
        match answer {
            Ok(json) => Response::ok(json),
            Err(refusal) => problem(&refusal),
        }
    }

    async fn alarm(&self) -> worker::Result<Response> {
        let turn = self.opening.wake(|| self.open(), &self.platform).await;
        self.follow(turn).await?;
        Response::empty()
    }
}

impl Coordinator {
    fn open(&self) -> Result<Driver<Database>, OpenError> {
        let settings = settings(&self.env)?;
        let driver = Driver::open(Database::new(self.state.storage()), settings)?;
        Ok(driver.at(self.state.id().name().as_deref())?)
    }

    /// Sets the next alarm in the same turn as what was written, then logs.
    async fn follow(&self, turn: Turn) -> worker::Result<()> {
        let armed = turn.wake_at.map(|at| {
            let date = Date::new(&JsValue::from_f64(at as f64));
            let storage = self.state.storage();
            async move { storage.set_alarm(ScheduledTime::new(date)).await }
        });
        if let Some(armed) = armed {
            armed.await?;
        }
        log(&turn.lines);
        Ok(())
    }
}

fn problem(problem: &Problem) -> worker::Result<Response> {
    let headers = Headers::new();
    headers.set("content-type", PROBLEM_JSON)?;
    let response = Response::from_json(problem)?.with_status(problem.status);
    Ok(response.with_headers(headers))
}
