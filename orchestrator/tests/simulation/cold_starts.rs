//! Cold starts in a run: after the latencies, each sampled once, whatever crashes or fails.

use crate::simulated;

use orchestrator::coordinator::DispatchError;
use protocol::{
    ColdStart, ColdStartPlan, Plan, Problem, Report, RoundKind, RunState, Runtime,
    cold_start::{Capabilities, Outcome, Scenario},
    history::History,
    slice::{Measured, SliceRecord, Work},
};
use simulated::{
    TOKEN,
    http::{Places, TestRequest},
    process::{Process, records, run_with_crash},
    settings, small_plan,
};
use std::collections::{BTreeMap, BTreeSet};

const SAMPLES: u32 = 6;

fn plan() -> Plan {
    Plan {
        cold_starts: Some(ColdStartPlan {
            samples: SAMPLES,
            scenarios: vec![Scenario::Warm, Scenario::ColdStub, Scenario::ColdMonolith],
        }),
        ..small_plan()
    }
}

/// What the plan samples in each block.
fn asked() -> Vec<ColdStart> {
    let plan = plan();
    plan.cold_starts.unwrap().cold_starts(&[Runtime::NATIVE])
}

fn cold(records: &[SliceRecord]) -> Vec<(u32, u32, ColdStart)> {
    let of = |record: &SliceRecord| match record.work {
        Work::ColdStart(of) => Some((record.index, record.block, of)),
        _ => None,
    };
    records.iter().filter_map(of).collect()
}

#[test]
fn each_block_after_the_last_of_the_latencies_holds_each_cold_start_once_in_an_order_of_its_own() {
    let (process, run) = run_with_crash(&plan(), None);
    let records = records(&process, &run);
    let cold = cold(&records);
    assert_eq!(cold.len(), SAMPLES as usize * asked().len());
    let last_latency = records.len() - cold.len();
    assert_eq!(cold[0].0 as usize, last_latency, "they come last");
    let mut orders = BTreeSet::new();
    let mut blocks: BTreeMap<u32, Vec<ColdStart>> = BTreeMap::new();
    for (_, block, of) in cold {
        blocks.entry(block).or_default().push(of);
    }
    assert_eq!(blocks.len(), SAMPLES as usize);
    for works in blocks.into_values() {
        let each: BTreeSet<ColdStart> = works.iter().copied().collect();
        assert_eq!(each, asked().into_iter().collect());
        orders.insert(works);
    }
    assert!(orders.len() > 1, "the order is shuffled");
    let place = process.world.cold.borrow()[0].place.clone();
    assert_eq!(place, "default");
}

#[test]
fn a_run_until_it_is_settled_samples_them_after_its_last_round() {
    let plan = Plan {
        until: protocol::Until::Settled,
        max_seconds: Some(120),
        max_calls: Some(100_000),
        ..plan()
    };
    let (process, run) = run_with_crash(&plan, None);
    let stored = process.coordinator().store().run(&run).unwrap().unwrap();
    let kinds: Vec<RoundKind> = stored.rounds.iter().map(|round| round.kind).collect();
    assert_eq!(kinds.last(), Some(&RoundKind::ColdStarts));
    let of_cold = kinds.iter().filter(|&&kind| kind == RoundKind::ColdStarts);
    assert_eq!(of_cold.count(), 1, "{kinds:?}");
    let cold = cold(&records(&process, &run));
    assert_eq!(cold.len(), SAMPLES as usize * asked().len());
}

#[test]
fn no_crash_at_any_step_loses_or_doubles_a_cold_start() {
    let (undisturbed, run) = run_with_crash(&plan(), None);
    let steps = undisturbed.world.crashes.steps.get();
    let expected = cold(&records(&undisturbed, &run));
    // The latencies are those of the tests of recovery: from their end on, every step.
    let latencies = steps / 2;
    for step in (latencies..=steps).step_by(3) {
        let (mut process, run) = run_with_crash(&plan(), Some(step));
        let status = process.status(&run);
        assert_eq!(status.state, RunState::Completed, "crash at step {step}");
        assert_eq!(
            cold(&records(&process, &run)),
            expected,
            "crash at step {step}"
        );
        let report = process.report(&run);
        for one in &report.cold_starts[0].scenarios {
            let discarded: u64 = one.discarded.values().sum();
            assert_eq!(
                one.count + discarded,
                u64::from(SAMPLES),
                "crash at step {step}"
            );
        }
    }
}

