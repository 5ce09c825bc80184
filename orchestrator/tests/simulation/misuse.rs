//! Thousands of generated bad requests: nothing but problem documents of class 4xx, and nothing changes.

use crate::simulated;

use orchestrator::api::Reply;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use protocol::Problem;
use simulated::{
    TOKEN,
    http::{Places, TestRequest},
    settings,
};

/// Requests tried.
const REQUESTS: u32 = 4_000;

/// Parts of paths: right ones, nearly right ones, and noise.
fn path() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("runs".to_owned()),
        Just("results".to_owned()),
        Just("cells".to_owned()),
        Just("events".to_owned()),
        Just("history".to_owned()),
        Just("comparison".to_owned()),
        Just("20261122T172800Z-4f9a1c07".to_owned()),
        Just("20261122T172800Z-4f9a1c07.md".to_owned()),
        Just("rpc.echo.100.csv".to_owned()),
        Just("rpc.echo.99999999999.hlog".to_owned()),
        Just("..".to_owned()),
        "[ -~]{0,12}",
        "\\PC{0,8}",
    ];
    prop::collection::vec(part, 0..5).prop_map(|parts| format!("/{}", parts.join("/")))
}

fn method() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("GET".to_owned()),
        Just("POST".to_owned()),
        Just("DELETE".to_owned()),
        Just("PUT".to_owned()),
        Just("PATCH".to_owned()),
        Just("HEAD".to_owned()),
        "[A-Z]{1,9}",
    ]
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let header = prop_oneof![
        Just(("authorization".to_owned(), format!("Bearer {TOKEN}"))),
        "[ -~]{0,40}".prop_map(|value| ("authorization".to_owned(), value)),
        "[ -~]{0,20}".prop_map(|value| ("content-length".to_owned(), value)),
        "[ -~]{0,20}".prop_map(|value| ("last-event-id".to_owned(), value)),
    ];
    prop::collection::vec(header, 0..3)
}

/// Bodies that are no plan: each has a field that is wrong, or is no object at all.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        Just("transports"),
        Just("functions"),
        Just("payload_bytes"),
        Just("payload_shape"),
        Just("samples_per_cell"),
        Just("warmup_per_slice"),
        Just("timer"),
        Just("seed"),
        Just("thresholds"),
        Just("concurrency"),
        Just("jobs"),
    ];
    let value = prop_oneof![
        Just("null".to_owned()),
        Just("[]".to_owned()),
        Just("[null]".to_owned()),
        Just("-1".to_owned()),
        Just("1e999".to_owned()),
        Just("\"x\"".to_owned()),
        Just("{\"p50_ms\":-1}".to_owned()),
        Just("[[[[[[]]]]]]".to_owned()),
        Just("[1e18]".to_owned()),
    ];
    prop_oneof![
        prop::collection::vec(any::<u8>(), 1..64)
            .prop_filter("blanks are the default plan", |bytes| !bytes
                .trim_ascii()
                .is_empty()),
        (field, value).prop_map(|(field, value)| format!("{{\"{field}\":{value}}}").into_bytes()),
        (100_usize..3_000).prop_map(|depth| "[".repeat(depth).into_bytes()),
        Just(vec![b' '; 20_000]),
    ]
}

fn query() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "(\\?(cell|metric|location|limit|before)=[ -~]{0,20})?",
        Just("?cell=direct.echo.100&metric=p50&location=nowhere".to_owned()),
    ]
}

/// Requests that are right are not misuse: reading what is there, or nothing at all.
fn is_right(request: &TestRequest) -> bool {
    let path = request.url.split('?').next().unwrap_or_default();
    matches!(request.method.as_str(), "GET" | "HEAD")
        && matches!(path, "/runs" | "/health" | "/metrics" | "/openapi.json")
}

#[test]
fn misuse_of_any_route_is_answered_with_a_problem_and_changes_nothing() {
    let places = Places::new(settings(&[("LIMITS", "local")]));
    let rows = || places.processes.borrow()["default"].database.rows_written();
    let before = rows();
    let requests = (method(), path(), query(), headers(), body()).prop_map(
        |(method, path, query, headers, body)| TestRequest {
            url: format!("{path}{query}"),
            method,
            headers,
            body,
        },
    );
    let config = Config {
        cases: REQUESTS,
        failure_persistence: None,
        ..Config::default()
    };
    // Seeded: a failure comes again.
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(&requests, |request| {
        let (Reply::Full(response) | Reply::File(response)) = places.reply(&request) else {
            return Err(TestCaseError::fail("a stream of a run that is not there"));
        };
        if is_right(&request) {
            // A bad page is misuse, a page is not.
            prop_assert!(
                response.status == 200 || response.status == 400,
                "{}",
                response.body
            );
            return Ok(());
        }
        if request.method == "OPTIONS" && response.status == 204 {
            return Ok(());
        }
        prop_assert!(
            (400..500).contains(&response.status),
            "{}: {}",
            response.status,
            response.body
        );
        let problem: Problem = serde_json::from_str(&response.body)
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(problem.status, response.status);
        prop_assert!(!problem.detail.is_empty() && response.body.len() < 8_000);
        prop_assert_eq!(rows(), before);
        Ok(())
    });
    outcome.unwrap();
    let processes = places.processes.borrow();
    let faults = processes["default"]
        .lines
        .iter()
        .filter(|line| line.to_json().contains("\"fault\""));
    assert_eq!(faults.count(), 0);
}
