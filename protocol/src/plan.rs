//! The plan of a run, and how it divides into blocks and slices.

mod judged;
mod parse;
#[cfg(test)]
mod tests;

pub use judged::Judged;
pub use parse::{MAX_PAYLOAD_SIZES, MAX_PLAN_BYTES, MAX_THRESHOLD_MS, MAX_WARMUP, PlanError};

use crate::{
    Cell, ColdStartPlan, Function, Limits, PayloadShape, Runtime, Thresholds, Transport,
    breakdown::Component,
    busy::{BusyCell, BusyShare},
    measure::{DEFAULT_CALL_TIMEOUT_MS, TimerChoice},
    named::named,
    slice::Work,
};
use serde::{Deserialize, Serialize};

/// An immutable request for a run. Validated: it can only be made by [`Plan::parse`] or [`Plan::default`].
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Whose functions are delegated. Each is measured in the same run, against the same code inlined in a stub (`direct`).
    #[serde(default = "native_alone", skip_serializing_if = "is_native_alone")]
    pub runtimes: Vec<Runtime>,
    /// Transports to compare. Overheads need `direct` among them.
    pub transports: Vec<Transport>,
    /// Functions to execute.
    pub functions: Vec<Function>,
    /// Payload sizes, in bytes of JSON text.
    pub payload_bytes: Vec<u32>,
    /// What payloads are made of.
    pub payload_shape: PayloadShape,
    /// What ends the measuring. (Plans of before it was named are of fixed size.)
    #[serde(default = "fixed_size")]
    pub until: Until,
    /// Isolated timed calls of each cell, at least; rounded up to whole slices. Of a run until it is settled: those of its first round.
    pub samples_per_cell: u32,
    /// A run until it is settled begins no round that would probably take it beyond this, in seconds, but for its first two, which measure every cell;
    /// absent for one of fixed size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_seconds: Option<u32>,
    /// A run until it is settled makes no more delegated calls than this; absent for one of fixed size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_calls: Option<u64>,
    /// Calls before the timed ones of each slice.
    pub warmup_per_slice: u32,
    /// Which timer to use.
    pub timer: TimerChoice,
    /// The transports whose latencies make the answer; empty for the usual ones ([`Plan::judged`]). Calls that fail count for every transport.
    /// `cold-starts` makes the cold starts part of the answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub judge: Vec<Judged>,
    /// Seeds the order of cells and whatever else is random.
    pub seed: u64,
    /// When the cost is acceptable.
    pub thresholds: Thresholds,
    /// A call that takes longer is a counted error, in ms.
    pub call_timeout_ms: u32,
    /// Invocations carried by one message, for transports that can; the others carry one.
    pub batch_size: u32,
    /// Calls in flight at once (closed loop).
    pub concurrency: u32,
    /// Whether the parts of a call are measured too.
    pub breakdown: bool,
    /// The cold starts that are sampled after the last block of latencies; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cold_starts: Option<ColdStartPlan>,
    /// Shares of the time that neighbours keep the runtime busy, each measured after everything else, and 0 beside them. `[0]` alone: not measured.
    #[serde(default = "idle_alone", skip_serializing_if = "is_idle_alone")]
    pub busy: Vec<BusyShare>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            runtimes: native_alone(),
            transports: Transport::DEFAULT.to_vec(),
            functions: Function::DEFAULT.to_vec(),
            payload_bytes: vec![100, 1_000, 10_000, 100_000],
            payload_shape: PayloadShape::Text,
            until: Until::Settled,
            samples_per_cell: DEFAULT_SAMPLES_PER_CELL,
            max_seconds: Some(DEFAULT_MAX_SECONDS),
            max_calls: Some(DEFAULT_MAX_CALLS),
            warmup_per_slice: 2,
            timer: TimerChoice::Auto,
            judge: Vec::new(),
            seed: 1,
            thresholds: Thresholds::default(),
            call_timeout_ms: DEFAULT_CALL_TIMEOUT_MS,
            batch_size: 1,
            concurrency: 1,
            breakdown: true,
            cold_starts: None,
            busy: idle_alone(),
        }
    }
}

/// Judged unless the plan says otherwise: the architecture delegates through a service binding.
pub const JUDGED: [Transport; 2] = [Transport::ServiceBinding, Transport::Rpc];

