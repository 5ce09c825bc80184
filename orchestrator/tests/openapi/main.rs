//! The `OpenAPI` document says what the API does: it is derived from the types, complete, and every answer conforms to it.
//!
//! `UPDATE_OPENAPI=1 cargo test -p orchestrator --test openapi` writes it anew after a change of the types.

mod document;
#[path = "../simulated/mod.rs"]
mod simulated;

use orchestrator::api::{OPENAPI, Response, allowed_methods};
use protocol::{RunId, routes::Route, run::RunStatus};
use serde_json::{Value, json};
use simulated::{
    TOKEN,
    http::{Places, TestRequest},
    settings,
};
use std::collections::BTreeSet;

const RUN: &str = "20261122T172800Z-4f9a1c07";
const CELL: &str = "service-binding.echo.100";
const PLAN: &str = r#"{"transports":["direct","service-binding"],"functions":["echo"],"payload_bytes":[100,1000],"samples_per_cell":400}"#;

fn pinned() -> Value {
    serde_json::from_str(OPENAPI).unwrap()
}

fn operations(document: &Value) -> Vec<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    let each = |(path, methods): (&String, &Value)| {
        let methods: Vec<String> = methods.as_object().unwrap().keys().cloned().collect();
        methods
            .into_iter()
            .map(|method| (method, path.clone()))
            .collect::<Vec<_>>()
    };
    paths.iter().flat_map(each).collect()
}

#[test]
fn the_document_is_what_the_types_say() {
    let text = serde_json::to_string_pretty(&document::document()).unwrap() + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json"), &text).unwrap();
        return;
    }
    assert!(
        text == OPENAPI,
        "the types have changed: write the document anew with UPDATE_OPENAPI=1 cargo test -p orchestrator --test openapi"
    );
}

#[test]
fn every_route_is_in_it_with_the_methods_that_it_knows() {
    let document = pinned();
    let mut described = std::collections::HashSet::new();
    for (method, path) in operations(&document) {
        let concrete = path.replace("{run}", RUN).replace("{cell}", CELL);
        let route = Route::parse(&concrete).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(
            allowed_methods(&route).contains(&method.to_uppercase()),
            "{method} {path}"
        );
        described.insert(std::mem::discriminant(&route));
        let mutating = allowed_methods(&route)
            .split(", ")
            .filter(|known| !["GET", "HEAD", "OPTIONS"].contains(known));
        for known in mutating {
            assert!(
                document["paths"][&path][known.to_lowercase()].is_object(),
                "{known} {path} is not described"
            );
        }
    }
    // Health, Runs, Run, RunEvents, LatestResults, Results, ResultsMarkdown, CellExport, History, Metrics, OpenApi.
    assert_eq!(described.len(), 11);
}

#[test]
fn every_operation_has_an_id_of_its_own_and_examples_of_its_errors() {
    let document = pinned();
    let mut ids = BTreeSet::new();
    for (method, path) in operations(&document) {
        let operation = &document["paths"][&path][&method];
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()));
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(
                response["description"]
                    .as_str()
                    .is_some_and(|text| !text.is_empty())
            );
            if status.starts_with('4') {
                let example = &response["content"]["application/problem+json"]["example"];
                assert_eq!(example["status"].to_string(), *status, "{method} {path}");
            }
        }
    }
}

/// Holds an answer against the document: its status, media type and body.
fn conforms(document: &Value, method: &str, path: &str, response: &Response) {
    let described = &document["paths"][path][method]["responses"][response.status.to_string()];
    assert!(
        described.is_object(),
        "{method} {path} answered {}, which is not described: {}",
        response.status,
        response.body
    );
    let (media_type, content) = described["content"]
        .as_object()
        .unwrap()
        .iter()
        .next()
        .unwrap();
    let given = response.header("content-type").unwrap_or_default();
    assert!(
        given.starts_with(media_type.as_str()),
        "{method} {path}: {given} instead of {media_type}"
    );
    if media_type.ends_with("json") {
        let body: Value = serde_json::from_str(&response.body).unwrap();
        let validator = validator(document, &content["schema"]);
        let error = |error: jsonschema::ValidationError<'_>| {
            format!("{error} at {}", error.instance_path())
        };
        let errors: Vec<String> = validator.iter_errors(&body).map(error).collect();
        assert!(
            errors.is_empty(),
            "{method} {path} {}: {errors:?}",
            response.status
        );
    }
}

