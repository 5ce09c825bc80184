//! The Durable Object: decodes a question or an alarm, delegates to the coordinator, responds.

use super::{database::Database, external_services::Platform, log, now_ms, settings};
use crate::{
    coordinator::{Answer, Coordinator as Driver, OpenError, Opening, Question, Turn},
    settings::Settings,
};
use core::time::Duration;
use js_sys::Date;
use protocol::{Problem, problem::PROBLEM_JSON};
use wasm_bindgen::JsValue;
use worker::{
    Delay, DurableObject, Env, Headers, Request, Response, ScheduledTime, State, durable_object,
};

/// A slice takes some 30 ms: after this pause a report as it stands is probably there.
const PAUSE: Duration = Duration::from_millis(50);
/// An answer that follows is waited for so often, which is 5 s in all; a slice whose calls hang takes longer.
const LOOKS: u32 = 100;

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
        #[cfg(feature = "test-functions")]
        assert!(
            !request.headers().has("x-panic")?,
            "a test asked for a panic"
        );
        let question: Question = match serde_json::from_str(&request.text().await?) {
            Ok(question) => question,
            Err(error) => return problem(&Problem::new(400, format!("not a question: {error}"))),
        };
        match self.answer(&question).await? {
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
        let database = Database::new(self.state.storage());
        let driver = Driver::open(database, Settings::clone(&settings))?;
        Ok(driver.at(self.state.id().name().as_deref())?)
    }

    /// The answer to a question, having waited for one that follows between two slices.
    async fn answer(&self, question: &Question) -> worker::Result<Answer> {
        let mut looks = 0;
        loop {
            let opened = self
                .opening
                .answer(|| self.open(), question.clone(), now_ms());
            let (answer, turn) = opened;
            let is_last = !turn.asks_again || looks >= LOOKS;
            self.follow(turn).await?;
            if is_last {
                return Ok(answer);
            }
            looks += 1;
            Delay::from(PAUSE).await;
        }
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
