//! Reading what is asked of cold starts: every bad field is named, with what is accepted.

use super::{ColdStart, ColdStartPlan, DEFAULT_SAMPLES, MAX_SAMPLES, Request, Scenario, WasmBytes};
use crate::{
    Problem, Runtime,
    fields::{FieldReader, kind, shorten},
    measure::{DEFAULT_CALL_TIMEOUT_MS, MAX_CALL_TIMEOUT_MS, MIN_CALL_TIMEOUT_MS},
};
use serde_json::Value;

impl Request {
    /// Reads a request for a sample.
    ///
    /// # Errors
    /// A problem of status 400 that names every bad field.
    pub fn parse(json: &[u8]) -> Result<Self, Problem> {
        let mut reader = FieldReader::new(json).map_err(|error| {
            Problem::new(400, format!("the request is not a JSON object: {error}"))
        })?;
        reader.require("scenario", format!("one of: {}", Scenario::expected()));
        let request = Self {
            place: reader.text("place").unwrap_or_default().into_owned(),
            cold_start: ColdStart {
                runtime: reader.name("runtime", Runtime::NATIVE),
                scenario: reader.name("scenario", Scenario::Warm),
                wasm_bytes: reader.name("wasm_bytes", WasmBytes::Known),
            },
            call_timeout_ms: reader.integer(
                "call_timeout_ms",
                MIN_CALL_TIMEOUT_MS,
                MAX_CALL_TIMEOUT_MS,
                DEFAULT_CALL_TIMEOUT_MS,
            ),
        };
        let errors = reader.finish("a request for a cold start");
        if errors.is_empty() {
            return Ok(request);
        }
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        let detail = format!("bad field(s): {}", fields.join(", "));
        Err(Problem::new(400, detail).with_errors(errors))
    }
}

impl ColdStartPlan {
    /// Reads the field `cold_starts` of a plan: an object, or null for none.
    pub(crate) fn read(reader: &mut FieldReader) -> Option<Self> {
        let field = "cold_starts";
        if reader.take_null(field) {
            return None;
        }
        let mut given = reader.object(field)?;
        let mut plan = Self::default();
        if let Some(value) = reader.take_inner(&mut given, field, "samples") {
            plan.samples = reader
                .one_integer("cold_starts.samples", &value, 1, MAX_SAMPLES)
                .unwrap_or(DEFAULT_SAMPLES);
        }
        if let Some(value) = reader.take_inner(&mut given, field, "scenarios") {
            plan.scenarios = scenarios(reader, value);
        }
        for key in given.names() {
            reader.refuse(
                format!("cold_starts.{}", shorten(key)),
                "is no field of cold_starts; there are samples and scenarios",
            );
        }
        Some(plan)
    }
}

fn scenarios(reader: &mut FieldReader, value: Value) -> Vec<Scenario> {
    let at = "cold_starts.scenarios";
    let Value::Array(values) = value else {
        reader.refuse(at, format!("is {}; must be a list", kind(&value)));
        return Vec::new();
    };
    if values.is_empty() {
        reader.refuse(at, "is empty; leave it out for all");
    }
    let mut scenarios = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let at = format!("{at}[{index}]");
        if let Some(scenario) = reader.one_name(&at, value, str::parse) {
            reader.add_once(&at, &mut scenarios, scenario);
        }
    }
    scenarios
}
