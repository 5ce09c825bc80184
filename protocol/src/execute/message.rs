//! Reading and writing messages as JSON text, with the values that are not looked at left as raw text.

use crate::{
    Problem, fields::FieldReader, named::UnknownName, problem::FieldError, raw_object::RawObject,
};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// Why bytes are not a message.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// They are not JSON, or something else than an object.
    #[error("{0}")]
    NotAnObject(String),
    /// They are not a message that the runtime answers with: this field is not as it must be.
    #[error("field `{0}` {1}")]
    Answer(&'static str, &'static str),
    /// Some fields of a request are not as they must be.
    #[error("bad field(s): {}", names(.0))]
    Fields(Vec<FieldError>),
}

fn names(errors: &[FieldError]) -> String {
    let names: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
    names.join(", ")
}

impl MessageError {
    /// The answer to the sender of a request: a problem of status 400 that names every bad field. `what` the bytes are: `the body`, `the message`.
    #[must_use]
    pub fn into_problem(self, what: &str) -> Problem {
        let problem = Problem::new(400, format!("{what} is not a request: {self}"));
        match self {
            Self::Fields(errors) => problem.with_errors(errors),
            Self::NotAnObject(_) | Self::Answer(..) => problem,
        }
    }
}

/// Reads a request by `read`, which takes the fields; then there may be no others.
pub(super) fn request<'a, T>(
    json: &'a [u8],
    read: impl FnOnce(&mut FieldReader<'a>) -> Option<T>,
) -> Result<T, MessageError> {
    let mut reader = FieldReader::new(json).map_err(MessageError::NotAnObject)?;
    let request = read(&mut reader);
    let errors = reader.finish("a request to execute a function");
    match request {
        Some(request) if errors.is_empty() => Ok(request),
        _ => Err(MessageError::Fields(errors)),
    }
}

/// A name out of a vocabulary, which must be there.
pub(super) fn name<T>(
    reader: &mut FieldReader<'_>,
    field: &str,
    parse: impl Fn(&str) -> Result<T, UnknownName>,
) -> Option<T> {
    let text = reader.text(field)?;
    parse(&text)
        .map_err(|error| reader.refuse(field, error.to_string()))
        .ok()
}

/// The fields of an answer.
pub(super) fn answer(json: &[u8]) -> Result<RawObject<'_>, MessageError> {
    match RawObject::of(json) {
        Ok(Some(fields)) => Ok(fields),
        Ok(None) => Err(MessageError::NotAnObject("not an object".to_owned())),
        Err(error) => Err(MessageError::NotAnObject(error.to_string())),
    }
}

/// Takes a field of an answer, if it is there; twice it may not be.
pub(super) fn take<'a>(
    answer: &mut RawObject<'a>,
    name: &'static str,
) -> Result<Option<&'a RawValue>, MessageError> {
    let value = answer.take(name);
    if answer.take_doubles(name) {
        return Err(MessageError::Answer(name, "is there twice"));
    }
    Ok(value)
}

/// Takes a field of an answer that must be there.
pub(super) fn require<'a>(
    answer: &mut RawObject<'a>,
    name: &'static str,
) -> Result<&'a RawValue, MessageError> {
    take(answer, name)?.ok_or(MessageError::Answer(name, "is missing"))
}

/// The same of a field that must be a number.
pub(super) fn require_number(
    answer: &mut RawObject<'_>,
    name: &'static str,
) -> Result<(), MessageError> {
    let text = require(answer, name)?.get();
    // It is JSON, so what begins like a number is one.
    if text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        Ok(())
    } else {
        Err(MessageError::Answer(name, "must be a number"))
    }
}

/// Writes a time in ms as the whole number that it is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "milliseconds since 1970: whole, positive, far below 2^53"
)]
#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference; on wasm32 it is smaller than the value"
)]
pub(super) fn whole<S: Serializer>(ms: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(*ms as u64)
}

/// Encodes a message around a value of `raw_bytes` bytes, without growing the text on the way.
pub(super) fn to_json(message: &impl Serialize, raw_bytes: usize) -> Vec<u8> {
    /// Longest envelope: the names of the fields and a number or two.
    const ENVELOPE_BYTES: usize = 192;
    let mut json = Vec::with_capacity(raw_bytes + ENVELOPE_BYTES);
    // Names, numbers and raw JSON always encode, and a Vec can be written to. (`expect` would be 5 KB of a thin stub, for the text of no error.)
    let _ = serde_json::to_writer(&mut json, message);
    json
}
