//! The `OpenAPI` document as the orchestrator serves it, and answers held against it.

use cli::client::Answer;
use jsonschema::{ValidationError, Validator};
use serde_json::{Map, Value, json};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc};
use ureq::http::HeaderValue;

/// Media type of problem documents.
const PROBLEM: &str = "application/problem+json";

/// The document.
pub(super) struct Document {
    value: Value,
    /// Those that have been used, by their schema's text: each is made from the whole document.
    validators: RefCell<BTreeMap<String, Rc<Validator>>>,
}

/// One operation of the document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Operation {
    /// In capitals.
    pub(super) method: String,
    /// With its parameters in braces.
    pub(super) path: String,
}

impl Document {
    /// Reads the document.
    pub(super) fn new(json: &str) -> Self {
        let value = serde_json::from_str(json).expect("the document is JSON");
        Self {
            value,
            validators: RefCell::default(),
        }
    }

    /// Every operation.
    pub(super) fn operations(&self) -> Vec<Operation> {
        let each = |(path, methods): (&String, &Value)| -> Vec<Operation> {
            let methods = methods.as_object().expect("operations by method");
            let of_path = methods.keys().map(|method| Operation {
                method: method.to_uppercase(),
                path: path.clone(),
            });
            of_path.collect()
        };
        let paths = self.value["paths"].as_object().expect("paths");
        paths.iter().flat_map(each).collect()
    }

    /// Every status that the document says of an operation, without `default`.
    pub(super) fn statuses(&self, operation: &Operation) -> Vec<u16> {
        let responses = self.operation(operation)["responses"]
            .as_object()
            .expect("responses");
        responses
            .keys()
            .filter_map(|status| status.parse().ok())
            .collect()
    }

    /// What the document says of an operation.
    pub(super) fn operation(&self, operation: &Operation) -> &Value {
        &self.value["paths"][&operation.path][operation.method.to_lowercase()]
    }

