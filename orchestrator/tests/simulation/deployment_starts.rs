//! `POST /deployment-starts`: the first call of a new version is timed, proven to be its isolate's first, and kept once.

use crate::simulated;

use orchestrator::api::Response;
use protocol::{
    Problem, Report,
    deployment_starts::DeploymentStart,
    measure::{ClockFacts, MeasureResponse, Timer},
    residency::{ColdCall, Isolate, SliceResidency},
};
use simulated::{
    TOKEN,
    http::{Places, TestRequest},
    settings, small_plan,
};

fn places() -> Places {
    Places::new(settings(&[("LIMITS", "local")]))
}

/// A slice of two calls to one isolate that had served `before`; the first took `cold_ms`.
fn slice(id: u64, before: u64, cold_ms: u64) -> MeasureResponse {
    let mut met = SliceResidency::default();
    for call in 1..=2 {
        let isolate = Isolate {
            id,
            calls_served: before + call,
            age_ms: 0,
        };
        if met.count(Some(isolate)) {
            met.cold.push(ColdCall {
                ms: cold_ms,
                timed: false,
            });
        }
    }
    MeasureResponse {
        clock: Some(ClockFacts {
            timer: Timer::Ticked,
            advances_during_cpu: false,
            tick_ms: 1,
            sample_unit_ns: 1_000_000,
            polls_per_tick: None,
            polls_per_tick_mad: None,
            resolution_ns: 1_000_000,
            readings: None,
        }),
        samples: vec![0],
        residency: Some(met),
        ..MeasureResponse::default()
    }
}

fn post(places: &Places, body: &str) -> Response {
    let request = TestRequest::new("POST", "/deployment-starts")
        .with_token(TOKEN)
        .with_body(body);
    places.send(&request)
}

fn kept(response: &Response) -> DeploymentStart {
    assert_eq!(response.status, 200, "{}", response.body);
    serde_json::from_str(&response.body).unwrap()
}

fn problem(response: &Response) -> Problem {
    serde_json::from_str(&response.body).unwrap()
}

#[test]
fn a_start_is_timed_once_however_often_it_is_asked_for() {
    let places = places();
    places.slices.borrow_mut().push(slice(7, 0, 31));
    let body = "{\"key\":\"deploy-1\",\"version\":\"v1\"}";
    let first = kept(&post(&places, body));
    assert_eq!((first.cold_ms, first.isolate), (31, 7));
    assert_eq!(first.version.as_deref(), Some("v1"));
    assert_eq!(kept(&post(&places, body)), first);
    assert_eq!(places.measured.borrow().len(), 1, "nothing is timed twice");
    // Another request under the same key is a mistake of the sender's.
    let other = post(&places, "{\"key\":\"deploy-1\",\"version\":\"v2\"}");
    assert_eq!(other.status, 409, "{}", other.body);
    assert!(
        problem(&other).detail.contains("version v1"),
        "{}",
        other.body
    );
}

#[test]
fn a_call_that_met_an_isolate_of_before_is_not_kept_and_may_be_tried_again() {
    let places = places();
    places
        .slices
        .borrow_mut()
        .extend([slice(6, 40, 0), slice(7, 0, 31)]);
    let body = "{\"key\":\"deploy-1\"}";
    let early = post(&places, body);
    assert_eq!(early.status, 503, "{}", early.body);
    assert_eq!(early.header("retry-after"), Some("2"));
    assert!(
        problem(&early).detail.contains("had served 40"),
        "{}",
        early.body
    );
    assert_eq!(kept(&post(&places, body)).cold_ms, 31);
}

