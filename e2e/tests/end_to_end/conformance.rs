//! The `OpenAPI` document drives every operation into every status that it describes, and each answer is held against it: status, media
//! type, header fields, body. Plans made from its schema are accepted, plans that it forbids are refused.
//!
//! Requests are made from the document as it is served; what the tests add is how to bring about each situation.

mod document;
mod driver;
mod generate;
mod requests;

use cli::local::{Build, LocalWorkers};
use document::{Document, Operation};
use driver::{Driver, Given};
use e2e::stage;
use protocol::run::RunStatus;
use requests::{methods, plans, queries};
use serde_json::{Value, json};
use std::{cell::RefCell, collections::BTreeSet};

/// An id of the right form that no run has.
const NO_SUCH_RUN: &str = "20000101T000000Z-00000000";

/// The cell of the small plan that overheads are of.
const CELL: &str = "service-binding.echo.100";

/// The example of a plan in the document, but small.
fn small_plan() -> Value {
    json!({"transports": ["direct", "service-binding"], "functions": ["echo"], "payload_bytes": [100], "samples_per_cell": 40})
}

#[test]
fn every_operation_is_driven_into_every_status_that_the_document_describes() {
    let _turn = stage::my_turn();
    let workers = stage::start(Build::Release, |options| {
        let variables = &mut options.orchestrator_variables;
        variables.insert("RUNS_PER_HOUR".to_owned(), "3".to_owned());
        variables.insert("KEEP_SAMPLES_OF_RUNS".to_owned(), "1".to_owned());
    });
    let document = Document::new(
        &stage::client(&workers)
            .text("/openapi.json")
            .expect("the document"),
    );
    let seen = RefCell::default();
    let driver = Driver::new(&workers, &document, &seen);
    // First of all: the runtime's isolate must not have been called.
    a_start_by_deployment(&driver);
    before_any_run(&driver);
    an_examination(&driver);
    let first = a_run_from_start_to_end(&driver, &workers);
    a_run_that_is_active(&driver);
    after_the_last_run_of_the_hour(&driver, &workers, &first);
    drop(workers);
    let closed = stage::start(Build::Release, |options| options.api_token.clear());
    where_nobody_may_start(&Driver::new(&closed, &document, &seen));
    drop(closed);
    let wrapped = stage::Wrapped::new(&[("orchestrator", WITHOUT_ITS_FIRST_HEALTH)]);
    let misconfigured = stage::start(Build::Release, |options| {
        options.project = wrapped.project();
        let variables = &mut options.orchestrator_variables;
        variables.insert("LIMITS".to_owned(), "gold".to_owned());
    });
    where_a_variable_cannot_be_used(&Driver::new(&misconfigured, &document, &seen));
    let each = |operation: Operation| {
        let statuses = document.statuses(&operation).into_iter();
        statuses.map(move |status| (operation.clone(), status))
    };
    let described: BTreeSet<(Operation, u16)> =
        document.operations().into_iter().flat_map(each).collect();
    let seen = seen.into_inner();
    let missing: Vec<_> = described.difference(&seen).collect();
    assert!(missing.is_empty(), "described, but never seen: {missing:?}");
    stage::tell(&format!(
        "operations: {}; statuses described of them: {}, all of them seen",
        document.operations().len(),
        described.len()
    ));
}

fn before_any_run(driver: &Driver) {
    driver.read_all(NO_SUCH_RUN, true);
    driver.expect(404, "latestResults", &Given::default());
    driver.expect(
        401,
        "startRun",
        &Given {
            body: Some("{}".to_owned()),
            ..Given::default()
        },
    );
    driver.expect(
        401,
        "cancelRun",
        &Given {
            token: Some("wrong"),
            ..Given::default()
        },
    );
    driver.expect(404, "cancelRun", &Given::default().with_token());
    driver.expect(
        400,
        "startRun",
        &Given::body(&json!({"payload_bytes": [-1], "jobs": 1})),
    );
    driver.expect(
        413,
        "startRun",
        &Given {
            body: Some(" ".repeat(1 << 15)),
            ..Given::default()
        }
        .with_token(),
    );
    methods(driver);
}

