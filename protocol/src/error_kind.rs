//! Why a call failed.

use crate::named::named;

named! {
    /// Why a call failed. A failed call is a sample that is counted here and kept out of every latency statistic.
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
