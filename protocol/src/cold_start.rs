//! Cold starts: what the cold-worker is asked for, and what it answers.
//!
//! A cold start is the time from asking for a fresh isolate to its first answer. The cold-worker makes fresh isolates by the platform's Worker Loader, and
//! answers one request by one sample. What it found out about the isolates goes with the sample: whether they were as fresh, or as settled, as they
//! should have been is judged where samples are counted ([`Sample::flaw`]).

mod parse;

use crate::{ErrorKind, Runtime, measure::Timer, named::named};
use serde::{Deserialize, Serialize};

named! {
    /// Which isolates are fresh when a function is called.
    pub enum Scenario ("scenario") {
        /// None: a settled stub calls a settled runtime.
        Warm = "warm",
        /// The stub; the runtime that it calls is settled.
        ColdStub = "cold-stub",
        /// A stub written in JavaScript; the runtime that it calls is settled.
        ColdJavascriptStub = "cold-javascript-stub",
        /// The runtime; the stub that calls it is settled.
        ColdRuntime = "cold-runtime",
        /// Both: the first call after a deployment.
        ColdBoth = "cold-both",
        /// The one isolate that there is: a stub that carries the runtime inside itself.
        ColdMonolith = "cold-monolith",
    }
}

named! {
    /// Whether the process has the wasm of a fresh isolate compiled for another one.
    pub enum WasmBytes ("kind of wasm bytes") {
        /// It has: an isolate that is kept holds the same bytes.
        Known = "known",
        /// It has not: a nonce makes the bytes differ from all others.
        New = "new",
    }
}

impl Scenario {
    /// Whether it loads a stub, or a monolith in its place.
    #[must_use]
    pub const fn loads_entry(self) -> bool {
        matches!(
            self,
            Self::ColdStub | Self::ColdJavascriptStub | Self::ColdBoth | Self::ColdMonolith
        )
    }

    /// Whether it loads a runtime.
    #[must_use]
    pub const fn loads_runtime(self) -> bool {
        matches!(self, Self::ColdRuntime | Self::ColdBoth)
    }

    /// Whether the entry calls a runtime in another isolate.
    #[must_use]
    pub const fn delegates(self) -> bool {
        !matches!(self, Self::ColdMonolith)
    }

    /// The kinds of wasm bytes that make a difference to it: both where it loads wasm.
    #[must_use]
    pub const fn wasm_bytes(self) -> &'static [WasmBytes] {
        match self {
            Self::Warm | Self::ColdJavascriptStub => &[WasmBytes::Known],
            Self::ColdStub | Self::ColdRuntime | Self::ColdBoth | Self::ColdMonolith => {
                WasmBytes::ALL
            }
        }
    }

    /// Isolates that one sample loads.
    #[must_use]
    pub const fn loads(self) -> u32 {
        self.loads_entry() as u32 + self.loads_runtime() as u32
    }
}

/// What one sample is of.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ColdStart {
    /// Whose function is called.
    pub runtime: Runtime,
    /// Which isolates are fresh.
    pub scenario: Scenario,
    /// Whether the process knows the wasm of the fresh ones.
    pub wasm_bytes: WasmBytes,
}

impl core::fmt::Display for ColdStart {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} of {}", self.scenario, self.runtime)?;
        match self.wasm_bytes {
            WasmBytes::Known => Ok(()),
            WasmBytes::New => f.write_str(" (new wasm)"),
        }
    }
}

/// Samples of each scenario, unless a plan says otherwise: a p95 needs 72, and some are discarded.
pub const DEFAULT_SAMPLES: u32 = 80;

/// Samples of each scenario, at most.
pub const MAX_SAMPLES: u32 = 1_000;

/// What a plan asks for.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColdStartPlan {
    /// Samples of each scenario, from 1 to 1,000; of one that loads wasm, as many with bytes that the process knows and with bytes that it does not.
    pub samples: u32,
    /// The scenarios, each for every runtime of the plan.
    pub scenarios: Vec<Scenario>,
}

impl Default for ColdStartPlan {
    fn default() -> Self {
        Self {
            samples: DEFAULT_SAMPLES,
            scenarios: Scenario::ALL.to_vec(),
        }
    }
}

impl ColdStartPlan {
    /// What each block takes a sample of, once.
    #[must_use]
    pub fn cold_starts(&self, runtimes: &[Runtime]) -> Vec<ColdStart> {
        let mut all = Vec::new();
        for &runtime in runtimes {
            for &scenario in &self.scenarios {
                all.extend(scenario.wasm_bytes().iter().map(|&wasm_bytes| ColdStart {
                    runtime,
                    scenario,
                    wasm_bytes,
                }));
            }
        }
        all
    }
}

/// The function that is called: every runtime has it.
pub const FUNCTION: &str = "echo";

/// Size of its payload, in bytes of JSON text.
pub const PAYLOAD_BYTES: u32 = 100;

/// The calls that are timed, counted from 1: functions of wasm are compiled as they are first called, and better when they are called often.
pub const TIMED_CALLS: [u32; 5] = [1, 2, 3, 5, 10];

/// Calls of one sample.
pub const CALLS: u32 = 10;

/// Calls that an isolate has served, at least, to count as settled.
pub const SETTLED_CALLS: u32 = 10;

/// The orchestrator's service binding to the cold-worker.
pub const BINDING: &str = "COLD";

/// Paths of the cold-worker; see [`Request`].
pub mod paths {
    /// `GET`: [`super::Capabilities`].
    pub const HEALTH: &str = "/health";
    /// `POST` of a [`super::Request`]: a [`super::Sample`].
    pub const SAMPLE: &str = "/sample";
}

