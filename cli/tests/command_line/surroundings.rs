//! What a user's shell does to the command line: variables, proxies, redirects, closed pipes, ignored signals.

use crate::fake_orchestrator::{FakeOrchestrator, RUN, event, report, status};
use protocol::{
    RunState,
    report::Outcome,
    run::{RunStatus, Sibling},
};
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
};

/// `rpc-latency` with these words, in `folder`, and with nothing of the tests' own environment.
fn rpc_latency(words: &str, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rpc-latency"));
    command
        .args(words.split_whitespace())
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null());
    command
}

/// An orchestrator whose run is complete at the first look.
fn completing(outcome: Outcome) -> FakeOrchestrator {
    FakeOrchestrator::start()
        .answer("POST /runs", 202, &[status(RunState::Pending, 0)])
        .answer(
            &format!("GET /runs/{RUN}/events"),
            200,
            &[event(RunState::Running, 10) + &event(RunState::Completed, 100)],
        )
        .answer("GET /runs", 200, &["{\"runs\":[]}".to_owned()])
        .answer(&format!("GET /results/{RUN}"), 200, &[report(outcome)])
        .answer(
            &format!("GET /results/{RUN}.md"),
            200,
            &["a line of a report\n".repeat(20_000)],
        )
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn shows_token(orchestrator: &FakeOrchestrator, token: &str) -> bool {
    let requests = orchestrator.requests();
    assert!(!requests.is_empty(), "nothing was asked");
    requests
        .iter()
        .any(|request| request.head.contains(&format!("Bearer {token}")))
}

#[test]
fn a_token_of_the_environment_is_sent_to_its_own_address_only() {
    let folder = tempfile::tempdir().unwrap();
    let (own, other) = (completing(Outcome::Pass), completing(Outcome::Pass));
    let with_both = |words: &str| {
        let output = rpc_latency(words, folder.path())
            .env("RPC_LATENCY_URL", own.url())
            .env("API_TOKEN", "deployed-secret")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    };
    with_both("run");
    assert!(shows_token(&own, "deployed-secret"));
    with_both(&format!("run --url {}", other.url()));
    assert!(!shows_token(&other, "deployed-secret"));
    with_both(&format!("run --url {} --token other-secret", other.url()));
    assert!(shows_token(&other, "other-secret"));
    assert!(!shows_token(&other, "deployed-secret"));
}

#[test]
fn variables_that_cannot_be_used_are_named_where_they_are_used_and_not_looked_at_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    for (variable, value) in [
        ("RPC_LATENCY_URL", "orchestrator.example"),
        ("API_TOKEN", "two words"),
    ] {
        let with = |words: &str| {
            rpc_latency(words, folder.path())
                .env(variable, value)
                .output()
                .unwrap()
        };
        let refused = with("runs");
        assert_eq!(refused.status.code(), Some(2));
        assert!(stderr(&refused).contains(variable), "{}", stderr(&refused));
        for words in ["plan", "completions bash"] {
            let fine = with(words);
            assert_eq!(fine.status.code(), Some(0), "{words}: {}", stderr(&fine));
        }
        // There is no project here: with --local the variable is not what is wrong.
        let local = with("run --local");
        assert!(
            stderr(&local).contains("no project found"),
            "{}",
            stderr(&local)
        );
        assert!(!stderr(&local).contains(variable), "{}", stderr(&local));
    }
}

#[test]
fn a_redirect_is_not_followed_and_gets_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = completing(Outcome::Pass);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let target = elsewhere.url().to_owned();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 2 {
                line.clear();
            }
            let _ = write!(
                reader.into_inner(),
                "HTTP/1.1 308 Permanent Redirect\r\nlocation: {target}/runs\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
        }
    });
    for words in ["runs", "run"] {
        let output = rpc_latency(
            &format!("{words} --token secret --url {url}"),
            folder.path(),
        )
        .output()
        .unwrap();
        assert_eq!(output.status.code(), Some(2), "{words}");
        let error = stderr(&output);
        assert!(
            error.contains("is redirected to") && error.contains(elsewhere.url()),
            "{error}"
        );
    }
    assert!(elsewhere.requests().is_empty());
}

