//! Schemas that are no type's own: the answer of `/health`, and a plan as it is asked for.

use crate::DocumentError;
use protocol::{
    Limits, Plan,
    busy::MAX_SHARES,
    cold_start,
    limits::LimitsProfile,
    measure::{
        MAX_BATCH_SIZE, MAX_BYTES_IN_FLIGHT, MAX_CALL_TIMEOUT_MS, MAX_CONCURRENCY,
        MIN_CALL_TIMEOUT_MS,
    },
    payload::{MAX_PAYLOAD_BYTES, MIN_PAYLOAD_BYTES},
    plan::{MAX_CALLS, MAX_PAYLOAD_SIZES, MAX_SECONDS, MAX_THRESHOLD_MS, MAX_WARMUP},
};
use serde_json::{Map, Value, json};

/// The answer of `/health`.
pub(crate) fn health() -> Value {
    json!({
        "type": "object",
        "required": ["status", "package_version", "compatibility_date", "limits", "locations", "starting_runs"],
        "properties": {
            "status": {"const": "ok"},
            "package_version": {"type": "string"},
            "deployed_version_id": {"type": ["string", "null"], "description": "Cloudflare's id of the deployed version; null locally."},
            "compatibility_date": {"type": "string"},
            "limits": {"type": "string", "enum": ["paid", "free", "local"]},
            "locations": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            "starting_runs": {"type": "string", "description": "Who may start runs."},
        },
    })
}

/// A plan as it is asked for: nothing in it is required, nothing else is accepted, and what the types cannot say is said here.
pub(crate) fn plan_request(schemas: &Map<String, Value>) -> Result<Value, DocumentError> {
    let mut plan = ObjectSchema::request("Plan", schemas)?;
    plan.set("thresholds", thresholds(schemas)?)?;
    plan.field("cold_starts")?["anyOf"][0] = cold_starts(schemas)?;
    for (field, keywords) in limits_of_fields() {
        plan.restrict(field, &keywords)?;
    }
    let bytes = json!({"minimum": MIN_PAYLOAD_BYTES, "maximum": MAX_PAYLOAD_BYTES});
    extend(&mut plan.field("payload_bytes")?["items"], &bytes);
    if let Value::Object(defaults) = serde_json::to_value(Plan::default())? {
        for (field, value) in defaults {
            plan.field(&field)?["default"] = value;
        }
    }
    plan.schema["description"] = json!(format!(
        "A plan as it is asked for: every field may be left out and then has its default. What this schema cannot say: at most {MAX_BYTES_IN_FLIGHT} bytes are in flight at once (largest payload x batch_size, where a transport carries batches, x concurrency); a concurrency above 1 excludes the interpolated timer; the slices of all cells must fit the account's limits, and those of a free account also allow fewer samples. A refusal says what fits."
    ));
    Ok(plan.schema)
}

fn thresholds(schemas: &Map<String, Value>) -> Result<Value, DocumentError> {
    let mut thresholds = ObjectSchema::request("Thresholds", schemas)?;
    for field in thresholds.fields() {
        let most = if field == "max_error_share" {
            1
        } else {
            MAX_THRESHOLD_MS
        };
        thresholds.restrict(&field, &json!({"exclusiveMinimum": 0, "maximum": most}))?;
    }
    Ok(thresholds.schema)
}

fn cold_starts(schemas: &Map<String, Value>) -> Result<Value, DocumentError> {
    let mut asked = ObjectSchema::request("ColdStartPlan", schemas)?;
    let samples = json!({"minimum": 1, "maximum": cold_start::MAX_SAMPLES, "default": cold_start::DEFAULT_SAMPLES});
    asked.restrict("samples", &samples)?;
    let scenarios =
        json!({"minItems": 1, "uniqueItems": true, "default": cold_start::Scenario::ALL});
    asked.restrict("scenarios", &scenarios)?;
    Ok(asked.schema)
}

