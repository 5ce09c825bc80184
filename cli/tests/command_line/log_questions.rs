//! Each `jq` line of docs/operations.md answers its question, from lines that real runs logged (`fixtures/live_log.jsonl`), in the shape of
//! `wrangler tail --format json`: an indented JSON object an event, each line of the log a string in `logs[].message[]`.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use std::{
    io::Write as _,
    process::{Command, Stdio},
};

const DOCUMENTATION: &str = include_str!("../../../docs/operations.md");
const LOG: &str = include_str!("../fixtures/live_log.jsonl");

/// What stands before the filter in each line.
const COMMAND: &str = "    npx wrangler tail --format json | ";

/// The events of the log as wrangler writes them, with one that has other text in it and one that failed.
fn tail() -> String {
    let event = |outcome: &str, at: i64, message: Value, exceptions: Value| {
        let event = json!({
            "wallTime": 12, "cpuTime": 1, "truncated": false, "executionModel": "durableObject", "outcome": outcome,
            "scriptVersion": {"id": "00000000-0000-4000-8000-000000000000"}, "scriptName": "worker-rpc-latency",
            "diagnosticsChannelEvents": [], "exceptions": exceptions,
            "logs": [{"message": [message], "level": "log", "timestamp": at}],
            "eventTimestamp": at, "event": {"scheduledTime": "2026-11-25T13:28:15.000Z"}, "entrypoint": "Coordinator",
        });
        serde_json::to_string_pretty(&event).unwrap() + "\n"
    };
    let mut text = String::new();
    for line in LOG.lines() {
        let mut fields: Map<String, Value> = serde_json::from_str(line).unwrap();
        let at = fields.remove("at").unwrap();
        let at: DateTime<Utc> = at.as_str().unwrap().parse().unwrap();
        fields.remove("source");
        fields.remove("level");
        let message = json!(Value::Object(fields).to_string());
        text += &event("ok", at.timestamp_millis(), message, json!([]));
    }
    text += &event("ok", 0, json!("of another making"), json!([]));
    let exception = json!([{"name": "Error", "message": "nobody caught this", "timestamp": 0}]);
    text += &event("exception", 0, json!({"no": "text"}), exception);
    text
}

/// What the line after the comment `question` answers.
fn answer(question: &str) -> Vec<Value> {
    let line = DOCUMENTATION
        .lines()
        .skip_while(|line| !line.starts_with(&format!("    # {question}")))
        .nth(1)
        .and_then(|line| line.strip_prefix(COMMAND))
        .unwrap_or_else(|| panic!("no line for {question:?}"));
    let mut jq = Command::new("sh")
        .args(["-c", line])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    jq.stdin
        .take()
        .unwrap()
        .write_all(tail().as_bytes())
        .unwrap();
    let output = jq.wait_with_output().unwrap();
    assert!(output.status.success(), "{line}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn each_jq_line_of_the_documentation_answers_its_question() {
    if Command::new("jq").arg("--version").output().is_err() {
        // To the stream itself: the macros of printing are captured where a test passes.
        let _ = writeln!(
            std::io::stderr(),
            "jq is not installed: the jq lines of docs/operations.md are NOT checked"
        );
        return;
    }
    let questions = DOCUMENTATION.matches(COMMAND).count();
    assert_eq!(questions, 6, "each line has its assertions here");

    let ended = answer("How did the last runs end?");
    let states: Vec<&Value> = ended.iter().map(|run| &run["state"]).collect();
    assert_eq!(states, ["completed", "failed"]);
    assert!(ended[1]["reason"].as_str().unwrap().contains("503"));

    let failed = answer("Which slices failed, and why?");
    let attempts: Vec<(u64, u64)> = failed
        .iter()
        .map(|slice| {
            (
                slice["slice"].as_u64().unwrap(),
                slice["attempt"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(attempts, [(19, 1), (1, 1), (1, 2), (1, 3), (1, 4), (1, 5)]);

    let alerts = answer("What do the alerts say, and do they arrive?");
    assert_eq!(alerts[0]["event"], "alert-raised");
    assert!(alerts[1]["failure"].as_str().unwrap().contains("receiver"));

    let paces = answer("How long do slices take?");
    assert!(paces.len() > 10, "{paces:?}");
    assert!(
        paces
            .iter()
            .all(|pace| (0.0..2_000.0).contains(&pace["ms_per_slice"].as_f64().unwrap())),
        "{paces:?}"
    );

    let active = answer("What is active?");
    let most = active.iter().map(|runs| runs.as_object().unwrap().len());
    assert_eq!(most.max(), Some(1));
    assert_eq!(active.last(), Some(&json!({})), "both have ended");

    let wrong = answer("What is wrong with the system itself?");
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert_eq!(wrong[0]["exceptions"][0]["message"], "nobody caught this");
}
