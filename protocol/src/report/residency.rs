//! How long a runtime's isolates live, and how many calls each serves.

use super::Share;
use crate::{Estimate, Reason, Runtime, Transport, named::named};
use serde::{Deserialize, Serialize};

named! {
    /// By which way calls reach a runtime: each may lead to other isolates of it.
    pub enum Reach ("reach") {
        /// Over the service binding, by whatever transport.
        Binding = "binding",
        /// By the public URL.
        PublicUrl = "public-url",
    }
}

impl Reach {
    /// The way that a transport takes; none of one that reaches no runtime.
    #[must_use]
    pub const fn of(transport: Transport) -> Option<Self> {
        match transport {
            Transport::Direct => None,
            Transport::RawFetch => Some(Self::PublicUrl),
            Transport::ServiceBinding
            | Transport::Rpc
            | Transport::Msgpack
            | Transport::CapnwebBatch
            | Transport::CapnwebWebsocket
            | Transport::Websocket => Some(Self::Binding),
        }
    }

    /// The name in tables for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Binding => "service binding",
            Self::PublicUrl => "public URL",
        }
    }
}

/// The isolates of one runtime that the calls of a run met by one way.
///
/// What is counted is what answers say ([`crate::residency::Isolate`]): of every call that succeeded, warmup included. A run keeps an isolate warm that
/// a function called once an hour would find gone, so the share of cold calls is that of calls as frequent as the run's.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Residency {
    /// The runtime.
    pub runtime: Runtime,
    /// The way.
    pub reach: Reach,
    /// The transports whose calls these are.
    pub transports: Vec<Transport>,
    /// Answers that said which isolate gave them.
    pub calls: u64,
    /// Answers that did not.
    pub silent: u64,
    /// Isolates that gave them.
    pub isolates: u64,
    /// Calls of the run for each isolate; absent where none is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_per_isolate: Option<f64>,
    /// What these isolates counted themselves, each from its first call of the run to its last: `calls`, unless others called them meanwhile. What is
    /// beyond `calls` was of others, or no call of the run's cells (a health check, an empty hop), or failed.
    pub calls_served: u64,
    /// The most that one of them has served in its life so far.
    pub most_served: u64,
    /// The longest that one of them has lived since its first call, in ms.
    pub oldest_ms: u64,
    /// Calls that met a fresh isolate.
    pub cold_calls: u64,
    /// Their share of `calls`; absent where none says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cold_share: Option<Share>,
    /// Cold calls that were timed: they are in the latencies of their cells. The others were warmup.
    pub cold_samples: u64,
    /// Median latency of cold calls, warmup included, from whole ms of the caller's clock.
    pub cold_us: Estimate,
    /// The shortest of them, in ms, good to a tick.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cold_min_ms: Option<u64>,
    /// The longest of them, in ms, good to a tick.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cold_max_ms: Option<u64>,
    /// Median latency of all timed calls by this way, of whatever function and payload: what a cold call is to be held against.
    pub warm_us: Estimate,
    /// Why nothing is known, where that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// All of it in a sentence.
    #[serde(default)]
    pub text: String,
}
