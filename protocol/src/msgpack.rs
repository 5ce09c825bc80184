//! The runtime's messages in `MessagePack` (<https://github.com/msgpack/msgpack/blob/master/spec.md>).
//!
//! The same fields as the JSON messages of [`crate::execute`], as maps with the same keys in any order. Payload and result stay encoded, as raw
//! JSON does there: what `echo` is given is checked to be one whole `MessagePack` value, by walking over it, and is not decoded.

mod reader;

use crate::{
    Function,
    function::{COMPUTE_ROOTS, sum_of_square_roots},
};
use reader::Reader;
use rmp::encode;
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
const INPUT: &str = "input";

/// Longest envelope: the names of the fields and a number or two.
const ENVELOPE_BYTES: usize = 96;

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
    /// A payload that `transform` cannot decode into a tree of JSON values (such as a map with keys that are no strings).
    #[error("the payload cannot be decoded: {0}")]
    Payload(String),
    /// A test-only function that is carried out by the Worker around this code, not by this code.
    #[error("function {0} is carried out by the Worker itself")]
    NotPure(Function),
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
        let mut message = Message::new(3, self.payload.len());
        message.text(FUNCTION_ID);
        message.text(self.function_id);
        message.text(TIMESTAMP);
        message.number(self.timestamp);
        message.text(PAYLOAD);
        message.raw(self.payload);
        message.0
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
}

impl<'a> MsgpackResponse<'a> {
    /// Reads an answer.
    ///
    /// # Errors
    /// The bytes are not one map of these fields.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, MsgpackError> {
        let mut reader = Reader::new(bytes);
        let (mut result, mut stamped, mut took) = (None, None, None);
        for _ in 0..reader.map()? {
            match reader.text()? {
                RESULT if result.is_none() => result = Some(reader.value()?),
                RUNTIME_TIMESTAMP if stamped.is_none() => stamped = Some(reader.number()?),
                EXECUTION_TIME_MS if took.is_none() => took = Some(reader.number()?),
                other => return Err(bad_field(other)),
            }
        }
        reader.end()?;
        Ok(Self {
            result: result.ok_or(MsgpackError::Missing(RESULT))?,
            runtime_timestamp: stamped.unwrap_or_default(),
            execution_time_ms: took.unwrap_or_default(),
        })
    }

    /// The answer's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut message = Message::new(3, self.result.len());
        message.text(RUNTIME_TIMESTAMP);
        message.number(self.runtime_timestamp);
        message.text(EXECUTION_TIME_MS);
        message.number(self.execution_time_ms);
        message.text(RESULT);
        message.raw(self.result);
        message.0
    }
}

fn bad_field(name: &str) -> MsgpackError {
    MsgpackError::BadField(name.chars().take(64).collect())
}

/// Executes `function` on an encoded payload and returns the encoded result: as [`Function::execute`] does on JSON.
///
/// # Errors
/// [`MsgpackError::Payload`] when `transform` cannot decode the payload, [`MsgpackError::NotPure`] for test-only functions.
pub fn execute(function: Function, payload: &[u8]) -> Result<Cow<'_, [u8]>, MsgpackError> {
    match function {
        Function::Echo => Ok(Cow::Borrowed(payload)),
        Function::Transform => {
            let tree: serde_json::Value = rmp_serde::from_slice(payload)
                .map_err(|error| MsgpackError::Payload(error.to_string()))?;
            Ok(Cow::Owned(encode_tree(&tree)))
        }
        Function::Compute => {
            let mut result = Message::new(2, payload.len());
            result.text(RESULT);
            result.number(sum_of_square_roots(COMPUTE_ROOTS));
            result.text(INPUT);
            result.raw(payload);
            Ok(Cow::Owned(result.0))
        }
        #[cfg(feature = "test-functions")]
        Function::Burn | Function::Hang | Function::Panic => Err(MsgpackError::NotPure(function)),
    }
}

