//! A platform to test on: real `SQLite`, a caller-worker with known answers, a clock that moves only when told, and crashes at any step.

pub(crate) mod database;
pub(crate) mod http;
pub(crate) mod process;

use database::Database;
use orchestrator::{
    coordinator::{Caller, Clock, Coordinator, DeliveryError, DispatchError, Outside},
    settings::{Settings, Variable},
    store::{Millis, StoreError},
};
use protocol::{
    ErrorKind, Function, Plan, Transport,
    busy::{Kept, Neighbour},
    cold_start::{self, IsolateFacts, IsolateUse, Sample, SampleClock},
    measure::{
        Chain, ClockFacts, MeasureRequest, MeasureResponse, RepeatRequest, RepeatResponse, Timer,
        TimerChoice,
    },
    residency::{ColdCall, Isolate, SliceResidency},
};
use std::{cell::Cell, cell::RefCell, rc::Rc};

/// 2026-11-22T17:28:00Z.
pub(crate) const START_MS: Millis = 1_795_368_480_000;

/// Counts the steps at which a process could crash, and crashes it at one of them.
#[derive(Debug, Default)]
pub(crate) struct Crashes {
    /// Steps taken since the process started.
    pub steps: Cell<u64>,
    /// The step that crashes it.
    pub at: Cell<Option<u64>>,
    /// Whether it has crashed: from then on nothing works until it is started again.
    pub down: Cell<bool>,
    /// Whether the storage fails, while the process goes on.
    pub storage_fails: Cell<bool>,
}

/// The process is gone.
#[derive(Debug)]
pub(crate) struct Crashed;

impl Crashes {
    /// Passes one step, or crashes.
    pub(crate) fn step(&self) -> Result<(), Crashed> {
        if self.down.get() {
            return Err(Crashed);
        }
        let step = self.steps.get() + 1;
        self.steps.set(step);
        if self.at.get() == Some(step) {
            self.down.set(true);
            return Err(Crashed);
        }
        Ok(())
    }
}

/// What lies around one coordinator.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub now: Cell<Millis>,
    pub crashes: Rc<Crashes>,
    /// Failures that the caller-worker answers the next dispatches with.
    pub failures: RefCell<Vec<DispatchError>>,
    /// Every measuring request, in order.
    pub measured: RefCell<Vec<MeasureRequest>>,
    /// Every repeating request, in order.
    pub repeated: RefCell<Vec<RepeatRequest>>,
    /// Every request for a cold start, in order.
    pub cold: RefCell<Vec<cold_start::Request>>,
    /// Failures that the cold-worker answers the next requests with.
    pub cold_failures: RefCell<Vec<DispatchError>>,
    /// Whether the caller's clock advances while it computes.
    pub frozen: Cell<bool>,
    /// Whether direct calls are too fast for the clock, which then reads 0.
    pub direct_is_too_fast: Cell<bool>,
    /// The runtime's isolate, by its number, and the calls that it has served. Whoever ends it sets both: the next call meets a fresh one.
    pub isolate: Cell<(u64, u64)>,
    /// What all isolates of the runtime have served.
    pub served: Cell<u64>,
    /// How many slices are measured before the isolate is ended, each time; the next delegated one meets a fresh one.
    pub isolate_ends_before: RefCell<Vec<usize>>,
    /// Whether every measurement crashes the process.
    pub crashing: Cell<bool>,
    /// Whether the stub is another team's that answers with its elapsed time alone.
    pub says_elapsed_alone: Cell<bool>,
    /// Timed calls of each slice that time out.
    pub timeouts: Cell<u32>,
    /// Of a thousand delegated calls so many take [`SLOW_NS`].
    pub slow_per_mille: Cell<u64>,
    /// Latency of every delegated call is multiplied by this percentage.
    pub slowness_percent: Cell<u64>,
    /// Alerts posted: id and body.
    pub alerts: RefCell<Vec<(String, String)>>,
    /// Answers to the next posts.
    pub refusals: RefCell<Vec<DeliveryError>>,
}

/// A world in which nothing has gone wrong yet.
pub(crate) fn world() -> Rc<World> {
    let world = World::default();
    world.now.set(START_MS);
    world.slowness_percent.set(100);
    Rc::new(world)
}

/// A call that is slow, in nanoseconds: beyond every default threshold, whatever the clock's ticks hide.
pub(crate) const SLOW_NS: u64 = 8_300_000;

/// Nanoseconds of one repetition of any component.
const REPETITION_NS: u64 = 500;

/// Time of one dispatch that does nothing, in ms.
const EMPTY_DISPATCH_MS: Millis = 2;

/// What a slice learns of a clock that can be interpolated.
const INTERPOLATED: ClockFacts = ClockFacts {
    timer: Timer::Interpolated,
    advances_during_cpu: true,
    tick_ms: 1,
    sample_unit_ns: 1,
    polls_per_tick: Some(400.0),
    polls_per_tick_mad: Some(2.0),
    resolution_ns: 1_000,
    readings: None,
};

