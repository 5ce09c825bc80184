//! `rpc-latency doctor` against local Workers under both clocks.

use crate::command_line::built_command_line;
use cli::local::{Build, LocalClock, LocalWorkers};
use e2e::stage;
use serde_json::Value;
use std::process::Command;

/// What the doctor says of these Workers, and its exit status.
fn doctor(workers: &LocalWorkers) -> (Value, Option<i32>) {
    let output = Command::new(built_command_line())
        .args([
            "doctor",
            "--json",
            "--url",
            workers.url(),
            "--token",
            stage::TOKEN,
        ])
        .output()
        .expect("the command line runs");
    let said = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (said, output.status.code())
}

fn check<'a>(said: &'a Value, what: &str) -> &'a Value {
    let checks = said["checks"].as_array().expect("checks");
    let found = checks.iter().find(|check| check["what"] == what);
    found.unwrap_or_else(|| panic!("no {what}: {said}"))
}

#[test]
fn the_doctor_looks_at_every_part_under_both_clocks() {
    let _turn = stage::my_turn();
    for (clock, text) in [
        (LocalClock::Running, "runs while a Worker computes"),
        (
            LocalClock::Production,
            "stands still while a Worker computes",
        ),
    ] {
        let workers = stage::start(Build::Release, |options| options.clock = clock);
        let (said, status) = doctor(&workers);
        stage::tell(&format!("{clock:?}: {}", check(&said, "clock")["found"]));
        assert_eq!(status, Some(0), "{said}");
        for what in [
            "version",
            "API_TOKEN",
            "service-binding",
            "raw-fetch",
            "rpc",
            "caller",
            "RUNTIME_URL, RUNTIME_TOKEN",
            "sequential calls",
        ] {
            assert_eq!(check(&said, what)["state"], "ok", "{said}");
        }
        let found = check(&said, "clock")["found"].as_str().unwrap();
        assert!(found.contains(text), "{found}");
        let caller = &said["examination"]["caller"];
        assert_eq!(caller["sequential_calls"]["made"], 120, "{caller}");
        assert_eq!(
            caller["clock"]["advances_during_cpu"],
            clock == LocalClock::Running,
            "{caller}"
        );
    }
}
