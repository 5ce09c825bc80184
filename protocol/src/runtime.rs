//! Which shared Worker executes: the part of a cell's id that is left out for the native one.

use crate::name::{Name, NameError};
use core::{fmt, str::FromStr};

/// A runtime by its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Runtime(Option<Name>);

const NATIVE: &str = "native";

/// Why a text is no runtime's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuntimeError {
    /// No name at all.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The name of a setting.
    #[error("no runtime may be called url or token, which settings of the caller are called")]
    Reserved,
}

impl Runtime {
    /// The one of this project, compiled from Rust.
    pub const NATIVE: Self = Self(None);

    /// Whether it is [`Runtime::NATIVE`].
    #[must_use]
    pub const fn is_native(&self) -> bool {
        self.0.is_none()
    }

    /// The caller's service binding to it: `RUNTIME`, or `RUNTIME_PYODIDE`.
    #[must_use]
    pub fn binding(&self) -> String {
        self.suffixed("RUNTIME")
    }

    /// The caller's variable with its public address: `RUNTIME_URL`, or `PYODIDE_RUNTIME_URL`.
    #[must_use]
    pub fn url_variable(&self) -> String {
        if self.is_native() {
            "RUNTIME_URL".to_owned()
        } else {
            format!("{}_RUNTIME_URL", self.in_capitals())
        }
    }

    /// The orchestrator's service binding to the stub that executes its functions itself: `CALLER`, or `CALLER_PYODIDE`.
    #[must_use]
    pub fn inlining_caller(&self) -> String {
        self.suffixed("CALLER")
    }

    /// The caller's service binding to the same runtime in a process of its own, for slices with a neighbour: `APART_RUNTIME`, or `APART_RUNTIME_PYODIDE`.
    /// Optional; local Workers have one, because there all others share a thread.
    #[must_use]
    pub fn apart_binding(&self) -> String {
        self.suffixed("APART_RUNTIME")
    }

    fn suffixed(&self, name: &str) -> String {
        if self.is_native() {
            name.to_owned()
        } else {
            format!("{name}_{}", self.in_capitals())
        }
    }

    fn in_capitals(&self) -> String {
        self.as_str().to_ascii_uppercase().replace('-', "_")
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_ref().map_or(NATIVE, Name::as_str)
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Runtime {
    type Err = RuntimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            NATIVE => Ok(Self::NATIVE),
            // RUNTIME_URL and RUNTIME_TOKEN are settings of the caller
            "url" | "token" => Err(RuntimeError::Reserved),
            _ => Ok(Self(Some(text.parse()?))),
        }
    }
}

crate::named::serde_by_name!(Runtime);

#[cfg(feature = "openapi")]
crate::named::text_schema!(Runtime, "^(?!(url|token)$)[a-z0-9-]{1,32}$", "native");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_runtime_has_bindings_and_an_address_of_its_own() {
        let of = |name: &str| {
            let runtime: Runtime = name.parse().unwrap();
            [
                runtime.binding(),
                runtime.url_variable(),
                runtime.inlining_caller(),
            ]
        };
        assert_eq!(of("native"), ["RUNTIME", "RUNTIME_URL", "CALLER"]);
        assert_eq!(
            of("dot-net"),
            ["RUNTIME_DOT_NET", "DOT_NET_RUNTIME_URL", "CALLER_DOT_NET"]
        );
        assert_eq!("token".parse::<Runtime>(), Err(RuntimeError::Reserved));
        assert_eq!("Py".parse::<Runtime>(), Err(RuntimeError::Name(NameError)));
    }
}
