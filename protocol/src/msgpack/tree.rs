//! A tree of JSON values in `MessagePack`: what `rmp-serde` would do, by the crate `rmp` beneath it.
//!
//! `rmp-serde` carries every kind of value that serde knows: 8 KB of a stub's 90. A tree of JSON values has six kinds.

use super::{
    MsgpackError,
    message::Message,
    reader::{Kind, Reader},
};
use crate::tree::Tree;

/// How deep values may be nested: as deep as `serde_json` reads them.
const MAX_DEPTH: u32 = 128;

/// The tree, encoded.
pub(super) fn encode(tree: &Tree) -> Vec<u8> {
    let mut message = Message::new(0);
    write(tree, &mut message);
    message.into_bytes()
}

fn write(tree: &Tree, message: &mut Message) {
    match tree {
        Tree::Null => message.nil(),
        Tree::Bool(value) => message.bool(*value),
        Tree::Unsigned(whole) => message.unsigned(*whole),
        Tree::Signed(whole) => message.signed(*whole),
        Tree::Float(number) => message.number(*number),
        Tree::Text(text) => message.text(text),
        Tree::List(values) => {
            message.list(values.len());
            for value in values {
                write(value, message);
            }
        }
        Tree::Object(fields) => {
            message.map(fields.len());
            for (name, value) in fields {
                message.text(name);
                write(value, message);
            }
        }
    }
}

/// The tree that `bytes` are, whole.
///
/// # Errors
/// They are not one value, or one that JSON has not.
pub(super) fn decode(bytes: &[u8]) -> Result<Tree, MsgpackError> {
    let mut reader = Reader::new(bytes);
    let tree = read(&mut reader, MAX_DEPTH)?;
    reader.end()?;
    Ok(tree)
}

fn read(reader: &mut Reader, depth: u32) -> Result<Tree, MsgpackError> {
    let depth = depth
        .checked_sub(1)
        .ok_or_else(|| reader.unexpected("value nested less than 128 deep"))?;
    Ok(match reader.kind()? {
        Kind::Null => Tree::Null,
        Kind::Bool(value) => Tree::Bool(value),
        Kind::Unsigned(whole) => Tree::Unsigned(whole),
        Kind::Signed(whole) => Tree::Signed(whole),
        Kind::Float(number) => Tree::Float(number),
        Kind::Text(text) => Tree::Text(text.to_owned()),
        Kind::List(values) => {
            let mut list = Vec::new();
            for _ in 0..values {
                list.push(read(reader, depth)?);
            }
            Tree::List(list)
        }
        Kind::Map(fields) => {
            let mut object = Vec::new();
            for _ in 0..fields {
                let name = reader.text()?.to_owned();
                object.push((name, read(reader, depth)?));
            }
            Tree::Object(object)
        }
    })
}