/// What a slice of whole ticks learns of its clock.
const fn ticked(advances_during_cpu: bool) -> ClockFacts {
    ClockFacts {
        timer: Timer::Ticked,
        advances_during_cpu,
        sample_unit_ns: 1_000_000,
        polls_per_tick: None,
        polls_per_tick_mad: None,
        resolution_ns: 1_000_000,
        ..INTERPOLATED
    }
}

impl World {
    /// What a slice of delegated calls meets of the runtime's isolate.
    fn met(&self, request: &MeasureRequest) -> Option<SliceResidency> {
        if !request.transport.delegates() {
            return None;
        }
        let measured = self.measured.borrow().len();
        let mut ends = self.isolate_ends_before.borrow_mut();
        if let Some(due) = ends.iter().position(|&before| before <= measured) {
            ends.remove(due);
            self.isolate.set((self.isolate.get().0 + 1, 0));
        }
        let mut met = SliceResidency::default();
        let (id, mut calls_served) = self.isolate.get();
        for call in 0..request.warmup + request.samples {
            calls_served += 1;
            let isolate = Isolate {
                id,
                calls_served,
                age_ms: calls_served,
            };
            if met.count(Some(isolate)) {
                met.cold.push(ColdCall {
                    ms: 12,
                    timed: call >= request.warmup,
                });
            }
        }
        self.isolate.set((id, calls_served));
        let made = u64::from(request.warmup + request.samples);
        self.served.set(self.served.get() + made);
        Some(met)
    }

