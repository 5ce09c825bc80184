//! Simulated runs: the records that a coordinator would have committed, with known true latencies.

#![allow(dead_code, reason = "each test uses a part")]

use measurement::{
    report::{Deployment, assemble},
    simulation::Latencies,
};
use protocol::{
    Cell, Estimate, Function, Plan, Report, RunId, RunState, Transport,
    breakdown::Component,
    limits::LimitsProfile,
    measure::{Chain, ClockFacts, MeasureResponse, RepeatResponse, Timer},
    report::{CellReport, Fault, RunFacts},
    run::Trigger,
    slice::{Measured, SliceRecord, Work},
};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

pub(crate) const TICK_NS: u64 = 1_000_000;

/// Blocks of a simulated run.
pub(crate) const BLOCKS: u32 = 20;

/// Calls of a chain.
const CHAIN_CALLS: u32 = 8;

/// What a simulated platform is like.
#[derive(Clone, Copy)]
pub(crate) struct Platform {
    pub(crate) timer: Timer,
    /// Whether the caller's clock runs while it computes.
    pub(crate) running: bool,
    pub(crate) samples_per_slice: u32,
    /// Standard deviation of the interpolated timer's error in a single sample.
    pub(crate) resolution_ns: u64,
    pub(crate) seed: u64,
}

impl Platform {
    pub(crate) const RUNNING: Self = Self {
        timer: Timer::Interpolated,
        running: true,
        samples_per_slice: 20,
        resolution_ns: 600,
        seed: 1,
    };
    pub(crate) const FROZEN: Self = Self {
        timer: Timer::Ticked,
        running: false,
        ..Self::RUNNING
    };
}

/// True latencies of a cell: a distribution and what it is multiplied with.
pub(crate) fn truth(cell: Cell) -> (Latencies, f64) {
    let transport = match cell.transport {
        Transport::Direct => 0.05,
        Transport::ServiceBinding => 1.0,
        _ => 4.0,
    };
    let function = if cell.function == Function::Compute {
        1.2
    } else {
        1.0
    };
    (
        Latencies::lognormal().block_correlated(0.1),
        transport * function * (1.0 + f64::from(cell.payload_bytes) / 50_000.0),
    )
}

/// True quantile of a cell, in microseconds.
pub(crate) fn true_quantile_us(cell: Cell, q: f64) -> f64 {
    let (latencies, factor) = truth(cell);
    latencies.quantile_ns(q) * factor / 1e3
}

/// True mean of a cell, in microseconds.
pub(crate) fn true_mean_us(cell: Cell) -> f64 {
    let (latencies, factor) = truth(cell);
    latencies.mean_ns() * factor / 1e3
}

/// Three transports, two functions, two sizes.
pub(crate) fn small_plan() -> Plan {
    Plan {
        functions: vec![Function::Echo, Function::Compute],
        payload_bytes: vec![100, 100_000],
        ..Plan::default()
    }
}

/// All records of a run of `plan`.
pub(crate) fn records(plan: &Plan, platform: Platform) -> Vec<SliceRecord> {
    records_of(plan, platform, BLOCKS)
}

/// All records of a run of `plan` that has `blocks` blocks.
pub(crate) fn records_of(plan: &Plan, platform: Platform, blocks: u32) -> Vec<SliceRecord> {
    let mut rng = ChaCha8Rng::seed_from_u64(platform.seed);
    let mut records = Vec::new();
    for block in 0..blocks {
        for work in plan.works() {
            let index = u32::try_from(records.len()).unwrap();
            let (measured, dispatch_ms) = match work {
                Work::Cell(cell) => {
                    let answer = slice(cell, platform, &mut rng);
                    let dispatch_ms =
                        answer.elapsed_ms + answer.chain.map_or(0, |c| c.elapsed_ms) + 2;
                    (Measured::Samples(answer), dispatch_ms)
                }
                Work::Component(component) => {
                    let (answer, dispatch_ms) = repeated(component, platform, &mut rng);
                    (Measured::Repeated(answer), dispatch_ms)
                }
            };
            records.push(SliceRecord {
                index,
                block,
                attempt: 1,
                work,
                measured,
                dispatch_ms,
            });
        }
    }
    records
}

