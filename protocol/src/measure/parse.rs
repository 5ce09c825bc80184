//! Reading the requests of the caller's contract: every bad field is named, with what is accepted.

use super::{
    DEFAULT_CALL_TIMEOUT_MS, MAX_BATCH_SIZE, MAX_CALL_TIMEOUT_MS, MAX_CALLS_PER_SLICE,
    MAX_CONCURRENCY, MAX_REPETITIONS, MIN_CALL_TIMEOUT_MS, MeasureRequest, RepeatRequest,
    TimerChoice,
};
use crate::{
    Function, PayloadShape, Problem, Runtime, Transport,
    breakdown::Component,
    busy::{MAX_PAUSE_MS, MAX_PERCENT, MAX_STROKES, Neighbour},
    fields::FieldReader,
    payload::{MAX_PAYLOAD_BYTES, MIN_PAYLOAD_BYTES},
    problem::FieldError,
};
use core::str::FromStr as _;

impl MeasureRequest {
    /// Reads a request for one slice.
    ///
    /// # Errors
    /// A problem of status 400 that names every bad field.
    pub fn parse(json: &[u8]) -> Result<Self, Problem> {
        let mut reader = reader(json)?;
        reader.require("transport", format!("one of: {}", Transport::expected()));
        reader.require("function", format!("one of: {}", Function::expected()));
        reader.require("samples", "a whole number");
        let runtime = reader.name("runtime", Runtime::NATIVE);
        let function = if runtime.is_native() {
            reader.name_by("function", Function::known)
        } else {
            reader.name_by("function", Function::from_str)
        };
        let request = Self {
            runtime,
            transport: reader.name("transport", Transport::Direct),
            function: function.unwrap_or(Function::Echo),
            payload_bytes: payload_bytes(&mut reader),
            payload_shape: reader.name("payload_shape", PayloadShape::Text),
            samples: reader.integer("samples", 1, MAX_CALLS_PER_SLICE, 1),
            warmup: reader.integer("warmup", 0, MAX_CALLS_PER_SLICE, 0),
            chain: reader.integer("chain", 0, MAX_CALLS_PER_SLICE, 0),
            timer: reader.name("timer", TimerChoice::Auto),
            seed: reader.integer("seed", 0, u64::MAX, 0),
            call_timeout_ms: call_timeout_ms(&mut reader),
            batch_size: reader.integer("batch_size", 1, MAX_BATCH_SIZE, 1),
            concurrency: reader.integer("concurrency", 1, MAX_CONCURRENCY, 1),
            neighbour: neighbour(&mut reader),
        };
        if request.concurrency > 1 && request.neighbour.is_some() {
            reader.refuse(
                "concurrency",
                "must be 1 beside a neighbour: each call waits for a moment of its own",
            );
        }
        if request.concurrency > 1 && request.timer.insists_on_interpolation() {
            reader.refuse(
                "timer",
                "cannot be interpolated with a concurrency above 1: ask for \"auto\" or \"ticked\"",
            );
        }
        answer(request, reader.finish("a request for a slice"))
    }
}

impl RepeatRequest {
    /// Reads a request for repetitions of one component.
    ///
    /// # Errors
    /// A problem of status 400 that names every bad field.
    pub fn parse(json: &[u8]) -> Result<Self, Problem> {
        let mut reader = reader(json)?;
        let component = component(&mut reader);
        reader.require("repetitions", "a whole number");
        let most = if component.delegates() {
            MAX_CALLS_PER_SLICE
        } else {
            MAX_REPETITIONS
        };
        let request = Self {
            component,
            payload_shape: reader.name("payload_shape", PayloadShape::Text),
            repetitions: reader.integer("repetitions", 0, most, 0),
            call_timeout_ms: call_timeout_ms(&mut reader),
        };
        answer(request, reader.finish("a request for repetitions"))
    }
}

