//! Any JSON value, decoded: what `transform` makes of its payload, and what requests are read as.
//!
//! `serde_json::Value` would do. But it keeps fields in a `BTreeMap` and brings texts about whatever it may meet: 10 KB of a stub's 90.

use core::fmt;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, SeqAccess, Visitor},
};

/// A value and all that is in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Tree {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number, written as one.
    Unsigned(u64),
    /// A negative whole number.
    Signed(i64),
    /// A number with a fraction, or beyond the range of the others.
    Float(f64),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Tree>),
    /// An object: its fields as they stand in the text, doubled ones twice.
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// The value that a JSON text is.
    ///
    /// # Errors
    /// The text is not JSON, or is nested more than 128 deep.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// The number that it is, if it is one.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Self::Unsigned(whole) => Some(whole as f64),
            Self::Signed(whole) => Some(whole as f64),
            Self::Float(number) => Some(number),
            _ => None,
        }
    }

    /// What it is, in words, without repeating a client's text.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Unsigned(_) | Self::Signed(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Unsigned(whole) => serializer.serialize_u64(*whole),
            Self::Signed(whole) => serializer.serialize_i64(*whole),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(values) => serializer.collect_seq(values),
            Self::Object(fields) => {
                serializer.collect_map(fields.iter().map(|(name, value)| (name, value)))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_u64<E>(self, whole: u64) -> Result<Tree, E> {
        Ok(Tree::Unsigned(whole))
    }

    fn visit_i64<E>(self, whole: i64) -> Result<Tree, E> {
        Ok(Tree::Signed(whole))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Tree, E> {
        Ok(Tree::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Tree::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Tree::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_written_as_it_was_read_but_for_spaces() {
        for json in [
            "null",
            "true",
            "0",
            "18446744073709551615",
            "-9223372036854775808",
            "1.0",
            "1e300",
            "\"a\\\"\\n\u{e9}\"",
            "[]",
            "[1,[2,{}]]",
            "{\"b\":1,\"a\":{\"b\":null},\"b\":2}",
        ] {
            let tree = Tree::from_json(&format!(" {json} ")).unwrap();
            let written = serde_json::to_string(&tree).unwrap();
            assert_eq!(written.replace("1e+300", "1e300"), json);
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            "[1,]",
            "{\"a\"}",
            "nul",
            "1 2",
            "\"\\x\"",
            &"[".repeat(200),
        ] {
            assert!(Tree::from_json(text).is_err(), "{text}");
        }
    }
}
