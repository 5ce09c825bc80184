//! Cold starts: from the records of a run to what its report says of them.
//!
//! A block of the round of cold starts holds one sample of each scenario, so that scenarios are compared as cells are: paired by block. A sample whose
//! isolates were not as fresh, or as settled, as its scenario wants is counted and in no figure.
//!
//! Out of scope: text (`texts`), and how many calls meet a fresh isolate.

mod expected;
mod samples;
mod texts;
mod verdicts;

pub(crate) use texts::complete;
pub(crate) use verdicts::decide;

use crate::wire::published;
use expected::Means;
use measurement::{
    cell_samples::CellSamples,
    interval::{Estimate, Known, Undefined},
    mean::mean,
    overhead::Overhead,
    quantile::{blur_ns, quantile},
};
use protocol::{
    Plan, Runtime,
    cold_start::{Artefact, ColdStart, Scenario, TIMED_CALLS, WasmBytes},
    limits::LimitsProfile,
    report::{ColdCall, ColdSaving, ColdScenario, ColdStarts},
    slice::SliceRecord,
};
use samples::{Counted, Samples, Times};
use std::collections::BTreeSet;

/// The cold starts of each runtime of `plan`; none where it asks for none, or none was sampled yet.
pub(crate) fn cold_starts(
    plan: &Plan,
    location: &str,
    limits: LimitsProfile,
    records: &[SliceRecord],
) -> Vec<ColdStarts> {
    let samples = Samples::of(plan, records);
    if samples.is_empty() {
        return Vec::new();
    }
    let runtimes = plan.runtimes.iter();
    runtimes
        .map(|&runtime| of_runtime(plan, runtime, location, limits, &samples))
        .collect()
}

fn of_runtime(
    plan: &Plan,
    runtime: Runtime,
    location: &str,
    limits: LimitsProfile,
    samples: &Samples,
) -> ColdStarts {
    let is_floor = limits == LimitsProfile::Local;
    let asked = plan.cold_starts.iter();
    let asked: Vec<ColdStart> = asked
        .flat_map(|cold| cold.cold_starts(&[runtime]))
        .collect();
    let own = || asked.iter().filter_map(|one| samples.get(*one));
    let scenarios: Vec<ColdScenario> = own().map(scenario).collect();
    let kept = |times: fn(&Counted) -> &Times| {
        let joined = Times::joined(own().map(times));
        stated_quantile(&joined, 0.5)
    };
    let means = Means::of(samples, runtime);
    ColdStarts {
        runtime,
        location: location.to_owned(),
        is_floor,
        artefacts: artefacts(own()),
        saved: saved(samples, runtime),
        kept_pair_first_us: kept(|counted| &counted.kept_pair_first),
        kept_pair_settled_us: kept(|counted| &counted.kept_pair_settled),
        verdicts: verdicts::verdicts(plan, is_floor, &scenarios),
        expected: means.as_ref().map_or_else(Vec::new, Means::curve),
        break_even_share: means.as_ref().and_then(Means::break_even_share),
        scenarios,
        text: String::new(),
    }
}

fn scenario(counted: &Counted) -> ColdScenario {
    let later = TIMED_CALLS[1..].iter().zip(&counted.later_calls);
    let p50 = stated_quantile(&counted.first_answer, 0.5);
    let first = ColdCall {
        call: TIMED_CALLS[0],
        p50_us: p50.clone(),
    };
    let later = later.map(|(&call, times)| ColdCall {
        call,
        p50_us: stated_quantile(times, 0.5),
    });
    let part = |times: &Times| (times.cell().count() > 0).then(|| stated_mean(times));
    ColdScenario {
        scenario: counted.of.scenario,
        wasm_bytes: counted.of.wasm_bytes,
        count: counted.first_answer.cell().count(),
        discarded: counted.discarded.clone(),
        failure: counted.failure.clone(),
        p95_us: stated_quantile(&counted.first_answer, 0.95),
        mean_us: stated_mean(&counted.first_answer),
        calls: core::iter::once(first).chain(later).collect(),
        p50_us: p50,
        load_us: part(&counted.load),
        start_us: part(&counted.start),
        first_call_us: part(&counted.first_call),
    }
}

/// A quantile with its interval, widened by what the timer may be wrong by.
fn stated_quantile(times: &Times, order: f64) -> protocol::Estimate {
    published(&quantile_of(times, order), times.resolution_ns())
}

fn quantile_of(times: &Times, order: f64) -> Known {
    let cell = times.cell();
    let widen = |e: Estimate| e.widened_by(times.error_ns(blur_ns(&cell, times.resolution_ns())));
    Known::from(quantile(&cell, order).map(|e| widen(e).not_negative()))
}

fn stated_mean(times: &Times) -> protocol::Estimate {
    let cell = times.cell();
    let resolution_ns = times.resolution_ns() / (cell.count().max(1) as f64).sqrt();
    published(&Known::from(mean_of(&cell)), resolution_ns)
}

/// A mean; of calls that timed out nobody knows one.
fn mean_of(cell: &CellSamples) -> Result<Estimate, Undefined> {
    if cell.timeout_ns().is_some() {
        return Err(Undefined::NotMeasured(measurement::interval::Missing::Part));
    }
    mean(cell).map(Estimate::not_negative)
}

/// `cold-monolith` minus `cold-stub`, for each kind of wasm bytes that both have samples of.
fn saved(samples: &Samples, runtime: Runtime) -> Vec<ColdSaving> {
    let of = |scenario, wasm_bytes| {
        samples.get(ColdStart {
            runtime,
            scenario,
            wasm_bytes,
        })
    };
    let kinds = WasmBytes::ALL.iter().filter_map(|&wasm_bytes| {
        let monolith = &of(Scenario::ColdMonolith, wasm_bytes)?.first_answer;
        let stub = &of(Scenario::ColdStub, wasm_bytes)?.first_answer;
        let (inlined, delegated) = (monolith.cell(), stub.cell());
        let resolution_ns = monolith.resolution_ns().max(stub.resolution_ns());
        let paired = Overhead::new(&inlined, &delegated);
        let error_ns = monolith.error_ns(blur_ns(&inlined, monolith.resolution_ns()))
            + stub.error_ns(blur_ns(&delegated, stub.resolution_ns()));
        let less = |order: f64| {
            let paired = paired.as_ref().map_err(|reason| *reason);
            let less = paired.and_then(|paired| paired.quantile(order));
            published(
                &Known::from(less.map(|e| e.widened_by(error_ns))),
                resolution_ns,
            )
        };
        let mean = match (mean_of(&inlined), mean_of(&delegated), &paired) {
            (Ok(_), Ok(_), Ok(paired)) => paired.mean(),
            (Err(reason), ..) | (_, Err(reason), _) => Err(reason),
            (_, _, Err(reason)) => Err(*reason),
        };
        Some(ColdSaving {
            wasm_bytes,
            p50_us: less(0.5),
            p95_us: less(0.95),
            mean_us: published(&Known::from(mean), resolution_ns),
        })
    });
    kinds.collect()
}

fn artefacts<'a>(counted: impl Iterator<Item = &'a Counted>) -> Vec<Artefact> {
    let all: BTreeSet<&Artefact> = counted.flat_map(|one| &one.artefacts).collect();
    all.into_iter().cloned().collect()
}
