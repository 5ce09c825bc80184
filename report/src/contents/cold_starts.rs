//! Cold starts as people read them: the scenarios, the calls after a load, what sharing saves, and the number to decide by.

use crate::{
    document::{Document, plain},
    format::{UNSTATED, percent},
};
use protocol::{
    Estimate, Report,
    cold_start::{TIMED_CALLS, WasmBytes},
    report::{ColdScenario, ColdStarts},
};

pub(super) fn cold_starts(out: &mut Document, report: &Report) {
    for one in &report.cold_starts {
        out.section(title(report, one));
        out.paragraph(one.text.clone());
        scenarios(out, one);
        calls(out, one);
        kept_pair(out, one);
        expected(out, one);
        out.items(
            one.verdicts
                .iter()
                .filter(|verdict| {
                    verdict.judged || verdict.outcome == protocol::report::Outcome::Fail
                })
                .map(|verdict| plain(&verdict.text)),
        );
        out.paragraph(not_in_it(one));
    }
}

fn title(report: &Report, one: &ColdStarts) -> String {
    let place = if one.is_floor {
        "floor, on this machine".to_owned()
    } else {
        one.location.clone()
    };
    let several = report.cold_starts.len() > 1 || !one.runtime.is_native();
    let runtime = if several {
        format!(" of {}", one.runtime)
    } else {
        String::new()
    };
    format!("Cold starts{runtime} ({place}; ms)")
}

/// Known and new wasm side by side: one row a scenario.
fn scenarios(out: &mut Document, one: &ColdStarts) {
    let head = [
        "Scenario",
        "Wasm",
        "n",
        "Discarded",
        "p50",
        "p95",
        "until loaded",
        "until called",
        "first call",
    ];
    let rows = one.scenarios.iter().map(|scenario| {
        [
            scenario.scenario.to_string(),
            wasm(scenario).to_owned(),
            scenario.count.to_string(),
            discarded(scenario),
            scenario.p50_us.text.clone(),
            scenario.p95_us.text.clone(),
            part(scenario.load_us.as_ref()),
            part(scenario.start_us.as_ref()),
            part(scenario.first_call_us.as_ref()),
        ]
    });
    out.table(head, 2..9, rows);
    unstated(out, one);
    let saved = one.saved.iter().map(|saving| {
        plain(format!(
            "Sharing the runtime saves ({} wasm): p50 {}, p95 {}, mean {}.",
            saving.wasm_bytes,
            stated(&saving.p50_us),
            stated(&saving.p95_us),
            stated(&saving.mean_us)
        ))
    });
    out.items(saved.collect::<Vec<_>>());
}

/// Why there is no p95, once for all scenarios that lack it for the same reason.
fn unstated(out: &mut Document, one: &ColdStarts) {
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for reason in one
        .scenarios
        .iter()
        .filter_map(|one| one.p95_us.reason.as_ref())
    {
        match reasons.iter_mut().find(|(text, _)| *text == reason.text) {
            Some((_, n)) => *n += 1,
            None => reasons.push((&reason.text, 1)),
        }
    }
    out.items(
        reasons
            .iter()
            .map(|(text, n)| plain(format!("p95 of {n} of {}: {text}.", one.scenarios.len()))),
    );
    let failed = one
        .scenarios
        .iter()
        .filter_map(|one| Some((one, one.failure.as_ref()?)));
    out.items(failed.map(|(one, why)| {
        plain(format!(
            "The last sample of {} that failed: {why}.",
            one.scenario
        ))
    }));
}

fn wasm(scenario: &ColdScenario) -> &'static str {
    if scenario.scenario.wasm_bytes().len() > 1 {
        scenario.wasm_bytes.as_str()
    } else {
        "-"
    }
}

fn discarded(scenario: &ColdScenario) -> String {
    if scenario.discarded.is_empty() {
        return "0".to_owned();
    }
    let each = scenario.discarded.iter();
    let each: Vec<String> = each.map(|(flaw, n)| format!("{n} {flaw}")).collect();
    each.join(", ")
}

fn stated(estimate: &Estimate) -> String {
    match (&estimate.value, &estimate.reason) {
        (None, Some(reason)) if estimate.lower.is_none() => {
            format!("{UNSTATED} ({})", reason.text)
        }
        _ => estimate.text.clone(),
    }
}

fn part(estimate: Option<&Estimate>) -> String {
    estimate.map_or_else(|| "-".to_owned(), |estimate| estimate.text.clone())
}

fn calls(out: &mut Document, one: &ColdStarts) {
    let head = ["Median of call".to_owned(), "Wasm".to_owned()];
    let head = head
        .into_iter()
        .chain(TIMED_CALLS.iter().map(u32::to_string));
    let rows = one.scenarios.iter().map(|scenario| {
        let first = [scenario.scenario.to_string(), wasm(scenario).to_owned()];
        let calls = scenario.calls.iter().map(|call| call.p50_us.text.clone());
        first.into_iter().chain(calls).collect::<Vec<_>>()
    });
    out.table(head, 2..2 + TIMED_CALLS.len(), rows);
}

fn kept_pair(out: &mut Document, one: &ColdStarts) {
    out.paragraph(format!(
        "A warm stub before a warm runtime: the first call after isolates of others were loaded takes {} (median), a settled one {}.",
        one.kept_pair_first_us.text, one.kept_pair_settled_us.text
    ));
}

fn expected(out: &mut Document, one: &ColdStarts) {
    let head = ["Share of cold calls", "delegated (mean)", "inlined (mean)"];
    let rows = one.expected.iter().map(|expected| {
        [
            percent(expected.cold_share),
            expected.delegated_us.text.clone(),
            expected.inlined_us.text.clone(),
        ]
    });
    let rows: Vec<[String; 3]> = rows.collect();
    if !rows.is_empty() {
        out.table(head, 0..3, rows);
    }
}

/// What the figures leave out, and what is in them that production has not.
fn not_in_it(one: &ColdStarts) -> String {
    let new = WasmBytes::New;
    let mut text = format!(
        "From before the load to the first answer of echo; {new} wasm is wasm that the process has not compiled before. Every stub reaches its runtime \
         through one more Worker, which the monolith does not."
    );
    if one.is_floor {
        text += " Not in it: fetching the script, routing to a machine, eviction.";
    } else {
        text += " Not in it: routing to a machine, eviction.";
    }
    text
}
