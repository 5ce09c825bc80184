//! Reading the fields of a JSON object one by one, so that every bad one is named with what is accepted.

use crate::{problem::FieldError, tree::Tree};
use core::{fmt::Display, ops::RangeInclusive, str::FromStr};

/// Takes fields out of an object, collecting what is wrong with them.
pub(crate) struct FieldReader {
    fields: Vec<(String, Tree)>,
    errors: Vec<FieldError>,
}

impl FieldReader {
    /// A reader of the object that `json` is.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub(crate) fn new(json: &[u8]) -> Result<Self, String> {
        let text = core::str::from_utf8(json).map_err(|error| error.to_string())?;
        match Tree::from_json(text) {
            Ok(Tree::Object(fields)) => Ok(Self {
                fields,
                errors: Vec::new(),
            }),
            Ok(other) => Err(format!("it is {}", other.kind())),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Refuses every field that has not been taken, as not being one of `what`, and returns what is wrong with any.
    pub(crate) fn finish(mut self, what: &str) -> Vec<FieldError> {
        let unknown: Vec<String> = self.fields.iter().map(|(name, _)| shorten(name)).collect();
        for field in unknown {
            self.refuse(field, format!("is not a field of {what}"));
        }
        self.errors
    }

    /// Whether nothing was wrong so far.
    pub(crate) fn all_well(&self) -> bool {
        self.errors.is_empty()
    }

    /// Takes a field of any kind.
    pub(crate) fn take(&mut self, field: &str) -> Option<Tree> {
        let taken = take(&mut self.fields, field);
        let others = self.fields.len();
        self.fields.retain(|(name, _)| name != field);
        if self.fields.len() < others {
            self.refuse(field, "is there twice");
        }
        taken
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
        match self.take(field) {
            None => default,
            Some(value) => self.one_name(field, &value).unwrap_or(default),
        }
    }

    fn one_name<T: FromStr>(&mut self, field: &str, value: &Tree) -> Option<T>
    where
        T::Err: Display,
    {
        let Tree::Text(text) = value else {
            self.refuse(field, format!("is {}; must be a string", value.kind()));
            return None;
        };
        text.parse()
            .map_err(|error: T::Err| self.refuse(field, error.to_string()))
            .ok()
    }

    /// A list of such names, none twice, none empty.
    pub(crate) fn names<T: FromStr + PartialEq>(&mut self, field: &str, default: Vec<T>) -> Vec<T>
    where
        T::Err: Display,
    {
        let Some(values) = self.list(field) else {
            return default;
        };
        let mut names = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let at = format!("{field}[{index}]");
            if let Some(name) = self.one_name(&at, value) {
                self.add_once(&at, &mut names, name);
            }
        }
        names
    }

    /// A list that is there, is a list, and is not empty; with its errors noted.
    pub(crate) fn list(&mut self, field: &str) -> Option<Vec<Tree>> {
        match self.take(field)? {
            Tree::List(values) if values.is_empty() => {
                self.refuse(field, "is empty; leave it out for the default");
                None
            }
            Tree::List(values) => Some(values),
            other => {
                self.refuse(field, format!("is {}; must be a list", other.kind()));
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
        value: &Tree,
        min: T,
        max: T,
    ) -> Option<T> {
        self.whole(field, value, min.into()..=max.into())
            .and_then(|number| T::try_from(number).ok())
    }

    fn whole(&mut self, field: &str, value: &Tree, accepted: RangeInclusive<u64>) -> Option<u64> {
        let number = whole(value).filter(|number| accepted.contains(number));
        if number.is_none() {
            let given = match value.as_f64() {
                Some(_) => serde_json::to_string(value).unwrap_or_default(),
                None => value.kind().to_owned(),
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
            Some(Tree::Bool(value)) => value,
            Some(other) => {
                self.refuse(field, format!("is {}; must be true or false", other.kind()));
                default
            }
        }
    }

    /// Notes a field as missing if it is, with what it must be. To be asked before the field is taken.
    pub(crate) fn require(&mut self, field: &str, must_be: impl Display) {
        if !self.fields.iter().any(|(name, _)| name == field) {
            self.refuse(field, format!("is missing; must be {must_be}"));
        }
    }

    /// One of a few fixed words, which must be there. `None` when it is not, with the error noted.
    pub(crate) fn word(&mut self, field: &str, words: &[&'static str]) -> Option<&'static str> {
        let expected = words.join(", ");
        self.require(field, format!("one of: {expected}"));
        let value = self.take(field)?;
        let word = match &value {
            Tree::Text(text) => words.iter().copied().find(|word| word == text),
            _ => None,
        };
        if word.is_none() {
            self.refuse(field, format!("must be one of: {expected}"));
        }
        word
    }
}

/// A whole number, also where it is written as a float (`4e2`), as JavaScript clients may.
fn whole(value: &Tree) -> Option<u64> {
    /// Above this a float may not be the number that was written.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Tree::Unsigned(number) = *value {
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

/// Takes the first field of this name.
pub(crate) fn take(fields: &mut Vec<(String, Tree)>, name: &str) -> Option<Tree> {
    let at = fields.iter().position(|(field, _)| field == name)?;
    Some(fields.remove(at).1)
}

/// A client's field name, cut to what an error message can carry.
pub(crate) fn shorten(name: &str) -> String {
    name.chars().take(64).collect()
}
