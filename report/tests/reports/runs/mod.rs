//! Simulated runs: the records that a coordinator would have committed, with known true latencies.

#![allow(dead_code, reason = "each test uses a part")]

pub(crate) mod beside;
mod platform;

use ::report::{Deployment, assemble};
use measurement::simulation::Latencies;
use protocol::{
    Cell, Estimate, Function, Limits, Plan, Report, Round, Rounds, RunId, RunState, Transport,
    breakdown::Component,
    limits::LimitsProfile,
    measure::MeasureResponse,
    plan::Geometry,
    report::{CellReport, RunFacts, Warning, WarningKind},
    run::Trigger,
    slice::{Measured, SliceRecord, Work},
};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

pub(crate) use platform::Platform;
use platform::{repeated, slice};

pub(crate) const TICK_NS: u64 = 1_000_000;

/// Blocks of a simulated run.
pub(crate) const BLOCKS: u32 = 20;

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
    let runtime = if cell.runtime.is_native() { 1.0 } else { 5.0 };
    (
        Latencies::lognormal().block_correlated(0.1),
        runtime * transport * function * (1.0 + f64::from(cell.payload_bytes) / 50_000.0),
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
        ..Plan::of_fixed_size()
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
                Work::Busy(busy) => panic!("no plan's first round has {busy}"),
                Work::Component(component) => {
                    let (answer, dispatch_ms) = repeated(component, platform, &mut rng);
                    (Measured::Repeated(answer), dispatch_ms)
                }
                Work::ColdStart(of) => panic!("{of} is no work of a plan"),
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
        } => true_mean_us(Cell::native(Transport::Direct, function, payload_bytes)) * 1e3,
    }
}

pub(crate) fn run_facts() -> RunFacts {
    RunFacts {
        id: "20261122T172800Z-4f9a1c07".parse::<RunId>().unwrap(),
        trigger: Trigger::Request,
        location: "default".to_owned(),
        locations: vec!["default".to_owned()],
        colo: None,
        started_at: None,
        finished_at: None,
        state: RunState::Completed,
        progress: None,
    }
}

pub(crate) fn deployment() -> Deployment {
    Deployment {
        package_version: "0.1.0".to_owned(),
        deployed_version_id: None,
        workerd_version: Some("1.20260722.1".to_owned()),
        compatibility_date: "2026-07-01".to_owned(),
        limits: LimitsProfile::Local,
    }
}

/// How a local run divides a plan.
pub(crate) fn geometry(plan: &Plan) -> Geometry {
    plan.geometry(&Limits::of(LimitsProfile::Local))
}

pub(crate) fn report(plan: &Plan, records: &[SliceRecord]) -> Report {
    report_of_geometry(plan, &geometry(plan), records)
}

/// The round of a run whose plan was divided as given, with all blocks that the records have.
pub(crate) fn round(plan: &Plan, geometry: &Geometry, records: &[SliceRecord]) -> Round {
    let recorded = records.iter().map(|record| record.block + 1).max();
    let blocks = geometry.blocks.max(recorded.unwrap_or(0));
    let geometry = Geometry {
        blocks,
        ..*geometry
    };
    Round::divided(plan, &geometry, &Limits::of(LimitsProfile::Local))
}

/// The report of a run that was measured by another geometry than today's.
pub(crate) fn report_of_geometry(
    plan: &Plan,
    geometry: &Geometry,
    records: &[SliceRecord],
) -> Report {
    let rounds = Rounds::new(round(plan, geometry, records)).unwrap();
    report_of_rounds(plan, &rounds, records)
}

/// The report of a run of several rounds.
pub(crate) fn report_of_rounds(plan: &Plan, rounds: &Rounds, records: &[SliceRecord]) -> Report {
    assemble(run_facts(), plan, rounds, deployment(), records).unwrap()
}

/// A cell.
pub(crate) fn cell(transport: Transport, function: Function, payload_bytes: u32) -> Cell {
    Cell::native(transport, function, payload_bytes)
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
pub(crate) fn warnings(report: &Report, kind: WarningKind) -> Vec<&Warning> {
    report
        .warnings
        .iter()
        .filter(|warning| warning.kind == kind)
        .collect()
}