named! {
    /// What ends the measuring of a run.
    pub enum Until ("end of a run") {
        /// Its size: `samples_per_cell` of every cell.
        Samples = "samples",
        /// That no judged verdict is open, or that none can be settled within `max_seconds` and `max_calls`.
        Settled = "settled",
    }
}

fn native_alone() -> Vec<Runtime> {
    vec![Runtime::NATIVE]
}

fn is_native_alone(runtimes: &[Runtime]) -> bool {
    runtimes == [Runtime::NATIVE]
}

fn idle_alone() -> Vec<BusyShare> {
    vec![BusyShare::IDLE]
}

fn is_idle_alone(busy: &[BusyShare]) -> bool {
    busy == [BusyShare::IDLE]
}

const fn fixed_size() -> Until {
    Until::Samples
}

/// Time of a run until it is settled, in seconds, unless the plan says otherwise.
pub const DEFAULT_MAX_SECONDS: u32 = 120;
/// Time that a plan may ask for, in seconds: what is not settled within an hour needs another plan.
pub const MAX_SECONDS: u32 = 3_600;
/// Delegated calls of a run until it is settled, unless the plan says otherwise: ten times those of a default run's first rounds, some 20 US cents at most.
pub const DEFAULT_MAX_CALLS: u64 = 300_000;
/// Delegated calls that a plan may ask for.
pub const MAX_CALLS: u64 = 10_000_000;

/// Samples of a cell unless the plan says otherwise: 400, and a tenth more, because the interpolated timer loses samples to
/// stalls of the machine and a 95 % interval of p99 needs 368 of them.
pub const DEFAULT_SAMPLES_PER_CELL: u32 = 440;

/// Blocks of a run, at least: an interval over clusters needs about this many of them to be dependable.
pub const MIN_BLOCKS: u32 = 20;

/// Calls of the chain that anchors an interpolated slice. Over 20 blocks the mean of 160 calls is good to
/// 20 ticks / sqrt(20) / 160, about 30 us, without any interpolation; more would leave too few calls for samples.
pub const CHAIN_CALLS: u32 = 8;

/// How a plan divides into blocks and slices: what the first round of its run is made of, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Geometry {
    /// Blocks of the run.
    pub blocks: u32,
    /// Slices of each block: one for each cell and each component.
    pub slices_per_block: u32,
    /// Timed calls of each slice of a cell.
    pub samples_per_slice: u32,
    /// Calls of each slice's chain.
    pub chain_calls: u32,
}

impl Plan {
    /// The default plan with the usual number of samples in each cell, whatever they say.
    #[must_use]
    pub fn of_fixed_size() -> Self {
        Self {
            until: Until::Samples,
            max_seconds: None,
            max_calls: None,
            ..Self::default()
        }
    }

    /// How the plan divides into blocks and slices within `limits`. For a run that exists, ask its rounds ([`crate::Rounds`]).
    #[must_use]
    pub fn geometry(&self, limits: &Limits) -> Geometry {
        // A ticked slice is itself a chain, but `auto` is decided in the caller, slice by slice: the same calls are set aside.
        let available = limits
            .delegated_calls_per_slice
            .saturating_sub(self.warmup_per_slice + CHAIN_CALLS)
            .max(1);
        let blocks = self.samples_per_cell.div_ceil(available).max(MIN_BLOCKS);
        Geometry {
            blocks,
            slices_per_block: u32::try_from(self.works().len()).unwrap_or(u32::MAX),
            samples_per_slice: self.samples_per_cell.div_ceil(blocks).max(1),
            chain_calls: CHAIN_CALLS,
        }
    }

    /// The transports whose latencies make the answer: those that `judge` names, else the ways of a service binding that are in the plan, else
    /// every one that delegates.
    #[must_use]
    pub fn judged(&self) -> Vec<Transport> {
        let named: Vec<Transport> = self
            .judge
            .iter()
            .filter_map(|one| one.transport())
            .collect();
        if !named.is_empty() {
            return named;
        }
        let of = |wanted: &dyn Fn(Transport) -> bool| {
            let all = self.transports.iter().copied();
            all.filter(|&transport| wanted(transport))
                .collect::<Vec<_>>()
        };
        let bindings = of(&|transport| JUDGED.contains(&transport));
        if bindings.is_empty() {
            of(&|transport| transport.delegates())
        } else {
            bindings
        }
    }

