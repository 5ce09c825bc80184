//! The command line against an orchestrator that answers from canned documents: following, printing, saving,
//! exit status, errors.

use crate::fake_orchestrator::{FakeOrchestrator, RUN, event, problem, report, status};
use protocol::{RunState, report::Outcome};
use std::{
    fs,
    process::{Command, Output, Stdio},
};

/// Runs `rpc-latency` against `orchestrator` in a folder of its own.
fn rpc_latency(orchestrator: &FakeOrchestrator, line: &[&str]) -> (Output, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_rpc-latency"))
        .args(line)
        .current_dir(folder.path())
        .env("RPC_LATENCY_URL", orchestrator.url())
        .env_remove("API_TOKEN")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (output, folder)
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// An orchestrator whose run completes at the third look.
fn completing(outcome: Outcome) -> FakeOrchestrator {
    FakeOrchestrator::start()
        .answer("POST /runs", 202, &[status(RunState::Pending, 0)])
        // Two streams: the second one takes up where the first one ended.
        .answer(
            &format!("GET /runs/{RUN}/events"),
            200,
            &[
                format!(
                    "{}{}",
                    event(RunState::Running, 10),
                    event(RunState::Running, 50)
                ),
                event(RunState::Completed, 100),
            ],
        )
        .answer(&format!("GET /results/{RUN}"), 200, &[report(outcome)])
        .answer(
            &format!("GET /results/{RUN}.md"),
            200,
            &[
                "| Method | Payload | p50 |\n| --- | ---: | ---: |\n| Direct | 100 B | 0.002 |\n"
                    .to_owned(),
            ],
        )
}

#[test]
fn a_run_is_started_followed_printed_and_saved() {
    let orchestrator = completing(Outcome::Pass);
    let (output, folder) = rpc_latency(
        &orchestrator,
        &["run", "--token", "secret", "--samples", "40"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let shown = stdout(&output);
    assert!(shown.starts_with(&format!("Run {RUN}\n")), "{shown}");
    assert!(shown.contains("the answer is pass\n"), "{shown}");
    assert!(
        shown.contains("Method   Payload   p50   p95   p99\n"),
        "{shown}"
    );
    assert!(
        !shown.contains("0.002"),
        "it is printed from the report and not from the Markdown: {shown}"
    );
    assert!(
        stderr(&output).contains("50 %, round 1: all 36 cells, 50 s left in this round\n"),
        "{}",
        stderr(&output)
    );
    let json = fs::read_to_string(folder.path().join(format!("results/{RUN}.json"))).unwrap();
    assert_eq!(json, report(Outcome::Pass));
    let markdown = fs::read_to_string(folder.path().join(format!("results/{RUN}.md"))).unwrap();
    assert!(markdown.starts_with("| Method |"));
    let request = &orchestrator.requests()[0];
    assert!(request.head.contains("Bearer secret"), "{}", request.head);
    assert_eq!(request.body, "{\"samples_per_cell\":40}");
    let second_stream = &orchestrator.requests()[2];
    assert!(
        second_stream.head.contains("last-event-id: running-50"),
        "{}",
        second_stream.head
    );
}

#[test]
fn the_exit_status_is_the_answer() {
    for (outcome, status) in [
        (Outcome::Pass, 0),
        (Outcome::Fail, 1),
        (Outcome::Inconclusive, 3),
    ] {
        let (output, _) = rpc_latency(&completing(outcome), &["run"]);
        assert_eq!(output.status.code(), Some(status), "{}", stderr(&output));
        let (output, _) = rpc_latency(&completing(outcome), &["report", RUN]);
        assert_eq!(output.status.code(), Some(status), "{}", stderr(&output));
    }
}

#[test]
fn a_failed_run_ends_with_status_2_and_its_reason() {
    let orchestrator = FakeOrchestrator::start()
        .answer("POST /runs", 202, &[status(RunState::Pending, 0)])
        .answer(
            &format!("GET /runs/{RUN}/events"),
            200,
            &[event(RunState::Failed, 30)],
        );
    let (output, _) = rpc_latency(&orchestrator, &["run"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains(&format!("error: run {RUN} failed: the caller is gone")),
        "{}",
        stderr(&output)
    );
}

#[test]
fn silence_in_between_is_waited_out() {
    let orchestrator =
        completing(Outcome::Pass).failing_first(&format!("GET /runs/{RUN}/events"), 2);
    let (output, _) = rpc_latency(&orchestrator, &["run"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn json_prints_the_report_and_nothing_else() {
    let (output, _) = rpc_latency(&completing(Outcome::Pass), &["run", "--json"]);
    assert_eq!(stdout(&output), report(Outcome::Pass) + "\n");
}

#[test]
fn a_refused_plan_shows_each_bad_field() {
    let orchestrator = FakeOrchestrator::start().answer(
        "POST /runs",
        400,
        &[problem(
            400,
            &[("samples_per_cell", "is 5000; the free profile allows 1000")],
        )],
    );
    let (output, _) = rpc_latency(&orchestrator, &["run", "--samples", "5000"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("\n  samples_per_cell: is 5000; the free profile allows 1000"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_refused_token_says_how_to_pass_one() {
    let orchestrator =
        FakeOrchestrator::start().answer(&format!("DELETE /runs/{RUN}"), 401, &[problem(401, &[])]);
    let (output, _) = rpc_latency(&orchestrator, &["cancel", RUN]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--token"), "{}", stderr(&output));
    assert!(!orchestrator.requests()[0].head.contains("uthorization"));
}

#[test]
fn another_server_is_told_from_an_orchestrator() {
    let orchestrator =
        FakeOrchestrator::start().answer("GET /runs", 404, &["<html>nginx</html>".to_owned()]);
    let (output, _) = rpc_latency(&orchestrator, &["runs"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("answered 404 with something else than expected")
            && stderr(&output).contains("<html>nginx</html>"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn runs_are_listed_over_all_pages_up_to_the_limit() {
    let page = |next: &str| format!("{{\"runs\":[{}]{next}}}", status(RunState::Completed, 100));
    let orchestrator = FakeOrchestrator::start()
        .answer(
            "GET /runs",
            200,
            &[page(&format!(",\"next_before\":\"{RUN}\""))],
        )
        .answer(&format!("GET /runs?before={RUN}"), 200, &[page("")]);
    let (output, _) = rpc_latency(&orchestrator, &["runs"]);
    assert_eq!(stdout(&output).lines().count(), 2, "{}", stdout(&output));
    assert!(stdout(&output).starts_with(&format!("{RUN}  completed  request")));
    let (output, _) = rpc_latency(&orchestrator, &["runs", "--limit", "1"]);
    assert_eq!(stdout(&output).lines().count(), 1);
}

#[test]
fn wrong_usage_has_status_2() {
    let orchestrator = FakeOrchestrator::start();
    for line in [
        &["run", "--transports", "smoke"][..],
        &["report", "latest"],
        &["cancel"],
        &["run", "--seed", "-1"],
    ] {
        let (output, _) = rpc_latency(&orchestrator, line);
        assert_eq!(output.status.code(), Some(2), "{line:?}");
        assert!(!output.stderr.is_empty());
    }
    assert!(orchestrator.requests().is_empty());
}
