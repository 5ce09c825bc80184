//! Reading a plan from JSON: every bad field is named, with what is accepted.

use super::Plan;
use crate::{
    Limits, Thresholds,
    payload::{MAX_PAYLOAD_BYTES, MIN_PAYLOAD_BYTES},
    problem::{FieldError, Problem},
};
use core::{fmt::Display, str::FromStr};
use serde_json::{Map, Value};

/// Largest plan that is read, in bytes. The longest sensible one is under 1 KB.
pub const MAX_PLAN_BYTES: usize = 16 * 1024;

/// Payload sizes in one plan, at most.
const MAX_PAYLOAD_SIZES: usize = 16;

/// Warmup calls of a slice, at most: they count against the delegated calls of the slice.
pub(super) const MAX_WARMUP: u32 = 10;

/// Why a text is not a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Not JSON, or not an object.
    #[error("the plan is not a JSON object: {0}")]
    NotAnObject(String),
    /// Bad fields, all of them.
    #[error("the plan has {} bad field(s)", .0.len())]
    Fields(Vec<FieldError>),
}

impl From<PlanError> for Problem {
    fn from(error: PlanError) -> Self {
        let detail = error.to_string();
        match error {
            PlanError::NotAnObject(_) => Self::new(400, detail),
            PlanError::Fields(errors) => Self::new(400, detail).with_errors(errors),
        }
    }
}

impl Plan {
    /// Reads a plan. An empty text or `{}` is the default plan; a field left out keeps its default.
    ///
    /// # Errors
    /// [`PlanError::NotAnObject`], or [`PlanError::Fields`] with every bad field of the plan.
    pub fn parse(json: &[u8], limits: &Limits) -> Result<Self, PlanError> {
        if json.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        let fields = match serde_json::from_slice(json) {
            Ok(Value::Object(fields)) => fields,
            Ok(other) => return Err(PlanError::NotAnObject(format!("it is {}", kind_of(&other)))),
            Err(error) => return Err(PlanError::NotAnObject(error.to_string())),
        };
        let mut reader = Reader {
            fields,
            errors: Vec::new(),
        };
        let plan = reader.plan(limits);
        if reader.errors.is_empty() {
            Ok(plan)
        } else {
            Err(PlanError::Fields(reader.errors))
        }
    }
}

/// Takes fields out of an object, collecting what is wrong with them.
struct Reader {
    fields: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Reader {
    fn plan(&mut self, limits: &Limits) -> Plan {
        let default = Plan::default();
        let plan = Plan {
            transports: self.names("transports", default.transports),
            functions: self.names("functions", default.functions),
            payload_bytes: self.payload_bytes(default.payload_bytes),
            payload_shape: self.name("payload_shape", default.payload_shape),
            samples_per_cell: self.integer(
                "samples_per_cell",
                1,
                limits.samples_per_cell,
                default.samples_per_cell,
            ),
            warmup_per_slice: self.integer(
                "warmup_per_slice",
                0,
                MAX_WARMUP,
                default.warmup_per_slice,
            ),
            timer: self.name("timer", default.timer),
            seed: self.integer("seed", 0, u64::MAX, default.seed),
            thresholds: self.thresholds(default.thresholds),
            call_timeout_ms: self.integer("call_timeout_ms", 10, 60_000, default.call_timeout_ms),
            batch_size: self.integer("batch_size", 1, 100, default.batch_size),
            concurrency: self.integer("concurrency", 1, 16, default.concurrency),
            breakdown: self.boolean("breakdown", default.breakdown),
        };
        let unknown: Vec<String> = self.fields.keys().map(|key| shorten(key)).collect();
        for field in unknown {
            self.refuse(field, "is not a field of a plan");
        }
        let slices = plan.geometry(limits).slices();
        if self.errors.is_empty() && slices > limits.slices_per_run {
            let most = limits.slices_per_run;
            self.refuse(
                "samples_per_cell",
                format!("makes {slices} slices with this many cells; the {} profile allows {most} a run: ask for fewer cells or samples", limits.profile),
            );
        }
        plan
    }

    fn refuse(&mut self, field: impl Into<String>, detail: impl Into<String>) {
        self.errors.push(FieldError {
            field: field.into(),
            detail: detail.into(),
        });
    }

    fn name<T: FromStr>(&mut self, field: &str, default: T) -> T
    where
        T::Err: Display,
    {
        match self.fields.remove(field) {
            None => default,
            Some(value) => self.one_name(field, &value).unwrap_or(default),
        }
    }

    fn one_name<T: FromStr>(&mut self, field: &str, value: &Value) -> Option<T>
    where
        T::Err: Display,
    {
        let Value::String(text) = value else {
            self.refuse(field, format!("is {}; must be a string", kind_of(value)));
            return None;
        };
        text.parse()
            .map_err(|error: T::Err| self.refuse(field, error.to_string()))
            .ok()
    }

    fn names<T: FromStr + PartialEq>(&mut self, field: &str, default: Vec<T>) -> Vec<T>
    where
        T::Err: Display,
    {
        let Some(values) = self.list(field) else {
            return default;
        };
        let mut names = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let at = format!("{field}[{index}]");
            if let Some(name) = self.one_name(&at, value) {
                self.add_once(&at, &mut names, name);
            }
        }
        names
    }