fn a_start_by_deployment(driver: &Driver) {
    let start = json!({"key": "conformance-1", "version": "v1"});
    driver.expect(200, "timeDeploymentStart", &Given::body(&start));
    driver.expect(200, "timeDeploymentStart", &Given::body(&start));
    let other = json!({"key": "conformance-1", "version": "v2"});
    driver.expect(409, "timeDeploymentStart", &Given::body(&other));
    // The same isolate once more: nothing new has been deployed.
    driver.expect(
        503,
        "timeDeploymentStart",
        &Given::body(&json!({"key": "conformance-2"})),
    );
    driver.expect(
        400,
        "timeDeploymentStart",
        &Given::body(&json!({"runtime": 7, "cold": true})),
    );
    // A runtime that is not there is the sender's mistake, and no failure of the deployment.
    driver.expect(
        400,
        "timeDeploymentStart",
        &Given::body(&json!({"key": "conformance-3", "runtime": "absent"})),
    );
    let long = Given {
        body: Some(" ".repeat(1 << 15)),
        ..Given::default()
    };
    driver.expect(413, "timeDeploymentStart", &long.with_token());
    driver.expect(401, "timeDeploymentStart", &Given::default());
}

fn an_examination(driver: &Driver) {
    driver.expect(401, "examine", &Given::default());
    driver.expect(200, "examine", &Given::default().with_token());
}

fn a_run_from_start_to_end(driver: &Driver, workers: &LocalWorkers) -> String {
    let run = driver.start(&small_plan());
    driver.read_all(run.id.as_str(), false);
    stage::wait(&stage::client(workers), &run.id, |run| run.state.is_final());
    let stream = driver.expect(200, "runEvents", &Given::run(run.id.as_str()));
    let last_id = stream
        .body
        .lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .next_back()
        .expect("an id");
    driver.expect(
        204,
        "runEvents",
        &Given {
            last_event_id: Some(last_id),
            ..Given::run(run.id.as_str())
        },
    );
    driver.read_all(run.id.as_str(), true);
    driver.expect(409, "cancelRun", &Given::run(run.id.as_str()).with_token());
    queries(driver, run.id.as_str());
    run.id.to_string()
}

fn a_run_that_is_active(driver: &Driver) {
    let run = driver.start(&json!({"functions": ["echo"], "samples_per_cell": 10_000}));
    driver.read_all(run.id.as_str(), false);
    plans(driver);
    driver.expect(200, "cancelRun", &Given::run(run.id.as_str()).with_token());
}

fn after_the_last_run_of_the_hour(driver: &Driver, workers: &LocalWorkers, first: &str) {
    let client = stage::client(workers);
    let last = stage::eventually("the cancelled run makes room", || {
        let answer = driver.send(&driver.operation("startRun"), &Given::body(&small_plan()));
        (answer.status == 202)
            .then(|| serde_json::from_str::<RunStatus>(&answer.body).expect("a status"))
    });
    stage::wait(&client, &last.id, |run| run.state.is_final());
    driver.read_all(last.id.as_str(), true);
    driver.expect(429, "startRun", &Given::body(&small_plan()));
    stage::eventually("raw samples expire", || {
        let answer = driver.send(&driver.operation("cellcsv"), &Given::run(first));
        (answer.status == 410).then_some(())
    });
    driver.read_all(first, true);
}

fn where_nobody_may_start(driver: &Driver) {
    driver.expect(403, "startRun", &Given::default().with_token());
    driver.expect(403, "cancelRun", &Given::default().with_token());
    driver.expect(403, "examine", &Given::default().with_token());
    driver.expect(403, "timeDeploymentStart", &Given::default().with_token());
}

/// The orchestrator, which counts as started whatever its variables are: it is first asked for its health.
const WITHOUT_ITS_FIRST_HEALTH: &str = r#"
import Original from "./original.js";
export { Coordinator } from "./original.js";
let isStarted = false;
export default class extends Original {
  fetch(request) {
    if (isStarted) return super.fetch(request);
    isStarted = true;
    return new Response("up");
  }
}
"#;

/// An operator's mistake.
fn where_a_variable_cannot_be_used(driver: &Driver) {
    for operation in driver.document.operations() {
        let answer = driver.drive(&operation, &Given::default());
        assert_eq!(answer.status, 503, "{operation:?}");
        assert!(answer.body.contains("LIMITS"), "{answer:?}");
    }
}
