//! `serve`: the Workers on this machine and their log, until Ctrl-C.

use crate::{
    api_options::ApiOptions,
    arguments::ServeOptions,
    exit::Exit,
    interrupt::Interrupt,
    live_log::{LiveLog, Look},
    local_options::local_options,
    output,
};
use chrono::{DateTime, SecondsFormat, Utc};
use cli::local::LocalWorkers;
use serde_json::json;
use std::time::{Duration, SystemTime};

/// Pause between two looks at the servers and their logs.
const PAUSE: Duration = Duration::from_millis(200);

/// `rpc-latency serve`
pub(crate) fn serve(api: &ApiOptions, options: &ServeOptions) -> anyhow::Result<Exit> {
    let interrupt = Interrupt::listen()?;
    let runtimes = options.runtimes.clone();
    let mut local_options = local_options(api, &options.local, runtimes, Some(options.port))?;
    local_options.cold_starts = options.cold_starts;
    local_options.apart = options.apart;
    output::note("starting the Workers on this machine");
    let mut local = LocalWorkers::start(&local_options)?;
    let look = Look::of_output(api.json);
    output::result(&greeting(&local, look))?;
    let mut log = LiveLog::new(look, local.logs().to_vec());
    while !interrupt.is_asked() {
        // What a server wrote before it ended is shown before that error is.
        let ended = local.check();
        output::result(&log.news(now()))?;
        ended?;
        interrupt.wait(PAUSE);
    }
    output::result(&log.news(now()))?;
    output::note("stopped");
    Ok(Exit::Pass)
}

fn now() -> DateTime<Utc> {
    DateTime::<Utc>::from(SystemTime::now())
}

/// What is written before the log: for people where the log is for people; else a line of it, with the same for people on standard error.
fn greeting(local: &LocalWorkers, look: Look) -> String {
    match look {
        Look::Readable { .. } => welcome(local),
        Look::Json => {
            output::note(welcome(local));
            let fields = json!({"at": now().to_rfc3339_opts(SecondsFormat::Millis, true), "source": "rpc-latency", "level": "info",
                "event": "serving", "url": local.url(), "runtime_url": local.runtime_url()});
            format!("{fields}\n")
        }
    }
}

/// The address, and three commands to try.
fn welcome(local: &LocalWorkers) -> String {
    let (url, token) = (local.url(), local.api_token());
    format!(
        "
{url}    (Ctrl-C stops it)

  curl -s {url}/health
  curl -s -X POST {url}/runs -H 'authorization: Bearer {token}' -d '{{\"functions\":[\"echo\"],\"samples_per_cell\":100}}'
  curl -s {url}/results | jq .summary

"
    )
}
