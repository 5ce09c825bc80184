//! Entry points of the Worker: requests and the schedule.

use super::{
    answer::{full, secured},
    events,
    incoming::HttpRequest,
    log, serving, settings,
};
use crate::{
    api::{Incoming as _, Reply},
    coordinator::LogLine,
};
use protocol::Problem;
use worker::{Context, Delay, Env, Request, ScheduleContext, ScheduledEvent, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> worker::Result<web_sys::Response> {
    let settings = match settings(&env) {
        Ok(settings) => settings,
        Err(error) => return full(&misconfigured(&error.to_string()).into(), "GET"),
    };
    let request = HttpRequest::new(request)?;
    let api = serving::api(&settings, &env);
    let reply = api.respond(&request).await;
    match reply {
        Reply::Full(response) => full(&response, request.method()),
        Reply::Events { location, run } => {
            let last_id = request.header("last-event-id");
            secured(events::stream(env.clone(), location, run, last_id)?)
        }
        Reply::File(missing) => {
            let file = env.assets("ASSETS")?.fetch(request.url(), None).await?;
            if file.status_code() == 404 {
                return full(&missing, request.method());
            }
            secured(file)
        }
    }
}

#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    let problems = match settings(&env) {
        Ok(settings) => {
            let pause = async |pause| Delay::from(pause).await;
            serving::api(&settings, &env).scheduled(pause).await
        }
        Err(error) => vec![misconfigured(&error.to_string())],
    };
    // A refusal is no fault: one scheduled run waits at most, and the coordinator has logged why.
    let faults = problems.into_iter().filter(|problem| problem.status >= 500);
    log(&faults
        .map(|problem| LogLine::Fault {
            message: problem.detail,
        })
        .collect::<Vec<_>>());
}

fn misconfigured(error: &str) -> Problem {
    Problem::new(503, format!("this deployment is misconfigured: {error}"))
}
