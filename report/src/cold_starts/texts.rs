//! Gives the figures of cold starts their texts.

use crate::format::{Unit, estimate, percent};
use protocol::{
    Estimate, Report,
    cold_start::{Scenario, WasmBytes},
    report::{ColdStarts, ColdVerdict, Outcome},
};

/// Fills in every `text` of the cold starts, and tells the answer of them where they are part of it.
pub(crate) fn complete(report: &mut Report) {
    for one in &mut report.cold_starts {
        figures(one);
        for verdict in &mut one.verdicts {
            verdict.text = sentence(verdict, one.is_floor);
        }
        one.text = summary(one);
    }
    let judged = report
        .cold_starts
        .iter()
        .flat_map(|one| one.verdicts.iter().map(move |verdict| (one, verdict)))
        .filter(|(_, verdict)| verdict.judged);
    let worst = judged.min_by_key(|(_, verdict)| match verdict.outcome {
        Outcome::Fail => 0,
        Outcome::Inconclusive => 1,
        Outcome::Pass => 2,
    });
    let told = match worst {
        Some((one, verdict)) => format!(" Cold starts of {}: {}.", one.runtime, verdict.text),
        None if report.plan.judges_cold_starts() => {
            " Cold starts are judged, and none was sampled.".to_owned()
        }
        None => return,
    };
    report.summary.text.push_str(&told);
}

fn figures(one: &mut ColdStarts) {
    let write = |estimate_us: &mut Estimate| {
        estimate_us.text = estimate(estimate_us, Unit::Milliseconds);
    };
    write(&mut one.kept_pair_first_us);
    write(&mut one.kept_pair_settled_us);
    for scenario in &mut one.scenarios {
        for figure in [
            &mut scenario.p50_us,
            &mut scenario.p95_us,
            &mut scenario.mean_us,
        ] {
            write(figure);
        }
        scenario
            .calls
            .iter_mut()
            .for_each(|call| write(&mut call.p50_us));
        let parts = [
            &mut scenario.load_us,
            &mut scenario.start_us,
            &mut scenario.first_call_us,
        ];
        parts.into_iter().flatten().for_each(write);
    }
    for saving in &mut one.saved {
        write(&mut saving.p50_us);
        write(&mut saving.p95_us);
        write(&mut saving.mean_us);
    }
    for verdict in &mut one.verdicts {
        write(&mut verdict.estimate_us);
    }
    for expected in &mut one.expected {
        write(&mut expected.delegated_us);
        write(&mut expected.inlined_us);
    }
}

/// `open: p95 of cold-stub (new wasm) is 7.1 [6.4, 8.9] ms, threshold 100 ms: not refuted, for a local figure is a floor`
fn sentence(verdict: &ColdVerdict, is_floor: bool) -> String {
    let name = scenario_name(verdict.scenario, verdict.wasm_bytes);
    let figure = &verdict.estimate_us;
    let found = match (&figure.value, &figure.reason) {
        (None, Some(reason)) => format!("unknown ({})", reason.text),
        _ => format!("{} ms", figure.text),
    };
    let threshold_us = verdict.threshold_ms * 1e3;
    let is_below = figure.upper.is_some_and(|upper| upper < threshold_us);
    let meaning = match verdict.outcome {
        Outcome::Pass => "below it",
        Outcome::Fail if is_floor => "at or above it, although a local figure is a floor",
        Outcome::Fail => "at or above it",
        Outcome::Inconclusive if is_below && is_floor => {
            "not refuted, for a local figure is a floor"
        }
        Outcome::Inconclusive => "the interval does not settle it",
    };
    format!(
        "{}: {} of {name} is {found}, threshold {} ms: {meaning}",
        verdict.outcome.word(),
        verdict.metric,
        verdict.threshold_ms
    )
}

/// `cold-stub (new wasm)`
pub(crate) fn scenario_name(scenario: Scenario, wasm_bytes: WasmBytes) -> String {
    match wasm_bytes {
        WasmBytes::New => format!("{scenario} (new wasm)"),
        WasmBytes::Known => scenario.to_string(),
    }
}

/// What the figures say of one runtime, in a few sentences.
fn summary(one: &ColdStarts) -> String {
    let of = |scenario: Scenario, wasm_bytes: WasmBytes| {
        one.scenarios
            .iter()
            .find(|s| (s.scenario, s.wasm_bytes) == (scenario, wasm_bytes))
    };
    let stated = |estimate_us: &Estimate| {
        let known = estimate_us.value.or(estimate_us.lower);
        known.map(|_| estimate_us.text.clone())
    };
    let median = |scenario| of(scenario, WasmBytes::New).and_then(|found| stated(&found.p50_us));
    let mut said = Vec::new();
    if let Some(stub) = median(Scenario::ColdStub) {
        said.push(format!(
            "A cold stub before a warm runtime answers after {stub} ms (median)."
        ));
    }
    if let Some(monolith) = median(Scenario::ColdMonolith) {
        said.push(format!(
            "A cold stub with the runtime inside it answers after {monolith} ms."
        ));
    }
    let saving = one.saved.iter().find(|s| s.wasm_bytes == WasmBytes::New);
    if let Some(saving) = saving.and_then(|saving| stated(&saving.p50_us)) {
        said.push(format!("Sharing the runtime saves {saving} ms."));
    }
    if said.is_empty() {
        said.push("Too few samples for a median: ask for 20 or more.".to_owned());
    }
    if let Some(share) = one.break_even_share {
        said.push(format!(
            "On average, delegating is the faster way where more than {} of the calls are cold.",
            percent(share)
        ));
    }
    if one.is_floor {
        said.push("These are floors: a local loader fetches no script, routes nothing and evicts nothing.".to_owned());
    }
    said.join(" ")
}