    /// A list that is there, is a list, and is not empty; with its errors noted.
    fn list(&mut self, field: &str) -> Option<Vec<Value>> {
        match self.fields.remove(field)? {
            Value::Array(values) if values.is_empty() => {
                self.refuse(field, "is empty; leave it out for the default");
                None
            }
            Value::Array(values) => Some(values),
            other => {
                self.refuse(field, format!("is {}; must be a list", kind_of(&other)));
                None
            }
        }
    }

    fn add_once<T: PartialEq>(&mut self, at: &str, list: &mut Vec<T>, item: T) {
        if list.contains(&item) {
            self.refuse(at, "is in the list twice");
        } else {
            list.push(item);
        }
    }

    fn payload_bytes(&mut self, default: Vec<u32>) -> Vec<u32> {
        let Some(values) = self.list("payload_bytes") else {
            return default;
        };
        if values.len() > MAX_PAYLOAD_SIZES {
            self.refuse(
                "payload_bytes",
                format!(
                    "has {} sizes; at most {MAX_PAYLOAD_SIZES} are allowed",
                    values.len()
                ),
            );
            return default;
        }
        let mut sizes = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let at = format!("payload_bytes[{index}]");
            if let Some(size) = self.one_integer(&at, value, MIN_PAYLOAD_BYTES, MAX_PAYLOAD_BYTES) {
                self.add_once(&at, &mut sizes, size);
            }
        }
        sizes
    }

    fn integer<T: TryFrom<u64> + Into<u64> + Display + Copy>(
        &mut self,
        field: &str,
        min: T,
        max: T,
        default: T,
    ) -> T {
        match self.fields.remove(field) {
            None => default,
            Some(value) => self.one_integer(field, &value, min, max).unwrap_or(default),
        }
    }

    fn one_integer<T: TryFrom<u64> + Into<u64> + Display + Copy>(
        &mut self,
        field: &str,
        value: &Value,
        min: T,
        max: T,
    ) -> Option<T> {
        let accepted = whole(value)
            .filter(|number| (min.into()..=max.into()).contains(number))
            .and_then(|number| T::try_from(number).ok());
        if accepted.is_none() {
            let given = if value.is_number() {
                value.to_string()
            } else {
                kind_of(value).to_owned()
            };
            self.refuse(
                field,
                format!("is {given}; must be a whole number from {min} to {max}"),
            );
        }
        accepted
    }

    fn boolean(&mut self, field: &str, default: bool) -> bool {
        match self.fields.remove(field) {
            None => default,
            Some(Value::Bool(value)) => value,
            Some(other) => {
                self.refuse(
                    field,
                    format!("is {}; must be true or false", kind_of(&other)),
                );
                default
            }
        }
    }

    fn thresholds(&mut self, default: Thresholds) -> Thresholds {
        let mut given = match self.fields.remove("thresholds") {
            None => return default,
            Some(Value::Object(fields)) => fields,
            Some(other) => {
                self.refuse(
                    "thresholds",
                    format!("is {}; must be an object", kind_of(&other)),
                );
                return default;
            }
        };
        let thresholds = Thresholds {
            p50_ms: self.threshold(&mut given, "p50_ms", default.p50_ms),
            p95_ms: self.threshold(&mut given, "p95_ms", default.p95_ms),
            p99_ms: self.threshold(&mut given, "p99_ms", default.p99_ms),
        };
        for key in given.keys() {
            self.refuse(
                format!("thresholds.{}", shorten(key)),
                "is not a threshold; there are p50_ms, p95_ms and p99_ms",
            );
        }
        thresholds
    }

    fn threshold(&mut self, given: &mut Map<String, Value>, field: &str, default: f64) -> f64 {
        let Some(value) = given.remove(field) else {
            return default;
        };
        if let Some(ms) = value.as_f64().filter(|ms| *ms > 0.0 && *ms <= 60_000.0) {
            return ms;
        }
        let detail = format!(
            "is {}; must be a number of ms above 0, at most 60000",
            kind_of(&value)
        );
        self.refuse(format!("thresholds.{field}"), detail);
        default
    }
}

