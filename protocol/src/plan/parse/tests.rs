use super::*;
use crate::{Function, Transport, limits::LimitsProfile};

fn parse(json: &str) -> Result<Plan, PlanError> {
    Plan::parse(json.as_bytes(), &Limits::of(LimitsProfile::Paid))
}

fn bad_fields(json: &str) -> Vec<String> {
    match parse(json) {
        Err(PlanError::Fields(errors)) => errors.into_iter().map(|error| error.field).collect(),
        other => panic!("{json}: {other:?}"),
    }
}

#[test]
fn shares_that_cannot_be_kept_are_named_one_by_one() {
    let limits = Limits::of(LimitsProfile::Paid);
    let bad = |json: &str| match Plan::parse(json.as_bytes(), &limits) {
        Err(PlanError::Fields(errors)) => errors
            .into_iter()
            .map(|error| format!("{}: {}", error.field, error.detail))
            .collect::<Vec<_>>(),
        other => panic!("{json}: {other:?}"),
    };
    let errors = bad(r#"{"busy":[0,0.04,0.1,0.95,0.1,"x",-1]}"#);
    assert_eq!(errors, ["busy: has 7 shares; at most 6 are allowed"]);
    let errors = bad(r#"{"busy":[0.04,0.1,0.95,0.1,"x"]}"#);
    assert_eq!(
        errors,
        [
            "busy[0]: is 0.04; must be 0, or a share from 0.05 to 0.9 in whole percent",
            "busy[2]: is 0.95; must be 0, or a share from 0.05 to 0.9 in whole percent",
            "busy[3]: is in the list twice",
            "busy[4]: is a string; must be 0, or a share from 0.05 to 0.9 in whole percent"
        ]
    );
    assert_eq!(
        bad(r#"{"busy":0.5}"#),
        ["busy: is a number; must be a list"]
    );
    let raw = bad(r#"{"busy":[0.5],"transports":["direct","raw-fetch"]}"#);
    assert!(
        raw[0].starts_with("busy: needs a judged transport that goes over the service binding"),
        "{raw:?}"
    );
    let spin = bad(r#"{"runtimes":["pyodide"],"functions":["spin","echo"]}"#);
    assert_eq!(
        spin,
        [
            "functions[0]: is spin, which neighbours call: ask for \"busy\", or name another function"
        ]
    );
    let free = Plan::parse(
        br#"{"busy":[0.5],"payload_bytes":[100]}"#,
        &Limits::of(LimitsProfile::Free),
    );
    let Err(PlanError::Fields(errors)) = free else {
        panic!("{free:?}");
    };
    assert_eq!(errors[0].field, "busy");
    assert!(
        errors[0]
            .detail
            .contains("50 ms of CPU; the free profile allows 10 ms"),
        "{errors:?}"
    );
}

#[test]
fn a_busy_runtime_is_measured_by_the_judged_transports_and_by_direct_beside_them() {
    let limits = Limits::of(LimitsProfile::Paid);
    let plan = Plan::parse(
        br#"{"runtimes":["native","pyodide"],"transports":["direct","service-binding","raw-fetch","rpc"],"busy":[0.5,0.1]}"#,
        &limits,
    )
    .unwrap();
    let cells: Vec<String> = plan.busy_cells().iter().map(ToString::to_string).collect();
    assert_eq!(cells.len(), 2 * 3 * 3);
    assert_eq!(
        cells[..4],
        [
            "direct.echo.100 while native is 0 % busy",
            "direct.echo.100 while native is 10 % busy",
            "direct.echo.100 while native is 50 % busy",
            "service-binding.echo.100 while native is 0 % busy"
        ]
    );
    assert_eq!(cells[9], "direct.echo.100 while pyodide is 0 % busy");
    assert_eq!(cells[17], "pyodide.rpc.echo.100 while pyodide is 50 % busy");
    let pauses: Vec<u32> = plan.busy_cells()[..3]
        .iter()
        .map(|busy| busy.pause_ms)
        .collect();
    assert_eq!(pauses, [500, 500, 100]);
    assert!(Plan::default().busy_cells().is_empty());
    let json = serde_json::to_string(&plan).unwrap();
    assert!(json.ends_with(r#""busy":[0.5,0.1]}"#), "{json}");
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
    let usual = serde_json::to_string(&Plan::default()).unwrap();
    assert!(
        !usual.contains("busy"),
        "plans of earlier releases stay the same text: {usual}"
    );
}

#[test]
fn nothing_and_an_empty_object_are_the_default_plan() {
    assert_eq!(parse(""), Ok(Plan::default()));
    assert_eq!(parse("{}"), Ok(Plan::default()));
}

#[test]
fn every_field_of_a_plan_is_pinned() {
    let json = r#"{"transports":["direct","service-binding","raw-fetch"], "functions":["echo","transform","compute"],
        "payload_bytes":[100,1000,10000,100000], "samples_per_cell":400, "warmup_per_slice":2,
        "timer":"auto", "seed":1, "thresholds":{"p50_ms":1,"p95_ms":3,"p99_ms":5}}"#;
    let plan = Plan {
        samples_per_cell: 400,
        ..Plan::of_fixed_size()
    };
    assert_eq!(parse(json), Ok(plan));
}

#[test]
fn what_a_plan_says_is_what_it_reads_back() {
    let plan = Plan {
        seed: u64::MAX,
        functions: vec![Function::Compute],
        transports: vec![Transport::Rpc],
        ..Plan::default()
    };
    assert_eq!(parse(&serde_json::to_string(&plan).unwrap()), Ok(plan));
    let plan = Plan::of_fixed_size();
    assert_eq!(parse(&serde_json::to_string(&plan).unwrap()), Ok(plan));
}

#[test]
fn a_plan_that_names_a_size_has_it_and_any_other_runs_until_it_is_settled() {
    let until = |json: &str| {
        let plan = parse(json).unwrap();
        (
            plan.until,
            plan.samples_per_cell,
            plan.max_seconds,
            plan.max_calls,
        )
    };
    let settled = |samples, seconds, calls| (Until::Settled, samples, Some(seconds), Some(calls));
    assert_eq!(until("{}"), settled(440, 120, 300_000));
    assert_eq!(until(r#"{"seed":2}"#), settled(440, 120, 300_000));
    assert_eq!(
        until(r#"{"max_seconds":30,"max_calls":40000}"#),
        settled(440, 30, 40_000)
    );
    assert_eq!(
        until(r#"{"samples_per_cell":600,"until":"settled"}"#),
        settled(600, 120, 300_000)
    );
    let fixed = |samples| (Until::Samples, samples, None, None);
    assert_eq!(until(r#"{"samples_per_cell":600}"#), fixed(600));
    assert_eq!(until(r#"{"until":"samples"}"#), fixed(440));
}

#[test]
fn limits_of_a_run_until_it_is_settled_are_in_range_enough_for_its_first_round_and_of_no_other_run()
{
    assert_eq!(
        bad_fields(r#"{"max_seconds":0,"max_calls":-1}"#),
        ["max_seconds", "max_calls"]
    );
    assert_eq!(bad_fields(r#"{"max_seconds":3601}"#), ["max_seconds"]);
    assert_eq!(bad_fields(r#"{"max_calls":1000}"#), ["max_calls"]);
    assert_eq!(
        bad_fields(r#"{"samples_per_cell":9,"max_seconds":60,"max_calls":100000}"#),
        ["max_seconds", "max_calls"]
    );
    assert_eq!(bad_fields(r#"{"until":"tomorrow"}"#), ["until"]);
}

#[test]
fn every_bad_field_is_named() {
    assert_eq!(
        bad_fields(r#"{"payload_bytes":[-1],"samples_per_cell":1e9}"#),
        ["payload_bytes[0]", "samples_per_cell"]
    );
    assert_eq!(
        bad_fields(
            r#"{"transports":["direct","smoke","direct"],"functions":[],"timer":3,"seed":1.5,"thresholds":{"p50_ms":0,"p90_ms":1},"jobs":1}"#
        ),
        [
            "transports[1]",
            "transports[2]",
            "functions",
            "timer",
            "seed",
            "thresholds.p50_ms",
            "thresholds.p90_ms",
            "jobs"
        ]
    );
}

#[test]
fn an_error_says_what_is_accepted() {
    let Err(PlanError::Fields(errors)) = parse(r#"{"samples_per_cell":1e9}"#) else {
        panic!("accepted")
    };
    assert_eq!(
        errors[0].detail,
        "is 1000000000.0; must be a whole number from 1 to 10000"
    );
}

#[test]
fn what_is_not_an_object_is_refused() {
    for json in ["[]", "1", "{", "null", "\u{0}"] {
        assert!(
            matches!(parse(json), Err(PlanError::NotAnObject(_))),
            "{json}"
        );
    }
}

#[test]
fn calls_at_once_cannot_be_timed_with_the_interpolated_timer() {
    assert_eq!(
        bad_fields(r#"{"timer":"interpolated","concurrency":2}"#),
        ["timer"]
    );
    assert!(parse(r#"{"timer":"auto","concurrency":2}"#).is_ok());
    assert!(parse(r#"{"timer":"interpolated","concurrency":1}"#).is_ok());
}

#[test]
fn no_more_is_in_flight_at_once_than_an_isolate_holds() {
    let plan = |transport: &str, payload: u32, batch: u32, concurrency: u32| {
        format!(
            r#"{{"transports":["{transport}"],"payload_bytes":[100,{payload}],"batch_size":{batch},"concurrency":{concurrency}}}"#
        )
    };
    for too_much in [
        plan("capnweb-batch", 1_000_000, 5, 1),
        plan("rpc", 1_000_000, 1, 5),
        plan("capnweb-batch", 100_000, 10, 16),
    ] {
        assert_eq!(bad_fields(&too_much), ["payload_bytes"], "{too_much}");
    }
    for fits in [
        plan("capnweb-batch", 1_000_000, 4, 1),
        plan("capnweb-batch", 1_000_000, 2, 2),
        // Only some transports carry batches.
        plan("rpc", 1_000_000, 100, 4),
    ] {
        assert!(parse(&fits).is_ok(), "{fits}");
    }
}

#[test]
fn a_plan_with_too_many_slices_says_what_would_fit() {
    let sizes: Vec<u32> = (100..116).collect();
    let all = serde_json::to_string(Transport::ALL).unwrap();
    let json =
        format!("{{\"samples_per_cell\":10000,\"transports\":{all},\"payload_bytes\":{sizes:?}}}");
    assert_eq!(bad_fields(&json), ["samples_per_cell"]);
}

#[test]
fn a_field_that_is_there_twice_is_named_once_and_as_such() {
    assert_eq!(
        bad_fields("{\"seed\":1,\"batch_size\":2,\"seed\":2,\"seed\":3}"),
        ["seed"]
    );
}

#[test]
fn the_ways_of_a_service_binding_are_judged_unless_the_plan_says_otherwise() {
    let judged = |json: &str| parse(json).unwrap().judged();
    assert_eq!(judged("{}"), [Transport::ServiceBinding]);
    assert_eq!(
        judged(r#"{"transports":["direct","rpc","msgpack","service-binding"]}"#),
        [Transport::Rpc, Transport::ServiceBinding]
    );
    assert_eq!(
        judged(r#"{"transports":["direct","raw-fetch","websocket"]}"#),
        [Transport::RawFetch, Transport::Websocket]
    );
    assert_eq!(judged(r#"{"judge":["raw-fetch"]}"#), [Transport::RawFetch]);
    assert_eq!(
        bad_fields(r#"{"judge":["direct","rpc","raw-fetch","raw-fetch","x"]}"#),
        ["judge[3]", "judge[4]"]
    );
    assert_eq!(
        bad_fields(r#"{"judge":["direct","rpc","raw-fetch"]}"#),
        ["judge[0]", "judge[1]"]
    );
    assert_eq!(bad_fields(r#"{"judge":[]}"#), ["judge"]);
}

#[test]
fn cold_starts_are_none_unless_asked_for_and_each_bad_field_of_them_is_named() {
    use crate::cold_start::{ColdStartPlan, Scenario};
    assert_eq!(parse(r#"{"cold_starts":null}"#), Ok(Plan::default()));
    let of = |json: &str| parse(json).unwrap().cold_starts;
    assert_eq!(of(r#"{"cold_starts":{}}"#), Some(ColdStartPlan::default()));
    let some = ColdStartPlan {
        samples: 20,
        scenarios: vec![Scenario::ColdStub, Scenario::ColdMonolith],
    };
    let json = r#"{"cold_starts":{"samples":20,"scenarios":["cold-stub","cold-monolith"]},"judge":["cold-starts"]}"#;
    assert_eq!(of(json), Some(some));
    let plan = parse(json).unwrap();
    assert!(plan.judges_cold_starts());
    // what is not named is judged as ever
    assert_eq!(plan.judged(), Plan::default().judged());
    assert_eq!(parse(&serde_json::to_string(&plan).unwrap()), Ok(plan));
    let cases = [
        (r#"{"cold_starts":3}"#, "cold_starts"),
        (r#"{"cold_starts":{"samples":0}}"#, "cold_starts.samples"),
        (r#"{"cold_starts":{"samples":1001}}"#, "cold_starts.samples"),
        (
            r#"{"cold_starts":{"scenarios":[]}}"#,
            "cold_starts.scenarios",
        ),
        (
            r#"{"cold_starts":{"scenarios":["warm","hot"]}}"#,
            "cold_starts.scenarios[1]",
        ),
        (
            r#"{"cold_starts":{"scenarios":["warm","warm"]}}"#,
            "cold_starts.scenarios[1]",
        ),
        (r#"{"cold_starts":{"loads":1}}"#, "cold_starts.loads"),
        (r#"{"judge":["cold-starts"]}"#, "judge[0]"),
        (
            r#"{"thresholds":{"cold_p50_ms":0}}"#,
            "thresholds.cold_p50_ms",
        ),
        (
            r#"{"thresholds":{"cold_p95_ms":"x"}}"#,
            "thresholds.cold_p95_ms",
        ),
    ];
    for (json, field) in cases {
        assert_eq!(bad_fields(json), [field], "{json}");
    }
}
