//! `deployment-start`: what scripts/deploy --cold asks after each deployment.

use crate::fake_orchestrator::{FakeOrchestrator, problem};
use std::process::{Command, Output};

const PATH: &str = "POST /deployment-starts";

fn start(orchestrator: &FakeOrchestrator, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rpc-latency"))
        .args(["deployment-start", "--runtime", "pyodide", "--key", "k-1"])
        .args(["--version", "v-1", "--url", orchestrator.url()])
        .args(more)
        .env("API_TOKEN", "a-token")
        .output()
        .unwrap()
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_start_that_was_timed_is_said_and_was_asked_for_with_key_version_and_token() {
    let kept = serde_json::json!({"key": "k-1", "runtime": "pyodide", "version": "v-1", "at": "2026-11-22T17:28:00Z", "cold_ms": 2710, "tick_ms": 1, "isolate": 7});
    let orchestrator = FakeOrchestrator::start().answer(PATH, 200, &[kept.to_string()]);
    let output = start(&orchestrator, &[]);
    let (said, noted) = texts(&output);
    assert_eq!(output.status.code(), Some(0), "{noted}");
    assert_eq!(
        said,
        "pyodide: the first call after the deployment took 2710 ms\n"
    );
    let asked = &orchestrator.requests()[0];
    assert!(asked.head.contains("Bearer a-token"), "{}", asked.head);
    let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({"key": "k-1", "runtime": "pyodide", "version": "v-1"})
    );
}

#[test]
fn a_version_that_does_not_arrive_is_waited_for_and_then_not_timed() {
    let orchestrator = FakeOrchestrator::start().answer(PATH, 503, &[problem(503, &[])]);
    let output = start(&orchestrator, &["--seconds", "5"]);
    assert_eq!(output.status.code(), Some(3), "{:?}", texts(&output));
    assert!(orchestrator.requests().len() > 1, "asked again");
    let at_once = start(&orchestrator, &["--seconds", "0"]);
    assert_eq!(at_once.status.code(), Some(3));
}

#[test]
fn a_refusal_ends_it_with_its_reason() {
    let orchestrator = FakeOrchestrator::start().answer(PATH, 401, &[problem(401, &[])]);
    let output = start(&orchestrator, &[]);
    let (_, noted) = texts(&output);
    assert_eq!(output.status.code(), Some(2), "{noted}");
    assert!(noted.contains("status 401"), "{noted}");
    assert_eq!(orchestrator.requests().len(), 1);
}
