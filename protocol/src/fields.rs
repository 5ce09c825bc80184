//! Reading the fields of a JSON object one by one, so that every bad one is named with what is accepted.

use crate::{problem::FieldError, raw_object::RawObject};
use core::{fmt::Display, ops::RangeInclusive, str::FromStr};
use serde_json::{Value, value::RawValue};
use std::borrow::Cow;

/// Takes fields out of an object, collecting what is wrong with them.
pub(crate) struct FieldReader<'a> {
    fields: RawObject<'a>,
    errors: Vec<FieldError>,
}

impl<'a> FieldReader<'a> {
    /// A reader of the object that `json` is.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub(crate) fn new(json: &'a [u8]) -> Result<Self, String> {
        match RawObject::of(json) {
            Ok(Some(fields)) => Ok(Self {
                fields,
                errors: Vec::new(),
            }),
            Ok(None) => Err(serde_json::from_slice(json).map_or_else(
                |error| error.to_string(),
                |other| format!("it is {}", kind(&other)),
            )),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Refuses every field that has not been taken, as not being one of `what`, and returns what is wrong with any.
    pub(crate) fn finish(mut self, what: &str) -> Vec<FieldError> {
        let unknown: Vec<String> = self.fields.names().map(shorten).collect();
        for field in unknown {
            self.refuse(field, format!("is not a field of {what}"));
        }
        self.errors
    }

    /// Whether nothing was wrong so far.
    pub(crate) fn all_well(&self) -> bool {
        self.errors.is_empty()
    }

    /// Whether a field is there that has not been taken.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.fields.names().any(|name| name == field)
    }

    /// Takes a field that is `null`, and says whether it did.
    pub(crate) fn take_null(&mut self, field: &str) -> bool {
        let is_null = self
            .fields
            .get(field)
            .is_some_and(|raw| raw.get() == "null");
        is_null && self.take_raw(field).is_some()
    }

    /// Takes a field of any kind.
    pub(crate) fn take(&mut self, field: &str) -> Option<Value> {
        let raw = self.take_raw(field)?;
        self.value(field, raw)
    }