    /// The same plan for the latencies alone.
    #[must_use]
    pub fn without_cold_starts(&self) -> Self {
        let mut plan = self.clone();
        plan.cold_starts = None;
        plan.judge.retain(|judged| judged.transport().is_some());
        plan
    }

    /// Whether cold starts are part of the answer.
    #[must_use]
    pub fn judges_cold_starts(&self) -> bool {
        self.judge.contains(&Judged::ColdStarts)
    }

    /// Every cell: runtime by runtime, transport by transport, function by function, payload by payload.
    #[must_use]
    pub fn cells(&self) -> Vec<Cell> {
        let mut cells = Vec::new();
        for &runtime in &self.runtimes {
            for &transport in &self.transports {
                for &function in &self.functions {
                    cells.extend(self.payload_bytes.iter().map(|&payload_bytes| Cell {
                        runtime,
                        transport,
                        function,
                        payload_bytes,
                    }));
                }
            }
        }
        cells
    }

    /// Every component of the breakdown; none where the plan leaves it out.
    #[must_use]
    pub fn components(&self) -> Vec<Component> {
        // the parts are those of a call to the native runtime
        if !self.breakdown || !self.runtimes.contains(&Runtime::NATIVE) {
            return Vec::new();
        }
        let mut components = vec![Component::Nothing, Component::EmptyHop];
        for &payload_bytes in &self.payload_bytes {
            components.push(Component::Encode { payload_bytes });
            components.push(Component::Decode { payload_bytes });
            for &function in &self.functions {
                components.push(Component::Function {
                    function,
                    payload_bytes,
                });
            }
        }
        components
    }

    /// The shares of the time that a runtime is kept busy, the smallest first, and 0 among them; empty where the plan asks for none.
    #[must_use]
    pub fn busy_shares(&self) -> Vec<BusyShare> {
        if self.busy.iter().all(|share| share.is_idle()) {
            return Vec::new();
        }
        let mut shares = idle_alone();
        shares.extend(&self.busy);
        shares.sort_unstable();
        shares.dedup();
        shares
    }

    /// What is measured while runtimes are kept busy: of each runtime the judged transports with the plan's first function and payload, and `direct`
    /// where the plan has it, the control that nobody's calls of a runtime should slow down. Waiting for a busy runtime depends on neither function nor payload.
    ///
    /// Not `raw-fetch`: nothing says that it reaches the isolate that is busy.
    #[must_use]
    pub fn busy_cells(&self) -> Vec<BusyCell> {
        let shares = self.busy_shares();
        let longest_ms = shares.iter().filter_map(|share| share.cycle_ms()).max();
        let (Some(longest_ms), Some(&function), Some(&payload_bytes)) = (
            longest_ms,
            self.functions.first(),
            self.payload_bytes.first(),
        ) else {
            return Vec::new();
        };
        let mut transports = self.judged();
        transports.retain(|&transport| transport != Transport::RawFetch);
        let is_native = Function::known(function.as_str()).is_ok();
        if self.transports.contains(&Transport::Direct) && is_native {
            transports.insert(0, Transport::Direct);
        }
        let mut cells = Vec::new();
        for &runtime in &self.runtimes {
            for &transport in &transports {
                let own = if transport.delegates() {
                    runtime
                } else {
                    Runtime::NATIVE
                };
                let cell = Cell {
                    runtime: own,
                    transport,
                    function,
                    payload_bytes,
                };
                cells.extend(shares.iter().map(|&share| BusyCell {
                    cell,
                    runtime,
                    share,
                    // with nobody else there, as with the lightest load: what differs is the load alone
                    pause_ms: share.cycle_ms().unwrap_or(longest_ms),
                }));
            }
        }
        cells
    }

    /// What one block measures: every cell and every component once, in the plan's order.
    #[must_use]
    pub fn works(&self) -> Vec<Work> {
        let cells = self.cells().into_iter().map(Work::Cell);
        cells
            .chain(self.components().into_iter().map(Work::Component))
            .collect()
    }
}
