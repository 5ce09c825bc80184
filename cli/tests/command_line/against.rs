//! `run --local --against`: what cannot be a baseline is refused, with what to do there.

use crate::local_workers::{ORCHESTRATOR, project, with_default_signals};
use std::{fs, path::Path, process::Output};

/// An orchestrator that answers every request to start a run with this problem.
fn refusing(detail: &str) -> String {
    format!(
        r#"
export class Coordinator {{}}
export default {{ fetch(request) {{
  if (new URL(request.url).pathname === "/health") return new Response("ok");
  return Response.json({{ type: "about:blank", title: "Bad Request", status: 400, detail: "{detail}" }},
    {{ status: 400, headers: {{ "content-type": "application/problem+json" }} }});
}} }};
"#
    )
}

fn against(project: &Path, baseline: &Path, more: &[&str]) -> Output {
    let results = tempfile::tempdir().unwrap();
    with_default_signals()
        .args(["run", "--local", "--samples", "20", "--project"])
        .arg(project)
        .arg("--against")
        .arg(baseline)
        .args(more)
        .arg("--output")
        .arg(results.path())
        .env_remove("RPC_LATENCY_URL")
        .env_remove("API_TOKEN")
        .output()
        .unwrap()
}

fn assert_refused(output: &Output, parts: &[&str]) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    for part in parts {
        assert!(told.contains(part), "{part:?} is not in\n{told}");
    }
}

#[test]
fn a_folder_that_is_no_checkout_is_refused() {
    let (folder, _project) = project(ORCHESTRATOR);
    let nowhere = tempfile::tempdir().unwrap();
    let name = nowhere.path().display().to_string();
    let output = against(folder.path(), nowhere.path(), &[]);
    assert_refused(&output, &["is no checkout of this project", &name]);
}

#[test]
fn a_checkout_that_is_not_built_says_what_to_run_there() {
    let (folder, _project) = project(ORCHESTRATOR);
    let (unbuilt, _its_project) = project(ORCHESTRATOR);
    fs::remove_dir_all(unbuilt.path().join("caller-worker/build")).unwrap();
    let there = format!("in {}", unbuilt.path().display());
    let output = against(folder.path(), unbuilt.path(), &[]);
    assert_refused(&output, &["the baseline", "run scripts/build", &there]);
}

#[test]
fn workers_that_do_not_take_the_plan_are_named_and_the_tools_are_this_checkouts() {
    let (older, _its_project) = project(&refusing("a field that this version does not know"));
    // What serves both is this checkout's: the other one need not have any.
    fs::remove_file(older.path().join("node_modules")).unwrap();
    let (this, _project) = project(&refusing("this one refuses it, too"));
    let output = against(this.path(), older.path(), &[]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{told}");
    // Which side is first is up to the seed.
    let baseline = told.contains("the baseline in")
        && told.contains("a field that this version does not know");
    let itself = told.contains("error: this checkout could not be measured")
        && told.contains("this one refuses it, too");
    assert!(baseline || itself, "{told}");
}

#[test]
fn options_that_would_have_no_effect_are_refused() {
    let (folder, _project) = project(ORCHESTRATOR);
    let output = against(folder.path(), folder.path(), &["--state", "x"]);
    assert_refused(&output, &["--state"]);
    let output = against(folder.path(), folder.path(), &["--tolerance", "5"]);
    assert_refused(&output, &["5%", "50us"]);
    let without = with_default_signals()
        .args(["run", "--local", "--tolerance", "5%"])
        .output()
        .unwrap();
    assert_refused(&without, &["--against"]);
}

#[test]
fn what_is_not_compared_is_refused_before_anything_is_served() {
    let (folder, _project) = project(ORCHESTRATOR);
    for (more, part) in [
        (["--busy", "0,0.5"].as_slice(), "leave --busy out"),
        (&["--cold-starts=20"], "leave --cold-starts out"),
    ] {
        let output = against(folder.path(), folder.path(), more);
        assert_refused(&output, &["not compared", part]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!told.contains("starting"), "{told}");
    }
}