    /// Takes a field that must be there, as raw text.
    pub(crate) fn raw(&mut self, field: &str) -> Option<&'a RawValue> {
        self.require(field, "any JSON value");
        self.take_raw(field)
    }

    /// Takes a string that must be there; borrowed if nothing in it is escaped.
    pub(crate) fn text(&mut self, field: &str) -> Option<Cow<'a, str>> {
        self.require(field, "a string");
        let raw = self.take_raw(field)?;
        let quoted = raw
            .get()
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'));
        if let Some(plain) = quoted.filter(|text| !text.contains('\\')) {
            return Some(Cow::Borrowed(plain));
        }
        match self.value(field, raw)? {
            Value::String(text) => Some(Cow::Owned(text)),
            other => {
                self.refuse(field, format!("is {}; must be a string", kind(&other)));
                None
            }
        }
    }

    /// A number.
    pub(crate) fn number(&mut self, field: &str, default: f64) -> f64 {
        let Some(value) = self.take(field) else {
            return default;
        };
        value.as_f64().unwrap_or_else(|| {
            self.refuse(field, format!("is {}; must be a number", kind(&value)));
            default
        })
    }

    /// Takes an object whose fields are to be taken in their turn, as `{field}.{name}`.
    pub(crate) fn object(&mut self, field: &str) -> Option<RawObject<'a>> {
        let raw = self.take_raw(field)?;
        if let Ok(Some(fields)) = RawObject::of(raw.get().as_bytes()) {
            return Some(fields);
        }
        if let Some(other) = self.value(field, raw) {
            self.refuse(field, format!("is {}; must be an object", kind(&other)));
        }
        None
    }

    /// Takes a field out of such an object.
    pub(crate) fn take_inner(
        &mut self,
        fields: &mut RawObject<'a>,
        object: &str,
        name: &str,
    ) -> Option<Value> {
        let at = format!("{object}.{name}");
        let raw = fields.take(name)?;
        if fields.take_doubles(name) {
            self.refuse(&at, "is there twice");
        }
        self.value(&at, raw)
    }

    fn take_raw(&mut self, field: &str) -> Option<&'a RawValue> {
        let taken = self.fields.take(field);
        if self.fields.take_doubles(field) {
            self.refuse(field, "is there twice");
        }
        taken
    }

    /// What a field's text says; `None`, with the error noted, of what is JSON but cannot be held, such as `1e400`.
    fn value(&mut self, field: &str, raw: &RawValue) -> Option<Value> {
        serde_json::from_slice(raw.get().as_bytes())
            .map_err(|error| self.refuse(field, format!("cannot be read: {error}")))
            .ok()
    }

    /// Notes that a field is bad, and why.
    pub(crate) fn refuse(&mut self, field: impl Into<String>, detail: impl Into<String>) {
        self.errors.push(FieldError {
            field: field.into(),
            detail: detail.into(),
        });
    }

    /// A name out of a vocabulary.
    pub(crate) fn name<T: FromStr>(&mut self, field: &str, default: T) -> T
    where
        T::Err: Display,
    {
        self.name_by(field, T::from_str).unwrap_or(default)
    }

    /// A name that `parse` reads.
    pub(crate) fn name_by<T, E: Display>(
        &mut self,
        field: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.take(field)?;
        self.one_name(field, &value, parse)
    }

    /// The same, of a value that has been taken.
    pub(crate) fn one_name<T, E: Display>(
        &mut self,
        field: &str,
        value: &Value,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let Value::String(text) = value else {
            self.refuse(field, format!("is {}; must be a string", kind(value)));
            return None;
        };
        parse(text)
            .map_err(|error| self.refuse(field, error.to_string()))
            .ok()
    }

    /// A list of such names, none twice, none empty.
    pub(crate) fn names<T: FromStr + PartialEq>(&mut self, field: &str, default: Vec<T>) -> Vec<T>
    where
        T::Err: Display,
    {
        self.names_by(field, default, T::from_str)
    }

    /// A list of names that `parse` reads, none twice, none empty.
    pub(crate) fn names_by<T: PartialEq, E: Display>(
        &mut self,
        field: &str,
        default: Vec<T>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Vec<T> {
        let Some(values) = self.list(field) else {
            return default;
        };
        let mut names = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let at = format!("{field}[{index}]");
            if let Some(name) = self.one_name(&at, value, &parse) {
                self.add_once(&at, &mut names, name);
            }
        }
        names
    }

    /// A list that is there, is a list, and is not empty; with its errors noted.
    pub(crate) fn list(&mut self, field: &str) -> Option<Vec<Value>> {
        match self.take(field)? {
            Value::Array(values) if values.is_empty() => {
                self.refuse(field, "is empty; leave it out for the default");
                None
            }
            Value::Array(values) => Some(values),
            other => {
                self.refuse(field, format!("is {}; must be a list", kind(&other)));
                None
            }
        }
    }

    /// Adds `item` to `list`, unless it is there already.
    pub(crate) fn add_once<T: PartialEq>(&mut self, at: &str, list: &mut Vec<T>, item: T) {
        if list.contains(&item) {
            self.refuse(at, "is in the list twice");
        } else {
            list.push(item);
        }
    }

    /// A whole number from `min` to `max`.
    pub(crate) fn integer<T: TryFrom<u64> + Into<u64>>(
        &mut self,
        field: &str,
        min: T,
        max: T,
        default: T,
    ) -> T {
        match self.take(field) {
            None => default,
            Some(value) => self.one_integer(field, &value, min, max).unwrap_or(default),
        }
    }

    /// The same, of a value that has been taken.
    pub(crate) fn one_integer<T: TryFrom<u64> + Into<u64>>(
        &mut self,
        field: &str,
        value: &Value,
        min: T,
        max: T,
    ) -> Option<T> {
        self.whole(field, value, min.into()..=max.into())
            .and_then(|number| T::try_from(number).ok())
    }

    fn whole(&mut self, field: &str, value: &Value, accepted: RangeInclusive<u64>) -> Option<u64> {
        let number = whole(value).filter(|number| accepted.contains(number));
        if number.is_none() {
            let given = match value.as_f64() {
                Some(_) => value.to_string(),
                None => kind(value).to_owned(),
            };
            let (min, max) = accepted.into_inner();
            self.refuse(
                field,
                format!("is {given}; must be a whole number from {min} to {max}"),
            );
        }
        number
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self, field: &str, default: bool) -> bool {
        match self.take(field) {
            None => default,
            Some(Value::Bool(value)) => value,
            Some(other) => {
                self.refuse(field, format!("is {}; must be true or false", kind(&other)));
                default
            }
        }
    }

    /// Notes a field as missing if it is, with what it must be. To be asked before the field is taken.
    pub(crate) fn require(&mut self, field: &str, must_be: impl Display) {
        if !self.fields.names().any(|name| name == field) {
            self.refuse(field, format!("is missing; must be {must_be}"));
        }
    }

    /// One of a few fixed words, which must be there. `None` when it is not, with the error noted.
    pub(crate) fn word(&mut self, field: &str, words: &[&'static str]) -> Option<&'static str> {
        let expected = words.join(", ");
        self.require(field, format!("one of: {expected}"));
        let value = self.take(field)?;
        let word = match &value {
            Value::String(text) => words.iter().copied().find(|word| word == text),
            _ => None,
        };
        if word.is_none() {
            self.refuse(field, format!("must be one of: {expected}"));
        }
        word
    }
}

/// A whole number, also where it is written as a float (`4e2`), as JavaScript clients may.
fn whole(value: &Value) -> Option<u64> {
    /// Above this a float may not be the number that was written.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Some(number) = value.as_u64() {
        return Some(number);
    }
    let number = value.as_f64()?;
    let exact = number.fract() == 0.0 && (0.0..=EXACT).contains(&number);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and in 0..=2^53, checked above"
    )]
    exact.then_some(number as u64)
}

/// A client's field name, cut to what an error message can carry.
pub(crate) fn shorten(name: &str) -> String {
    name.chars().take(64).collect()
}

/// What a value is, in words, without repeating a client's text.
pub(crate) const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
