//! `rpc-latency run --local --against FOLDER`: what became slower is found, and nothing else is.

use crate::command_line::built_command_line;
use e2e::stage;
use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

/// The runtime with 300 us of computing before each call over the binding or at the public port.
///
/// How much computing that is, it finds out in its first call, by the clock of whole milliseconds: the fastest of a few, because others use the machine, too.
const SLOWER_RUNTIME: &str = r#"
import Original, { Runtime as Bound } from "./original.js";
let rounds = 0, sink = 0;
function spin(count) { for (let i = 0; i < count; i++) sink = Math.imul(sink ^ i, 0x9e3779b1) | 0; }
function perMillisecond() {
  let best = 0;
  for (let attempt = 0; attempt < 8; attempt++) {
    const edge = Date.now();
    while (Date.now() === edge);
    const began = Date.now();
    let done = 0;
    while (Date.now() < began + 4) { spin(1000); done += 1000; }
    best = Math.max(best, done / 4);
  }
  return best;
}
const slowed = (Entrypoint) => class extends Entrypoint {
  async fetch(request) {
    rounds ||= perMillisecond() * 0.3;
    spin(rounds);
    return super.fetch(request);
  }
};
export default slowed(Original);
export const Runtime = slowed(Bound);
"#;

fn against(project: &Path, baseline: &Path, results: &Path, more: &[&str]) -> Output {
    Command::new(built_command_line())
        .args(["run", "--local", "--functions", "echo", "--payloads", "100"])
        .args(["--transports", "direct,service-binding", "--samples", "220"])
        .args(more)
        .arg("--project")
        .arg(project)
        .arg("--against")
        .arg(baseline)
        .arg("--output")
        .arg(results)
        .env_remove("RPC_LATENCY_URL")
        .env_remove("API_TOKEN")
        .output()
        .unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_runtime_with_300_us_added_to_each_call_is_found_and_named() {
    let _turn = stage::my_turn();
    let slower = stage::Wrapped::new(&[("runtime-worker", SLOWER_RUNTIME)]);
    let (project, results) = (stage::project(), stage::temporary_folder());
    let output = against(slower.project().root(), project.root(), results.path(), &[]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}\n{}", errors(&output));
    let saved = fs::read_to_string(results.path().join("against.json")).unwrap();
    let saved: Value = serde_json::from_str(&saved).unwrap();
    let figures = saved["figures"].as_array().unwrap();
    assert_eq!(
        figures.len(),
        2 * 3,
        "two cells of p50, p95 and failed calls"
    );
    let p50 = figures
        .iter()
        .find(|figure| figure["cell"] == "service-binding.echo.100" && figure["figure"] == "p50")
        .unwrap();
    assert_eq!(p50["regression"], true, "{p50}");
    // Calls run one after another, and only the machine's own noise can make this less or more.
    let more_us = p50["difference_us"]["value"].as_f64().unwrap();
    assert!((200.0..600.0).contains(&more_us), "{p50}");
    let direct = figures
        .iter()
        .filter(|figure| figure["cell"] == "direct.echo.100");
    assert!(
        direct.clone().all(|figure| figure["regression"] == false),
        "{saved:#}"
    );
    let markdown = fs::read_to_string(results.path().join("against.md")).unwrap();
    let headline = saved["text"].as_str().unwrap();
    assert!(
        headline.starts_with("Regression beyond 5 %")
            && headline.contains("service-binding.echo.100 p50"),
        "{headline}"
    );
    assert!(markdown.contains(headline) && text.contains(headline));
    stage::tell(&format!("300 us more: {}", p50["difference_us"]["text"]));
}

#[test]
fn the_same_build_against_itself_alarms_nobody() {
    let _turn = stage::my_turn();
    let (project, results) = (stage::project(), stage::temporary_folder());
    let attempt = || against(project.root(), project.root(), results.path(), &["--json"]);
    let mut output = attempt();
    // One comparison in twenty finds a regression where there is none, more on a machine that is busy in one side's turns: not twice in a row.
    if output.status.code() == Some(1) {
        stage::tell("the same build against itself: a regression was found once");
        output = attempt();
    }
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["regression"], false, "{printed:#}");
    let figures = printed["figures"].as_array().unwrap();
    assert_eq!(figures.len(), 6);
    for figure in figures
        .iter()
        .filter(|figure| figure["figure"] != "failed calls")
    {
        let estimate = &figure["baseline_us"];
        assert!(estimate["n"].as_u64().unwrap() > 200, "{figure}");
    }
}