/// A JSON text as `MessagePack`.
#[must_use]
pub fn from_json(json: &RawValue) -> Vec<u8> {
    // Raw JSON is JSON; its numbers and nesting may still be beyond what a tree can hold, which leaves nothing to encode.
    let tree: serde_json::Value = serde_json::from_str(json.get()).unwrap_or_default();
    encode_tree(&tree)
}

/// One encoded value as a JSON text.
///
/// # Errors
/// [`MsgpackError::Payload`] when it has no counterpart in JSON.
pub fn to_json(value: &[u8]) -> Result<String, MsgpackError> {
    let tree: serde_json::Value =
        rmp_serde::from_slice(value).map_err(|error| MsgpackError::Payload(error.to_string()))?;
    Ok(tree.to_string())
}

#[expect(
    clippy::expect_used,
    reason = "a Vec can be written to, and a tree of JSON values has a form in MessagePack"
)]
fn encode_tree(tree: &serde_json::Value) -> Vec<u8> {
    rmp_serde::to_vec(tree).expect("a tree of JSON values encodes")
}

/// A message being written. Writing to a Vec cannot fail, so the results of `rmp` are dropped.
struct Message(Vec<u8>);

impl Message {
    fn new(fields: u32, raw_bytes: usize) -> Self {
        let mut bytes = Vec::with_capacity(raw_bytes + ENVELOPE_BYTES);
        let _ = encode::write_map_len(&mut bytes, fields);
        Self(bytes)
    }

    fn text(&mut self, text: &str) {
        let _ = encode::write_str(&mut self.0, text);
    }

    fn number(&mut self, number: f64) {
        let _ = encode::write_f64(&mut self.0, number);
    }

    fn raw(&mut self, encoded: &[u8]) {
        self.0.extend_from_slice(encoded);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Payload, PayloadShape};
    use serde_json::json;

    /// Encoded by the library, not by this module.
    fn encoded(value: &serde_json::Value) -> Vec<u8> {
        rmp_serde::to_vec(value).unwrap()
    }

    #[test]
    fn the_wire_form_is_pinned() {
        let request = MsgpackRequest {
            function_id: "echo",
            payload: &[0x81, 0xa1, b'a', 0x01],
            timestamp: 1.5,
        };
        let bytes = request.to_bytes();
        assert_eq!(
            bytes,
            b"\x83\xaafunctionId\xa4echo\xa9timestamp\xcb\x3f\xf8\0\0\0\0\0\0\xa7payload\x81\xa1a\x01"
        );
        assert_eq!(MsgpackRequest::from_bytes(&bytes), Ok(request));
        let answer = MsgpackResponse {
            result: &[0xc0],
            runtime_timestamp: 2.0,
            execution_time_ms: 0.0,
        };
        assert_eq!(MsgpackResponse::from_bytes(&answer.to_bytes()), Ok(answer));
    }

    #[test]
    fn what_another_encoder_writes_is_read_whatever_the_order_and_kind_of_numbers() {
        let value = json!({"timestamp": 1_736_640_000_000_u64, "payload": {"a": [1, -1, 2.5, null, true, "x"]}, "functionId": "echo"});
        let bytes = encoded(&value);
        let request = MsgpackRequest::from_bytes(&bytes).unwrap();
        assert_eq!(
            (request.function_id, request.timestamp),
            ("echo", 1_736_640_000_000.0)
        );
        assert_eq!(request.payload, encoded(&value["payload"]));
    }