fn slice(cell: Cell, platform: Platform, rng: &mut ChaCha8Rng) -> MeasureResponse {
    let (latencies, factor) = truth(cell);
    let block = latencies.block(rng);
    let mut now = rng.random_range(0.0..TICK_NS as f64);
    let tick = |now: f64| (now / TICK_NS as f64).floor();
    let stands_still = !platform.running && cell.transport == Transport::Direct;
    let mut next = |rng: &mut ChaCha8Rng| {
        let latency = block.sample(rng).0 as f64 * factor;
        if !stands_still {
            now += latency;
        }
        (latency, now)
    };
    let (mut samples, start) = (Vec::new(), tick(next(rng).1));
    let mut before = start;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small positive numbers"
    )]
    for _ in 0..platform.samples_per_slice {
        let (latency, now) = next(rng);
        samples.push(match platform.timer {
            Timer::Interpolated => {
                let error: f64 = rng.sample(StandardNormal);
                (latency + error * platform.resolution_ns as f64).max(0.0) as u64
            }
            Timer::Ticked => (tick(now) - before) as u64,
        });
        before = tick(now);
    }
    let elapsed = before - start;
    let chain_start = before;
    let mut chain_end = chain_start;
    for _ in 0..CHAIN_CALLS {
        chain_end = tick(next(rng).1);
    }
    let interpolated = platform.timer == Timer::Interpolated;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small positive numbers"
    )]
    MeasureResponse {
        clock: Some(ClockFacts {
            timer: platform.timer,
            advances_during_cpu: platform.running,
            tick_ms: 1,
            sample_unit_ns: if interpolated { 1 } else { TICK_NS },
            polls_per_tick: interpolated.then_some(1_700.0 + f64::from(rng.random_range(0..20_u8))),
            polls_per_tick_mad: interpolated.then_some(3.0),
            resolution_ns: if interpolated {
                platform.resolution_ns
            } else {
                TICK_NS
            },
        }),
        elapsed_ms: elapsed as u64,
        samples,
        warmup_calls: 2,
        chain: interpolated.then_some(Chain {
            calls: CHAIN_CALLS,
            elapsed_ms: (chain_end - chain_start) as u64,
        }),
        noise_floor_ns: if interpolated {
            vec![rng.random_range(500..3_000); 2]
        } else {
            Vec::new()
        },
        ..MeasureResponse::default()
    }
}

/// True time of one repetition of a component, in nanoseconds.
pub(crate) fn component_ns(component: Component) -> f64 {
    match component {
        Component::Nothing => 0.0,
        Component::EmptyHop => 60_000.0,
        Component::Encode { payload_bytes } => 1_000.0 + f64::from(payload_bytes),
        Component::Decode { payload_bytes } => 2_000.0 + f64::from(payload_bytes),
        Component::Function {
            function,
            payload_bytes,
        } => {
            true_mean_us(Cell {
                transport: Transport::Direct,
                function,
                payload_bytes,
            }) * 1e3
        }
    }
}

fn repeated(
    component: Component,
    platform: Platform,
    rng: &mut ChaCha8Rng,
) -> (RepeatResponse, u64) {
    let repetitions = match component {
        Component::Nothing => 0,
        Component::EmptyHop => 25,
        _ => 4_000,
    };
    let total_ns = f64::from(repetitions) * component_ns(component) * rng.random_range(0.95..1.05);
    let phase = rng.random_range(0.0..TICK_NS as f64);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small positive numbers"
    )]
    let elapsed_ms = ((phase + total_ns) / TICK_NS as f64) as u64;
    let told = platform.running || component.delegates();
    let answer = RepeatResponse {
        repetitions,
        elapsed_ms: if told { elapsed_ms } else { 0 },
        advances_during_cpu: platform.running,
        errors: std::collections::BTreeMap::new(),
    };
    (answer, elapsed_ms + 1 + u64::from(rng.random_bool(0.3)))
}

pub(crate) fn run_facts() -> RunFacts {
    RunFacts {
        id: "20261122T172800Z-4f9a1c07".parse::<RunId>().unwrap(),
        trigger: Trigger::Request,
        location: "default".to_owned(),
        colo: None,
        started_at: None,
        finished_at: None,
        state: RunState::Completed,
    }
}

pub(crate) fn deployment() -> Deployment {
    Deployment {
        package_version: "0.1.0".to_owned(),
        deployed_version_id: None,
        compatibility_date: "2026-07-01".to_owned(),
        limits: LimitsProfile::Local,
    }
}

pub(crate) fn report(plan: &Plan, records: &[SliceRecord]) -> Report {
    assemble(run_facts(), plan, deployment(), records).unwrap()
}

/// A cell.
pub(crate) fn cell(transport: Transport, function: Function, payload_bytes: u32) -> Cell {
    Cell {
        transport,
        function,
        payload_bytes,
    }
}

/// That cell's report.
pub(crate) fn find(report: &Report, id: Cell) -> &CellReport {
    report.cells.iter().find(|cell| cell.id == id).unwrap()
}

/// Whether the interval contains the truth, ends included.
pub(crate) fn covers(estimate: &Estimate, truth: f64) -> bool {
    estimate.lower.unwrap() <= truth && truth <= estimate.upper.unwrap()
}

/// The dispatch time and the answer of each slice of a cell.
pub(crate) fn samples_of(
    records: &mut [SliceRecord],
    id: Cell,
) -> impl Iterator<Item = (&mut u64, &mut MeasureResponse)> {
    records
        .iter_mut()
        .filter(move |r| r.work == Work::Cell(id))
        .map(|record| {
            let Measured::Samples(answer) = &mut record.measured else {
                panic!("samples expected")
            };
            (&mut record.dispatch_ms, answer)
        })
}

/// Faults of one kind.
pub(crate) fn faults<'a>(report: &'a Report, kind: &str) -> Vec<&'a Fault> {
    report
        .faults
        .iter()
        .filter(|fault| fault.kind == kind)
        .collect()
}
