//! Cold starts in a report, from samples whose truth is known.

use protocol::{
    ColdStart, ColdStartPlan, ErrorKind, Limits, Plan, ReasonCode, Report, Round, Rounds, Runtime,
    Until,
    cold_start::{
        CALLS, Flaw, IsolateFacts, IsolateUse, Outcome, SETTLED_CALLS, Sample, SampleClock,
        Scenario, WasmBytes,
    },
    limits::LimitsProfile,
    measure::Timer,
    plan::Judged,
    report::{ColdScenario, Outcome as Verdict, RunFacts},
    run::Trigger,
    slice::{Measured, SliceRecord, Work},
};
use report::{Deployment, assemble};

fn plan(samples: u32) -> Plan {
    Plan {
        until: Until::Samples,
        cold_starts: Some(ColdStartPlan {
            samples,
            ..ColdStartPlan::default()
        }),
        judge: vec![Judged::ColdStarts],
        breakdown: false,
        ..Plan::of_fixed_size()
    }
}

fn facts(id: &str, served: u32) -> IsolateFacts {
    IsolateFacts {
        id: id.to_owned(),
        served,
        started_at: 0,
        first_at: 0,
    }
}

fn isolate(role: &str, number: u32, is_fresh: bool) -> IsolateUse {
    if is_fresh {
        return IsolateUse {
            before: None,
            after: facts(&format!("{role}-{number}"), CALLS),
        };
    }
    let id = format!("{role}-kept");
    IsolateUse {
        before: Some(facts(&id, SETTLED_CALLS)),
        after: facts(&id, SETTLED_CALLS + CALLS),
    }
}

/// Truth in us: 300 warm, 6,000 a stub, 40,000 a monolith; each with a spread of 1 % over blocks.
fn truth_us(scenario: Scenario) -> u64 {
    match scenario {
        Scenario::Warm => 300,
        Scenario::ColdStub => 6_000,
        Scenario::ColdJavascriptStub => 4_000,
        Scenario::ColdRuntime => 30_000,
        Scenario::ColdBoth => 36_000,
        Scenario::ColdMonolith => 40_000,
    }
}

fn sample(of: ColdStart, number: u32, block: u32) -> Sample {
    let scenario = of.scenario;
    let ns = truth_us(scenario) * 1_000;
    let spread = u64::from(block * 7_919 % 201);
    Sample {
        clock: SampleClock {
            timer: Timer::Interpolated,
            resolution_ns: 2_000,
            is_whole_ticks: false,
        },
        first_answer_ns: ns * (9_900 + spread) / 10_000,
        later_calls_ns: vec![
            Some(400_000),
            Some(350_000),
            Some(320_000),
            Some(100_000 + spread),
        ],
        kept_pair_first_ns: (scenario == Scenario::ColdMonolith).then_some(900_000 + spread),
        kept_pair_settled_ns: (scenario == Scenario::ColdMonolith).then_some(280_000 + spread),
        began_ms: 1_000,
        answered_ms: 1_000 + ns / 1_000_000,
        entry: isolate("entry", number, scenario.loads_entry()),
        runtime: scenario
            .delegates()
            .then(|| isolate("runtime", number, scenario.loads_runtime())),
        answers_right: true,
        artefacts: Vec::new(),
    }
}

/// A report of cold starts alone, whose samples `change` has been at.
fn report(
    plan: &Plan,
    limits: LimitsProfile,
    change: impl Fn(ColdStart, u32, Sample) -> Outcome,
) -> Report {
    let limits = Limits::of(limits);
    let mut rounds = Rounds::new(Round::first(plan, &limits)).unwrap();
    let round = rounds.cold_starts(plan).unwrap();
    rounds.push(round.clone()).unwrap();
    let mut records = Vec::new();
    for block in 0..round.blocks {
        for work in &round.works {
            let Work::ColdStart(of) = *work else {
                continue;
            };
            let number = u32::try_from(records.len()).unwrap();
            let outcome = change(of, block, sample(of, number, block));
            records.push(SliceRecord {
                index: round.first_slice + number,
                block: round.first_block + block,
                attempt: 1,
                work: *work,
                measured: Measured::ColdStart(outcome),
                dispatch_ms: 50,
            });
        }
    }
    let run = RunFacts {
        id: "20261122T172800Z-4f9a1c07".parse().unwrap(),
        trigger: Trigger::Request,
        location: "default".to_owned(),
        locations: Vec::new(),
        colo: None,
        started_at: None,
        finished_at: None,
        state: protocol::RunState::Completed,
        progress: None,
    };
    let deployment = Deployment {
        package_version: "0".to_owned(),
        deployed_version_id: None,
        compatibility_date: "2026-07-01".to_owned(),
        workerd_version: None,
        limits: limits.profile,
    };
    assemble(run, plan, &rounds, deployment, &records).unwrap()
}