fn limits_of_fields() -> [(&'static str, Value); 14] {
    let most_samples = Limits::of(LimitsProfile::Paid).samples_per_cell;
    [
        ("transports", json!({"minItems": 1, "uniqueItems": true})),
        ("runtimes", json!({"minItems": 1, "uniqueItems": true})),
        ("functions", json!({"minItems": 1, "uniqueItems": true})),
        (
            "judge",
            json!({
                "minItems": 1,
                "uniqueItems": true,
                "description": "The transports whose latencies make the answer, all of them among the plan's and delegating; by default those of a service binding. Calls that fail count for every transport.",
            }),
        ),
        (
            "payload_bytes",
            json!({"minItems": 1, "maxItems": MAX_PAYLOAD_SIZES, "uniqueItems": true}),
        ),
        (
            "samples_per_cell",
            json!({"minimum": 1, "maximum": most_samples}),
        ),
        (
            "max_seconds",
            json!({"type": "integer", "minimum": 1, "maximum": MAX_SECONDS,
                "description": "A run until it is settled begins no round that would probably take it beyond this, in seconds; 120 unless the plan says otherwise. A run of fixed size has no such limit."}),
        ),
        (
            "max_calls",
            json!({"type": "integer", "minimum": 1, "maximum": MAX_CALLS,
                "description": "A run until it is settled makes no more delegated calls than this, which must do for its first round; 300,000 unless the plan says otherwise. A run of fixed size has no such limit."}),
        ),
        (
            "busy",
            json!({"minItems": 1, "maxItems": MAX_SHARES, "uniqueItems": true, "default": [0],
                "description": "Shares of the time that neighbours keep each runtime busy: beside each, and beside nobody, the judged transports and direct are measured with the first function and payload, after all else. [0] alone: not measured. Not on a free account, and only with a judged transport that goes over the service binding."}),
        ),
        ("warmup_per_slice", json!({"maximum": MAX_WARMUP})),
        ("seed", json!({"maximum": u64::MAX})),
        (
            "call_timeout_ms",
            json!({"minimum": MIN_CALL_TIMEOUT_MS, "maximum": MAX_CALL_TIMEOUT_MS}),
        ),
        (
            "batch_size",
            json!({"minimum": 1, "maximum": MAX_BATCH_SIZE}),
        ),
        (
            "concurrency",
            json!({"minimum": 1, "maximum": MAX_CONCURRENCY}),
        ),
    ]
}

/// The schema of an object that is to be restricted. A field that it does not have is an error: the keywords would go nowhere.
struct ObjectSchema {
    name: &'static str,
    schema: Value,
}

impl ObjectSchema {
    /// The schema of a type, as a request: every field may be left out, and no other is accepted.
    fn request(name: &'static str, schemas: &Map<String, Value>) -> Result<Self, DocumentError> {
        let known = schemas.get(name).and_then(Value::as_object);
        let mut schema = known.ok_or(DocumentError::NoSchema(name))?.clone();
        schema.remove("required");
        schema.insert("additionalProperties".to_owned(), json!(false));
        Ok(Self {
            name,
            schema: Value::Object(schema),
        })
    }

    fn fields(&self) -> Vec<String> {
        let fields = self.schema["properties"].as_object();
        fields.into_iter().flat_map(Map::keys).cloned().collect()
    }

    fn field(&mut self, field: &str) -> Result<&mut Value, DocumentError> {
        let found = self.schema["properties"].get_mut(field);
        found.ok_or_else(|| DocumentError::NoField {
            schema: self.name,
            field: field.to_owned(),
        })
    }

    fn set(&mut self, field: &str, schema: Value) -> Result<(), DocumentError> {
        *self.field(field)? = schema;
        Ok(())
    }

    fn restrict(&mut self, field: &str, keywords: &Value) -> Result<(), DocumentError> {
        extend(self.field(field)?, keywords);
        Ok(())
    }
}

/// Adds keywords to a schema.
fn extend(schema: &mut Value, keywords: &Value) {
    for (keyword, value) in keywords.as_object().into_iter().flatten() {
        schema[keyword] = value.clone();
    }
}
