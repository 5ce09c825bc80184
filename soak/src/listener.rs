//! Keeps the log of the counting stub: a listener on this machine, outside of everything that is killed.

use crate::ledger::Made;
use anyhow::{Context as _, anyhow};
use protocol::{
    Cell, Problem, deployment_starts,
    measure::{MeasureRequest, MeasureResponse},
};
use serde::Deserialize;
use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
};
use tiny_http::{Request, Response, Server};

/// The stub that logs, with `{ledger}` for the listener's address.
const COUNTING_STUB: &str = include_str!("counting_stub.js");

/// Status of what was logged, and of what could not be.
const LOGGED: u16 = 204;
const UNREADABLE: u16 = 400;

/// The log, as it grows.
#[derive(Debug)]
pub struct Listener {
    url: String,
    log: Arc<Mutex<Log>>,
}

/// What has been logged so far.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Slices in the order of their dispatch.
    pub made: Vec<Made>,
    /// Why an entry could not be read.
    pub unreadable: Vec<String>,
}

/// What the stub sends: both bodies as they were.
#[derive(Deserialize)]
struct Entry {
    request: String,
    response: String,
}

impl Listener {
    /// Starts listening on a free port of the loopback interface, for as long as this process lives.
    ///
    /// # Errors
    /// No port can be had.
    pub fn start() -> anyhow::Result<Self> {
        let server = Server::http("127.0.0.1:0")
            .map_err(|error| anyhow!("no port for the ledger: {error}"))?;
        let address = server
            .server_addr()
            .to_ip()
            .context("the ledger has no address")?;
        let log = Arc::new(Mutex::new(Log::default()));
        let writer = Arc::clone(&log);
        thread::spawn(move || {
            for request in server.incoming_requests() {
                keep(request, &writer);
            }
        });
        Ok(Self {
            url: format!("http://{address}/"),
            log,
        })
    }

    /// The code of a stub that logs here.
    #[must_use]
    pub fn stub(&self) -> String {
        COUNTING_STUB.replace("{ledger}", &self.url)
    }

    /// What has been logged so far.
    #[must_use]
    pub fn log(&self) -> Log {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Logs one entry, then says so. A stub that was killed while it sent has not answered either: what it sent is dropped.
fn keep(mut request: Request, log: &Mutex<Log>) {
    let mut body = String::new();
    let length = request.body_length();
    let read = request.as_reader().read_to_string(&mut body);
    if read.is_err() || length.is_some_and(|length| length != body.len()) {
        return;
    }
    let entry = read_entry(&body);
    let status = if entry.is_ok() { LOGGED } else { UNREADABLE };
    {
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        match entry {
            Ok(made) if made.seed == deployment_starts::SEED => {}
            Ok(made) => log.made.push(made),
            Err(error) => log.unreadable.push(format!("{error:#}")),
        }
    }
    // A stub that is gone by now needs no answer.
    let _ = request.respond(Response::empty(status));
}

fn read_entry(body: &str) -> anyhow::Result<Made> {
    let Entry { request, response } = serde_json::from_str(body).context("not an entry")?;
    let request = MeasureRequest::parse(request.as_bytes())
        .map_err(|Problem { detail, .. }| anyhow!("the request of an entry: {detail}"))?;
    let response: MeasureResponse =
        serde_json::from_str(&response).context("the response of an entry")?;
    Ok(Made {
        seed: request.seed,
        cell: Cell {
            runtime: request.runtime,
            transport: request.transport,
            function: request.function,
            payload_bytes: request.payload_bytes,
        },
        samples_ns: response.samples_ns().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn post(listener: &Listener, body: &str) -> u16 {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        agent
            .post(&listener.url)
            .send(body)
            .unwrap()
            .status()
            .as_u16()
    }

    #[test]
    fn an_entry_is_kept_before_it_is_acknowledged_and_one_that_cannot_be_read_is_refused() {
        let listener = Listener::start().unwrap();
        let request = json!({"transport": "service-binding", "function": "echo", "payload_bytes": 100, "samples": 2, "seed": 7});
        let clock = json!({"timer": "ticked", "advances_during_cpu": true, "tick_ms": 1, "sample_unit_ns": 1_000_000, "resolution_ns": 1_000_000});
        let response = json!({"clock": clock, "elapsed_ms": 3, "samples": [1, 2]});
        let entry = json!({"request": request.to_string(), "response": response.to_string()});
        assert_eq!(post(&listener, &entry.to_string()), LOGGED);
        let logged = Made {
            seed: 7,
            cell: "service-binding.echo.100".parse().unwrap(),
            samples_ns: vec![1_000_000, 2_000_000],
        };
        assert_eq!(listener.log().made, [logged]);
        let start = json!({"transport": "service-binding", "function": "echo", "payload_bytes": 100, "samples": 1, "seed": deployment_starts::SEED});
        let start = json!({"request": start.to_string(), "response": response.to_string()});
        assert_eq!(post(&listener, &start.to_string()), LOGGED);
        assert_eq!(
            listener.log().made.len(),
            1,
            "a start by deployment is no slice"
        );
        let bad = json!({"request": "{}", "response": response.to_string()});
        assert_eq!(post(&listener, &bad.to_string()), UNREADABLE);
        assert_eq!(
            (listener.log().made.len(), listener.log().unreadable.len()),
            (1, 1)
        );
    }

    #[test]
    fn the_stub_logs_to_the_listener() {
        let listener = Listener::start().unwrap();
        let stub = listener.stub();
        assert!(
            stub.contains(&listener.url) && !stub.contains("{ledger}"),
            "{stub}"
        );
    }
}
