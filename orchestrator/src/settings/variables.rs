//! Variables and secrets as the platform holds them, read by the type that is wanted.
//!
//! What is given and cannot be used is an error that names the variable: to take it for absent would mean to go on with a default that nobody chose.

use super::SettingsError;

/// A variable or secret as the platform holds it. Those of `wrangler.toml` have the type that they have there.
#[derive(Clone, Debug, PartialEq)]
pub enum Variable {
    /// Text, as secrets always are.
    Text(String),
    /// A number without quotes.
    Number(f64),
    /// Something else, which no variable may be: "a boolean", "a table", "an array", ...
    Other(&'static str),
}

/// Gives variables and secrets by name.
pub(super) struct Variables<F>(pub(super) F);

impl<F: Fn(&str) -> Option<Variable>> Variables<F> {
    /// A variable that is text. Empty ones count as absent.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, SettingsError> {
        let not_text = |found| Err(SettingsError::NotText { name, found });
        match (self.0)(name) {
            None => Ok(None),
            Some(Variable::Text(text)) => Ok(Some(text).filter(|text| !text.trim().is_empty())),
            Some(Variable::Number(_)) => not_text("a number"),
            Some(Variable::Other(found)) => not_text(found),
        }
    }

    /// A variable that is a whole number, in quotes or not. Empty ones count as absent.
    pub(super) fn number(
        &self,
        name: &'static str,
        min: u32,
        max: u32,
    ) -> Result<Option<u32>, SettingsError> {
        let given = match (self.0)(name) {
            None => return Ok(None),
            Some(Variable::Text(text)) if text.trim().is_empty() => return Ok(None),
            Some(Variable::Text(text)) => text.trim().parse().ok(),
            Some(Variable::Number(number)) => whole(number),
            Some(Variable::Other(_)) => None,
        };
        match given.filter(|value| (min..=max).contains(value)) {
            Some(value) => Ok(Some(value)),
            None => Err(SettingsError::Number { name, min, max }),
        }
    }
}

/// The number, if it is a whole one that fits.
fn whole(number: f64) -> Option<u32> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked on the line after"
    )]
    let cast = number as u32;
    #[expect(clippy::float_cmp, reason = "whole numbers below 2^32 are exact")]
    let is_whole = f64::from(cast) == number;
    is_whole.then_some(cast)
}
