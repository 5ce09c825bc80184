//! The runtime's messages in `MessagePack` (<https://github.com/msgpack/msgpack/blob/master/spec.md>).
//!
//! The same fields as the JSON messages of [`crate::execute`], as maps with the same keys in any order. Payload and result stay encoded, as raw
//! JSON does there: what `echo` is given is checked to be one whole `MessagePack` value, by walking over it, and is not decoded.

mod message;
mod reader;
mod tree;

use crate::{
    Function,
    function::{COMPUTE_ROOTS, sum_of_square_roots},
    residency::{ISOLATE, Isolate},
};
use message::Message;
use reader::Reader;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Media type of a message.
pub const MSGPACK: &str = "application/msgpack";

const FUNCTION_ID: &str = "functionId";
const PAYLOAD: &str = "payload";
const TIMESTAMP: &str = "timestamp";
const RESULT: &str = "result";
const RUNTIME_TIMESTAMP: &str = "runtimeTimestamp";
const EXECUTION_TIME_MS: &str = "executionTimeMs";
const ISOLATE_ID: &str = "id";
const CALLS_SERVED: &str = "callsServed";
const AGE_MS: &str = "ageMs";
const INPUT: &str = "input";
/// Longest envelope: the names of the fields and a number or two.
const ENVELOPE_BYTES: usize = 160;

/// Why bytes are not a message, or a function could not be executed on a payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MsgpackError {
    /// Not one whole value, or one of another kind than belongs there.
    #[error("not a {expected} in MessagePack at byte {at}")]
    Unexpected {
        /// What should be there.
        expected: &'static str,
        /// Where, from 0.
        at: usize,
    },
    /// Bytes after the end of the message.
    #[error("{bytes} bytes follow the end of the message")]
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// A field that does not belong there, or is there twice.
    #[error("field \"{0}\" is unknown or doubled")]
    BadField(String),
    /// A field that must be there and is not.
    #[error("field \"{0}\" is missing")]
    Missing(&'static str),
    /// A test-only function that is carried out by the Worker around this code, not by this code.
    #[error("function {0} is carried out by the Worker itself")]
    NotPure(Function),
    /// A function that only a runtime knows.
    #[error("function {0} is not known here")]
    Unknown(Function),
}

/// Body of `POST /execute/msgpack`, see [`crate::execute::ExecuteRequest`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MsgpackRequest<'a> {
    /// Name of the function.
    pub function_id: &'a str,
    /// The function's argument, any value, encoded.
    pub payload: &'a [u8],
    /// When the caller sent it, in ms since the epoch by the caller's clock. Informative.
    pub timestamp: f64,
}

impl<'a> MsgpackRequest<'a> {
    /// Reads a request.
    ///
    /// # Errors
    /// The bytes are not one map of these fields.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, MsgpackError> {
        let mut reader = Reader::new(bytes);
        let (mut function_id, mut payload, mut timestamp) = (None, None, None);
        for _ in 0..reader.map()? {
            match reader.text()? {
                FUNCTION_ID if function_id.is_none() => function_id = Some(reader.text()?),
                PAYLOAD if payload.is_none() => payload = Some(reader.value()?),
                TIMESTAMP if timestamp.is_none() => timestamp = Some(reader.number()?),
                other => return Err(bad_field(other)),
            }
        }
        reader.end()?;
        Ok(Self {
            function_id: function_id.ok_or(MsgpackError::Missing(FUNCTION_ID))?,
            payload: payload.ok_or(MsgpackError::Missing(PAYLOAD))?,
            timestamp: timestamp.unwrap_or_default(),
        })
    }

    /// The request's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut message = Message::new(self.payload.len() + ENVELOPE_BYTES);
        message.map(3);
        message.text(FUNCTION_ID);
        message.text(self.function_id);
        message.text(TIMESTAMP);
        message.number(self.timestamp);
        message.text(PAYLOAD);
        message.raw(self.payload);
        message.into_bytes()
    }
}

/// Answer of `POST /execute/msgpack`, see [`crate::execute::ExecuteResponse`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MsgpackResponse<'a> {
    /// What the function returned, encoded.
    pub result: &'a [u8],
    /// When the runtime answered, in ms since the epoch by the runtime's clock.
    pub runtime_timestamp: f64,
    /// Execution time by the runtime's clock, in ms.
    pub execution_time_ms: f64,
    /// Which isolate answered, if the runtime says so.
    pub isolate: Option<Isolate>,
}