#[test]
fn a_runtime_that_does_not_name_its_isolate_cannot_be_timed_and_neither_can_one_that_fails() {
    let places = places();
    let silent = MeasureResponse {
        residency: Some(SliceResidency {
            silent: 2,
            ..SliceResidency::default()
        }),
        ..slice(7, 0, 31)
    };
    let failing = MeasureResponse {
        residency: Some(SliceResidency::default()),
        failure: Some("out of order".into()),
        ..MeasureResponse::default()
    };
    places.slices.borrow_mut().extend([silent, failing]);
    for why in ["docs/contracts.md", "out of order", "measured nothing"] {
        let response = post(&places, "{\"key\":\"deploy-1\"}");
        assert_eq!(response.status, 502, "{}", response.body);
        assert!(problem(&response).detail.contains(why), "{}", response.body);
    }
}

#[test]
fn bad_fields_are_named_and_strangers_are_refused_before_anything_is_called() {
    let places = places();
    let bad = post(&places, "{\"runtime\":\"native\",\"cold\":1}");
    assert_eq!(bad.status, 400, "{}", bad.body);
    let mut fields: Vec<String> = problem(&bad).errors.into_iter().map(|e| e.field).collect();
    fields.sort();
    assert_eq!(fields, ["cold", "key"]);
    let long = post(&places, &format!("{{\"key\":\"{}\"}}", "k".repeat(20_000)));
    assert_eq!(long.status, 413, "{}", long.body);
    let stranger = TestRequest::new("POST", "/deployment-starts").with_body("{\"key\":\"k\"}");
    assert_eq!(places.send(&stranger).status, 401);
    assert!(places.measured.borrow().is_empty());
}

#[test]
fn a_runtime_that_the_deployment_does_not_have_is_a_bad_field() {
    let places = places();
    let response = post(&places, "{\"key\":\"k\",\"runtime\":\"jvm\"}");
    assert_eq!(response.status, 400, "{}", response.body);
    let errors = problem(&response).errors;
    assert_eq!(errors[0].field, "runtime");
    assert!(errors[0].detail.contains("is jvm"), "{errors:?}");
}

#[test]
fn the_next_report_has_them_and_so_does_the_store_after_a_restart() {
    let places = places();
    for i in 0..8 {
        places.slices.borrow_mut().push(slice(100 + i, 0, 30 + i));
        kept(&post(&places, &format!("{{\"key\":\"deploy-{i}\"}}")));
    }
    let mut processes = places.processes.borrow_mut();
    let process = processes.get_mut("default").unwrap();
    process.restart();
    let run = process.start(&small_plan());
    process.wake_until_idle();
    let report: Report = process.report(&run);
    let [starts] = &report.deployment_starts[..] else {
        panic!("one runtime: {:?}", report.deployment_starts);
    };
    assert_eq!((starts.n, starts.min_ms, starts.max_ms), (8, 30, 37));
    assert_eq!(starts.readings_ms, [30, 31, 32, 33, 34, 35, 36, 37]);
    let median = starts.p50_us.value.unwrap();
    assert!((33_000.0..=34_100.0).contains(&median), "{median}");
}

#[test]
fn a_crash_at_any_step_keeps_a_start_once_or_not_at_all() {
    let undisturbed = {
        let places = places();
        let steps = || {
            places.processes.borrow()["default"]
                .world
                .crashes
                .steps
                .get()
        };
        places.slices.borrow_mut().push(slice(7, 0, 31));
        let before = steps();
        kept(&post(&places, "{\"key\":\"k\"}"));
        steps() - before
    };
    assert!(undisturbed > 2, "{undisturbed}");
    for step in 1..=undisturbed {
        let places = places();
        {
            let crashes = &places.processes.borrow()["default"].world.crashes;
            crashes.at.set(Some(crashes.steps.get() + step));
        }
        places.slices.borrow_mut().push(slice(7, 0, 31));
        // The process lives again to answer; the sender sees no more than a late answer.
        let first = kept(&post(&places, "{\"key\":\"k\"}"));
        assert_eq!(first.cold_ms, 31, "crash at step {step}");
        let process = &places.processes.borrow()["default"];
        assert_eq!(process.restarts, 1, "step {step} did not crash");
        let stored = process.coordinator().store().deployment_starts().unwrap();
        assert_eq!(stored, [first], "crash at step {step}");
    }
}
