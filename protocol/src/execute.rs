//! The contract between caller and runtime: `POST /execute`, and the stub's own `POST /execute`.

use crate::{Function, PayloadShape, Transport};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Largest request body that the runtime reads, in bytes (1 MiB).
pub const MAX_BODY_BYTES: usize = 1 << 20;

/// Header that carries the runtime's token on public calls: `Authorization: Bearer <RUNTIME_TOKEN>`.
pub const AUTHORIZATION: &str = "authorization";

/// Body of the runtime's `POST /execute`. The payload stays raw text: `echo` need not decode it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExecuteRequest<'a> {
    /// Name of the function, see [`Function`].
    #[serde(borrow)]
    pub function_id: Cow<'a, str>,
    /// The function's argument, any JSON value.
    #[serde(borrow)]
    pub payload: &'a RawValue,
    /// When the caller sent it, in ms since the epoch by the caller's clock. Informative.
    #[serde(default)]
    pub timestamp: f64,
}

impl<'a> ExecuteRequest<'a> {
    /// Reads a request. The payload is checked to be JSON, but not decoded.
    ///
    /// # Errors
    /// The text is not JSON, a field is missing, or there is one that does not belong there.
    pub fn from_json(json: &'a [u8]) -> Result<Self, serde_json::Error> {
        from_json(json)
    }

    /// The request's JSON text.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        to_json(self, self.payload.get().len())
    }
}

/// Answer of the runtime's `POST /execute`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecuteResponse<'a> {
    /// What the function returned.
    #[serde(borrow)]
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
    pub fn from_json(json: &'a [u8]) -> Result<Self, serde_json::Error> {
        from_json(json)
    }

    /// The answer's JSON text.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        to_json(self, self.result.get().len())
    }
}

/// Decodes a message. Checking the whole text once for UTF-8 is faster than string by string, and leaves one JSON reader in the Workers, not two.
fn from_json<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, serde_json::Error> {
    let text = core::str::from_utf8(json).map_err(serde::de::Error::custom)?;
    serde_json::from_str(text)
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
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SocketRequest<'a> {
    /// Chosen by the sender; the answer carries it back.
    pub id: u32,
    /// Name of the function, see [`Function`].
    #[serde(borrow)]
    pub function_id: Cow<'a, str>,
    /// The function's argument, any JSON value.
    #[serde(borrow)]
    pub payload: &'a RawValue,
}

impl<'a> SocketRequest<'a> {
    /// Reads a message.
    ///
    /// # Errors
    /// The text is not JSON, a field is missing, or there is one that does not belong there.
    pub fn from_json(json: &'a [u8]) -> Result<Self, serde_json::Error> {
        from_json(json)
    }

    /// The message's JSON text.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        to_json(self, self.payload.get().len())
    }
}

/// Answer to a [`SocketRequest`]: a result or a problem.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct SocketResponse<'a> {
    /// The message that this answers; absent when that could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// What the function returned, which may be `null`.
    #[serde(
        borrow,
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub result: Option<&'a RawValue>,
    /// Why there is no result, as a [`crate::Problem`].
    #[serde(
        borrow,
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub problem: Option<&'a RawValue>,
}

/// A field that is there, even if it is `null`.
fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl<'a> SocketResponse<'a> {
    /// Reads an answer.
    ///
    /// # Errors
    /// The text is not JSON of this form.
    pub fn from_json(json: &'a [u8]) -> Result<Self, serde_json::Error> {
        from_json(json)
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
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StubRequest<'a> {
    /// Transport to use.
    pub transport: Transport,
    /// Function to execute.
    pub function_id: Function,
    /// Its argument, any JSON value.
    #[serde(borrow)]
    pub payload: &'a RawValue,
}

/// Answer of the caller's `POST /execute`.
#[derive(Debug, Serialize, Deserialize)]
pub struct StubResponse<'a> {
    /// What the function returned.
    #[serde(borrow)]
    pub result: &'a RawValue,
}

impl<'a> StubRequest<'a> {
    /// Reads a request.
    ///
    /// # Errors
    /// The text is not JSON, a field is missing, or there is one that does not belong there.
    pub fn from_json(json: &'a [u8]) -> Result<Self, serde_json::Error> {
        from_json(json)
    }
}

impl StubResponse<'_> {
    /// The answer's JSON text.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        to_json(self, self.result.get().len())
    }
}

/// What a measurement calls again and again: one function on one payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invocation {
    /// What is executed.
    pub function: Function,
    /// Exact size of the payload's JSON text.
    pub payload_bytes: u32,
    /// What the payload is made of.
    pub payload_shape: PayloadShape,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runtime_contract_is_pinned() {
        let request: ExecuteRequest = serde_json::from_str(
            "{\"functionId\":\"echo\",\"payload\":{\"data\":\"x\"},\"timestamp\":1736640000000}",
        )
        .unwrap();
        assert_eq!(
            (request.function_id.as_ref(), request.payload.get()),
            ("echo", "{\"data\":\"x\"}")
        );
        let response = ExecuteResponse {
            result: request.payload,
            runtime_timestamp: 1.0,
            execution_time_ms: 0.0,
        };
        assert_eq!(
            serde_json::to_string(&response).unwrap(),
            "{\"result\":{\"data\":\"x\"},\"runtimeTimestamp\":1.0,\"executionTimeMs\":0.0}"
        );
    }

    #[test]
    fn what_is_not_utf_8_is_refused_as_any_other_bad_text() {
        assert!(
            ExecuteRequest::from_json(b"{\"functionId\":\"echo\",\"payload\":\"\xff\"}").is_err()
        );
    }

    #[test]
    fn the_messages_of_the_websocket_are_pinned() {
        let request =
            SocketRequest::from_json(b"{\"id\":7,\"functionId\":\"echo\",\"payload\":[1.0]}")
                .unwrap();
        assert_eq!(
            (request.id, request.payload.get(), request.to_json()),
            (
                7,
                "[1.0]",
                b"{\"id\":7,\"functionId\":\"echo\",\"payload\":[1.0]}".to_vec()
            )
        );
        let answer = SocketResponse {
            id: Some(7),
            result: Some(request.payload),
            problem: None,
        };
        assert_eq!(answer.to_json(), b"{\"id\":7,\"result\":[1.0]}");
        let answer = answer.to_json();
        let answer = SocketResponse::from_json(&answer).unwrap();
        assert_eq!(answer.result.map(RawValue::get), Some("[1.0]"));
        let null = SocketResponse::from_json(b"{\"id\":7,\"result\":null}").unwrap();
        assert_eq!(null.result.map(RawValue::get), Some("null"));
    }

    #[test]
    fn a_request_without_timestamp_is_accepted_as_other_stubs_send_it() {
        assert!(
            serde_json::from_str::<ExecuteRequest>("{\"functionId\":\"echo\",\"payload\":1}")
                .is_ok()
        );
    }
}
