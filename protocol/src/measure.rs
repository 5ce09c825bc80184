//! The caller-worker's measuring contract: `POST /measure` and `POST /repeat`, reached only over the service binding.
//!
//! Another team's stub can take the caller-worker's place by answering these.

mod parse;
#[cfg(test)]
mod tests;

use crate::{
    ErrorCounts, ErrorKind, Function, Limits, PayloadShape, Runtime, Transport,
    breakdown::Component,
    busy::{Kept, Neighbour},
    named::named,
    residency::SliceResidency,
};
use serde::{Deserialize, Serialize};

named! {
    /// Which timer to use.
    pub enum TimerChoice ("timer") {
        /// Interpolated where the clock advances during CPU work, else I/O-interpolated where I/O moves it regularly, else ticked.
        Auto = "auto",
        /// Finer than the clock's tick, by polling for its edges; needs a clock that runs during CPU work.
        Interpolated = "interpolated",
        /// The same by polls that are cheap I/O; needs a clock that moves regularly when I/O completes.
        IoInterpolated = "io-interpolated",
        /// Whole ticks: what a clock that stands still during CPU work can show.
        Ticked = "ticked",
    }
}

named! {
    /// The estimator that turned clock readings into latencies.
    pub enum Timer ("timer") {
        /// See [`TimerChoice::Interpolated`].
        Interpolated = "interpolated",
        /// See [`TimerChoice::IoInterpolated`].
        IoInterpolated = "io-interpolated",
        /// See [`TimerChoice::Ticked`].
        Ticked = "ticked",
    }
}

impl Timer {
    /// Whether it shows single latencies finer than a tick.
    #[must_use]
    pub const fn interpolates(self) -> bool {
        matches!(self, Self::Interpolated | Self::IoInterpolated)
    }
}

impl TimerChoice {
    /// The choice of a round under these limits. A slice that is polled by I/O takes some 150 ms of CPU, most of it for polls and leads: where an event may
    /// take less, `auto` counts ticks.
    #[must_use]
    pub const fn within(self, limits: &Limits) -> Self {
        match self {
            Self::Auto if limits.cpu_ms_per_event < CPU_MS_OF_A_POLLED_SLICE => Self::Ticked,
            choice => choice,
        }
    }

    /// Whether it asks for single latencies finer than a tick, whatever the clock: calls that overlap have none.
    #[must_use]
    pub const fn insists_on_interpolation(self) -> bool {
        matches!(self, Self::Interpolated | Self::IoInterpolated)
    }
}

/// Body of `POST /measure`: one slice. [`MeasureRequest::parse`] reads it; it knows the defaults of what may be left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MeasureRequest {
    /// Whose function it is; the native one is not named.
    #[serde(skip_serializing_if = "Runtime::is_native")]
    pub runtime: Runtime,
    /// How the caller reaches the code.
    pub transport: Transport,
    /// What is executed.
    pub function: Function,
    /// Exact size of the payload's JSON text.
    pub payload_bytes: u32,
    /// What the payload is made of.
    pub payload_shape: PayloadShape,
    /// Timed calls.
    pub samples: u32,
    /// Calls made before the first timed one, never in the statistics.
    pub warmup: u32,
    /// Calls of the chain that anchors an interpolated slice; 0 for none. A ticked slice needs none: it is itself a chain.
    pub chain: u32,
    /// Which timer to use.
    pub timer: TimerChoice,
    /// Seeds what is random inside the slice.
    pub seed: u64,
    /// A call that takes longer is a counted error, in ms.
    pub call_timeout_ms: u32,
    /// Invocations carried by one message, by transports that can ([`Transport::batches`]; others ignore it). `samples` then counts messages,
    /// and the latency of each is its message's divided by this.
    pub batch_size: u32,
    /// Calls in flight at once, in this number of lanes, each making its next call when its last one has returned. Calls that overlap cannot be told
    /// apart by polling the clock, so above 1 the timer is ticked, and each lane is a chain of its own.
    pub concurrency: u32,
    /// Who else calls a runtime meanwhile; absent for an ordinary slice. With it, calls are made one at a time.
    #[serde(flatten)]
    pub neighbour: Option<Neighbour>,
}

impl MeasureRequest {
    /// Invocations that one message carries: [`MeasureRequest::batch_size`] by transports that can carry several, else 1.
    #[must_use]
    pub const fn invocations_per_message(&self) -> u32 {
        if self.transport.batches() {
            self.batch_size
        } else {
            1
        }
    }
}

