//! `deployment-start`: has the first call of a version timed that has just been deployed, for `scripts/deploy --cold`.

use crate::{api_options::ApiOptions, exit::Exit, output};
use clap::Args;
use cli::client::{Answer, Client};
use core::time::Duration;
use protocol::{
    Problem, Runtime,
    deployment_starts::{DeploymentStart, DeploymentStartRequest},
};
use std::{thread, time::Instant};
use ureq::http::Method;

/// A version is everywhere within seconds; a minute later it will not come.
const PATIENCE: Duration = Duration::from_mins(1);

/// Pause before asking again.
const PAUSE: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
pub(crate) struct DeploymentStartOptions {
    /// The runtime of which a version was deployed
    #[arg(long, value_name = "NAME")]
    runtime: Runtime,
    /// A key of this deployment alone: asked again with it, the orchestrator answers what it has kept
    #[arg(long)]
    key: String,
    /// The version's id
    #[arg(long)]
    version: Option<String>,
    /// How long to wait for the version to arrive, in seconds
    #[arg(long, default_value_t = PATIENCE.as_secs())]
    seconds: u64,
}

/// `rpc-latency deployment-start`: status 0 where a start was timed, 3 where no call met a fresh isolate in time.
pub(crate) fn deployment_start(
    api: &ApiOptions,
    options: &DeploymentStartOptions,
) -> anyhow::Result<Exit> {
    let request = DeploymentStartRequest {
        key: options.key.clone(),
        runtime: options.runtime,
        version: options.version.clone(),
    };
    let body = serde_json::to_vec(&request)?;
    let patience = Duration::from_secs(options.seconds);
    match ask_until(&api.client(), &body, patience, PAUSE)? {
        Asked::Timed(start) => {
            if api.json {
                output::document(&start)?;
            } else {
                output::result(&format!(
                    "{}: the first call after the deployment took {} ms\n",
                    start.runtime, start.cold_ms
                ))?;
            }
            Ok(Exit::Pass)
        }
        Asked::TooLate(why) => {
            output::note(format_args!("{}: not timed: {why}", options.runtime));
            Ok(Exit::Inconclusive)
        }
    }
}

enum Asked {
    Timed(DeploymentStart),
    TooLate(String),
}

/// Asks until a start is timed. What may pass is asked again: a version that has not arrived (503), a runtime that is replaced just now (502, 504).
fn ask_until(
    client: &Client,
    body: &[u8],
    patience: Duration,
    pause: Duration,
) -> anyhow::Result<Asked> {
    let expires = Instant::now() + patience;
    loop {
        let answer = client.request(&Method::POST, "/deployment-starts", body)?;
        let why = match answer {
            Answer {
                status: 200, body, ..
            } => return Ok(Asked::Timed(serde_json::from_str(&body)?)),
            Answer {
                status: 502..=504,
                body,
                ..
            } => detail(&body),
            Answer { status, body, .. } => {
                anyhow::bail!(
                    "POST /deployment-starts: status {status}: {}",
                    detail(&body)
                )
            }
        };
        if Instant::now() + pause >= expires {
            return Ok(Asked::TooLate(why));
        }
        thread::sleep(pause);
    }
}

fn detail(body: &str) -> String {
    serde_json::from_str::<Problem>(body).map_or_else(|_| body.to_owned(), |found| found.detail)
}