#[test]
fn one_that_fails_is_stored_as_failed_is_not_tried_again_and_ends_no_run() {
    let mut process = Process::new(settings(&[("LIMITS", "local")]));
    process.world.cold_failures.borrow_mut().extend([
        DispatchError::Unreachable("Failed to start Worker".to_owned()),
        DispatchError::Failed {
            status: 504,
            detail: "no answer within 10000 ms".to_owned(),
        },
    ]);
    let run = process.start(&plan());
    process.wake_until_idle();
    let status = process.status(&run);
    assert_eq!(status.state, RunState::Completed);
    let requested = process.world.cold.borrow().len();
    assert_eq!(requested, SAMPLES as usize * asked().len());
    let failed = records(&process, &run)
        .iter()
        .filter(|record| {
            matches!(
                &record.measured,
                Measured::ColdStart(Outcome::Failed { .. })
            )
        })
        .count();
    assert_eq!(failed, 2);
    let report = process.report(&run);
    let scenarios = &report.cold_starts[0].scenarios;
    let discarded: u64 = scenarios.iter().flat_map(|s| s.discarded.values()).sum();
    // the one that timed out is a latency of its timeout at least
    assert_eq!(discarded, 1);
    let counted: u64 = scenarios.iter().map(|one| one.count).sum();
    assert_eq!(counted + discarded, requested as u64);
    let failures: Vec<&String> = scenarios
        .iter()
        .filter_map(|s| s.failure.as_ref())
        .collect();
    assert!(
        failures
            .iter()
            .any(|why| why.contains("Failed to start Worker")),
        "{failures:?}"
    );
}

#[test]
fn each_kind_has_a_series_of_its_own() {
    let places = Places::new(settings(&[("LIMITS", "local")]));
    *places.cold_starts.borrow_mut() = Some(Capabilities {
        runtimes: vec![Runtime::NATIVE],
        artefacts: Vec::new(),
    });
    let body = serde_json::json!({"functions": ["echo"], "payload_bytes": [100], "samples_per_cell": 20, "breakdown": false,
        "cold_starts": {"samples": SAMPLES, "scenarios": ["cold-stub"]}});
    let started = places.send(
        &TestRequest::new("POST", "/runs")
            .with_token(TOKEN)
            .with_body(body.to_string()),
    );
    assert_eq!(started.status, 202, "{}", started.body);
    places.wake_until_idle();
    let report: Report = serde_json::from_str(&places.get("/results").body).unwrap();
    for one in &report.cold_starts[0].scenarios {
        let of = format!("native.{}.{}", one.scenario, one.wasm_bytes);
        let answer = places.get(&format!("/history?cell={of}&metric=p50"));
        assert_eq!(answer.status, 200, "{}", answer.body);
        let series: History = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(series.cell.to_string(), of);
        assert_eq!(series.points.len(), 1);
        assert_eq!(series.points[0].value_us, one.p50_us.value);
        assert!(series.points[0].value_us.is_some());
    }
    for (query, status, why) in [
        ("native.cold-stub.new&metric=p99", 400, "mean, p50 and p95"),
        ("pyodide.cold-stub.new", 404, "cold starts of the kind"),
        ("native.cold-stub.old", 400, "cell:"),
    ] {
        let answer = places.get(&format!("/history?cell={query}"));
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(answer.body.contains(why), "{}", answer.body);
    }
}

#[test]
fn loads_are_counted_and_the_estimate_names_them_before_they_are_made() {
    let (mut process, run) = run_with_crash(&plan(), None);
    let usage = process.status(&run).usage;
    let per_block: u32 = asked().iter().map(|one| one.scenario.loads()).sum();
    assert_eq!(usage.actual.isolates_loaded, u64::from(SAMPLES * per_block));
    assert_eq!(
        usage.estimated.isolates_loaded,
        usage.actual.isolates_loaded
    );
}

fn started(cold: Option<Capabilities>, plan: &str) -> (u16, String) {
    let places = Places::new(settings(&[("LIMITS", "local")]));
    places.cold_starts.replace(cold);
    let request = TestRequest::new("POST", "/runs").with_token(TOKEN);
    let response = places.send(&request.with_body(plan));
    (response.status, response.body.to_string())
}

#[test]
fn a_plan_that_asks_for_them_is_refused_where_nobody_can_sample_them_with_the_way_out() {
    let (status, body) = started(None, r#"{"cold_starts":{}}"#);
    assert_eq!(status, 400);
    let problem: Problem = serde_json::from_str(&body).unwrap();
    assert_eq!(problem.errors[0].field, "cold_starts");
    let detail = &problem.errors[0].detail;
    assert!(
        detail.contains("COLD") && detail.contains("configure --cold-starts"),
        "{detail}"
    );
    let of = |runtimes: &[&str]| Capabilities {
        runtimes: runtimes.iter().map(|name| name.parse().unwrap()).collect(),
        artefacts: Vec::new(),
    };
    let (status, body) = started(Some(of(&["pyodide"])), r#"{"cold_starts":{}}"#);
    assert_eq!(status, 400);
    assert!(body.contains("no artefacts of runtime native"), "{body}");
    let (status, body) = started(Some(of(&["native"])), r#"{"cold_starts":{}}"#);
    assert_eq!(status, 202, "{body}");
    let (status, _) = started(None, "{}");
    assert_eq!(status, 202);
}