/// CPU that a slice may take whose clock is polled by I/O, in ms: 110 ticks of the probe, and two for each of 30 samples.
pub const CPU_MS_OF_A_POLLED_SLICE: u32 = 200;
/// Calls are given up after this many ms unless the plan says otherwise.
pub const DEFAULT_CALL_TIMEOUT_MS: u32 = 10_000;
/// The shortest time after which a call may be given up, in ms: ten ticks of the clock that measures it.
pub const MIN_CALL_TIMEOUT_MS: u32 = 10;
/// The longest, in ms.
pub const MAX_CALL_TIMEOUT_MS: u32 = 60_000;
/// Invocations in one message, at most.
pub const MAX_BATCH_SIZE: u32 = 100;
/// Calls in flight at once, at most.
pub const MAX_CONCURRENCY: u32 = 16;
/// Bytes of payloads in flight at once, at most: payload, times invocations in one message, times calls at once. A thirtieth of an isolate's
/// 128 MB, because a payload is held several times over (text, bytes, the message of each direction) and capnweb's copies last until they are
/// collected: messages of 10 MB ended a local workerd, ones of 4 MB did not.
pub const MAX_BYTES_IN_FLIGHT: u64 = 4_000_000;
/// Calls of each sort (warmup, chain, timed) in one slice, at most: bounds the answer's size and the caller's time. What the platform allows
/// in one event is far less, see [`crate::limits::DELEGATED_CALLS_PER_SLICE`], and is for the plan's author to heed: not every platform enforces it.
pub const MAX_CALLS_PER_SLICE: u32 = 100_000;
/// Repetitions in one `POST /repeat`, at most.
pub const MAX_REPETITIONS: u32 = 10_000_000;

/// Characters of [`MeasureResponse::failure`], at most: enough for a traceback's last line in a problem document.
pub const MAX_FAILURE_CHARS: usize = 300;

/// Answer of `POST /measure`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MeasureResponse {
    /// What the caller learnt about its clock.
    #[serde(default)]
    pub clock: Option<ClockFacts>,
    /// Clock difference around the timed calls, in ms. For a ticked slice of one lane the samples sum to exactly this, times `batch_size`.
    pub elapsed_ms: u64,
    /// Latencies of the calls that succeeded, in call order, in units of [`ClockFacts::sample_unit_ns`].
    #[serde(default)]
    pub samples: Vec<u64>,
    /// Failed calls by kind, those of the chain included, those of the warmup not; kinds that did not occur are absent. A failed call has no
    /// entry in `samples`.
    #[serde(default)]
    pub errors: ErrorCounts,
    /// What the first call that failed said, for people: at most [`MAX_FAILURE_CHARS`] characters. Warmup calls count, as they fail first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Box<str>>,
    /// Planned calls that were not made, because too many before them timed out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skipped: u64,
    /// Calls that succeeded but whose interpolation was lost to a stall after the call; they have no entry in `samples`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost: u64,
    /// Warmup calls made. More than were asked for if timed calls failed: what follows a failure is untimed, it re-anchors the clock.
    #[serde(default)]
    pub warmup_calls: u32,
    /// The chain that anchors an interpolated slice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<Chain>,
    /// The timer's procedure around no call at all, in ns, a few times a slice (interpolated only).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub noise_floor_ns: Vec<u64>,
    /// What I/O did to a clock that stands still while the Worker computes, rung by rung up to the one that was taken; absent where it was not asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probed: Vec<RungFacts>,
    /// The runtime's isolates that the calls met; absent of calls that reach no runtime, and where the stub does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residency: Option<SliceResidency>,
    /// What the neighbour did, where the request had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Box<Kept>>,
}

impl MeasureResponse {
    /// The latencies in nanoseconds, in call order. A stub that says nothing of its clock states no unit: there are none to be read then.
    pub fn samples_ns(&self) -> impl Iterator<Item = u64> + '_ {
        let unit_ns = self.clock.map(|clock| clock.sample_unit_ns);
        unit_ns.into_iter().flat_map(|unit_ns| {
            let in_ns = move |sample: &u64| sample.saturating_mul(unit_ns);
            self.samples.iter().map(in_ns)
        })
    }

    /// Timed calls that timed out, each a latency of its timeout or more; not the one that ended the chain. None of a stub that says nothing of its clock.
    #[must_use]
    pub fn timeouts(&self) -> u64 {
        if self.clock.is_none() {
            return 0;
        }
        let ended_chain = self.chain.and_then(|chain| chain.failed) == Some(ErrorKind::Timeout);
        let all = self.errors.of(ErrorKind::Timeout);
        all.saturating_sub(u64::from(ended_chain))
    }
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde's skip_serializing_if passes a reference; on wasm32 it is no larger than the value"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Back-to-back calls between two clock readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// Calls that succeeded.
    pub calls: u32,
    /// Difference of the two readings, in ms; good to one tick whatever the number of calls.
    pub elapsed_ms: u64,
    /// The failure that ended it early, if one did. It is among the slice's errors, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<ErrorKind>,
}

