//! A plan as a file.

use anyhow::Context as _;
use core::fmt;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};
use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

/// The fields in `file`; `-` is standard input. Whether they are those of a plan is looked at when the options have been laid over them;
/// that a field is there twice is seen here only.
pub(crate) fn read(file: &Path) -> anyhow::Result<Map<String, Value>> {
    let text = if file == Path::new("-") {
        let mut text = String::new();
        io::stdin()
            .read_to_string(&mut text)
            .context("plan on standard input")?;
        text
    } else {
        fs::read_to_string(file).with_context(|| format!("plan {}", file.display()))?
    };
    fields(&text).with_context(|| format!("plan {}", file.display()))
}

fn fields(text: &str) -> anyhow::Result<Map<String, Value>> {
    match serde_json::from_str(text)? {
        Unambiguous(Value::Object(fields)) => Ok(fields),
        _ => anyhow::bail!("is not a JSON object"),
    }
}

/// A JSON value in which no object holds a field twice; `serde_json` alone would take the last one.
struct Unambiguous(Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(Self)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number is out of range"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Unambiguous(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some((name, Unambiguous(value))) = object.next_entry::<String, _>()? {
            if fields.contains_key(&name) {
                return Err(A::Error::custom(format_args!("{name} is there twice")));
            }
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_of_value_is_read_as_it_is() {
        let text = r#"{"a":[1,-2,2.5,"x",true,null],"b":{"c":18446744073709551615}}"#;
        let read = fields(text).unwrap();
        assert_eq!(
            Value::Object(read),
            json!({"a": [1, -2, 2.5, "x", true, null], "b": {"c": u64::MAX}})
        );
    }

    #[test]
    fn a_field_that_is_there_twice_is_named_at_any_depth() {
        for (text, name) in [
            (r#"{"seed":1,"seed":2}"#, "seed"),
            (r#"{"thresholds":{"p50_ms":1,"p50_ms":2}}"#, "p50_ms"),
            (r#"{"seed":1,"s\u0065ed":2}"#, "seed"),
        ] {
            let error = fields(text).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("{name} is there twice")),
                "{error}"
            );
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in ["", "[]", "1", "{", "{} {}", r#"{"a":1e400}"#] {
            assert!(fields(text).is_err(), "{text}");
        }
    }
}
