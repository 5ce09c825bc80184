//! Operations, as they are described: parameters, answers, errors.

use crate::DocumentError;
use protocol::{
    Problem, RunId,
    location::{DEFAULT_LOCATION, LOCATION_HINTS},
    problem::PROBLEM_JSON,
};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// The paths under construction, and the schemas that they refer to.
pub(crate) struct Paths {
    schemas: SchemaGenerator,
    paths: Map<String, Value>,
}

/// What can be asked of one path by one method.
pub(crate) struct Operation<'a> {
    /// In small letters.
    pub(crate) method: &'a str,
    /// With its parameters in braces.
    pub(crate) path: &'a str,
    /// Its id; no other operation has it.
    pub(crate) id: &'a str,
    /// What it does, in a sentence.
    pub(crate) summary: &'a str,
    /// Whether it takes the token.
    pub(crate) takes_token: bool,
    /// Parameters of path, query and header.
    pub(crate) parameters: Vec<Value>,
    /// What may be in its body.
    pub(crate) request_body: Option<Value>,
    /// The status of success, and what it brings.
    pub(crate) success: (u16, Body<'a>),
    /// A second success, without a body, and what it means.
    pub(crate) without_body: Option<(u16, &'a str)>,
    /// The statuses of its problems, each with a detail that it has there.
    pub(crate) errors: Vec<(u16, &'a str)>,
}

/// What a successful answer holds.
pub(crate) enum Body<'a> {
    /// A JSON value of this schema.
    Json(Value),
    /// Text of this media type, of which every answer has the example's first line.
    Text {
        media_type: &'a str,
        example: &'a str,
    },
    /// Server-sent events, each of this schema once it is parsed, and a stream of them.
    Events { event: Value, example: String },
}

impl<'a> Operation<'a> {
    /// Reading a path that takes no parameters and has no problems of its own.
    pub(crate) fn get(path: &'a str, (id, summary): (&'a str, &'a str), success: Body<'a>) -> Self {
        Self {
            method: "get",
            path,
            id,
            summary,
            takes_token: false,
            parameters: Vec::new(),
            request_body: None,
            success: (200, success),
            without_body: None,
            errors: Vec::new(),
        }
    }
}

impl Paths {
    /// None yet.
    pub(crate) fn new(schemas: SchemaGenerator) -> Self {
        Self {
            schemas,
            paths: Map::new(),
        }
    }

    /// A reference to the schema of a type, which becomes part of the document.
    pub(crate) fn schema<T: JsonSchema>(&mut self) -> Value {
        self.schemas.subschema_for::<T>().to_value()
    }

    /// A parameter of the path.
    pub(crate) fn path_parameter<T: JsonSchema>(&mut self, name: &str, description: &str) -> Value {
        json!({"name": name, "in": "path", "required": true, "description": description, "schema": self.schema::<T>()})
    }

    /// The parameter of every path about one run.
    pub(crate) fn run_parameter(&mut self) -> Value {
        self.path_parameter::<RunId>("run", "The run's id.")
    }

    /// Adds an operation.
    pub(crate) fn add(&mut self, operation: Operation) -> Result<(), DocumentError> {
        let responses = self.responses(&operation)?;
        let mut described = json!({
            "operationId": operation.id,
            "summary": operation.summary,
            "parameters": operation.parameters,
            "responses": responses,
        });
        if operation.takes_token {
            described["security"] = json!([{"token": []}]);
        }
        if let Some(body) = operation.request_body {
            described["requestBody"] = body;
        }
        let path = self.paths.entry(operation.path);
        path.or_insert_with(|| json!({}))[operation.method] = described;
        Ok(())
    }

    fn responses(&mut self, operation: &Operation) -> Result<Value, DocumentError> {
        let mut responses = json!({"default": {"$ref": "#/components/responses/Problem"}});
        let (status, body) = &operation.success;
        let success = json!({"description": operation.summary, "content": content(body)});
        responses[status.to_string()] = with_headers(success, *status);
        if let Some((status, meaning)) = operation.without_body {
            responses[status.to_string()] = json!({"description": meaning});
        }
        let schema = self.schema::<Problem>();
        for (status, detail) in &operation.errors {
            let response = problem(&schema, detail, &Problem::new(*status, *detail))?;
            responses[status.to_string()] = with_headers(response, *status);
        }
        Ok(responses)
    }

    /// The paths, and the schemas that they refer to.
    pub(crate) fn finish(mut self) -> (Value, Map<String, Value>) {
        let schemas = self.schemas.take_definitions(true);
        (Value::Object(self.paths), schemas)
    }
}

/// A parameter of the query.
pub(crate) fn query(name: &str, description: &str, required: bool, schema: &Value) -> Value {
    json!({"name": name, "in": "query", "required": required, "description": description, "schema": schema})
}

/// The query parameter that chooses a location.
pub(crate) fn location() -> Value {
    let names: Vec<&str> = std::iter::once(DEFAULT_LOCATION)
        .chain(LOCATION_HINTS)
        .collect();
    query(
        "location",
        "One of the configured locations (GET /health lists them); 404 for another.",
        false,
        &json!({"type": "string", "enum": names}),
    )
}

fn content(body: &Body) -> Value {
    match body {
        Body::Json(schema) => json!({"application/json": {"schema": schema}}),
        Body::Text {
            media_type,
            example,
        } => json!({*media_type: {"schema": {"type": "string"}, "example": example}}),
        Body::Events { event, example } => {
            json!({"text/event-stream": {"itemSchema": event, "examples": {"stream": {"serializedValue": example}}}})
        }
    }
}

fn problem(schema: &Value, description: &str, example: &Problem) -> Result<Value, DocumentError> {
    let example = serde_json::to_value(example)?;
    Ok(
        json!({"description": description, "content": {PROBLEM_JSON: {"schema": schema, "example": example}}}),
    )
}

/// What any operation may answer beside the statuses that are its own.
pub(crate) fn any_other_problem(schema: &Value) -> Result<Value, DocumentError> {
    let description = "Whatever else can go wrong: 405 for a method that the path does not know, 500 for a fault of the system, 502 and 504 when a coordinator could not be reached or did not answer and no other has what was asked for (missing_locations names it), 503 for a deployment with a variable that cannot be used or a database that cannot be opened.";
    let detail = "this deployment is misconfigured: the variable LIMITS cannot be used";
    problem(schema, description, &Problem::new(503, detail))
}

/// Adds the header field that every answer of this status carries.
fn with_headers(mut response: Value, status: u16) -> Value {
    let (name, description, example) = match status {
        202 => (
            "Location",
            "Where the run's status is.",
            "/runs/20261122T172800Z-4f9a1c07",
        ),
        401 => (
            "WWW-Authenticate",
            "How to authenticate (RFC 9110, section 11.6.1).",
            "Bearer",
        ),
        429 => ("Retry-After", "Seconds after which to try again.", "600"),
        _ => return response,
    };
    response["headers"] = json!({name: {"description": description, "required": true, "schema": {"type": "string"}, "example": example}});
    response
}
