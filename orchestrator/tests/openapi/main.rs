//! The `OpenAPI` document is derived from the types, and complete. That every answer conforms to it is shown end to end
//! (`e2e/tests/end_to_end/conformance.rs`).
//!
//! `UPDATE_OPENAPI=1 cargo test -p orchestrator --test openapi` writes it anew after a change of the types.

mod document;

use orchestrator::api::{OPENAPI, allowed_methods};
use protocol::routes::Route;
use serde_json::Value;
use std::collections::BTreeSet;

const RUN: &str = "20261122T172800Z-4f9a1c07";
const CELL: &str = "service-binding.echo.100";

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
            if status == "default" {
                assert_eq!(response["$ref"], "#/components/responses/Problem");
                continue;
            }
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
