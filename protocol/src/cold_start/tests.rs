use super::*;

fn facts(id: &str, served: u32) -> IsolateFacts {
    IsolateFacts {
        id: id.to_owned(),
        served,
        started_at: 0,
        first_at: 0,
    }
}

fn sample(entry: IsolateUse, runtime: Option<IsolateUse>) -> Sample {
    Sample {
        clock: SampleClock {
            timer: Timer::Interpolated,
            resolution_ns: 3_000,
            is_whole_ticks: false,
        },
        first_answer_ns: 5_000_000,
        later_calls_ns: vec![Some(1), Some(2), Some(3), None],
        kept_pair_first_ns: None,
        kept_pair_settled_ns: None,
        began_ms: 1,
        answered_ms: 6,
        entry,
        runtime,
        answers_right: true,
        artefacts: Vec::new(),
    }
}

fn fresh(id: &str) -> IsolateUse {
    IsolateUse {
        before: None,
        after: facts(id, CALLS),
    }
}

fn settled(id: &str) -> IsolateUse {
    IsolateUse {
        before: Some(facts(id, SETTLED_CALLS)),
        after: facts(id, SETTLED_CALLS + CALLS),
    }
}

#[test]
fn a_sample_is_good_where_each_isolate_was_as_fresh_or_as_settled_as_its_scenario_wants() {
    let of = |entry, runtime| sample(entry, Some(runtime));
    let good = [
        (Scenario::Warm, of(settled("a"), settled("b"))),
        (Scenario::ColdStub, of(fresh("a"), settled("b"))),
        (Scenario::ColdJavascriptStub, of(fresh("a"), settled("b"))),
        (Scenario::ColdRuntime, of(settled("a"), fresh("b"))),
        (Scenario::ColdBoth, of(fresh("a"), fresh("b"))),
        (Scenario::ColdMonolith, sample(fresh("a"), None)),
    ];
    for (scenario, sample) in good {
        assert_eq!(sample.flaw(scenario), None, "{scenario}");
    }
}

#[test]
fn what_was_warm_in_truth_is_no_cold_start() {
    // the same isolate again: it has served more than this sample's calls
    let again = IsolateUse {
        before: None,
        after: facts("a", 2 * CALLS),
    };
    let known_before = IsolateUse {
        before: Some(facts("a", 0)),
        after: facts("a", CALLS),
    };
    for entry in [again, known_before, settled("a")] {
        let found = sample(entry, Some(settled("b"))).flaw(Scenario::ColdStub);
        assert_eq!(found, Some(Flaw::NotFresh));
    }
    let found = sample(settled("a"), Some(settled("b"))).flaw(Scenario::ColdRuntime);
    assert_eq!(found, Some(Flaw::NotFresh));
}

#[test]
fn what_was_not_settled_or_was_replaced_is_no_warm_runtime() {
    let replaced = IsolateUse {
        before: Some(facts("b", SETTLED_CALLS)),
        after: facts("c", CALLS),
    };
    let fallow = IsolateUse {
        before: Some(facts("b", SETTLED_CALLS - 1)),
        after: facts("b", SETTLED_CALLS - 1 + CALLS),
    };
    for runtime in [Some(replaced), Some(fallow), Some(fresh("b")), None] {
        let found = sample(fresh("a"), runtime).flaw(Scenario::ColdStub);
        assert_eq!(found, Some(Flaw::NotSettled));
    }
    let wrong = Sample {
        answers_right: false,
        ..sample(fresh("a"), Some(settled("b")))
    };
    assert_eq!(wrong.flaw(Scenario::ColdStub), Some(Flaw::WrongAnswer));
}

#[test]
fn a_request_names_every_bad_field() {
    let request = Request::parse(b"{\"scenario\":\"cold-stub\",\"runtime\":\"pyodide\",\"wasm_bytes\":\"new\",\"place\":\"weur\"}").unwrap();
    assert_eq!(
        request.cold_start.to_string(),
        "cold-stub of pyodide (new wasm)"
    );
    assert_eq!(request.place, "weur");
    let json = serde_json::to_vec(&request).unwrap();
    assert_eq!(Request::parse(&json).unwrap(), request);
    let problem =
        Request::parse(b"{\"wasm_bytes\":3,\"call_timeout_ms\":0,\"more\":1}").unwrap_err();
    let fields: Vec<&str> = problem.errors.iter().map(|e| e.field.as_str()).collect();
    assert_eq!(problem.status, 400);
    for field in ["scenario", "wasm_bytes", "call_timeout_ms", "more"] {
        assert!(fields.contains(&field), "{fields:?}");
    }
}

#[test]
fn every_scenario_that_loads_wasm_is_sampled_with_known_and_with_new_bytes() {
    let all = ColdStartPlan::default().cold_starts(&[Runtime::NATIVE]);
    assert_eq!(all.len(), 10);
    let new = all.iter().filter(|one| one.wasm_bytes == WasmBytes::New);
    assert!(new.clone().all(|one| one.scenario.loads() > 0));
    assert_eq!(new.count(), 4);
}

#[test]
fn a_short_answer_after_which_the_machine_stalled_is_too_coarse_to_count() {
    let of = |first_answer_ns, timer, is_whole_ticks| Sample {
        clock: SampleClock {
            timer,
            resolution_ns: 1_000_000,
            is_whole_ticks,
        },
        first_answer_ns,
        ..sample(fresh("a"), Some(settled("b")))
    };
    let flaw = |sample: Sample| sample.flaw(Scenario::ColdStub);
    assert_eq!(
        flaw(of(1_500_000, Timer::Interpolated, true)),
        Some(Flaw::Stalled)
    );
    assert_eq!(flaw(of(10_500_000, Timer::Interpolated, true)), None);
    assert_eq!(flaw(of(1_500_000, Timer::Interpolated, false)), None);
    // whole ticks are all that this clock has, and its intervals say so
    assert_eq!(flaw(of(1_000_000, Timer::Ticked, false)), None);
}
