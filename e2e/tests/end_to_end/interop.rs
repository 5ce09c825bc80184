//! The runtime as others reach it: the official capnweb client, a stock `MessagePack` library, plain `fetch`, all from Node.js, and
//! a JavaScript Worker over Workers RPC.

use cli::local::{Build, LocalWorkers};
use e2e::stage;
use protocol::function::{COMPUTE_ROOTS, sum_of_square_roots};
use serde_json::{Value, json};
use std::{process::Command, sync::OnceLock};

/// What the clients of `e2e/interop` found, called once.
fn found() -> &'static Value {
    static FOUND: OnceLock<Value> = OnceLock::new();
    FOUND.get_or_init(|| {
        let workers: &LocalWorkers = stage::shared();
        let project = stage::project();
        let output = Command::new(project.root().join("node_modules/.bin/node"))
            .arg(project.root().join("e2e/interop/runtime_client.mjs"))
            .env("RUNTIME_URL", workers.runtime_url())
            .env("RUNTIME_TOKEN", workers.runtime_token())
            .output()
            .expect("Node.js; scripts/setup installs it");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap()
    })
}

fn payload() -> Value {
    json!({"text": "grüße \u{1F44B}", "number": 1.5, "list": [1, null, true]})
}

fn assert_is_the_sum(found: &Value) {
    let difference = (found.as_f64().unwrap() - sum_of_square_roots(COMPUTE_ROOTS)).abs();
    assert!(difference < 1e-6, "{found}");
}

#[test]
fn the_official_capnweb_client_calls_in_a_batch_over_http() {
    let batch = &found()["capnwebBatch"];
    assert_eq!(batch["echo"], payload());
    assert_eq!(batch["transform"], json!([payload()]));
    assert!(
        batch["refused"]
            .as_str()
            .unwrap()
            .contains("unknown function"),
        "{batch}"
    );
}

#[test]
fn the_official_capnweb_client_calls_over_a_websocket() {
    let socket = &found()["capnwebWebSocket"];
    assert_eq!(socket["echo"], payload());
    assert_eq!(socket["compute"]["input"], 7);
    assert_is_the_sum(&socket["compute"]["result"]);
    assert!(
        socket["refused"].as_str().unwrap().contains("not JSON"),
        "{socket}"
    );
}

#[test]
fn a_stock_messagepack_library_writes_requests_and_reads_answers() {
    let msgpack = &found()["msgpack"];
    assert_eq!(msgpack["type"], "application/msgpack");
    assert_eq!(msgpack["echo"]["result"], payload());
    assert!(
        msgpack["echo"]["runtimeTimestamp"].as_f64().unwrap() > 1.7e12,
        "{msgpack}"
    );
    assert!(msgpack["echo"]["executionTimeMs"].is_number(), "{msgpack}");
    assert_eq!(msgpack["compute"]["result"]["input"], payload());
    assert_is_the_sum(&msgpack["compute"]["result"]["result"]);
    assert_eq!(msgpack["refused"], 400);
}

#[test]
fn plain_fetch_gets_the_fields_of_the_contract() {
    let json = &found()["json"];
    assert_eq!(json["result"], payload());
    assert!(
        json["runtimeTimestamp"].is_number() && json["executionTimeMs"].is_number(),
        "{json}"
    );
}

/// Passes everything on to the caller.
const PASSING_ORCHESTRATOR: &str = "
export class Coordinator {}
export default { fetch(request, env) { return env.CALLER.fetch(request); } }";

/// A Worker as anyone would write it: it calls the runtime as an object.
const JAVASCRIPT_CALLER: &str = "
const payload = { text: 'grüße \u{1F44B}', number: 1.5, list: [1, null, true] };
export default { async fetch(request, env) {
  const bytes = new TextEncoder().encode(JSON.stringify(payload));
  const result = await env.RUNTIME.execute('transform', bytes);
  const refused = await env.RUNTIME.execute('walk', bytes).then(() => 'accepted', (error) => error.message);
  return Response.json({ result: JSON.parse(new TextDecoder().decode(result)), refused });
} }";

#[test]
fn a_javascript_worker_calls_the_runtime_over_workers_rpc() {
    let wrapped = stage::Wrapped::new(&[
        ("orchestrator", PASSING_ORCHESTRATOR),
        ("caller-worker", JAVASCRIPT_CALLER),
    ]);
    let workers = stage::start(Build::Release, |options| {
        options.project = wrapped.project();
    });
    let found: Value = stage::client(&workers).get("/").unwrap();
    assert_eq!(found["result"], payload());
    assert!(
        found["refused"]
            .as_str()
            .unwrap()
            .contains("unknown function"),
        "{found}"
    );
}
