//! Reading the requests of the caller's contract: every bad field is named, with what is accepted.

#[cfg(test)]
mod tests;

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
