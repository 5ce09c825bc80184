//! A tree of JSON values in `MessagePack`: what `rmp-serde` would do, by the crate `rmp` beneath it.
//!
//! `rmp-serde` carries every kind of value that serde knows: 8 KB of a stub's 90. A tree of JSON values has six kinds.

use super::{
    MsgpackError,
    message::Message,
    reader::{Kind, Reader},
};
use serde_json::{Map, Number, Value};

/// How deep values may be nested: as deep as `serde_json` reads them.
const MAX_DEPTH: u32 = 128;

/// The tree, encoded.
pub(super) fn encode(tree: &Value) -> Vec<u8> {
    let mut message = Message::new(0);
    write(tree, &mut message);
    message.into_bytes()
}

fn write(tree: &Value, message: &mut Message) {
    match tree {
        Value::Null => message.nil(),
        Value::Bool(value) => message.bool(*value),
        Value::Number(number) => write_number(number, message),
        Value::String(text) => message.text(text),
        Value::Array(values) => {
            message.list(values.len());
            for value in values {
                write(value, message);
            }
        }
        Value::Object(fields) => {
            message.map(fields.len());
            for (name, value) in fields {
                message.text(name);
                write(value, message);
            }
        }
    }
}

fn write_number(number: &Number, message: &mut Message) {
    if let Some(whole) = number.as_u64() {
        message.unsigned(whole);
    } else if let Some(whole) = number.as_i64() {
        message.signed(whole);
    } else {
        // A number of `serde_json` is one of the three.
        message.number(number.as_f64().unwrap_or_default());
    }
}

/// The tree that `bytes` are, whole.
///
/// # Errors
/// They are not one value, or one that JSON has not.
pub(super) fn decode(bytes: &[u8]) -> Result<Value, MsgpackError> {
    let mut reader = Reader::new(bytes);
    let tree = read(&mut reader, MAX_DEPTH)?;
    reader.end()?;
    Ok(tree)
}

fn read(reader: &mut Reader, depth: u32) -> Result<Value, MsgpackError> {
    let depth = depth
        .checked_sub(1)
        .ok_or_else(|| reader.unexpected("value nested less than 128 deep"))?;
    Ok(match reader.kind()? {
        Kind::Null => Value::Null,
        Kind::Bool(value) => Value::Bool(value),
        Kind::Unsigned(whole) => whole.into(),
        Kind::Signed(whole) => whole.into(),
        // JSON has neither infinity nor NaN: as `serde_json` does, `null` stands for them.
        Kind::Float(number) => number.into(),
        Kind::Text(text) => text.into(),
        Kind::List(values) => {
            let mut list = Vec::new();
            for _ in 0..values {
                list.push(read(reader, depth)?);
            }
            Value::Array(list)
        }
        Kind::Map(fields) => {
            let mut object = Map::new();
            for _ in 0..fields {
                let name = reader.text()?.to_owned();
                object.insert(name, read(reader, depth)?);
            }
            Value::Object(object)
        }
    })
}
