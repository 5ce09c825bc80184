//! The fields of a JSON object, their values left as raw text.
//!
//! What serde derives for a struct stops at the first bad field, and takes the values of the fields in a list, too; a map keeps the last of doubled
//! fields and says nothing. Here all of that is seen. It is also what lets a stub be thin: what serde derives can say of any wrong kind of value what
//! was found instead, floating-point numbers in full, which is 10 KB of each Worker (docs/transports.md).

use core::fmt;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Names and values as they stand in the text, doubled ones twice.
#[derive(Debug)]
pub(crate) struct RawObject<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> RawObject<'a> {
    /// Takes a JSON text apart; all of it is checked to be JSON, in UTF-8. `None` if it is something else than an object.
    pub(crate) fn of(json: &'a [u8]) -> Result<Option<Self>, serde_json::Error> {
        let Fields(fields) = serde_json::from_slice(json)?;
        Ok(fields.map(Self))
    }

    /// The first field of this name, if it is there.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let found = self.0.iter().find(|(field, _)| field == name)?;
        Some(found.1)
    }

    /// Takes the first field of this name, if it is there.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        let at = self.0.iter().position(|(field, _)| field == name)?;
        Some(self.0.remove(at).1)
    }

    /// Takes what is left of this name, and says whether anything was.
    pub(crate) fn take_doubles(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|(field, _)| field != name);
        self.0.len() < before
    }

    /// The names of the fields that have not been taken.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }
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
        while let Some(Name(name)) = map.next_key()? {
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

/// The name of a field, borrowed if nothing in it is escaped. (As a `Cow` alone it would always be copied.)
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor).map(Self)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_taken_by_name_escaped_or_not_and_doubled_ones_are_seen() {
        let mut object = RawObject::of(b" {\"a\" : [1, 2],\"\\u0062\":null, \"a\":\"}\" } ")
            .unwrap()
            .unwrap();
        assert_eq!(object.names().collect::<Vec<_>>(), ["a", "b", "a"]);
        assert_eq!(object.take("b").map(RawValue::get), Some("null"));
        assert_eq!(object.take("a").map(RawValue::get), Some("[1, 2]"));
        assert!(object.take_doubles("a") && !object.take_doubles("a"));
        assert!(object.take("a").is_none() && object.names().next().is_none());
    }

    #[test]
    fn what_is_no_object_is_none_and_what_is_no_json_is_an_error() {
        for json in ["[{}]", "null", "true", "1", "-1", "1.5", "\"{}\""] {
            assert!(RawObject::of(json.as_bytes()).unwrap().is_none(), "{json}");
        }
        for json in ["", "{", "{} {}", "{\"a\":1,}", "{\"a\":}", "[1,]", "{1:2}"] {
            assert!(RawObject::of(json.as_bytes()).is_err(), "{json}");
        }
    }
}
