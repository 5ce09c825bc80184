//! The contract between caller and runtime: `POST /execute`, and the stub's own `POST /execute`.

mod message;

pub use message::MessageError;

use crate::{
    Function, Transport,
    residency::{ISOLATE, Isolate},
};
use message::to_json;
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
    /// When the caller sent it, in ms since the epoch by the caller's clock. Informative. Written as a whole number: that clock counts whole ms,
    /// and the tables for writing any other would be 10 KB of a thin stub.
    #[serde(serialize_with = "message::whole")]
    pub timestamp: f64,
}

impl<'a> ExecuteRequest<'a> {
    /// Reads a request. The payload is checked to be JSON, but not decoded.
    ///
    /// # Errors
    /// The text is not JSON, a field is missing, or there is one that does not belong there.
    pub fn from_json(json: &'a [u8]) -> Result<Self, MessageError> {
        message::request(json, |fields| {
            let (function_id, payload) = (fields.text("functionId"), fields.raw("payload"));
            let timestamp = fields.number("timestamp", 0.0);
            Some(Self {
                function_id: function_id?,
                payload: payload?,
                timestamp,
            })
        })
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
    /// Which isolate answered; absent where the runtime does not say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolate: Option<Isolate>,
}

impl ExecuteResponse<'_> {
    /// Reads the result out of an answer. It is checked to be JSON, but not decoded; the two times are checked to be there and to be numbers.
    /// The isolate is left where it is, for [`Isolate::in_envelope`]: no stub needs it.
    ///
    /// # Errors
    /// The text is not JSON, or a field is missing, doubled or of another kind.
    pub fn result_from_json(json: &[u8]) -> Result<&RawValue, MessageError> {
        let mut fields = message::answer(json)?;
        for time in ["runtimeTimestamp", "executionTimeMs"] {
            message::require_number(&mut fields, time)?;
        }
        message::require(&mut fields, "result")
    }

    /// The answer's JSON text.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        to_json(self, self.result.get().len())
    }
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
        message::request(json, |fields| {
            fields.require("id", "a whole number");
            let id = fields.integer("id", 0, u32::MAX, 0);
            let (function_id, payload) = (fields.text("functionId"), fields.raw("payload"));
            Some(Self {
                id,
                function_id: function_id?,
                payload: payload?,
            })
        })
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
    /// Which isolate answered; absent where the runtime does not say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolate: Option<Isolate>,
}

impl<'a> SocketResponse<'a> {
    /// Reads an answer.
    ///
    /// # Errors
    /// The text is not JSON of this form.
    pub fn from_json(json: &'a [u8]) -> Result<Self, MessageError> {
        let mut fields = message::answer(json)?;
        let id = match message::take(&mut fields, "id")?.map(RawValue::get) {
            None | Some("null") => None,
            Some(id) => Some(
                id.parse()
                    .map_err(|_| MessageError::Answer("id", "must be a whole number below 2^32"))?,
            ),
        };
        Ok(Self {
            id,
            result: message::take(&mut fields, "result")?,
            problem: message::take(&mut fields, "problem")?,
            isolate: message::take(&mut fields, ISOLATE)?.and_then(Isolate::of),
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
        message::request(json, |fields| {
            let transport = message::name(fields, "transport", str::parse);
            let function_id = message::name(fields, "functionId", Function::known);
            let payload = fields.raw("payload");
            Some(Self {
                transport: transport?,
                function_id: function_id?,
                payload: payload?,
            })
        })
    }
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