fn as_it_is(_: ColdStart, _: u32, sample: Sample) -> Outcome {
    Outcome::Sampled(Box::new(sample))
}

fn of(report: &Report, scenario: Scenario, wasm_bytes: WasmBytes) -> &ColdScenario {
    let all = &report.cold_starts[0].scenarios;
    all.iter()
        .find(|one| (one.scenario, one.wasm_bytes) == (scenario, wasm_bytes))
        .unwrap()
}

#[test]
fn quantiles_savings_and_calls_hold_the_truth() {
    let report = report(&plan(80), LimitsProfile::Local, as_it_is);
    let cold = &report.cold_starts[0];
    assert_eq!(cold.runtime, Runtime::NATIVE);
    for one in &cold.scenarios {
        assert_eq!((one.count, one.discarded.len()), (80, 0));
        let truth = truth_us(one.scenario) as f64;
        let p50 = &one.p50_us;
        assert!(
            p50.lower.unwrap() <= truth && truth <= p50.upper.unwrap(),
            "{}: {p50:?}",
            one.scenario
        );
        assert!(one.p95_us.value.unwrap() > truth, "{:?}", one.p95_us);
        let calls: Vec<u32> = one.calls.iter().map(|call| call.call).collect();
        assert_eq!(calls, [1, 2, 3, 5, 10]);
        let second = one.calls[1].p50_us.value.unwrap();
        assert!((399.0..401.0).contains(&second), "{second}");
    }
    let saving = &cold.saved[1];
    assert_eq!(saving.wasm_bytes, WasmBytes::New);
    let p50 = &saving.p50_us;
    assert!(p50.lower.unwrap() <= 34_000.0 && 34_000.0 <= p50.upper.unwrap());
    assert!(
        (33_500.0..34_500.0).contains(&p50.value.unwrap()),
        "{p50:?}"
    );
    assert!((899.0..902.0).contains(&cold.kept_pair_first_us.value.unwrap()));
    assert!((279.0..281.0).contains(&cold.kept_pair_settled_us.value.unwrap()));
}

#[test]
fn a_p95_of_fewer_than_72_samples_is_null_with_the_reason() {
    let report = report(&plan(71), LimitsProfile::Local, as_it_is);
    let stub = of(&report, Scenario::ColdStub, WasmBytes::New);
    assert_eq!(stub.p95_us.value, None);
    let reason = stub.p95_us.reason.as_ref().unwrap();
    assert_eq!(
        (reason.code, reason.needed, reason.have),
        (ReasonCode::TooFewSamples, Some(72), Some(71))
    );
    assert!(stub.p50_us.value.is_some());
}

#[test]
fn a_sample_of_an_isolate_that_was_seen_before_is_discarded_and_in_no_figure() {
    let warm_in_truth = |of: ColdStart, block: u32, mut sample: Sample| {
        if of.scenario == Scenario::ColdStub && of.wasm_bytes == WasmBytes::New && block % 4 == 3 {
            // the same isolate again, which has forgotten what it served
            sample.entry.after.id = "entry-kept-again".to_owned();
            sample.first_answer_ns = 300_000;
        }
        Outcome::Sampled(Box::new(sample))
    };
    let report = report(&plan(80), LimitsProfile::Local, warm_in_truth);
    let stub = of(&report, Scenario::ColdStub, WasmBytes::New);
    // the first of them had not been seen before
    assert_eq!(stub.discarded[&Flaw::NotFresh], 19);
    assert_eq!(stub.count, 61);
    assert!(stub.p50_us.lower.unwrap() > 5_000.0, "{:?}", stub.p50_us);
}

