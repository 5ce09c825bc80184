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
        serde_json::from_slice(json)
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
        serde_json::from_slice(json)
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
    fn a_request_without_timestamp_is_accepted_as_other_stubs_send_it() {
        assert!(
            serde_json::from_str::<ExecuteRequest>("{\"functionId\":\"echo\",\"payload\":1}")
                .is_ok()
        );
    }
}
