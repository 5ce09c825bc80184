//! Every error of the API is a problem document that says what is wrong, where, and what to do.

use cli::{
    client::{Answer, Client},
    local::Build,
};
use e2e::stage;
use protocol::{Problem, plan::MAX_PLAN_BYTES};
use serde_json::json;
use ureq::http::Method;

/// An id of the right form that no run has.
const NO_SUCH_RUN: &str = "20000101T000000Z-00000000";

/// The problem document of an answer.
fn problem(answer: &Answer) -> Problem {
    assert_eq!(
        answer.headers["content-type"], "application/problem+json",
        "{answer:?}"
    );
    let problem: Problem = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(problem.status, answer.status);
    assert!(!problem.detail.is_empty(), "{answer:?}");
    problem
}

fn ask(method: &Method, path: &str, body: &[u8]) -> Answer {
    stage::client(stage::shared())
        .request(method, path, body)
        .unwrap()
}

#[test]
fn a_bad_plan_is_400_and_names_each_bad_field() {
    let plan = br#"{"payload_bytes":[-1],"samples_per_cell":1e9}"#;
    let problem = problem(&ask(&Method::POST, "/runs", plan));
    assert_eq!(problem.status, 400);
    let fields: Vec<&str> = problem
        .errors
        .iter()
        .map(|error| error.field.as_str())
        .collect();
    assert_eq!(fields, ["payload_bytes[0]", "samples_per_cell"]);
    assert!(
        problem
            .errors
            .iter()
            .all(|error| error.detail.contains("must be")),
        "{problem:?}"
    );
}

#[test]
fn a_plan_that_is_no_json_is_400() {
    for body in ["{", "[]", "7", "\u{0}\u{1}"] {
        assert_eq!(
            problem(&ask(&Method::POST, "/runs", body.as_bytes())).status,
            400,
            "{body:?}"
        );
    }
}

#[test]
fn starting_and_cancelling_without_the_token_is_401() {
    let url = stage::shared().url();
    for token in [
        None,
        Some(""),
        Some("wrong"),
        Some("token-of-the-test"),
        Some("token-of-the-testsX"),
    ] {
        let client = Client::new(url, token.map(str::to_owned));
        let path = format!("/runs/{NO_SUCH_RUN}");
        for (method, path, body) in [
            (Method::POST, "/runs", b"{}".as_slice()),
            (Method::DELETE, &path, b""),
        ] {
            let answer = client.request(&method, path, body).unwrap();
            assert_eq!(problem(&answer).status, 401, "{method} with {token:?}");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
    }
}

#[test]
fn where_no_token_is_configured_nobody_may_start_and_the_reason_is_told() {
    let workers = stage::start(Build::Release, |options| options.api_token.clear());
    for token in [None, Some(String::new()), Some("anything".to_owned())] {
        let client = Client::new(workers.url(), token);
        let problem = problem(&client.request(&Method::POST, "/runs", b"{}").unwrap());
        assert!(matches!(problem.status, 401 | 403), "{problem:?}");
        assert!(problem.detail.contains("API_TOKEN"), "{problem:?}");
    }
    let results = problem(
        &Client::new(workers.url(), None)
            .request(&Method::GET, "/results", b"")
            .unwrap(),
    );
    assert_eq!(results.status, 404);
    assert!(
        results.detail.contains("POST /runs"),
        "there is no hint: {results:?}"
    );
}

#[test]
fn what_is_not_there_is_404() {
    for path in [
        format!("/runs/{NO_SUCH_RUN}"),
        format!("/results/{NO_SUCH_RUN}"),
        format!("/results/{NO_SUCH_RUN}.md"),
        "/runs/latest".to_owned(),
        "/nothing/here".to_owned(),
    ] {
        assert_eq!(
            problem(&ask(&Method::GET, &path, b"")).status,
            404,
            "{path}"
        );
    }
}

#[test]
fn a_method_that_a_resource_does_not_know_is_405_and_says_which_it_does() {
    for (method, path, allowed) in [
        (Method::DELETE, "/runs", "POST"),
        (Method::PUT, "/runs", "POST"),
        (Method::POST, "/results", "GET"),
        (Method::PATCH, "/health", "GET"),
    ] {
        let answer = ask(&method, path, b"");
        assert_eq!(problem(&answer).status, 405, "{method} {path}");
        let allow = answer.headers["allow"].to_str().unwrap();
        assert!(
            allow.split(", ").any(|name| name == allowed),
            "{method} {path}: {allow}"
        );
    }
}

#[test]
fn a_second_run_is_409_and_names_the_active_one() {
    let _turn = stage::my_turn();
    let client = stage::client(stage::shared());
    let active = stage::begin(&client, &json!({"functions": ["echo"], "seed": 3}));
    let second = problem(&ask(&Method::POST, "/runs", b"{}"));
    assert_eq!(second.status, 409);
    assert!(second.detail.contains(&active.id.to_string()), "{second:?}");
    client.cancel(&active.id).unwrap();
}

#[test]
fn a_body_too_large_is_413_and_says_how_large_it_may_be() {
    let mut plan = b"{\"seed\":1}".to_vec();
    plan.resize(MAX_PLAN_BYTES + 1, b' ');
    let too_large = problem(&ask(&Method::POST, "/runs", &plan));
    assert_eq!(too_large.status, 413);
    assert!(
        too_large.detail.contains(&MAX_PLAN_BYTES.to_string()),
        "{too_large:?}"
    );
}

#[test]
fn no_token_is_in_any_log_or_report() {
    let report = &stage::small_run().run.id;
    let workers = stage::shared();
    let client = stage::client(workers);
    // Refused and accepted requests both carried one.
    let _ = Client::new(workers.url(), Some("wrong-token".to_owned())).request(
        &Method::POST,
        "/runs",
        b"{}",
    );
    let texts = [
        ("log", workers.log()),
        ("report", client.report_json(report).unwrap()),
        ("run", client.text(&format!("/runs/{report}")).unwrap()),
        ("health", client.text("/health").unwrap()),
        ("metrics", client.text("/metrics").unwrap()),
    ];
    for (name, text) in texts {
        for secret in [stage::TOKEN, workers.runtime_token(), "wrong-token"] {
            assert!(!text.contains(secret), "{name} tells {secret}");
        }
    }
    assert!(
        workers.log().contains(report.as_str()),
        "the log says nothing at all"
    );
}
