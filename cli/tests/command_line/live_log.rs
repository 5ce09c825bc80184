//! The log of served Workers comes out as they write it, from both servers.

use crate::local_workers::{assert_none_left, project, serve_command, with_default_signals};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead as _, BufReader},
    sync::mpsc,
    thread,
    time::Duration,
};

/// Longest wait for a line of the log.
const PATIENCE: Duration = Duration::from_mins(1);

/// Writes what the coordinator writes, and something that it does not.
const TALKING_ORCHESTRATOR: &str = r#"
export class Coordinator {}
export default { async fetch(request, env) {
  if (request.url.endsWith('/talk')) {
    console.log('{"event":"fault","message":"the store is full"}');
    console.log('of another making');
    console.error('an error of a Worker');
    throw new Error('nobody catches this');
  }
  return new Response('ok');
} }"#;

/// Writes to the log of plain workerd.
const TALKING_RUNTIME: &str = r#"
import { WorkerEntrypoint } from "cloudflare:workers";
export class Runtime extends WorkerEntrypoint {}
export default { fetch() { console.log('the public port was asked'); return new Response('ok'); } }"#;

#[test]
fn what_workers_and_both_servers_log_is_shown_as_json_lines() {
    let (folder, project) = project(TALKING_ORCHESTRATOR);
    fs::write(
        folder.path().join("runtime-worker/build/index.js"),
        TALKING_RUNTIME,
    )
    .unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let mut serve = serve_command(&project, temporary.path()).spawn().unwrap();
    let (news, told) = mpsc::channel();
    let out = BufReader::new(serve.stdout.take().unwrap());
    thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            let line: Value =
                serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"));
            if news.send(line).is_err() {
                return;
            }
        }
    });
    let mut seen: Vec<Value> = Vec::new();
    let mut wait_for = |what: &str, is_it: &dyn Fn(&Value) -> bool| {
        if let Some(found) = seen.iter().find(|line| is_it(line)) {
            return found.clone();
        }
        loop {
            let line = told
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("no line with {what} in {seen:#?}"));
            seen.push(line.clone());
            if is_it(&line) {
                return line;
            }
        }
    };
    let serving = wait_for("the address", &|line| line["event"] == "serving");
    let address = |name: &str| serving[name].as_str().unwrap().to_owned();
    // The orchestrator here knows no address of the runtime's public port: it is asked from outside.
    ureq::get(address("runtime_url")).call().unwrap();
    let _ = ureq::get(format!("{}/talk", address("url"))).call();

    let fault = wait_for("the fault", &|line| line["event"] == "fault");
    assert_eq!(
        (&fault["message"], &fault["level"], &fault["source"]),
        (
            &"the store is full".into(),
            &"error".into(),
            &"worker-rpc-latency".into()
        )
    );
    let text = |wanted: &'static str| {
        move |line: &Value| {
            line["text"]
                .as_str()
                .is_some_and(|text| text.contains(wanted))
        }
    };
    wait_for("text", &text("of another making"));
    wait_for("an error of a Worker", &text("an error of a Worker"));
    let public = wait_for("the public port", &text("the public port was asked"));
    assert_eq!(public["source"], "workerd");
    let uncaught = wait_for("the exception", &|line| {
        line["level"] == "error" && line["event"].is_null()
    });
    assert!(
        uncaught["text"]
            .as_str()
            .unwrap()
            .contains("nobody catches this"),
        "{uncaught}"
    );
    assert_eq!(uncaught["source"], "workerd", "{uncaught}");
    let request = wait_for("the request", &text("GET /talk 500"));
    assert_eq!(request["source"], "http");

    kill(
        Pid::from_raw(i32::try_from(serve.id()).unwrap()),
        Signal::SIGTERM,
    )
    .unwrap();
    assert_eq!(serve.wait().unwrap().code(), Some(0));
    assert_none_left(&temporary.path().display().to_string());
}

#[test]
fn a_run_whose_workers_fail_shows_the_end_of_their_log() {
    let orchestrator = r"
export class Coordinator {}
export default { fetch(request) {
  if (new URL(request.url).pathname === '/health') return new Response('ok');
  console.log('why it failed');
  return Response.json({ title: 'no', status: 500, detail: 'it failed' }, { status: 500 });
} }";
    let (_folder, project) = project(orchestrator);
    let temporary = tempfile::tempdir().unwrap();
    let output = with_default_signals()
        .args(["run", "--local", "--project"])
        .arg(project.root())
        .arg("--output")
        .arg(temporary.path())
        .env("TMPDIR", temporary.path())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("why it failed"), "{errors}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("why it failed"));
}