/// What the caller learnt about its clock at the start of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClockFacts {
    /// The timer that was used.
    pub timer: Timer,
    /// Whether the clock advances while the Worker computes.
    pub advances_during_cpu: bool,
    /// One step of the clock, in ms.
    pub tick_ms: u64,
    /// Unit of a sample, in ns: 1 for interpolated, the tick divided by `batch_size` for ticked.
    pub sample_unit_ns: u64,
    /// Clock readings in one tick while polling: the mean of the middle half of the slice's whole ticks (interpolated only). Robust like their median, since a
    /// stall can only take readings away from a tick, but not itself a whole number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polls_per_tick: Option<f64>,
    /// Median over the same ticks of how far each is from that mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polls_per_tick_mad: Option<f64>,
    /// Smallest difference between two latencies that this timer can show, in ns.
    #[serde(default)]
    pub resolution_ns: u64,
    /// Readings of the clock in the whole request; absent where the stub does not count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readings: Option<u64>,
}

named! {
    /// A cheap I/O operation that polls a clock which stands still while the Worker computes.
    pub enum Rung ("rung") {
        /// A byte through an identity stream: it stays within the process, and is no subrequest.
        Stream = "stream",
        /// A message over a WebSocket on the service binding, and its answer: one subrequest for all polls.
        Websocket = "websocket",
    }
}

named! {
    /// Why polls of a rung cannot interpolate a clock.
    pub enum Unfit ("reason") {
        /// The clock did not move, or stopped.
        StandsStill = "stands-still",
        /// It was set back.
        SetBack = "set-back",
        /// Its steps are not all of one size.
        UnevenSteps = "uneven-steps",
        /// Not every poll shows the time that has passed.
        LagsBehind = "lags-behind",
        /// Its steps do not come at regular times.
        IrregularSteps = "irregular-steps",
        /// A step takes too few polls to be divided by them.
        TooFewPolls = "too-few-polls",
    }
}

/// What a probe found out about a clock with the polls of one rung.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RungFacts {
    /// The rung.
    pub rung: Rung,
    /// Why it was not taken; absent for the one that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfit: Option<Unfit>,
    /// Polls made, those to warm up included.
    pub polls: u32,
    /// Steps of the clock that were seen.
    pub steps: u32,
    /// Of these, the ones of a single tick.
    pub whole_steps: u32,
    /// Times that the clock was set back.
    pub set_back: u32,
    /// The step that all steps have in common, in ms; 0 when none was seen.
    pub tick_ms: u64,
    /// Polls from step to step; 0 when too few steps were seen.
    pub polls_per_tick: f64,
    /// Spread of the times at which steps come, as polls see it: the standard deviation of a normal distribution with the same central
    /// 80 %, in ns. The polls' own spread is in it.
    pub spread_ns: u64,
}

/// Body of `POST /repeat`: does one thing many times, to be timed as a whole. [`RepeatRequest::parse`] reads it.
///
/// The caller's clock times it where that clock runs; where it stands still, the coordinator does, around the dispatch, less an empty one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RepeatRequest {
    /// What to repeat.
    #[serde(flatten)]
    pub component: Component,
    /// What the payload is made of.
    pub payload_shape: PayloadShape,
    /// How often. 0 makes an empty dispatch.
    pub repetitions: u32,
    /// An empty hop that takes longer is an error, in ms.
    pub call_timeout_ms: u32,
}

/// Answer of `POST /repeat`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepeatResponse {
    /// How often it was done.
    pub repetitions: u32,
    /// Difference of the caller's clock around all of them, in ms.
    pub elapsed_ms: u64,
    /// Whether the caller's clock advances while it computes: if not, `elapsed_ms` says nothing about CPU work.
    pub advances_during_cpu: bool,
    /// Failed repetitions (of an empty hop) by kind.
    #[serde(default, skip_serializing_if = "ErrorCounts::is_empty")]
    pub errors: ErrorCounts,
}