    #[test]
    fn a_value_of_every_kind_and_size_is_walked_over_whole() {
        let long = "x".repeat(70_000);
        let many: Vec<u32> = (0..70_000).collect();
        let mut values: Vec<Vec<u8>> = [
            json!(null),
            json!(true),
            json!(0),
            json!(-1),
            json!(127),
            json!(128),
            json!(-33),
            json!(40_000),
            json!(-40_000),
            json!(5_000_000_000_u64),
            json!(-5_000_000_000_i64),
            json!(1.5),
            json!("short"),
            json!("x".repeat(40)),
            json!("x".repeat(300)),
            json!(long),
            json!([]),
            json!([1, [2, [3]]]),
            json!(many),
            json!({}),
            json!({"a": {"b": {}}}),
            json!(
                (0..20)
                    .map(|i| (i.to_string(), json!(i)))
                    .collect::<serde_json::Map<_, _>>()
            ),
        ]
        .iter()
        .map(encoded)
        .collect();
        values.extend([
            vec![0xc4, 2, 1, 2],                   // bin 8
            vec![0xca, 0, 0, 0, 0],                // float 32
            vec![0xd4, 5, 0],                      // fixext 1
            [vec![0xd8, 5], vec![0; 16]].concat(), // fixext 16
            vec![0xc7, 3, 5, 1, 2, 3],             // ext 8
        ]);
        for value in values {
            let request = MsgpackRequest {
                function_id: "echo",
                payload: &value,
                timestamp: 0.0,
            };
            let bytes = request.to_bytes();
            assert_eq!(MsgpackRequest::from_bytes(&bytes), Ok(request));
            for cut in [1, value.len()] {
                assert!(
                    MsgpackRequest::from_bytes(&bytes[..bytes.len() - cut]).is_err(),
                    "{value:x?}"
                );
            }
        }
    }

    #[test]
    fn deep_nesting_costs_no_stack() {
        let mut payload = vec![0x91; 1_000_000];
        payload.push(0xc0);
        let request = MsgpackRequest {
            function_id: "echo",
            payload: &payload,
            timestamp: 0.0,
        };
        assert_eq!(MsgpackRequest::from_bytes(&request.to_bytes()), Ok(request));
    }

    #[test]
    fn what_is_not_a_request_is_refused_with_the_reason() {
        let refused = |bytes: &[u8]| MsgpackRequest::from_bytes(bytes).unwrap_err().to_string();
        assert_eq!(refused(b""), "not a map in MessagePack at byte 0");
        assert_eq!(
            refused(&encoded(&json!(["echo"]))),
            "not a map in MessagePack at byte 0"
        );
        assert_eq!(
            refused(&encoded(&json!({"functionId": "echo"}))),
            "field \"payload\" is missing"
        );
        assert_eq!(
            refused(&encoded(&json!({"functionId": 1}))),
            "not a string in MessagePack at byte 12"
        );
        assert_eq!(
            refused(&encoded(&json!({"extra": 1}))),
            "field \"extra\" is unknown or doubled"
        );
        let whole = encoded(&json!({"functionId": "echo", "payload": 1}));
        assert_eq!(
            refused(&[whole, vec![0xc0]].concat()),
            "1 bytes follow the end of the message"
        );
        // A list that claims four thousand million values.
        assert!(refused(b"\x81\xa7payload\xdd\xff\xff\xff\xff").contains("not a value"));
    }

    #[test]
    fn functions_return_what_they_return_for_json() {
        for &shape in PayloadShape::ALL {
            let payload = Payload::new(shape, 1_000).unwrap();
            for function in Function::DEFAULT {
                let by_json = function.execute(payload.json()).unwrap();
                let encoded = from_json(payload.json());
                let by_msgpack = execute(function, &encoded).unwrap();
                let tree: serde_json::Value = serde_json::from_str(by_json.get()).unwrap();
                let other: serde_json::Value =
                    serde_json::from_str(&to_json(&by_msgpack).unwrap()).unwrap();
                assert_eq!(other, tree, "{function} {shape}");
            }
        }
    }

    #[test]
    fn transform_refuses_what_no_tree_of_values_can_hold() {
        let binary_in_a_map_with_a_number_for_a_key = [0x81, 0x01, 0xc4, 0x00];
        assert!(
            execute(
                Function::Transform,
                &binary_in_a_map_with_a_number_for_a_key
            )
            .is_err()
        );
        assert!(execute(Function::Echo, &binary_in_a_map_with_a_number_for_a_key).is_ok());
    }
}
