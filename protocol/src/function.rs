//! The functions under test, as one piece of code for the caller (`direct`) and the runtime.

#[cfg(feature = "test-functions")]
mod burn;

#[cfg(feature = "test-functions")]
pub use burn::{Burn, Burner};

use crate::{
    name::{Name, NameError},
    named::UnknownName,
};
use core::{fmt, str::FromStr};
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use std::borrow::Cow;

/// A function that can be delegated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Function {
    /// Returns its payload without decoding it: what is left is the crossing itself.
    Echo,
    /// Decodes the payload into a tree of values and encodes it again.
    Transform,
    /// CPU-bound: the sum of the square roots of 0 to 999; returns `{result, input}`.
    Compute,
    /// Test only: burns CPU for so long, wherever it is executed, then echoes.
    #[cfg(feature = "test-functions")]
    Burn(Burn),
    /// Test only: never answers.
    #[cfg(feature = "test-functions")]
    Hang,
    /// Test only: makes the runtime panic.
    #[cfg(feature = "test-functions")]
    Panic,
    /// One that this code does not know: only a runtime does.
    Other(Name),
}

/// Square roots summed by [`Function::Compute`].
pub const COMPUTE_ROOTS: u32 = 1_000;

/// Why a function could not be executed on a payload.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// The payload is not JSON, although it was announced as such.
    #[error("payload is not valid JSON: {0}")]
    InvalidPayload(#[from] serde_json::Error),
    /// A test-only function that is carried out by the Worker around this code, not by this code.
    #[error("function {0} is carried out by the Worker itself")]
    NotPure(Function),
    /// A function that only a runtime knows.
    #[error("function {0} is not known here")]
    Unknown(Function),
}

/// What [`Function::Compute`] returns: the sum and the payload it was given.
#[derive(Serialize)]
struct Computed<'a> {
    result: f64,
    input: &'a RawValue,
}

impl Function {
    /// Those that this code knows, in the order in which tables show them.
    pub const KNOWN: &'static [Self] = &[
        Self::Echo,
        Self::Transform,
        Self::Compute,
        #[cfg(feature = "test-functions")]
        Self::Burn(Burn::Us300),
        #[cfg(feature = "test-functions")]
        Self::Burn(Burn::Us600),
        #[cfg(feature = "test-functions")]
        Self::Burn(Burn::Us1200),
        #[cfg(feature = "test-functions")]
        Self::Burn(Burn::Us2400),
        #[cfg(feature = "test-functions")]
        Self::Hang,
        #[cfg(feature = "test-functions")]
        Self::Panic,
    ];

    /// The functions of the default plan: all but the test-only ones.
    pub const DEFAULT: [Self; 3] = [Self::Echo, Self::Transform, Self::Compute];

    /// The name on the wire and in tables.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Echo => "echo",
            Self::Transform => "transform",
            Self::Compute => "compute",
            #[cfg(feature = "test-functions")]
            Self::Burn(burn) => burn.name(),
            #[cfg(feature = "test-functions")]
            Self::Hang => "hang",
            #[cfg(feature = "test-functions")]
            Self::Panic => "panic",
            Self::Other(name) => name.as_str(),
        }
    }

    /// The names of those that this code knows, comma-separated, for error messages.
    #[must_use]
    pub fn expected() -> String {
        let names: Vec<&str> = Self::KNOWN.iter().map(Self::as_str).collect();
        names.join(", ")
    }

    /// One that this code knows.
    ///
    /// # Errors
    /// [`UnknownName`] for all others.
    pub fn known(name: &str) -> Result<Self, UnknownName> {
        let found = Self::KNOWN.iter().find(|known| known.as_str() == name);
        found.copied().ok_or_else(|| UnknownName {
            what: "function",
            name: name.chars().take(64).collect(),
            expected: Self::expected(),
        })
    }

    /// Whether the function never returns, so that no answer is ever to be sent. A test-only one alone does not.
    #[must_use]
    pub const fn never_returns(self) -> bool {
        match self {
            Self::Echo | Self::Transform | Self::Compute | Self::Other(_) => false,
            #[cfg(feature = "test-functions")]
            Self::Burn(_) | Self::Panic => false,
            #[cfg(feature = "test-functions")]
            Self::Hang => true,
        }
    }

    /// Executes the function on a JSON payload. What `echo` returns is borrowed: nothing is decoded, nothing is copied.
    ///
    /// # Errors
    /// [`ExecuteError::InvalidPayload`] when `transform` finds that the payload is not JSON;
    /// [`ExecuteError::NotPure`] for test-only functions.
    pub fn execute(self, payload: &RawValue) -> Result<Cow<'_, RawValue>, ExecuteError> {
        match self {
            Self::Echo => Ok(Cow::Borrowed(payload)),
            Self::Transform => {
                // As users' code does it. Fields come out sorted by name.
                let tree: Value = serde_json::from_slice(payload.get().as_bytes())?;
                Ok(Cow::Owned(serde_json::value::to_raw_value(&tree)?))
            }
            Self::Compute => {
                let computed = Computed {
                    result: sum_of_square_roots(COMPUTE_ROOTS),
                    input: payload,
                };
                Ok(Cow::Owned(serde_json::value::to_raw_value(&computed)?))
            }
            #[cfg(feature = "test-functions")]
            Self::Burn(_) | Self::Hang | Self::Panic => Err(ExecuteError::NotPure(self)),
            Self::Other(_) => Err(ExecuteError::Unknown(self)),
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Function {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::KNOWN.iter().find(|known| known.as_str() == text);
        known.map_or_else(|| text.parse().map(Self::Other), |&known| Ok(known))
    }
}