#[test]
fn an_orchestrator_on_this_machine_is_not_asked_through_a_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let orchestrator = completing(Outcome::Pass);
    let mut runs = rpc_latency(&format!("runs --url {}", orchestrator.url()), folder.path());
    for variable in [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ] {
        runs.env(variable, "http://127.0.0.1:9");
    }
    let output = runs.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn a_proxy_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let output = rpc_latency("runs --url https://orchestrator.example", folder.path())
        .env("HTTPS_PROXY", "gopher://user:secret@proxy.example")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("HTTPS_PROXY") && !stderr(&output).contains("secret"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_report_is_saved_and_the_status_is_its_answer_where_nobody_reads_the_output() {
    for (outcome, expected) in [
        (Outcome::Pass, 0),
        (Outcome::Fail, 1),
        (Outcome::Inconclusive, 3),
    ] {
        for words in ["run", "run --json"] {
            let folder = tempfile::tempdir().unwrap();
            let orchestrator = completing(outcome);
            let mut run = rpc_latency(
                &format!("{words} --url {}", orchestrator.url()),
                folder.path(),
            )
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
            drop((run.stdout.take(), run.stderr.take()));
            assert_eq!(run.wait().unwrap().code(), Some(expected), "{words}");
            let saved = folder.path().join(format!("results/{RUN}.json"));
            assert_eq!(fs::read_to_string(saved).unwrap(), report(outcome));
        }
    }
}

#[test]
fn no_command_panics_or_fails_where_nobody_reads_the_output() {
    let folder = tempfile::tempdir().unwrap();
    let orchestrator = completing(Outcome::Pass);
    let saved = folder.path().join("a.json");
    fs::write(&saved, report(Outcome::Pass)).unwrap();
    for (words, expected) in [
        ("completions bash", 0),
        ("plan", 0),
        ("plan --json", 0),
        ("runs", 0),
        ("runs --json", 0),
        (&format!("report {RUN}"), 0),
        (&format!("export {RUN} --form json"), 0),
        // There is no such file: a failure, but no panic either.
        ("compare a.json missing.json", 2),
        ("report nonsense", 2),
        ("--help", 0),
    ] {
        let mut command = rpc_latency(words, folder.path())
            .env("RPC_LATENCY_URL", orchestrator.url())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop((command.stdout.take(), command.stderr.take()));
        assert_eq!(command.wait().unwrap().code(), Some(expected), "{words}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_a_failure_and_the_report_is_saved_nevertheless() {
    let folder = tempfile::tempdir().unwrap();
    let orchestrator = completing(Outcome::Pass);
    let full = || {
        fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap()
    };
    let output = rpc_latency(&format!("run --url {}", orchestrator.url()), folder.path())
        .stdout(full())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("writing to standard output"),
        "{}",
        stderr(&output)
    );
    assert!(folder.path().join(format!("results/{RUN}.json")).exists());
}

#[test]
fn a_folder_that_cannot_be_saved_into_is_refused_before_anything_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let orchestrator = completing(Outcome::Pass);
    let output = rpc_latency(
        &format!("run --output file/results --url {}", orchestrator.url()),
        folder.path(),
    )
    .output()
    .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("reports cannot be saved into file/results"),
        "{}",
        stderr(&output)
    );
    assert!(orchestrator.requests().is_empty());
}

#[test]
fn a_plan_file_with_a_field_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("plan.json"), r#"{"seed":1,"seed":2}"#).unwrap();
    let output = rpc_latency("plan --plan plan.json", folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("plan plan.json: seed is there twice"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_run_that_fails_at_one_location_does_not_lose_the_report_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let second = "20261122T172800Z-4f9a1c08";
    let mut started: RunStatus = serde_json::from_str(&status(RunState::Pending, 0)).unwrap();
    started.siblings.push(Sibling {
        location: "weur".to_owned(),
        id: second.parse().unwrap(),
    });
    let started = serde_json::to_string(&started).unwrap();
    let of_second = |text: String| text.replace(RUN, second);
    let orchestrator = FakeOrchestrator::start()
        .answer("POST /runs", 202, &[started])
        .answer(
            &format!("GET /runs/{RUN}/events"),
            200,
            &[event(RunState::Failed, 10)],
        )
        .answer(
            &format!("GET /runs/{second}/events"),
            200,
            &[of_second(event(RunState::Completed, 100))],
        )
        .answer(
            &format!("GET /results/{second}"),
            200,
            &[of_second(report(Outcome::Pass))],
        )
        .answer(
            &format!("GET /results/{second}.md"),
            200,
            &["x\n".to_owned()],
        );
    let output = rpc_latency(&format!("run --url {}", orchestrator.url()), folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("the caller is gone"),
        "{}",
        stderr(&output)
    );
    assert!(
        folder
            .path()
            .join(format!("results/{second}.json"))
            .exists()
    );
}
