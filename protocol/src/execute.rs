//! The contract between caller and runtime: `POST /execute`, and the stub's own `POST /execute`.

use crate::{
    Function, Transport,
    raw_fields::{MessageError, RawFields, value},
    tree::Tree,
};
use core::{fmt::Display, str::FromStr};
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Largest request body that the runtime reads, in bytes (1 MiB).
pub const MAX_BODY_BYTES: usize = 1 << 20;

/// Header that carries the runtime's token on public calls: `Authorization: Bearer <RUNTIME_TOKEN>`.
pub const AUTHORIZATION: &str = "authorization";

/// Body of the runtime's `POST /execute`. The payload stays raw text: `echo` need not decode it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecuteRequest<'a> {
    /// Name of the function, see [`Function`].
    pub function_id: Cow<'a, str>,
    /// The function's argument, any JSON value.
    pub payload: &'a RawValue,
    /// When the caller sent it, in ms since the epoch by the caller's clock. Informative.
    pub timestamp: f64,
}

impl<'a> ExecuteRequest<'a> {
    /// Reads a request. The payload is checked to be JSON, but not decoded.
    ///
    /// # Errors
    /// The text is not JSON, a field is missing, or there is one that does not belong there.
    pub fn from_json(json: &'a [u8]) -> Result<Self, MessageError> {
        let mut fields = RawFields::of(json)?;
        let request = Self {
            function_id: fields.text("functionId")?,
            payload: fields.require("payload")?,
            timestamp: fields.number_or_0("timestamp")?,
        };
        fields.finish()?;
        Ok(request)
    }

    /// The request's JSON text.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        to_json(self, self.payload.get().len())
    }
}

/// Answer of the runtime's `POST /execute`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecuteResponse<'a> {
    /// What the function returned.
    pub result: &'a RawValue,
    /// When the runtime answered, in ms since the epoch by the runtime's clock.
    pub runtime_timestamp: f64,
    /// Execution time by the runtime's clock, in ms. That clock ticks once a millisecond and in production stands
    /// still during CPU work, so it reads 0 there for every function that does no I/O.
    pub execution_time_ms: f64,
}

impl<'a> ExecuteResponse<'a> {
    /// Reads an answer. The result is checked to be JSON, but not decoded.
    ///
    /// # Errors
    /// The text is not JSON, or a field is missing.
    pub fn from_json(json: &'a [u8]) -> Result<Self, MessageError> {
        let mut fields = RawFields::of(json)?;
        Ok(Self {
            result: fields.require("result")?,
            runtime_timestamp: fields.number("runtimeTimestamp")?,
            execution_time_ms: fields.number("executionTimeMs")?,
        })
    }

    /// The answer's JSON text.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        to_json(self, self.result.get().len())
    }
}

/// Encodes a message around a value of `raw_bytes` bytes, without growing the text on the way.
fn to_json(message: &impl Serialize, raw_bytes: usize) -> Vec<u8> {
    /// Longest envelope: the names of the fields and a number or two.
    const ENVELOPE_BYTES: usize = 128;
    let mut json = Vec::with_capacity(raw_bytes + ENVELOPE_BYTES);
    serde_json::to_writer(&mut json, message)
        .expect("names, numbers and raw JSON always encode, and a Vec can be written to");
    json
}

/// One message to the runtime's WebSocket. Messages are answered in any order, so each has a number.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SocketRequest<'a> {
    /// Chosen by the sender; the answer carries it back.
    pub id: u32,
    /// Name of the function, see [`Function`].
    pub function_id: Cow<'a, str>,
    /// The function's argument, any JSON value.
    pub payload: &'a RawValue,
}

impl<'a> SocketRequest<'a> {
    /// Reads a message.
    ///
    /// # Errors
    /// The text is not JSON, a field is missing, or there is one that does not belong there.
    pub fn from_json(json: &'a [u8]) -> Result<Self, MessageError> {
        let mut fields = RawFields::of(json)?;
        let request = Self {
            id: number(fields.require("id")?)?.ok_or(MessageError::Missing("id"))?,
            function_id: fields.text("functionId")?,
            payload: fields.require("payload")?,
        };
        fields.finish()?;
        Ok(request)
    }

    /// The message's JSON text.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        to_json(self, self.payload.get().len())
    }
}

/// Answer to a [`SocketRequest`]: a result or a problem.
#[derive(Debug, Default, Serialize)]
pub struct SocketResponse<'a> {
    /// The message that this answers; absent when that could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// What the function returned, which may be `null`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<&'a RawValue>,
    /// Why there is no result, as a [`crate::Problem`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<&'a RawValue>,
}

impl<'a> SocketResponse<'a> {
    /// Reads an answer.
    ///
    /// # Errors
    /// The text is not JSON of this form.
    pub fn from_json(json: &'a [u8]) -> Result<Self, MessageError> {
        let mut fields = RawFields::of(json)?;
        Ok(Self {
            id: fields.take("id")?.map_or(Ok(None), number)?,
            result: fields.take("result")?,
            problem: fields.take("problem")?,
        })
    }

    /// The answer's JSON text.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        to_json(
            self,
            self.result
                .or(self.problem)
                .map_or(0, |raw| raw.get().len()),
        )
    }
}

/// Body of the caller's `POST /execute`: one invocation, as a real stub would do it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StubRequest<'a> {
    /// Transport to use.
    pub transport: Transport,
    /// Function to execute.
    pub function_id: Function,
    /// Its argument, any JSON value.
    pub payload: &'a RawValue,
}

/// Answer of the caller's `POST /execute`.
#[derive(Debug, Serialize)]
pub struct StubResponse<'a> {
    /// What the function returned.
    pub result: &'a RawValue,
}

impl<'a> StubRequest<'a> {
    /// Reads a request.
    ///
    /// # Errors
    /// The text is not JSON, a field is missing, or there is one that does not belong there.
    pub fn from_json(json: &'a [u8]) -> Result<Self, MessageError> {
        let mut fields = RawFields::of(json)?;
        let request = Self {
            transport: name(&mut fields, "transport")?,
            function_id: name(&mut fields, "functionId")?,
            payload: fields.require("payload")?,
        };
        fields.finish()?;
        Ok(request)
    }
}

/// A name out of a vocabulary.
fn name<T: FromStr>(fields: &mut RawFields, field: &'static str) -> Result<T, MessageError>
where
    T::Err: Display,
{
    let text = fields.text(field)?;
    text.parse()
        .map_err(|error: T::Err| MessageError::Bad(field, format!("is bad: {error}")))
}

/// The number of a message; `None` if it is `null`.
fn number(raw: &RawValue) -> Result<Option<u32>, MessageError> {
    let whole = match value(raw) {
        Tree::Null => return Ok(None),
        Tree::Unsigned(whole) => u32::try_from(whole).ok(),
        _ => None,
    };
    whole
        .map(Some)
        .ok_or_else(|| MessageError::Bad("id", "must be a whole number below 2^32".to_owned()))
}

impl StubResponse<'_> {
    /// The answer's JSON text.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        to_json(self, self.result.get().len())
    }
}

#[cfg(test)]
mod tests;