fn reader(json: &[u8]) -> Result<FieldReader<'_>, Problem> {
    FieldReader::new(json)
        .map_err(|why| Problem::new(400, format!("the body is not a JSON object: {why}")))
}

fn answer<T>(request: T, errors: Vec<FieldError>) -> Result<T, Problem> {
    if errors.is_empty() {
        return Ok(request);
    }
    let names: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
    let detail = format!("bad field(s): {}", names.join(", "));
    Err(Problem::new(400, detail).with_errors(errors))
}

fn payload_bytes(reader: &mut FieldReader) -> u32 {
    reader.require("payload_bytes", "a whole number");
    reader.integer(
        "payload_bytes",
        MIN_PAYLOAD_BYTES,
        MAX_PAYLOAD_BYTES,
        MIN_PAYLOAD_BYTES,
    )
}

/// What is said of a neighbour; `pause_ms` says that there is one.
fn neighbour(reader: &mut FieldReader) -> Option<Neighbour> {
    reader.has("pause_ms").then(|| Neighbour {
        runtime: reader.name("busy_runtime", Runtime::NATIVE),
        percent: reader.integer("busy_percent", 0, MAX_PERCENT, 0),
        pause_ms: reader.integer("pause_ms", 1, MAX_PAUSE_MS, MAX_PAUSE_MS),
        strokes: reader.integer("strokes", 0, MAX_STROKES, 0),
    })
}

fn call_timeout_ms(reader: &mut FieldReader) -> u32 {
    reader.integer(
        "call_timeout_ms",
        MIN_CALL_TIMEOUT_MS,
        MAX_CALL_TIMEOUT_MS,
        DEFAULT_CALL_TIMEOUT_MS,
    )
}

