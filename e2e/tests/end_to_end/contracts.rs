//! `rpc-latency check`: passes for the runtimes of this project and for one of another's making, and fails at the right point for one with one fault.

use crate::command_line::built_command_line;
use cli::{
    check::{self, Outcome, Point},
    local::driven::DrivenWorker,
};
use e2e::{python::PythonWorker, stage};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

fn configuration(path: &str) -> PathBuf {
    stage::project().root().join(path)
}

fn runtime(path: &Path) -> DrivenWorker {
    DrivenWorker::runtime(&stage::project(), path).unwrap_or_else(|error| panic!("{error}"))
}

fn stub(path: &Path, runtime: PathBuf) -> DrivenWorker {
    DrivenWorker::stub(&stage::project(), path, &[runtime])
        .unwrap_or_else(|error| panic!("{error}"))
}

/// The names of the points that failed, with the reasons for people who read the test's output.
fn failed(points: &[Point]) -> Vec<&'static str> {
    let failed = points.iter().filter_map(|point| match &point.outcome {
        Outcome::Failed(why) => {
            stage::tell(&format!("{}: {why}", point.point));
            Some(point.point)
        }
        Outcome::Passed | Outcome::Skipped(_) => None,
    });
    failed.collect()
}

fn skipped(points: &[Point]) -> usize {
    let is_skipped = |point: &&Point| matches!(point.outcome, Outcome::Skipped(_));
    points.iter().filter(is_skipped).count()
}

#[test]
fn the_native_runtime_keeps_every_point() {
    let points = check::runtime::points(&runtime(&configuration("runtime-worker/wrangler.toml")));
    assert_eq!((failed(&points), skipped(&points)), (vec![], 0));
}

#[test]
fn the_python_runtime_keeps_every_point() {
    let worker = PythonWorker::with(&[]);
    let points = check::runtime::points(&worker.start());
    assert_eq!((failed(&points), skipped(&points)), (vec![], 0));
}

#[test]
fn a_runtime_with_one_fault_fails_at_that_point_alone() {
    let worker = runtime(&configuration(
        "e2e/workers/javascript-runtime/wrangler.toml",
    ));
    let points = check::runtime::points(&worker);
    assert_eq!(
        (failed(&points), skipped(&points)),
        (vec![], 0),
        "without a fault"
    );
    for point in points.iter().map(|point| point.point) {
        let url = "https://runtime.internal/fault";
        worker.fetch("POST", url, &[], point.as_bytes()).unwrap();
        assert_eq!(failed(&check::runtime::points(&worker)), [point]);
    }
}

#[test]
fn the_caller_worker_keeps_every_point_of_a_stub() {
    let runtime = configuration("runtime-worker/wrangler.toml");
    let points = check::stub::points(&stub(
        &configuration("caller-worker/wrangler.toml"),
        runtime,
    ));
    assert_eq!((failed(&points), skipped(&points)), (vec![], 0));
}

#[test]
fn a_stub_with_one_fault_fails_at_that_point_alone() {
    let runtime = configuration("e2e/workers/javascript-runtime/wrangler.toml");
    let worker = stub(
        &configuration("e2e/workers/javascript-stub/wrangler.toml"),
        runtime,
    );
    let with_fault = |fault: &str| {
        worker
            .fetch(
                "POST",
                "https://runtime.internal/fault",
                &[],
                fault.as_bytes(),
            )
            .unwrap();
        check::stub::points(&worker)
    };
    let points = with_fault("none");
    assert_eq!(
        (failed(&points), skipped(&points)),
        (vec![], 0),
        "without a fault"
    );
    for point in points.iter().map(|point| point.point) {
        let found = failed(&with_fault(point));
        // What has no elapsed time cannot be counted either.
        let expected: &[&str] = match point {
            "measure" => &["measure", "measure-counts", "measure-errors"],
            point => &[point],
        };
        assert_eq!(found, expected);
    }
    let points = with_fault("no repeat");
    assert_eq!(
        (failed(&points), skipped(&points)),
        (vec![], 1),
        "repetitions may be left out"
    );
}

#[test]
fn the_command_prints_each_point_and_its_status_is_the_answer() {
    let check = |arguments: &[&str]| {
        let output = Command::new(built_command_line())
            .current_dir(stage::project().root())
            .arg("check")
            .args(arguments)
            .output()
            .expect("the command line");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    };
    let (status, said, noted) = check(&["runtime", "--config", "runtime-worker/wrangler.toml"]);
    assert_eq!(status, Some(0), "{said}{noted}");
    assert!(
        said.contains("passed   execute            POST /execute: the function's result"),
        "{said}"
    );
    assert!(said.contains("23 passed, 0 failed, 0 skipped"), "{said}");
    // A Worker that does nothing but say that it is well.
    let (status, said, noted) = check(&[
        "--json",
        "runtime",
        "--config",
        "e2e/workers/no-runtime/wrangler.toml",
    ]);
    assert_eq!(status, Some(1), "{said}{noted}");
    let document: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(document["points"][0]["point"], "health");
    assert_eq!(document["points"][0]["outcome"], "failed");
    assert!(
        document["points"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("capabilities"),
        "{said}"
    );
    // One without the entrypoint cannot be bound.
    let (status, _, noted) = check(&["runtime", "--config", "caller-worker/wrangler.toml"]);
    assert_eq!(status, Some(2));
    assert!(noted.contains("Runtime"), "{noted}");
    let (status, _, noted) = check(&["runtime", "--config", "no-such/wrangler.toml"]);
    assert_eq!(status, Some(2));
    assert!(
        noted.contains("no-such/wrangler.toml") && noted.contains("--config"),
        "{noted}"
    );
}
