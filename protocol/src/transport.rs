//! How the caller reaches the code.

use crate::named::named;

named! {
    /// How the caller reaches the code.
    pub enum Transport ("transport") {
        /// In the caller itself: the baseline that every overhead is measured against.
        Direct = "direct",
        /// JSON over `fetch` on a service binding.
        ServiceBinding = "service-binding",
        /// JSON over `fetch` on the runtime's public URL.
        RawFetch = "raw-fetch",
        /// Workers RPC: a method call on the service binding.
        Rpc = "rpc",
        /// `MessagePack` bodies over `fetch` on a service binding.
        Msgpack = "msgpack",
        /// capnweb over HTTP, one batch a call.
        CapnwebBatch = "capnweb-batch",
        /// capnweb over one WebSocket on the service binding.
        CapnwebWebsocket = "capnweb-websocket",
        /// JSON messages over one WebSocket on the service binding.
        Websocket = "websocket",
    }
}

impl Transport {
    /// The three that the default plan compares.
    pub const DEFAULT: [Self; 3] = [Self::Direct, Self::ServiceBinding, Self::RawFetch];

    /// Whether a call leaves the caller and so counts against the platform's invocation limit.
    #[must_use]
    pub const fn delegates(self) -> bool {
        !matches!(self, Self::Direct)
    }

    /// Whether one message can carry several invocations (`batch_size` above 1).
    #[must_use]
    pub const fn batches(self) -> bool {
        matches!(self, Self::CapnwebBatch)
    }

    /// The name in tables for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Direct => "Direct",
            Self::ServiceBinding => "Service Binding",
            Self::RawFetch => "Raw Fetch",
            Self::Rpc => "Workers RPC",
            Self::Msgpack => "MessagePack",
            Self::CapnwebBatch => "capnweb (batch)",
            Self::CapnwebWebsocket => "capnweb (WebSocket)",
            Self::Websocket => "WebSocket",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_names_are_pinned() {
        assert_eq!(
            Transport::expected(),
            "direct, service-binding, raw-fetch, rpc, msgpack, capnweb-batch, capnweb-websocket, websocket"
        );
        assert_eq!(
            serde_json::to_string(&Transport::RawFetch).unwrap(),
            "\"raw-fetch\""
        );
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_accepted_ones() {
        let error = "grpc".parse::<Transport>().unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("unknown transport \"grpc\"; expected one of: direct, ")
        );
    }
}