/// A whole number, also where it is written as a float (`4e2`), as JavaScript clients may.
fn whole(value: &Value) -> Option<u64> {
    /// Above this a float may not be the number that was written.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Some(number) = value.as_u64() {
        return Some(number);
    }
    let number = value.as_f64()?;
    let exact = number.fract() == 0.0 && (0.0..=EXACT).contains(&number);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and in 0..=2^53, checked above"
    )]
    exact.then_some(number as u64)
}

/// What a value is, in words, without repeating a client's text.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A client's field name, cut to what an error message can carry.
fn shorten(name: &str) -> String {
    name.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Function, Transport, limits::LimitsProfile};

    fn parse(json: &str) -> Result<Plan, PlanError> {
        Plan::parse(json.as_bytes(), &Limits::of(LimitsProfile::Paid))
    }

    fn bad_fields(json: &str) -> Vec<String> {
        match parse(json) {
            Err(PlanError::Fields(errors)) => errors.into_iter().map(|error| error.field).collect(),
            other => panic!("{json}: {other:?}"),
        }
    }

    #[test]
    fn nothing_and_an_empty_object_are_the_default_plan() {
        assert_eq!(parse(""), Ok(Plan::default()));
        assert_eq!(parse("{}"), Ok(Plan::default()));
    }

    #[test]
    fn the_plan_of_the_design_is_the_default_plan() {
        let json = r#"{"transports":["direct","service-binding","raw-fetch"], "functions":["echo","transform","compute"],
            "payload_bytes":[100,1000,10000,100000], "samples_per_cell":400, "warmup_per_slice":2,
            "timer":"auto", "seed":1, "thresholds":{"p50_ms":1,"p95_ms":3,"p99_ms":5}}"#;
        assert_eq!(parse(json), Ok(Plan::default()));
    }

    #[test]
    fn what_a_plan_says_is_what_it_reads_back() {
        let plan = Plan {
            seed: u64::MAX,
            functions: vec![Function::Compute],
            transports: vec![Transport::Rpc],
            ..Plan::default()
        };
        assert_eq!(parse(&serde_json::to_string(&plan).unwrap()), Ok(plan));
    }

    #[test]
    fn every_bad_field_is_named() {
        assert_eq!(
            bad_fields(r#"{"payload_bytes":[-1],"samples_per_cell":1e9}"#),
            ["payload_bytes[0]", "samples_per_cell"]
        );
        assert_eq!(
            bad_fields(
                r#"{"transports":["direct","smoke","direct"],"functions":[],"timer":3,"seed":1.5,"thresholds":{"p50_ms":0,"p90_ms":1},"jobs":1}"#
            ),
            [
                "transports[1]",
                "transports[2]",
                "functions",
                "timer",
                "seed",
                "thresholds.p50_ms",
                "thresholds.p90_ms",
                "jobs"
            ]
        );
    }

    #[test]
    fn an_error_says_what_is_accepted() {
        let Err(PlanError::Fields(errors)) = parse(r#"{"samples_per_cell":1e9}"#) else {
            panic!("accepted")
        };
        assert_eq!(
            errors[0].detail,
            "is 1000000000.0; must be a whole number from 1 to 10000"
        );
    }

    #[test]
    fn what_is_not_an_object_is_refused() {
        for json in ["[]", "1", "{", "null", "\u{0}"] {
            assert!(
                matches!(parse(json), Err(PlanError::NotAnObject(_))),
                "{json}"
            );
        }
    }

    #[test]
    fn a_plan_with_too_many_slices_says_what_would_fit() {
        let sizes: Vec<u32> = (100..116).collect();
        let all = serde_json::to_string(Transport::ALL).unwrap();
        let json = format!(
            "{{\"samples_per_cell\":10000,\"transports\":{all},\"payload_bytes\":{sizes:?}}}"
        );
        assert_eq!(bad_fields(&json), ["samples_per_cell"]);
    }
}
