//! Makes fresh isolates by the platform's Worker Loader, and times them from the load to the first answer.
//!
//! Contract, with types in `protocol::cold_start`: `POST /sample` is one sample, `GET /health` says what can be sampled. What is wrong with a request is
//! said in a problem document. The Worker has no public address: it is reached over the orchestrator's service binding `COLD`.
//!
//! A Durable Object holds the loader ([`laboratory`]): it may keep a loaded stub from one request to the next, which a Worker may not, and one that it lets go
//! of is freed, which one that was loaded by name is not. In every scenario a stub reaches its runtime through an entrypoint of this Worker and that
//! object, so that the way there cancels where scenarios are compared. What an isolate is made of is a build as it is deployed, unchanged.
//!
//! Out of scope: which samples are taken when (the orchestrator), which of them count and what they say (crate `report`).

mod clock;
mod laboratory;
mod sampling;

use clock::WorkerClock;
use laboratory::{Laboratory, Pair, Part};
use protocol::{
    Payload, PayloadShape, Problem, Runtime,
    cold_start::{
        Capabilities, ColdStart, IsolateUse, PAYLOAD_BYTES, Request, SETTLED_CALLS, Sample,
        Scenario, WasmBytes, paths,
    },
    routes::{Refusal, path_of},
};
use sampling::Timed;
use serde::Serialize;
use stub::{CallError, http, watchdog::Watchdog};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(start)]
fn start() {
    stub::start();
}

/// The object's entry point: the promise of a response.
#[wasm_bindgen]
pub fn fetch(request: web_sys::Request, laboratory: Laboratory) -> js_sys::Promise {
    http::serve(async move { answer(&request, &laboratory).await })
}

/// Prepares for a sample: asked before each, until nothing had to be loaded for it. `js/entry.js` sends it.
const PREPARE: &str = "/prepare";

async fn answer(request: &web_sys::Request, laboratory: &Laboratory) -> Result<Vec<u8>, Refusal> {
    let url = request.url();
    match (request.method().as_str(), path_of(&url)) {
        ("GET", paths::HEALTH) => Ok(json(&capabilities(laboratory).await?)),
        ("POST", paths::SAMPLE) => {
            let request = requested(request, laboratory).await?;
            Ok(json(&sample(&request, laboratory).await?))
        }
        ("POST", PREPARE) => {
            let request = requested(request, laboratory).await?;
            Ok(json(&prepare(&request, laboratory).await?))
        }
        (method, path) => Err(Refusal::new(
            404,
            format!(
                "there is no {method} {path}; there are GET {} and POST {}",
                paths::HEALTH,
                paths::SAMPLE
            ),
        )),
    }
}

async fn requested(
    request: &web_sys::Request,
    laboratory: &Laboratory,
) -> Result<Request, Problem> {
    let request = Request::parse(&http::read_body(request).await?)?;
    for name in artefacts_of(request.cold_start, laboratory) {
        if !laboratory.has(&name) {
            let runtime = request.cold_start.runtime;
            let detail = format!(
                "is {runtime}, of which this Worker has no {name}: build it with scripts/build --cold-starts --runtimes native,{runtime}"
            );
            return Err(
                Problem::new(400, format!("bad field: runtime {detail}")).with_errors(vec![
                    protocol::problem::FieldError {
                        field: "runtime".to_owned(),
                        detail,
                    },
                ]),
            );
        }
    }
    Ok(request)
}

async fn capabilities(laboratory: &Laboratory) -> Result<Capabilities, Problem> {
    let names = laboratory.names();
    let mut artefacts = Vec::new();
    for name in &names {
        artefacts.push(laboratory.artefact(name).await.map_err(of_call)?);
    }
    let runtimes = names
        .iter()
        .filter_map(|name| name.strip_suffix(RUNTIME)?.parse().ok())
        .collect();
    Ok(Capabilities {
        runtimes,
        artefacts,
    })
}

const STUB: &str = "stub";
const JAVASCRIPT_STUB: &str = "javascript-stub";
const RUNTIME: &str = ".runtime";

fn runtime_name(runtime: Runtime) -> String {
    format!("{runtime}{RUNTIME}")
}

/// What is called. Artefacts of tests have a stub of their own.
fn entry_name(cold_start: ColdStart, laboratory: &Laboratory) -> String {
    let own = format!("{}.stub", cold_start.runtime);
    match cold_start.scenario {
        Scenario::ColdMonolith => format!("{}.monolith", cold_start.runtime),
        Scenario::ColdJavascriptStub => JAVASCRIPT_STUB.to_owned(),
        Scenario::ColdStub if laboratory.has(&own) => own,
        Scenario::Warm | Scenario::ColdStub | Scenario::ColdRuntime | Scenario::ColdBoth => {
            STUB.to_owned()
        }
    }
}