/// The component and the fields that belong to it; [`Component::Nothing`] where it is not known.
fn component(reader: &mut FieldReader) -> Component {
    const WORDS: [&str; 5] = ["nothing", "empty-hop", "encode", "decode", "function"];
    match reader.word("component", &WORDS) {
        Some("empty-hop") => Component::EmptyHop,
        Some("encode") => Component::Encode {
            payload_bytes: payload_bytes(reader),
        },
        Some("decode") => Component::Decode {
            payload_bytes: payload_bytes(reader),
        },
        Some("function") => {
            reader.require("function", format!("one of: {}", Function::expected()));
            Component::Function {
                function: reader
                    .name_by("function", Function::known)
                    .unwrap_or(Function::Echo),
                payload_bytes: payload_bytes(reader),
            }
        }
        _ => Component::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad_fields(problem: Problem) -> Vec<String> {
        assert_eq!(problem.status, 400);
        problem
            .errors
            .into_iter()
            .map(|error| error.field)
            .collect()
    }

    #[test]
    fn what_a_request_says_is_what_it_reads_back() {
        let request = MeasureRequest {
            runtime: Runtime::NATIVE,
            transport: Transport::Rpc,
            function: Function::Compute,
            payload_bytes: 1_000,
            payload_shape: PayloadShape::Records,
            samples: 20,
            warmup: 2,
            chain: 8,
            timer: TimerChoice::Ticked,
            seed: u64::MAX,
            call_timeout_ms: 500,
            batch_size: 10,
            concurrency: 4,
            neighbour: None,
        };
        let json = serde_json::to_vec(&request).unwrap();
        assert_eq!(MeasureRequest::parse(&json), Ok(request.clone()));
        let beside = MeasureRequest {
            concurrency: 1,
            neighbour: Some(Neighbour {
                runtime: "pyodide".parse().unwrap(),
                percent: 10,
                pause_ms: 500,
                strokes: 160,
            }),
            ..request
        };
        let json = serde_json::to_string(&beside).unwrap();
        assert!(
            json.ends_with(r#""concurrency":1,"busy_runtime":"pyodide","busy_percent":10,"pause_ms":500,"strokes":160}"#),
            "{json}"
        );
        assert_eq!(MeasureRequest::parse(json.as_bytes()), Ok(beside));
    }

    #[test]
    fn every_bad_field_of_a_neighbour_is_named() {
        let bad = |more: &str| {
            let json = format!(
                r#"{{"transport":"rpc","function":"echo","payload_bytes":100,"samples":9,{more}}}"#
            );
            bad_fields(MeasureRequest::parse(json.as_bytes()).unwrap_err())
        };
        assert_eq!(
            bad(
                r#""pause_ms":0,"busy_percent":91,"busy_runtime":"A b","strokes":-1,"concurrency":2"#
            ),
            [
                "busy_runtime",
                "busy_percent",
                "pause_ms",
                "strokes",
                "concurrency"
            ]
        );
        assert_eq!(
            bad(r#""busy_percent":10"#),
            ["busy_percent"],
            "without a pause there is no neighbour"
        );
    }

    #[test]
    fn the_least_that_a_request_needs_and_the_defaults_of_the_rest_are_pinned() {
        let json = br#"{"transport":"service-binding","function":"echo","payload_bytes":100,"samples":20}"#;
        let request = MeasureRequest {
            runtime: Runtime::NATIVE,
            transport: Transport::ServiceBinding,
            function: Function::Echo,
            payload_bytes: 100,
            payload_shape: PayloadShape::Text,
            samples: 20,
            warmup: 0,
            chain: 0,
            timer: TimerChoice::Auto,
            seed: 0,
            call_timeout_ms: 10_000,
            batch_size: 1,
            concurrency: 1,
            neighbour: None,
        };
        assert_eq!(MeasureRequest::parse(json), Ok(request));
    }

    #[test]
    fn every_bad_field_of_a_slice_is_named() {
        let bad = |json: &str| bad_fields(MeasureRequest::parse(json.as_bytes()).unwrap_err());
        assert_eq!(
            bad("{}"),
            ["transport", "function", "samples", "payload_bytes"]
        );
        assert_eq!(
            bad(
                r#"{"transport":"smoke","function":"echo","payload_bytes":1,"samples":0,"concurrency":17,"timer":"best","sample":1}"#
            ),
            [
                "transport",
                "payload_bytes",
                "samples",
                "timer",
                "concurrency",
                "sample"
            ]
        );
        assert_eq!(
            bad(
                r#"{"transport":"rpc","function":"echo","payload_bytes":100,"samples":9,"concurrency":2,"timer":"interpolated"}"#
            ),
            ["timer"]
        );
        assert!(bad("[]").is_empty(), "not an object has no fields to name");
    }

    #[test]
    fn a_component_is_read_with_the_fields_that_belong_to_it() {
        for component in [
            Component::Nothing,
            Component::EmptyHop,
            Component::Encode { payload_bytes: 100 },
            Component::Decode { payload_bytes: 100 },
            Component::Function {
                function: Function::Compute,
                payload_bytes: 100,
            },
        ] {
            let request = RepeatRequest {
                component,
                payload_shape: PayloadShape::Text,
                repetitions: 7,
                call_timeout_ms: 100,
            };
            let json = serde_json::to_vec(&request).unwrap();
            assert_eq!(RepeatRequest::parse(&json), Ok(request), "{component}");
        }
    }

    #[test]
    fn every_bad_field_of_a_repetition_is_named() {
        let bad = |json: &str| bad_fields(RepeatRequest::parse(json.as_bytes()).unwrap_err());
        assert_eq!(bad("{}"), ["component", "repetitions"]);
        assert_eq!(
            bad(r#"{"component":"function","function":"walk","repetitions":1}"#),
            ["function", "payload_bytes"]
        );
        assert_eq!(
            bad(r#"{"component":"nothing","payload_bytes":100,"repetitions":1}"#),
            ["payload_bytes"]
        );
        assert_eq!(
            bad(r#"{"component":"empty-hop","repetitions":100001}"#),
            ["repetitions"]
        );
    }
}
