//! `doctor`: what an operator runs after the first deployment. It asks the deployment to examine itself, then makes a small run through every part of it.
//!
//! The run is an ordinary one: it is listed among the others, and its report can be read.

mod examined;
mod run;

use crate::{
    api_options::ApiOptions,
    exit::Exit,
    follow::{self, Followed},
    interrupt::Interrupt,
    output,
};
use anyhow::{Context as _, bail};
use core::fmt::Write as _;
use protocol::examination::Examination;
use serde::Serialize;
use serde_json::json;

/// Samples of each cell of the doctor's run: 20 slices of 5.
const SAMPLES: u32 = 100;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// As it should be.
    Ok,
    /// It works, but something is worth knowing.
    Notice,
    /// It does not work.
    Failed,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Check {
    what: &'static str,
    state: State,
    found: String,
    /// What to do; empty where there is nothing.
    #[serde(skip_serializing_if = "str::is_empty")]
    advice: &'static str,
}

impl Check {
    fn ok(what: &'static str, found: impl Into<String>) -> Self {
        Self {
            what,
            state: State::Ok,
            found: found.into(),
            advice: "",
        }
    }
}

/// `rpc-latency doctor`
pub(crate) fn doctor(api: &ApiOptions) -> anyhow::Result<Exit> {
    let interrupt = Interrupt::listen()?;
    let client = api.client();
    let examination: Examination = client
        .post("/doctor")
        .context("the deployment could not be asked to examine itself")?;
    let plan = json!({"transports": ["direct", "service-binding", "raw-fetch", "rpc"], "functions": ["echo"], "payload_bytes": [100],
        "samples_per_cell": SAMPLES, "breakdown": false});
    let run = client
        .start(plan.to_string().as_bytes())
        .context("the doctor's run could not be started")?;
    output::note(format_args!(
        "run {}, a small one through every part",
        run.id
    ));
    let Followed::Ended(status) = follow::follow(&client, &run.id, &interrupt, || Ok(()))? else {
        bail!("interrupted; run {} goes on", run.id);
    };
    follow::completed(&status)?;
    let mut checks = examined::checks(&examination);
    checks.extend(run::checks(&examination, &client.report(&run.id)?));
    if api.json {
        output::document(
            &json!({"url": client.url(), "run": run.id, "checks": checks, "examination": examination}),
        )?;
    } else {
        output::result(&in_words(&checks))?;
    }
    let failed = checks.iter().any(|check| check.state == State::Failed);
    Ok(if failed { Exit::Fail } else { Exit::Pass })
}

fn in_words(checks: &[Check]) -> String {
    let width = checks
        .iter()
        .map(|check| check.what.len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for Check {
        what,
        state,
        found,
        advice,
    } in checks
    {
        let state = match state {
            State::Ok => "ok    ",
            State::Notice => "notice",
            State::Failed => "FAILED",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{state}  {what:width$}  {found}");
        if !advice.is_empty() {
            let _ = writeln!(text, "        {:width$}  {advice}", "");
        }
    }
    text
}