/// What is kept for a sample: the pair that is warm, and one of each artefact that the process is to know.
fn artefacts_of(cold_start: ColdStart, laboratory: &Laboratory) -> Vec<String> {
    let mut names = vec![STUB.to_owned(), runtime_name(cold_start.runtime)];
    let entry = entry_name(cold_start, laboratory);
    if !names.contains(&entry) {
        names.push(entry);
    }
    names
}

/// What a preparation did.
#[derive(Serialize)]
struct Prepared {
    /// An isolate was loaded, in a request of its own: ask again.
    loaded: bool,
}

/// Loads one of the isolates that are kept, if one is missing; else settles the warm pair.
async fn prepare(request: &Request, laboratory: &Laboratory) -> Result<Prepared, Problem> {
    let cold_start = request.cold_start;
    for name in artefacts_of(cold_start, laboratory) {
        if !laboratory.keeps(&name) {
            laboratory.keep(&name).map_err(of_call)?;
            let pair = if name == runtime_name(cold_start.runtime) {
                // A runtime is called by the stub that is kept.
                Pair::kept(STUB, &name)
            } else {
                Pair::kept(&name, &runtime_name(cold_start.runtime))
            };
            if laboratory.keeps(&runtime_name(cold_start.runtime)) {
                settle(request, laboratory, pair).await?;
            }
            return Ok(Prepared { loaded: true });
        }
    }
    settle(request, laboratory, warm_pair(cold_start.runtime)).await?;
    Ok(Prepared { loaded: false })
}

fn warm_pair(runtime: Runtime) -> Pair {
    Pair::kept(STUB, &runtime_name(runtime))
}

async fn settle(request: &Request, laboratory: &Laboratory, pair: Pair) -> Result<(), Problem> {
    let payload = payload()?;
    let watchdog = Watchdog::new(request.call_timeout_ms, 1);
    let calls = laboratory.arranged(&pair, &payload, &watchdog);
    let settling = async {
        for _ in 0..SETTLED_CALLS {
            calls.one().await?;
        }
        Ok::<_, CallError>(())
    };
    watchdog.over(settling).await.map_err(of_call)
}

async fn sample(request: &Request, laboratory: &Laboratory) -> Result<Sample, Problem> {
    let (cold_start, clock) = (request.cold_start, WorkerClock);
    let scenario = cold_start.scenario;
    let payload = payload()?;
    let watchdog = Watchdog::new(request.call_timeout_ms, 1);
    let entry = entry_name(cold_start, laboratory);
    let pair = Pair {
        entry: Part::of(&entry, scenario.loads_entry()),
        runtime: Part::of(&runtime_name(cold_start.runtime), scenario.loads_runtime()),
        is_new: cold_start.wasm_bytes == WasmBytes::New,
    };
    let mut artefacts = Vec::new();
    for part in [&pair.entry, &pair.runtime] {
        if part.is_fresh {
            artefacts.push(laboratory.artefact(&part.name).await.map_err(of_call)?);
        }
    }
    let calls = laboratory.arranged(&pair, &payload, &watchdog);
    let sampled = async {
        let before = calls.facts(scenario).await?;
        let timed = sampling::cold_start(&clock, &calls).await?;
        let after = calls.facts(scenario).await?;
        drop(calls);
        let kept = match scenario {
            // Neither of the pair has been called since the isolates of this sample were loaded.
            Scenario::ColdBoth | Scenario::ColdMonolith => {
                let pair = warm_pair(cold_start.runtime);
                let calls = laboratory.arranged(&pair, &payload, &watchdog);
                sampling::kept_pair(&clock, &calls).await?
            }
            _ => sampling::KeptPair::default(),
        };
        Ok::<_, CallError>((before, timed, after, kept))
    };
    let (before, timed, after, kept) = watchdog.over(sampled).await.map_err(of_call)?;
    let Timed {
        clock,
        first_answer_ns,
        later_calls_ns,
        began_ms,
        answered_ms,
        answers_right,
    } = timed;
    let unknown = || Problem::new(502, "an isolate that was called says nothing of itself");
    Ok(Sample {
        clock,
        first_answer_ns,
        later_calls_ns,
        kept_pair_first_ns: kept.first_ns,
        kept_pair_settled_ns: kept.settled_ns,
        began_ms,
        answered_ms,
        entry: IsolateUse {
            before: before.entry,
            after: after.entry.ok_or_else(unknown)?,
        },
        runtime: after.runtime.map(|after| IsolateUse {
            before: before.runtime,
            after,
        }),
        answers_right,
        artefacts,
    })
}

fn payload() -> Result<Payload, Problem> {
    Payload::new(PayloadShape::Text, PAYLOAD_BYTES)
        .map_err(|error| Problem::new(500, error.to_string()))
}

fn of_call(error: CallError) -> Problem {
    let status = if error.kind == protocol::ErrorKind::Timeout {
        504
    } else {
        502
    };
    Problem::new(status, error.detail)
}

fn json(message: &impl Serialize) -> Vec<u8> {
    // The types of the contract have nothing that JSON cannot express.
    serde_json::to_vec(message).unwrap_or_default()
}