/// A validator of one schema of the document. References start at the document's root, so the root comes along.
fn validator(document: &Value, schema: &Value) -> jsonschema::Validator {
    let mut root = document.clone();
    for (key, value) in schema.as_object().unwrap() {
        root[key] = value.clone();
    }
    jsonschema::validator_for(&root).unwrap()
}

#[test]
fn every_answer_conforms_to_it() {
    let document = pinned();
    let places = Places::new(settings(&[
        ("LIMITS", "local"),
        ("KEEP_SAMPLES_OF_RUNS", "1"),
        ("RUNS_PER_HOUR", "3"),
    ]));
    let send = |method: &str, path: &str, run: &RunId, request: TestRequest| {
        let url = path.replace("{run}", run.as_str()).replace("{cell}", CELL);
        let response = places.send(&TestRequest {
            method: method.to_uppercase(),
            url,
            ..request
        });
        conforms(&document, method, path, &response);
        response
    };
    let unknown: RunId = RUN.parse().unwrap();
    let token = || TestRequest::default().with_token(TOKEN);
    let mut statuses = BTreeSet::new();
    let mut reading = |run: &RunId| {
        for (method, path) in operations(&document) {
            if method == "get" && !path.ends_with("/events") && path != "/history" {
                statuses.insert((
                    path.clone(),
                    send(&method, &path, run, TestRequest::default()).status,
                ));
            }
        }
    };
    reading(&unknown);
    for request in [
        TestRequest::default(),
        token().with_body("{\"jobs\":1}"),
        token().with_body(" ".repeat(1 << 15)),
    ] {
        send("post", "/runs", &unknown, request);
    }
    let started = |body: &str| {
        let response = send("post", "/runs", &unknown, token().with_body(body));
        serde_json::from_str::<RunStatus>(&response.body)
            .unwrap()
            .id
    };
    let first = started(PLAN);
    reading(&first);
    send("post", "/runs", &unknown, token());
    send("delete", "/runs/{run}", &unknown, TestRequest::default());
    send("delete", "/runs/{run}", &unknown, token());
    places.wake_until_idle();
    reading(&first);
    send("delete", "/runs/{run}", &first, token());
    let second = started(PLAN);
    send("delete", "/runs/{run}", &second, token());
    places.wake_until_idle();
    let third = started("");
    places.wake_until_idle();
    assert_eq!(send("post", "/runs", &unknown, token()).status, 429);
    reading(&third);
    reading(&first);
    for query in [
        "",
        "?cell=x",
        "?cell=rpc.echo.100",
        "?cell=service-binding.echo.100",
        "?cell=direct.echo.100&metric=p99",
    ] {
        let response = places.get(&format!("/history{query}"));
        conforms(&document, "get", "/history", &response);
    }
    let expected: BTreeSet<(String, u16)> = operations(&document)
        .into_iter()
        .filter(|(method, path)| {
            method == "get" && !path.ends_with("/events") && path != "/history"
        })
        .map(|(_, path)| (path, 200))
        .collect();
    assert!(
        expected.is_subset(&statuses),
        "not every route was answered with 200: {:?}",
        expected.difference(&statuses)
    );
    assert!(statuses.contains(&("/results/{run}/cells/{cell}.csv".to_owned(), 410)));
}

#[test]
fn the_default_plan_and_its_example_are_plans_that_it_accepts() {
    let document = pinned();
    let validator = validator(
        &document,
        &json!({"$ref": "#/components/schemas/PlanRequest"}),
    );
    let example = &document["paths"]["/runs"]["post"]["requestBody"]["content"]["application/json"]
        ["example"];
    for plan in [
        json!({}),
        serde_json::to_value(protocol::Plan::default()).unwrap(),
        example.clone(),
        json!({"thresholds": {"p50_ms": 2}}),
    ] {
        assert!(validator.is_valid(&plan), "{plan}");
    }
    for other in [
        json!({"jobs": 1}),
        json!({"transports": ["smoke"]}),
        json!({"thresholds": {"p42_ms": 2}}),
    ] {
        assert!(!validator.is_valid(&other), "{other}");
    }
}
