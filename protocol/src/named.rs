//! One macro for the closed vocabularies of the protocol: an enum, its wire names, parsing, display.

/// Declares an enum whose variants have fixed wire names, with `ALL`, `as_str`, `Display`, `FromStr` and serde
/// by that name. A macro rather than a derive, so that the wire names stand beside the variants as literals.
macro_rules! named {
    (
        $(#[$meta:meta])*
        pub enum $name:ident ($what:literal) {
            $( $(#[doc = $doc:literal])+ $(#[cfg($cfg:meta)])? $variant:ident = $text:literal, )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
        pub enum $name {
            $( $(#[doc = $doc])+ $(#[cfg($cfg)])? #[cfg_attr(feature = "openapi", schemars(rename = $text))] $variant, )+
        }

        impl $name {
            /// Every variant, in the order in which tables show them.
            pub const ALL: &'static [Self] = &[ $( $(#[cfg($cfg)])? Self::$variant, )+ ];

            /// The name on the wire and in tables.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( $(#[cfg($cfg)])? Self::$variant => $text, )+ }
            }

            /// The accepted names, comma-separated, for error messages.
            #[must_use]
            pub fn expected() -> String {
                Self::ALL.iter().map(|v| v.as_str()).collect::<Vec<_>>().join(", ")
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        $crate::named::serde_by_name!($name);

        impl core::str::FromStr for $name {
            type Err = $crate::named::UnknownName;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|v| v.as_str() == text).ok_or_else(|| $crate::named::UnknownName {
                    what: $what,
                    name: text.chars().take(64).collect(),
                    expected: Self::expected(),
                })
            }
        }
    };
}
pub(crate) use named;

/// Serde for a type that is written as its name: by `as_str` and `FromStr`.
macro_rules! serde_by_name {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text: std::borrow::Cow<'_, str> =
                    serde::Deserialize::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use serde_by_name;

/// Serde of a type that is written as its text, and read from it.
macro_rules! serde_as_text {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text: String = serde::Deserialize::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use serde_as_text;

/// The JSON schema of a type that is written as text of a known pattern.
#[cfg(feature = "openapi")]
macro_rules! text_schema {
    ($type:ident, $pattern:expr, $example:literal) => {
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "pattern": $pattern, "examples": [$example]})
            }
        }
    };
}
#[cfg(feature = "openapi")]
pub(crate) use text_schema;

/// A name that is not in the vocabulary that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} \"{name}\"; expected one of: {expected}")]
pub struct UnknownName {
    /// The vocabulary, as a noun: `transport`, `function`, ...
    pub what: &'static str,
    /// What was given, cut to 64 characters.
    pub name: String,
    /// The accepted names, comma-separated.
    pub expected: String,
}
