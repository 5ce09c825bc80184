//! The document that the orchestrator serves is what the types say, and complete. That every answer conforms to it is shown end to end
//! (`e2e/tests/end_to_end/conformance.rs`).

use orchestrator::api::{OPENAPI, allowed_methods};
use protocol::routes::Route;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const RUN: &str = "20261122T172800Z-4f9a1c07";
const CELL: &str = "service-binding.echo.100";

fn pinned() -> Value {
    serde_json::from_str(OPENAPI).unwrap()
}

/// What is wrong with a value, by a schema of the document.
fn errors(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    // References start at the document's root, so the root comes along.
    let mut root = document.clone();
    for (keyword, value) in schema.as_object().unwrap() {
        root[keyword] = value.clone();
    }
    let validator = jsonschema::validator_for(&root).unwrap();
    validator
        .iter_errors(value)
        .map(|error| error.to_string())
        .collect()
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
fn the_served_document_is_what_the_types_say() {
    let text = serde_json::to_string_pretty(&openapi::document().unwrap()).unwrap() + "\n";
    assert!(
        text == OPENAPI,
        "the types have changed: write the document anew with cargo run -p openapi > orchestrator/openapi.json"
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
    // Health, Doctor, DeploymentStarts, Runs, Run, RunEvents, LatestResults, Results, ResultsMarkdown, CellExport, History, Comparison, Metrics, OpenApi.
    assert_eq!(described.len(), 14);
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

#[test]
fn a_stream_of_events_is_described_event_by_event() {
    let document = pinned();
    let responses = &document["paths"]["/runs/{run}/events"]["get"]["responses"];
    let stream = &responses["200"]["content"]["text/event-stream"];
    assert!(
        stream["schema"].is_null(),
        "it is no text that a schema could be of"
    );
    let item = &stream["itemSchema"];
    let status = &item["properties"]["data"]["contentSchema"];
    let text = stream["examples"]["stream"]["serializedValue"]
        .as_str()
        .unwrap();
    let mut kinds = Vec::new();
    for block in text.split("\n\n").filter(|block| block.contains("data: ")) {
        let fields = block.lines().filter_map(|line| line.split_once(": "));
        let event = Value::Object(
            fields
                .map(|(name, value)| (name.to_owned(), json!(value)))
                .collect(),
        );
        assert_eq!(errors(&document, item, &event), [""; 0], "{event}");
        let data = serde_json::from_str(event["data"].as_str().unwrap()).unwrap();
        assert_eq!(errors(&document, status, &data), [""; 0], "{data}");
        kinds.push(event["event"].clone());
    }
    assert_eq!(kinds, ["progress", "ended"]);
    for wrong in [
        json!("id: 1"),
        json!({"event": "progress", "data": "{}"}),
        json!({"id": "1", "event": "other", "data": "{}"}),
    ] {
        assert_ne!(errors(&document, item, &wrong), [""; 0], "{wrong}");
    }
}

#[test]
fn examples_of_json_fit_their_schemas() {
    let document = pinned();
    let mut seen = 0;
    for (method, path) in operations(&document) {
        let operation = &document["paths"][&path][&method];
        let answers = operation["responses"].as_object().unwrap().values();
        for described in answers.chain([&operation["requestBody"]]) {
            for (media_type, content) in described["content"].as_object().into_iter().flatten() {
                if media_type.ends_with("json") && !content["example"].is_null() {
                    assert_eq!(
                        errors(&document, &content["schema"], &content["example"]),
                        [""; 0],
                        "{method} {path}"
                    );
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn patterns_of_ids_allow_what_the_service_reads_and_nothing_else() {
    let document = pinned();
    let fits = |name: &str, text: &str| {
        errors(
            &document,
            &document["components"]["schemas"][name],
            &json!(text),
        )
        .is_empty()
    };
    for (text, known) in [
        (CELL, true),
        ("direct.echo.1000000", true),
        ("amzlodtn.echo.100", false),
        ("pyodide.rpc.word-count.100", true),
        ("direct.walk_on.100", false),
        ("direct.echo.0100", false),
        ("direct.echo", false),
        ("xdirect.echo.100", false),
        ("direct.echo.99999999999", false),
    ] {
        assert_eq!(fits("Cell", text), known, "{text}");
        assert_eq!(text.parse::<protocol::Cell>().is_ok(), known, "{text}");
    }
    for (text, known) in [
        (RUN, true),
        ("20261122T172800Z-4F9A1C07", false),
        ("latest", false),
    ] {
        assert_eq!(fits("RunId", text), known, "{text}");
        assert_eq!(text.parse::<protocol::RunId>().is_ok(), known, "{text}");
    }
}
