//! Why a call failed.

use crate::named::named;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

named! {
    /// Why a call failed. A call that timed out is also a latency of at least its timeout; any other failure is kept out of every latency statistic.
    pub enum ErrorKind ("error kind") {
        /// No answer within the plan's `call_timeout_ms`.
        Timeout = "timeout",
        /// The platform refused or dropped the call (an exception from `fetch`, RPC or a socket).
        Transport = "transport",
        /// The platform's limit on Worker invocations or subrequests was reached.
        LimitExceeded = "limit-exceeded",
        /// The runtime answered with an HTTP status other than 200.
        Status = "status",
        /// The runtime answered, but not with what the function returns for that payload.
        BadResponse = "bad-response",
    }
}

/// How many calls failed, by why. On the wire a map in which kinds that did not occur are absent.
///
/// Not a `BTreeMap`, whose code would be a hundredth of a stub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErrorCounts([u64; ErrorKind::ALL.len()]);

impl ErrorCounts {
    /// Adds `count` of a kind.
    pub fn add(&mut self, kind: ErrorKind, count: u64) {
        // The kinds are declared in the order of `ALL`.
        self.0[kind as usize] += count;
    }

    /// The kinds that occurred, and how often.
    pub fn iter(&self) -> impl Iterator<Item = (ErrorKind, u64)> {
        ErrorKind::ALL
            .iter()
            .copied()
            .zip(self.0)
            .filter(|(_, count)| *count > 0)
    }

    /// Failed calls of one kind.
    #[must_use]
    pub fn of(&self, kind: ErrorKind) -> u64 {
        self.0[kind as usize]
    }

    /// Failed calls of any kind.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Whether no call failed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total() == 0
    }
}

impl FromIterator<(ErrorKind, u64)> for ErrorCounts {
    fn from_iter<I: IntoIterator<Item = (ErrorKind, u64)>>(counts: I) -> Self {
        let mut all = Self::default();
        for (kind, count) in counts {
            all.add(kind, count);
        }
        all
    }
}

impl Serialize for ErrorCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for ErrorCounts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(Self::from_iter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_counted_as_itself_and_kinds_that_did_not_occur_are_absent() {
        let mut counts = ErrorCounts::default();
        assert!(counts.is_empty());
        assert_eq!(serde_json::to_string(&counts).unwrap(), "{}");
        for (index, &kind) in ErrorKind::ALL.iter().enumerate().skip(1) {
            counts.add(kind, index as u64);
        }
        assert_eq!(counts.total(), 10);
        let json = serde_json::to_string(&counts).unwrap();
        assert_eq!(
            json,
            "{\"transport\":1,\"limit-exceeded\":2,\"status\":3,\"bad-response\":4}"
        );
        assert_eq!(serde_json::from_str::<ErrorCounts>(&json).unwrap(), counts);
    }
}
