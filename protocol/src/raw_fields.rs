//! Reading the fields of a JSON object whose values stay raw text.
//!
//! What serde derives for a struct can say of every wrong kind of value what was found instead, floating-point numbers in full: 8 KB of a stub's
//! 90. Here a message of a handful of fields is taken apart, and who sent it is told which field is wrong.

use crate::tree::Tree;
use core::fmt;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Why bytes are not a message.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// They are not UTF-8, from this byte on.
    #[error("not UTF-8 from byte {0} on")]
    NotText(usize),
    /// They are not JSON.
    #[error("{0}")]
    NotJson(#[from] serde_json::Error),
    /// They are JSON, but not an object.
    #[error("not an object")]
    NotAnObject,
    /// A field that must be there and is not.
    #[error("missing field `{0}`")]
    Missing(&'static str),
    /// A field that does not belong there, or is there twice.
    #[error("unknown or doubled field `{0}`")]
    Unknown(String),
    /// A field of another kind, or of a value that is not accepted.
    #[error("field `{0}` {1}")]
    Bad(&'static str, String),
}

/// The fields that have not been taken yet.
pub(crate) struct RawFields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> RawFields<'a> {
    /// Takes a JSON object apart. All of it is checked to be JSON.
    pub(crate) fn of(json: &'a [u8]) -> Result<Self, MessageError> {
        let text = core::str::from_utf8(json)
            .map_err(|error| MessageError::NotText(error.valid_up_to()))?;
        let Fields(fields) = serde_json::from_str(text)?;
        fields.map(Self).ok_or(MessageError::NotAnObject)
    }

    /// Takes a field, if it is there; twice it may not be.
    pub(crate) fn take(&mut self, name: &str) -> Result<Option<&'a RawValue>, MessageError> {
        let mut places = (0..self.0.len()).filter(|&at| self.0[at].0 == name);
        match (places.next(), places.next()) {
            (None, _) => Ok(None),
            (Some(at), None) => Ok(Some(self.0.swap_remove(at).1)),
            (Some(_), Some(_)) => Err(MessageError::Unknown(name.to_owned())),
        }
    }

    /// Takes a field that must be there.
    pub(crate) fn require(&mut self, name: &'static str) -> Result<&'a RawValue, MessageError> {
        self.take(name)?.ok_or(MessageError::Missing(name))
    }

    /// The same, which must be a string.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Cow<'a, str>, MessageError> {
        let raw = self.require(name)?;
        text(raw).ok_or_else(|| MessageError::Bad(name, "must be a string".to_owned()))
    }

    /// The same, which must be a number.
    pub(crate) fn number(&mut self, name: &'static str) -> Result<f64, MessageError> {
        number(name, self.require(name)?)
    }

    /// A number, 0 if it is not there.
    pub(crate) fn number_or_0(&mut self, name: &'static str) -> Result<f64, MessageError> {
        self.take(name)?.map_or(Ok(0.0), |raw| number(name, raw))
    }

    /// Refuses what has not been taken.
    pub(crate) fn finish(self) -> Result<(), MessageError> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(MessageError::Unknown(name.chars().take(64).collect())),
        }
    }
}

/// The number that the raw value of a field is.
fn number(name: &'static str, raw: &RawValue) -> Result<f64, MessageError> {
    value(raw)
        .as_f64()
        .ok_or_else(|| MessageError::Bad(name, "must be a number".to_owned()))
}

/// The string that a raw value is, borrowed if nothing in it is escaped.
fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let quoted = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if !quoted.contains('\\') {
        return Some(Cow::Borrowed(quoted));
    }
    match value(raw) {
        Tree::Text(text) => Some(Cow::Owned(text)),
        _ => None,
    }
}

/// The value that raw JSON is; `null` if it is beyond what can be held, such as a number of a thousand digits.
pub(crate) fn value(raw: &RawValue) -> Tree {
    Tree::from_json(raw.get()).unwrap_or_default()
}

/// The fields of an object; `None` of any other value.
struct Fields<'a>(Option<Vec<(Cow<'a, str>, &'a RawValue)>>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldsVisitor).map(Self)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Option<Vec<(Cow<'de, str>, &'de RawValue)>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::with_capacity(4);
        while let Some(Key(name)) = map.next_key()? {
            fields.push((name, map.next_value()?));
        }
        Ok(Some(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while let Some(IgnoredAny) = list.next_element()? {}
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// The name of a field, borrowed if nothing in it is escaped.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor).map(Self)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}
