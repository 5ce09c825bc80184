//! Entry points of the Worker: requests and the schedule.

use super::{events, incoming::HttpRequest, log, serving, settings};
use crate::{
    api::{self, Incoming as _, Reply, SECURITY_HEADERS},
    coordinator::LogLine,
};
use protocol::Problem;
use worker::{
    Context, Delay, Env, Headers, Request, Response, ScheduleContext, ScheduledEvent, event,
};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> worker::Result<Response> {
    let settings = match settings(&env) {
        Ok(settings) => settings,
        Err(error) => return full(misconfigured(&error.to_string()).into(), "GET"),
    };
    let file_url = request.inner().url();
    let request = HttpRequest::new(request)?;
    let api = serving::api(&settings, &env);
    let reply = api.respond(&request).await;
    match reply {
        Reply::Full(response) => full(response, request.method()),
        Reply::Events { location, run } => secured(events::stream(
            env.clone(),
            location,
            run,
            request.header("last-event-id"),
        )?),
        Reply::File(missing) => {
            let file = env.assets("ASSETS")?.fetch(file_url, None).await?;
            if file.status_code() == 404 {
                return full(missing, request.method());
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

fn full(response: api::Response, method: &str) -> worker::Result<Response> {
    let headers = Headers::new();
    for (name, value) in &response.headers {
        headers.set(name, value)?;
    }
    let body = if method == "HEAD" || response.status == 204 {
        Response::empty()?
    } else {
        Response::from_bytes(response.body.into_bytes())?
    };
    secured(body.with_status(response.status).with_headers(headers))
}

/// Adds the header fields that every response carries.
fn secured(response: Response) -> worker::Result<Response> {
    let headers = Headers::new();
    for (name, value) in response.headers().entries() {
        headers.append(&name, &value)?;
    }
    for (name, value) in SECURITY_HEADERS {
        headers.set(name, value)?;
    }
    Ok(response.with_headers(headers))
}