/// A request for one sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The location whose coordinator asks: each has isolates of its own.
    pub place: String,
    /// What is to be sampled.
    #[serde(flatten)]
    pub cold_start: ColdStart,
    /// A call that takes longer is given up, in ms.
    pub call_timeout_ms: u32,
}

/// What a cold-worker can sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// The runtimes that it has the artefacts of.
    pub runtimes: Vec<Runtime>,
    /// What isolates are made of.
    pub artefacts: Vec<Artefact>,
}

/// What an isolate is made of: a build as it is deployed.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Artefact {
    /// `stub`, `javascript-stub`, or a runtime's name before `.runtime` or `.monolith`.
    pub name: String,
    /// SHA-256 of its files, one after the other in the order of their names, in hexadecimal.
    pub sha256: String,
    /// Size of its files together.
    pub bytes: u64,
}

/// How finely one sample was timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleClock {
    /// The timer.
    pub timer: Timer,
    /// The smallest difference that it can see of the first answer, in ns.
    pub resolution_ns: u64,
    /// Whether the first answer is known in whole ticks only, because a stall after it has spoilt the reading.
    #[serde(default)]
    pub is_whole_ticks: bool,
}

/// One sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// How finely it was timed.
    pub clock: SampleClock,
    /// From before the load to the first answer, in ns.
    pub first_answer_ns: u64,
    /// The other [`TIMED_CALLS`], in ns; `None` of one after which the machine stalled while the clock was read.
    pub later_calls_ns: Vec<Option<u64>>,
    /// The first call of a pair that is kept, after the isolates of this sample were loaded, in ns. Taken where the scenario does not use that pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_pair_first_ns: Option<u64>,
    /// A later call of the same pair, in ns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_pair_settled_ns: Option<u64>,
    /// When the sample began, by the platform's clock, in ms.
    pub began_ms: u64,
    /// When its first answer was there.
    pub answered_ms: u64,
    /// The isolate that was called.
    pub entry: IsolateUse,
    /// The isolate that it called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<IsolateUse>,
    /// Whether every answer was the payload.
    pub answers_right: bool,
    /// What the fresh isolates were made of.
    pub artefacts: Vec<Artefact>,
}

/// An isolate before the calls of a sample, and after them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IsolateUse {
    /// Before: absent of one that was yet to be loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<IsolateFacts>,
    /// After.
    pub after: IsolateFacts,
}

/// What an isolate says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IsolateFacts {
    /// Made inside it, at random, when it is first asked.
    pub id: String,
    /// Calls of functions that it has served.
    pub served: u32,
    /// When its modules began to run, by the platform's clock, in ms; 0 where the platform shows no time then.
    pub started_at: u64,
    /// When its first call came; 0 before.
    pub first_at: u64,
}

/// What came of one request for a sample. None is made again, and each is counted once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A sample, which may have a flaw.
    Sampled(Box<Sample>),
    /// No sample.
    Failed {
        /// The kind of error.
        kind: ErrorKind,
        /// What happened.
        detail: String,
    },
}

named! {
    /// Why a sample is counted and not part of any figure.
    pub enum Flaw ("flaw") {
        /// An isolate that should have been fresh had served before, or its id was seen before.
        NotFresh = "not-fresh",
        /// An isolate that should have been settled was another one before the sample, or had served too little.
        NotSettled = "not-settled",
        /// The machine stalled while the clock was read after a short answer: a whole tick is more than a tenth of it.
        Stalled = "stalled",
        /// An answer was not what the function returns.
        WrongAnswer = "wrong-answer",
        /// No sample came back.
        Failed = "failed",
    }
}

impl Sample {
    /// What is wrong with it, by its own facts; that an id was seen before is for those to find who see all samples.
    #[must_use]
    pub fn flaw(&self, scenario: Scenario) -> Option<Flaw> {
        let parts = [
            (Some(&self.entry), scenario.loads_entry()),
            (self.runtime.as_ref(), scenario.loads_runtime()),
        ];
        for (isolate, is_loaded) in parts {
            match isolate {
                Some(isolate) if is_loaded && !isolate.was_fresh() => return Some(Flaw::NotFresh),
                Some(isolate) if !is_loaded && !isolate.was_settled() => {
                    return Some(Flaw::NotSettled);
                }
                _ => {}
            }
        }
        if scenario.delegates() && self.runtime.is_none() {
            return Some(Flaw::NotSettled);
        }
        if !self.answers_right {
            return Some(Flaw::WrongAnswer);
        }
        self.is_coarse().then_some(Flaw::Stalled)
    }

    /// Whether its interpolation was lost, and whole ticks say too little of it. A clock that stands still has none to lose.
    fn is_coarse(&self) -> bool {
        let clock = self.clock;
        clock.timer.interpolates()
            && clock.is_whole_ticks
            && clock.resolution_ns.saturating_mul(10) > self.first_answer_ns
    }

    /// The ids of the isolates that should have been fresh.
    pub fn fresh_ids(&self, scenario: Scenario) -> impl Iterator<Item = &str> {
        let entry = scenario.loads_entry().then_some(&self.entry);
        let runtime = self.runtime.as_ref().filter(|_| scenario.loads_runtime());
        entry
            .into_iter()
            .chain(runtime)
            .map(|isolate| isolate.after.id.as_str())
    }
}

impl IsolateUse {
    /// Whether it has served the calls of one sample and no others.
    fn was_fresh(&self) -> bool {
        self.before.is_none() && self.after.served == CALLS
    }

    /// Whether it is the same as before, which had served enough.
    fn was_settled(&self) -> bool {
        self.before.as_ref().is_some_and(|before| {
            before.id == self.after.id
                && before.served >= SETTLED_CALLS
                && self.after.served >= before.served + CALLS
        })
    }
}

#[cfg(test)]
mod tests;