    fn take_failure(&self) -> Result<(), DispatchError> {
        match self.failures.borrow_mut().pop() {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    fn advance(&self, ms: Millis) {
        self.now.set(self.now.get() + ms);
    }
}

impl Clock for World {
    fn now_ms(&self) -> Millis {
        self.now.get()
    }
}

impl Caller for World {
    /// A function of the request alone: whoever asks twice gets the same samples.
    async fn measure(
        &self,
        request: &MeasureRequest,
        _timeout_ms: u32,
    ) -> Result<MeasureResponse, DispatchError> {
        let gone = |_| DispatchError::Unreachable("the process crashed".to_owned());
        self.crashes.step().map_err(gone)?;
        self.measured.borrow_mut().push(request.clone());
        if self.crashing.get() {
            self.crashes.down.set(true);
        }
        yield_once().await;
        self.advance(EMPTY_DISPATCH_MS + 20);
        self.take_failure()?;
        let base = if request.transport.delegates() {
            900 * self.slowness_percent.get()
        } else {
            5_000
        };
        let unseen = self.direct_is_too_fast.get() && !request.transport.delegates();
        let is_ticked = self.frozen.get() || request.timer == TimerChoice::Ticked;
        let sample = |i: u64| {
            let drawn = request.seed ^ (i * 0x9e37_79b9);
            let is_slow = request.transport.delegates()
                && drawn.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32 & 0xffff
                    < self.slow_per_mille.get() * 65_536 / 1_000;
            let latency = if is_slow {
                SLOW_NS
            } else {
                base + drawn % 20_000
            };
            match (unseen, is_ticked) {
                (true, _) => 0,
                (false, true) => latency / 1_000_000,
                (false, false) => latency,
            }
        };
        let residency = self.met(request);
        self.crashes.step().map_err(gone)?;
        if self.says_elapsed_alone.get() {
            return Ok(MeasureResponse {
                elapsed_ms: 20,
                ..MeasureResponse::default()
            });
        }
        let timeouts = self.timeouts.get().min(request.samples);
        Ok(MeasureResponse {
            clock: Some(if is_ticked {
                ticked(!self.frozen.get())
            } else {
                INTERPOLATED
            }),
            elapsed_ms: 20,
            samples: (u64::from(timeouts)..u64::from(request.samples))
                .map(sample)
                .collect(),
            errors: [(ErrorKind::Timeout, timeouts.into())]
                .into_iter()
                .collect(),
            warmup_calls: request.warmup,
            chain: (!is_ticked).then_some(Chain {
                failed: None,
                calls: request.chain,
                elapsed_ms: 1,
            }),
            kept: request.neighbour.map(|asked| Box::new(kept(&asked))),
            noise_floor_ns: if is_ticked {
                Vec::new()
            } else {
                vec![1_200, 1_500, 1_900]
            },
            residency,
            ..MeasureResponse::default()
        })
    }

    async fn repeat(
        &self,
        request: &RepeatRequest,
        _timeout_ms: u32,
    ) -> Result<RepeatResponse, DispatchError> {
        let gone = |_| DispatchError::Unreachable("the process crashed".to_owned());
        self.crashes.step().map_err(gone)?;
        self.repeated.borrow_mut().push(request.clone());
        let took_ms = u64::from(request.repetitions) * REPETITION_NS / 1_000_000;
        self.advance(EMPTY_DISPATCH_MS + Millis::try_from(took_ms).unwrap());
        self.take_failure()?;
        self.crashes.step().map_err(gone)?;
        Ok(RepeatResponse {
            repetitions: request.repetitions,
            elapsed_ms: if self.frozen.get() { 0 } else { took_ms },
            advances_during_cpu: !self.frozen.get(),
            errors: protocol::ErrorCounts::default(),
        })
    }

    async fn cold_start(
        &self,
        request: &cold_start::Request,
        _timeout_ms: u32,
    ) -> Result<Sample, DispatchError> {
        let gone = |_| DispatchError::Unreachable("the process crashed".to_owned());
        self.crashes.step().map_err(gone)?;
        let sample = self.cold_sample(request);
        self.cold.borrow_mut().push(request.clone());
        self.advance(EMPTY_DISPATCH_MS + 20);
        if let Some(failure) = self.cold_failures.borrow_mut().pop() {
            return Err(failure);
        }
        self.crashes.step().map_err(gone)?;
        Ok(sample)
    }
}

impl World {
    /// A sample as a cold-worker would take it: isolates have ids of their own, and the warm ones the same ids again.
    fn cold_sample(&self, request: &cold_start::Request) -> Sample {
        let scenario = request.cold_start.scenario;
        let number = self.cold.borrow().len();
        let isolate = |role: &str, is_fresh: bool| {
            let facts = |id: String, served: u32| IsolateFacts {
                id,
                served,
                started_at: 0,
                first_at: 0,
            };
            if is_fresh {
                let id = format!("{role}-{number}");
                return IsolateUse {
                    before: None,
                    after: facts(id, cold_start::CALLS),
                };
            }
            let (id, served) = (format!("{role}-kept"), cold_start::SETTLED_CALLS);
            IsolateUse {
                before: Some(facts(id.clone(), served)),
                after: facts(id, served + cold_start::CALLS),
            }
        };
        let loads = u64::from(scenario.loads());
        Sample {
            clock: SampleClock {
                timer: Timer::Interpolated,
                resolution_ns: 1_000,
                is_whole_ticks: false,
            },
            first_answer_ns: 300_000 + 5_000_000 * loads + (number as u64 * 7_919) % 10_000,
            later_calls_ns: vec![Some(900_000), Some(800_000), None, Some(600_000)],
            kept_pair_first_ns: None,
            kept_pair_settled_ns: None,
            began_ms: 1,
            answered_ms: 7,
            entry: isolate("entry", scenario.loads_entry()),
            runtime: scenario
                .delegates()
                .then(|| isolate("runtime", scenario.loads_runtime())),
            answers_right: true,
            artefacts: Vec::new(),
        }
    }
}

impl Outside for World {
    async fn colo(&self) -> Option<String> {
        Some("VIE".to_owned())
    }

    async fn post_alert(&self, _url: &str, id: &str, body: &str) -> Result<(), DeliveryError> {
        if let Some(refusal) = self.refusals.borrow_mut().pop() {
            return Err(refusal);
        }
        self.alerts
            .borrow_mut()
            .push((id.to_owned(), body.to_owned()));
        Ok(())
    }
}

/// What a neighbour did that kept its runtime busy as asked, for ten cycles.
fn kept(asked: &Neighbour) -> Kept {
    if asked.percent == 0 {
        return Kept {
            elapsed_ms: 1_000,
            ..Kept::default()
        };
    }
    let to_find_out = if asked.strokes == 0 { 3 } else { 0 };
    Kept {
        calls: 10 + to_find_out,
        failed: 0,
        busy_ms: 500,
        elapsed_ms: 50_000 / u64::from(asked.percent),
        completed: 10,
        completed_ms: 500,
        strokes: FOUND_STROKES,
        apart: true,
    }
}

/// Strokes that every first slice finds.
pub(crate) const FOUND_STROKES: u32 = 7_000;

/// Lets another future run first.
async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if yielded {
            return std::task::Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

/// A plan of one function and payload: 20 slices for each of two cells.
pub(crate) fn small_plan() -> Plan {
    Plan {
        transports: vec![Transport::Direct, Transport::ServiceBinding],
        functions: vec![Function::Echo],
        payload_bytes: vec![100],
        samples_per_cell: 40,
        breakdown: false,
        ..Plan::of_fixed_size()
    }
}

/// A configuration with a token, under the given variables.
pub(crate) fn settings(variables: &[(&str, &str)]) -> Settings {
    let given = |name: &str| {
        let found = variables.iter().find(|(key, _)| *key == name);
        let value = found.map(|(_, value)| (*value).to_owned());
        let value = value.or_else(|| (name == "API_TOKEN").then(|| TOKEN.to_owned()));
        value.map(Variable::Text)
    };
    Settings::read(given, Some("version-1".to_owned())).unwrap()
}

/// The token of [`settings`].
pub(crate) const TOKEN: &str = "correct horse battery staple";

/// Opens a coordinator on a database.
pub(crate) fn open(
    database: &Database,
    settings: &Settings,
) -> Result<Coordinator<Database>, StoreError> {
    Coordinator::open(database.clone(), settings.clone())
}
