//! The parts of a delegated call that are measured on their own.

use crate::Function;
use core::fmt;
use serde::{Deserialize, Serialize};

/// A part of a delegated call, measured on its own by repetition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "component", rename_all = "kebab-case")]
pub enum Component {
    /// Nothing at all: the cost of a dispatch, which the coordinator subtracts where it times the repetitions itself.
    Nothing,
    /// A call of the runtime that carries nothing and does nothing: dispatch and isolate switch.
    EmptyHop,
    /// All encoding of one call: the request in the caller and the answer in the runtime.
    Encode {
        /// Size of the payload.
        payload_bytes: u32,
    },
    /// All decoding of one call: the request in the runtime and the answer in the caller.
    Decode {
        /// Size of the payload.
        payload_bytes: u32,
    },
    /// The function itself.
    Function {
        /// Which one.
        function: Function,
        /// Size of the payload.
        payload_bytes: u32,
    },
}

impl Component {
    /// Whether a repetition is a delegated call and counts against the invocation limit.
    #[must_use]
    pub const fn delegates(self) -> bool {
        matches!(self, Self::EmptyHop)
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::EmptyHop => f.write_str("empty-hop"),
            Self::Encode { payload_bytes } => write!(f, "encode.{payload_bytes}"),
            Self::Decode { payload_bytes } => write!(f, "decode.{payload_bytes}"),
            Self::Function {
                function,
                payload_bytes,
            } => write!(f, "function.{function}.{payload_bytes}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_form_is_pinned() {
        assert_eq!(
            serde_json::to_string(&Component::EmptyHop).unwrap(),
            "{\"component\":\"empty-hop\"}"
        );
        assert_eq!(
            serde_json::to_string(&Component::Function {
                function: Function::Echo,
                payload_bytes: 100
            })
            .unwrap(),
            "{\"component\":\"function\",\"function\":\"echo\",\"payload_bytes\":100}"
        );
    }
}
