use super::*;
use std::{fs, path::Path};
use tempfile::TempDir;

/// A log as workerd and the Workers write it, cut from a real one.
const STARTED: &str = "\
warning: the latest compatibility date supported is older
{\"event\":\"listen\",\"socket\":\"front\",\"port\":18790}
[http] GET /health 200 (20 ms)
";
const LATER: &str = r#"[http] POST /runs 202 (28 ms)
{"event":"run-progress","run":"20261125T124909Z-7ddcf2fd","slices_done":7,"slices_total":140,"percent":5,"errors":0}
{"event":"fault","message":"the store is full"}
{"event":"of-a-later-version","n":2}
workerd/io/worker.c++:2528: info: uncaught exception; source = Uncaught (in promise); stack = Error: no

    at fetch (index.js:1)
    at next (index.js:2)
"#;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_795_697_666_789).unwrap()
}

fn log_in(folder: &Path) -> ServerLog {
    let path = folder.join("workerd.log");
    fs::write(&path, STARTED).unwrap();
    ServerLog {
        server: "workerd",
        worker: "worker-rpc-latency",
        path,
        ready_at_byte: STARTED.len() as u64,
    }
}

fn news(look: Look) -> String {
    let folder = TempDir::new().unwrap();
    let log = log_in(folder.path());
    let path = log.path.clone();
    let mut live = LiveLog::new(look, vec![log]);
    let started = live.news(now());
    fs::write(path, format!("{STARTED}{LATER}")).unwrap();
    let later = live.news(now());
    assert_eq!(live.news(now()), "", "told twice");
    started + &later
}

#[test]
fn on_a_terminal_each_event_is_a_readable_line_and_of_the_start_only_what_needs_attention_is_shown()
{
    assert_eq!(
        news(Look::Readable { coloured: false }),
        r#"12:54:26  warning           workerd: warning: the latest compatibility date supported is older
12:54:26  http              POST /runs 202 (28 ms)
12:54:26  run-progress      20261125T124909Z-7ddcf2fd 5 %: slice 7 of 140, 0 failed calls
12:54:26  fault             the store is full
12:54:26  worker-rpc-latency  {"event":"of-a-later-version","n":2}
12:54:26  error             workerd: workerd/io/worker.c++:2528: info: uncaught exception; source = Uncaught (in promise); stack = Error: no
    at fetch (index.js:1)
    at next (index.js:2)
"#
    );
}

#[test]
fn elsewhere_each_event_is_a_json_object_with_the_workers_own_fields() {
    let text = news(Look::Json);
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 6, "{text}");
    assert_eq!(
        lines[2],
        json!({"at": "2026-11-26T12:54:26.789Z", "source": "worker-rpc-latency", "level": "info", "event": "run-progress",
            "run": "20261125T124909Z-7ddcf2fd", "slices_done": 7, "slices_total": 140, "percent": 5, "errors": 0})
    );
    assert_eq!(
        (&lines[3]["level"], &lines[4]["n"]),
        (&json!("error"), &json!(2))
    );
    assert_eq!(
        lines[5]["text"],
        "workerd/io/worker.c++:2528: info: uncaught exception; source = Uncaught (in promise); stack = Error: no\n    at fetch (index.js:1)\n    at next (index.js:2)"
    );
}

#[test]
fn colours_are_for_terminals_alone_and_not_where_no_color_is_set() {
    assert_eq!(
        Look::of(false, true, false),
        Look::Readable { coloured: true }
    );
    assert_eq!(
        Look::of(false, true, true),
        Look::Readable { coloured: false }
    );
    assert_eq!(Look::of(true, true, false), Look::Json);
    assert_eq!(Look::of(false, false, false), Look::Json);
    assert!(news(Look::Readable { coloured: true }).contains("\u{1b}[31m"));
    assert!(!news(Look::Readable { coloured: false }).contains('\u{1b}'));
}

#[test]
fn the_samples_in_the_documentation_are_what_a_real_run_logged() {
    let documentation = include_str!("../../../docs/operations.md");
    let mut shown = 0;
    for line in include_str!("../../tests/fixtures/live_log.jsonl").lines() {
        let mut fields: Map<String, Value> = serde_json::from_str(line).unwrap();
        let at = fields.remove("at").unwrap();
        let source = fields.remove("source").unwrap();
        let level = fields.remove("level").unwrap();
        let written = Value::Object(fields).to_string();
        let event = Event::read("workerd", source.as_str().unwrap(), &written).unwrap();
        assert!(
            matches!(&event.content, Content::Structured { line: Some(_), .. }),
            "{line}"
        );
        assert_eq!(event.level.as_str(), level, "{line}");
        let at = at.as_str().unwrap().parse().unwrap();
        assert_eq!(show(&event, Look::Json, at).trim_end(), line);
        if documentation.contains(line) {
            shown += 1;
            let readable = show(&event, Look::Readable { coloured: false }, at);
            assert!(documentation.contains(readable.trim_end()), "{readable}");
        }
    }
    assert_eq!(shown, 4);
}