impl<'a> MsgpackResponse<'a> {
    /// Reads an answer.
    ///
    /// # Errors
    /// The bytes are not one map of these fields.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, MsgpackError> {
        let mut reader = Reader::new(bytes);
        let (mut result, mut stamped, mut took, mut isolate) = (None, None, None, None);
        for _ in 0..reader.map()? {
            match reader.text()? {
                RESULT if result.is_none() => result = Some(reader.value()?),
                RUNTIME_TIMESTAMP if stamped.is_none() => stamped = Some(reader.number()?),
                EXECUTION_TIME_MS if took.is_none() => took = Some(reader.number()?),
                ISOLATE if isolate.is_none() => isolate = Some(isolate_of(reader.value()?).ok()),
                other => return Err(bad_field(other)),
            }
        }
        reader.end()?;
        Ok(Self {
            result: result.ok_or(MsgpackError::Missing(RESULT))?,
            runtime_timestamp: stamped.unwrap_or_default(),
            execution_time_ms: took.unwrap_or_default(),
            isolate: isolate.flatten(),
        })
    }

    /// The answer's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut message = Message::new(self.result.len() + ENVELOPE_BYTES);
        message.map(3 + usize::from(self.isolate.is_some()));
        if let Some(isolate) = self.isolate {
            message.text(ISOLATE);
            message.map(3);
            message.text(ISOLATE_ID);
            message.unsigned(isolate.id);
            message.text(CALLS_SERVED);
            message.unsigned(isolate.calls_served);
            message.text(AGE_MS);
            message.unsigned(isolate.age_ms);
        }
        message.text(RUNTIME_TIMESTAMP);
        message.number(self.runtime_timestamp);
        message.text(EXECUTION_TIME_MS);
        message.number(self.execution_time_ms);
        message.text(RESULT);
        message.raw(self.result);
        message.into_bytes()
    }
}

/// Reads a map of the three fields of an [`Isolate`].
fn isolate_of(field: &[u8]) -> Result<Isolate, MsgpackError> {
    let mut reader = Reader::new(field);
    let (mut id, mut calls_served, mut age_ms) = (None, None, None);
    for _ in 0..reader.map()? {
        match reader.text()? {
            ISOLATE_ID if id.is_none() => id = Some(reader.whole()?),
            CALLS_SERVED if calls_served.is_none() => calls_served = Some(reader.whole()?),
            AGE_MS if age_ms.is_none() => age_ms = Some(reader.whole()?),
            other => return Err(bad_field(other)),
        }
    }
    Ok(Isolate {
        id: id.ok_or(MsgpackError::Missing(ISOLATE_ID))?,
        calls_served: calls_served.ok_or(MsgpackError::Missing(CALLS_SERVED))?,
        age_ms: age_ms.ok_or(MsgpackError::Missing(AGE_MS))?,
    })
}

fn bad_field(name: &str) -> MsgpackError {
    MsgpackError::BadField(name.chars().take(64).collect())
}

/// Executes `function` on an encoded payload and returns the encoded result: as [`Function::execute`] does on JSON.
///
/// # Errors
/// [`MsgpackError::Unexpected`] when `transform` cannot decode the payload into a tree of JSON values (such as a map with keys that are no
/// strings), [`MsgpackError::NotPure`] for test-only functions.
pub fn execute(function: Function, payload: &[u8]) -> Result<Cow<'_, [u8]>, MsgpackError> {
    match function {
        Function::Echo => Ok(Cow::Borrowed(payload)),
        Function::Transform => {
            let tree = tree::decode(payload)?;
            Ok(Cow::Owned(tree::encode(&tree)))
        }
        Function::Compute => {
            let mut result = Message::new(payload.len() + ENVELOPE_BYTES);
            result.map(2);
            result.text(RESULT);
            result.number(sum_of_square_roots(COMPUTE_ROOTS));
            result.text(INPUT);
            result.raw(payload);
            Ok(Cow::Owned(result.into_bytes()))
        }
        #[cfg(feature = "test-functions")]
        Function::Burn(_) | Function::Hang | Function::Panic => {
            Err(MsgpackError::NotPure(function))
        }
        Function::Other(_) => Err(MsgpackError::Unknown(function)),
    }
}

/// A JSON text as `MessagePack`.
#[must_use]
pub fn from_json(json: &RawValue) -> Vec<u8> {
    // Raw JSON is JSON; its numbers and nesting may still be beyond what a tree can hold, which leaves nothing to encode.
    tree::encode(&serde_json::from_slice(json.get().as_bytes()).unwrap_or_default())
}

/// One encoded value as a JSON text.
///
/// # Errors
/// [`MsgpackError::Unexpected`] when it has no counterpart in JSON.
pub fn to_json(value: &[u8]) -> Result<String, MsgpackError> {
    let tree = tree::decode(value)?;
    // A tree of JSON values can be written as JSON.
    Ok(serde_json::to_string(&tree).unwrap_or_default())
}

#[cfg(test)]
mod tests;