#[test]
fn every_sample_is_counted_once_whatever_became_of_it() {
    let spoilt = |of: ColdStart, block: u32, mut sample: Sample| match block % 8 {
        1 => Outcome::Failed {
            kind: ErrorKind::Transport,
            detail: "Failed to start Worker".to_owned(),
        },
        2 => Outcome::Failed {
            kind: ErrorKind::Timeout,
            detail: "no answer".to_owned(),
        },
        3 => {
            sample.answers_right = false;
            as_it_is(of, block, sample)
        }
        4 if of.scenario == Scenario::ColdStub => {
            sample.runtime = Some(isolate("runtime", block + 5_000, true));
            as_it_is(of, block, sample)
        }
        _ => as_it_is(of, block, sample),
    };
    let report = report(&plan(80), LimitsProfile::Paid, spoilt);
    let stub = of(&report, Scenario::ColdStub, WasmBytes::New);
    let discarded: u64 = stub.discarded.values().sum();
    assert_eq!(stub.count + discarded, 80);
    assert_eq!(stub.discarded[&Flaw::Failed], 10);
    assert_eq!(stub.discarded[&Flaw::WrongAnswer], 10);
    assert_eq!(stub.discarded[&Flaw::NotSettled], 10);
    assert_eq!(stub.failure.as_deref(), Some("no answer"));
    // 10 of 50 timed out: the p95 is one of them, and above its timeout for all anyone knows
    assert_eq!(stub.p95_us.value, None);
}

#[test]
fn the_threshold_can_refute_a_floor_and_not_confirm_it_and_decides_only_where_it_is_judged() {
    let outcome = |plan: &Plan, limits| report(plan, limits, as_it_is).summary.outcome;
    let low = Plan {
        thresholds: protocol::Thresholds {
            cold_p50_ms: 5.0,
            ..protocol::Thresholds::default()
        },
        ..plan(80)
    };
    assert_eq!(outcome(&low, LimitsProfile::Local), Verdict::Fail);
    let report = report(&plan(80), LimitsProfile::Local, as_it_is);
    let cold = &report.cold_starts[0];
    let judged: Vec<_> = cold.verdicts.iter().filter(|v| v.judged).collect();
    assert_eq!(judged.len(), 2);
    for verdict in judged {
        assert_eq!(verdict.outcome, Verdict::Inconclusive);
        assert!(
            verdict.text.starts_with("open: p") && verdict.text.contains("not refuted"),
            "{}",
            verdict.text
        );
    }
    assert!(report.summary.text.contains("Cold starts of native"));
    let elsewhere = self::report(&plan(80), LimitsProfile::Paid, as_it_is);
    let judged = elsewhere.cold_starts[0].verdicts.iter();
    assert!(
        judged
            .filter(|v| v.judged)
            .all(|v| v.outcome == Verdict::Pass)
    );
    let unjudged = Plan {
        judge: Vec::new(),
        ..low
    };
    // without latencies there is no answer; the cold starts do not make one
    assert_eq!(
        outcome(&unjudged, LimitsProfile::Local),
        Verdict::Inconclusive
    );
}

#[test]
fn the_number_to_decide_by_weighs_cold_and_warm_and_names_the_share_where_the_ways_are_even() {
    let report = report(&plan(80), LimitsProfile::Local, as_it_is);
    let cold = &report.cold_starts[0];
    let at = |share: f64| {
        let found = cold
            .expected
            .iter()
            .find(|e| (e.cold_share - share).abs() < 1e-9);
        let found = found.unwrap();
        [
            found.delegated_us.value.unwrap(),
            found.inlined_us.value.unwrap(),
        ]
    };
    let near = |found: [f64; 2], delegated: f64, inlined: f64| {
        assert!((found[0] / delegated - 1.0).abs() < 0.02, "{found:?}");
        assert!((found[1] / inlined - 1.0).abs() < 0.02, "{found:?}");
    };
    near(at(0.0), 300.0, 100.1);
    near(at(1.0), 6_000.0, 40_000.0);
    near(
        at(0.1),
        0.1 * 6_000.0 + 0.9 * 300.0,
        0.1 * 40_000.0 + 0.9 * 100.1,
    );
    let share = cold.break_even_share.unwrap();
    assert!((share - 200.0 / 34_200.0).abs() < 2e-4, "{share}");
    assert!(
        cold.text.contains("delegating is the faster way"),
        "{}",
        cold.text
    );
}

#[test]
fn latencies_are_what_they_are_without_cold_starts() {
    let with = report(&plan(5), LimitsProfile::Local, as_it_is);
    let without = Plan {
        cold_starts: None,
        judge: Vec::new(),
        ..plan(5)
    };
    let rounds = Rounds::new(Round::first(&without, &Limits::of(LimitsProfile::Local))).unwrap();
    let deployment = Deployment {
        package_version: "0".to_owned(),
        deployed_version_id: None,
        compatibility_date: "2026-07-01".to_owned(),
        workerd_version: None,
        limits: LimitsProfile::Local,
    };
    let alone = assemble(with.run.clone(), &without, &rounds, deployment, &[]).unwrap();
    assert_eq!(alone.verdicts, with.verdicts);
    assert_eq!(alone.failed_calls, with.failed_calls);
    assert!(alone.cold_starts.is_empty());
}
