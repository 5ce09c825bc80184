//! Which shared Worker executes: the part of a cell's id that is left out for the native one.

use crate::name::{Name, NameError};
use core::{fmt, str::FromStr};

/// A runtime by its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Runtime(Option<Name>);

const NATIVE: &str = "native";

impl Runtime {
    /// The one of this project, compiled from Rust.
    pub const NATIVE: Self = Self(None);

    /// Whether it is [`Runtime::NATIVE`].
    #[must_use]
    pub const fn is_native(&self) -> bool {
        self.0.is_none()
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
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == NATIVE {
            return Ok(Self::NATIVE);
        }
        text.parse().map(|name| Self(Some(name)))
    }
}

crate::named::serde_by_name!(Runtime);

#[cfg(feature = "openapi")]
crate::named::text_schema!(Runtime, "^[a-z0-9-]{1,32}$", "native");
