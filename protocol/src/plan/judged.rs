//! What makes the answer of a run.

use crate::{Transport, named::UnknownName};
use core::{fmt, str::FromStr};

/// One of the things that a plan names to be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// The latencies of a transport.
    Transport(Transport),
    /// The cold starts.
    ColdStarts,
}

const COLD_STARTS: &str = "cold-starts";

impl Judged {
    /// The transport, if it is one.
    #[must_use]
    pub const fn transport(self) -> Option<Transport> {
        match self {
            Self::Transport(transport) => Some(transport),
            Self::ColdStarts => None,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transport(transport) => transport.as_str(),
            Self::ColdStarts => COLD_STARTS,
        }
    }
}

impl From<Transport> for Judged {
    fn from(transport: Transport) -> Self {
        Self::Transport(transport)
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Judged {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == COLD_STARTS {
            return Ok(Self::ColdStarts);
        }
        text.parse()
            .map(Self::Transport)
            .map_err(|unknown: UnknownName| UnknownName {
                expected: format!("{}, {COLD_STARTS}", unknown.expected),
                ..unknown
            })
    }
}

crate::named::serde_by_name!(Judged);

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for Judged {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Judged".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let names = Transport::ALL.iter().map(|transport| transport.as_str());
        let names: Vec<&str> = names.chain([COLD_STARTS]).collect();
        schemars::json_schema!({"type": "string", "enum": names})
    }
}