crate::named::serde_by_name!(Function);

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for Function {
    fn schema_name() -> Cow<'static, str> {
        "Function".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let known: Vec<&str> = Self::KNOWN.iter().map(Self::as_str).collect();
        schemars::json_schema!({
            "description": "A function that can be delegated: one that every runtime knows, or the name of one that only some runtime does.",
            "anyOf": [
                {"type": "string", "enum": known},
                {"type": "string", "pattern": "^[a-z0-9-]{1,32}$"},
            ],
        })
    }
}

/// The sum of the square roots of `0..roots`. The bound passes through a black box, or the optimiser would fold
/// the whole loop into a constant and nothing would be computed.
#[must_use]
pub fn sum_of_square_roots(roots: u32) -> f64 {
    (0..core::hint::black_box(roots))
        .map(|i| f64::from(i).sqrt())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[test]
    fn a_name_that_is_not_known_here_is_kept_and_not_executed() {
        let word_count: Function = "word-count".parse().unwrap();
        assert_eq!(word_count.to_string(), "word-count");
        assert_eq!("echo".parse(), Ok(Function::Echo));
        assert!("Echo".parse::<Function>().is_err());
        assert!(matches!(
            word_count.execute(&raw("1")),
            Err(ExecuteError::Unknown(function)) if function == word_count
        ));
        let error = Function::known("word-count").unwrap_err().to_string();
        assert!(
            error.starts_with("unknown function \"word-count\"; expected one of: echo"),
            "{error}"
        );
        for &known in Function::KNOWN {
            assert_eq!(Function::known(known.as_str()), Ok(known));
        }
    }

    #[test]
    fn echo_returns_the_bytes_it_was_given() {
        let payload = raw("{\"b\": 1.0,  \"a\":2}");
        assert_eq!(
            Function::Echo.execute(&payload).unwrap().get(),
            payload.get()
        );
    }

    #[test]
    fn transform_decodes_and_encodes_so_that_white_space_is_gone() {
        let payload = raw("{ \"a\" : [1, 2.5] }");
        assert_eq!(
            Function::Transform.execute(&payload).unwrap().get(),
            "{\"a\":[1,2.5]}"
        );
    }

    #[test]
    fn transform_keeps_the_kinds_of_values() {
        for json in [
            "null",
            "true",
            "0",
            "18446744073709551615",
            "-9223372036854775808",
            "1.0",
            "\"a\\\"\\n\u{e9}\"",
            "[]",
            "[1,[2,{}]]",
            "{\"a\":1,\"b\":{\"c\":null,\"d\":2}}",
        ] {
            let payload = raw(&format!(" {json} "));
            assert_eq!(Function::Transform.execute(&payload).unwrap().get(), json);
        }
    }

    #[test]
    fn compute_sums_a_thousand_square_roots_and_returns_its_input() {
        let payload = raw("{\"a\":1}");
        let answer = Function::Compute.execute(&payload).unwrap();
        let value: Value = serde_json::from_str(answer.get()).unwrap();
        // Independent of the code: sum of sqrt(i) for i below n is 2/3 n^1.5 - n^0.5/2 + zeta(-1/2), by Euler-Maclaurin.
        let n = 1_000_f64;
        let expected = 2.0 / 3.0 * n.powf(1.5) - n.sqrt() / 2.0 - 0.207_886_224_977;
        assert!(
            (value["result"].as_f64().unwrap() - expected).abs() < 0.01,
            "{value} against {expected}"
        );
        assert_eq!(value["input"], serde_json::json!({"a": 1}));
    }
}