    /// What a value of the document says, or what it refers to.
    pub(super) fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let Some(reference) = value["$ref"].as_str() else {
            return value;
        };
        let found = reference
            .strip_prefix('#')
            .and_then(|pointer| self.value.pointer(pointer));
        found.unwrap_or_else(|| panic!("{reference} is not in the document"))
    }

    /// The values of an enumeration; none where the schema is none.
    pub(super) fn choices(&self, schema: &Value) -> Vec<Value> {
        let schema = self.resolve(schema);
        if let Some(choices) = schema["enum"].as_array() {
            return choices.clone();
        }
        let alternatives = schema["anyOf"].as_array().into_iter().flatten();
        // With a description of each.
        let described = schema["oneOf"].as_array().into_iter().flatten();
        let examples = schema["examples"].as_array().into_iter().flatten();
        alternatives
            .flat_map(|schema| self.choices(schema))
            .chain(described.filter_map(|choice| choice.get("const").cloned()))
            .chain(examples.cloned())
            .collect()
    }

    /// A schema of the components.
    pub(super) fn schema(&self, name: &str) -> &Value {
        &self.value["components"]["schemas"][name]
    }

    /// A validator of one schema. References start at the document's root, so the root comes along.
    pub(super) fn validator(&self, schema: &Value) -> Rc<Validator> {
        let mut validators = self.validators.borrow_mut();
        let known = validators.entry(schema.to_string()).or_insert_with(|| {
            let mut root = self.value.clone();
            for (key, value) in schema.as_object().expect("a schema") {
                root[key] = value.clone();
            }
            Rc::new(jsonschema::validator_for(&root).expect("a schema that validates something"))
        });
        Rc::clone(known)
    }

    /// What is wrong with a value, by a schema.
    pub(super) fn errors(&self, schema: &Value, value: &Value) -> Vec<String> {
        let described =
            |error: ValidationError<'_>| format!("{error} at {}", error.instance_path());
        self.validator(schema)
            .iter_errors(value)
            .map(described)
            .collect()
    }

    /// Holds an answer to an operation against the document: status, media type, header fields, body.
    ///
    /// # Panics
    /// When it does not conform.
    pub(super) fn hold(&self, operation: &Operation, answer: &Answer) {
        let what = format!(
            "{} {} answered {answer:?}",
            operation.method, operation.path
        );
        let responses = &self.operation(operation)["responses"];
        let described = match &responses[answer.status.to_string()] {
            Value::Null if answer.status >= 400 => self.resolve(&responses["default"]),
            described => described,
        };
        assert!(described.is_object(), "not described: {what}");
        hold_header_fields(described, answer, &what);
        let Some(content) = described["content"].as_object() else {
            assert_eq!(answer.body, "", "no body is described: {what}");
            return;
        };
        let given = field(answer, "content-type").unwrap_or_default();
        let media_type = given.split(';').next().unwrap_or_default().trim();
        let described = content
            .get(media_type)
            .unwrap_or_else(|| panic!("{media_type} is not described: {what}"));
        if answer.status >= 400 {
            assert_eq!(media_type, PROBLEM, "{what}");
        }
        if media_type.ends_with("json") {
            let body: Value = serde_json::from_str(&answer.body)
                .unwrap_or_else(|error| panic!("{error}: {what}"));
            let errors = self.errors(&described["schema"], &body);
            assert!(errors.is_empty(), "{errors:?}: {what}");
            if media_type == PROBLEM {
                assert_eq!(body["status"], answer.status, "{what}");
                assert_ne!(body["detail"], "", "{what}");
            }
        } else if media_type == "text/event-stream" {
            self.hold_events(&described["itemSchema"], &answer.body);
        } else {
            // The example's first line is one that every such text has; how far its columns are apart is not meant.
            let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
            let example = described["example"]
                .as_str()
                .and_then(|text| text.lines().next());
            let head = words(example.expect("an example of the text"));
            let found = answer.body.lines().any(|line| words(line) == head);
            assert!(found, "no line is {head}: {what}");
        }
    }

    /// Every event of a stream is what the document says of one, and holds what it says of its data.
    fn hold_events(&self, event_schema: &Value, stream: &str) {
        let events = events(stream);
        assert!(!events.is_empty(), "{stream}");
        let data_schema = &event_schema["properties"]["data"]["contentSchema"];
        for event in events {
            let errors = self.errors(event_schema, &event);
            assert!(errors.is_empty(), "{errors:?}: {event}");
            let data = event["data"].as_str().expect("the schema says so");
            let data = serde_json::from_str(data).expect("JSON");
            let errors = self.errors(data_schema, &data);
            assert!(errors.is_empty(), "{errors:?}: {data}");
        }
    }
}

/// The events of a stream, as a browser parses them (HTML, section 9.2.6). Comments, and blocks without data, are none.
fn events(stream: &str) -> Vec<Value> {
    let parse = |block: &str| {
        let mut event = Map::new();
        for line in block.lines().filter(|line| !line.starts_with(':')) {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            let earlier = event.get("data").and_then(Value::as_str);
            let value = match (name, earlier) {
                ("data", Some(earlier)) => json!(format!("{earlier}\n{value}")),
                ("retry", _) => json!(value.parse::<u64>().expect("a number")),
                _ => json!(value),
            };
            event.insert(name.to_owned(), value);
        }
        event.contains_key("data").then_some(Value::Object(event))
    };
    stream.split("\n\n").filter_map(parse).collect()
}

/// Every header field that the document requires is there; a challenge says what the document says.
fn hold_header_fields(described: &Value, answer: &Answer, what: &str) {
    for (name, about) in described["headers"].as_object().into_iter().flatten() {
        let given = field(answer, name);
        assert!(
            given.is_some() || about["required"] != true,
            "{name} is missing: {what}"
        );
        if let (401, Some(given)) = (answer.status, given) {
            assert_eq!(
                given,
                about["example"].as_str().expect("an example"),
                "{what}"
            );
        }
    }
}

/// A header field of an answer.
pub(super) fn field<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name).map(HeaderValue::to_str)?.ok()
}
