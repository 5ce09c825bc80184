//! What a coordinator needs of the platform, as traits: the Worker implements them, and so do tests.

use crate::store::Millis;
use protocol::{
    cold_start,
    measure::{MeasureRequest, MeasureResponse, RepeatRequest, RepeatResponse},
};

/// Why a dispatch to the caller-worker came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DispatchError {
    /// No answer in time.
    #[error("the caller-worker did not answer within {0} ms")]
    Timeout(u32),
    /// The platform could not deliver the request.
    #[error("the caller-worker could not be reached: {0}")]
    Unreachable(String),
    /// The caller-worker refused the request: asking again will not help.
    #[error("the caller-worker refused the slice with status {status}: {detail}")]
    Refused {
        /// Its HTTP status, 4xx.
        status: u16,
        /// Its words.
        detail: String,
    },
    /// The caller-worker failed.
    #[error("the caller-worker failed with status {status}: {detail}")]
    Failed {
        /// Its HTTP status, 5xx or unexpected.
        status: u16,
        /// Its words.
        detail: String,
    },
    /// The answer is not what was asked for.
    #[error("the caller-worker's answer cannot be used: {0}")]
    Unusable(String),
}

impl DispatchError {
    /// Whether another attempt may succeed.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        !matches!(self, Self::Refused { .. })
    }
}

/// The caller-worker, and beside it the cold-worker.
pub trait Caller {
    /// One slice of samples. The request is given up after `timeout_ms`; an answer that arrives later is never seen.
    ///
    /// # Errors
    /// [`DispatchError`].
    fn measure(
        &self,
        request: &MeasureRequest,
        timeout_ms: u32,
    ) -> impl Future<Output = Result<MeasureResponse, DispatchError>>;

    /// One component, many times.
    ///
    /// # Errors
    /// [`DispatchError`].
    fn repeat(
        &self,
        request: &RepeatRequest,
        timeout_ms: u32,
    ) -> impl Future<Output = Result<RepeatResponse, DispatchError>>;

    /// One cold start, by the cold-worker.
    ///
    /// # Errors
    /// [`DispatchError`]; its words for people are about the caller-worker.
    fn cold_start(
        &self,
        request: &cold_start::Request,
        timeout_ms: u32,
    ) -> impl Future<Output = Result<cold_start::Sample, DispatchError>>;
}

/// The platform's clock.
pub trait Clock {
    /// Milliseconds since the epoch. In production it advances only when I/O completes.
    fn now_ms(&self) -> Millis;
}

/// What lies outside the deployment.
pub trait Outside {
    /// Cloudflare's code of the datacenter that this runs in; `None` where it cannot be learnt.
    fn colo(&self) -> impl Future<Output = Option<String>>;

    /// Posts an alert. `id` identifies it to receivers that can tell duplicates.
    ///
    /// # Errors
    /// [`DeliveryError`].
    fn post_alert(
        &self,
        url: &str,
        id: &str,
        body: &str,
    ) -> impl Future<Output = Result<(), DeliveryError>>;
}

/// Why an alert may not have been delivered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// The receiver answered, and not with success: it has not taken the alert.
    #[error("the receiver answered with status {0}")]
    Refused(u16),
    /// The receiver could not be reached.
    #[error("the receiver could not be reached: {0}")]
    Unreachable(String),
    /// No answer in time: whether the alert arrived is not known.
    #[error("the receiver did not answer in time")]
    Unknown,
}
