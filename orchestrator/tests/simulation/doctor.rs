//! `POST /doctor`: who may ask, and what is told when the caller answers and when it does not.

use crate::simulated;

use protocol::{
    Problem,
    examination::{CallerFindings, ClockFindings, Examination, SequentialCalls},
};
use simulated::{
    TOKEN,
    http::{Places, TestRequest},
    settings,
};

fn findings() -> CallerFindings {
    CallerFindings {
        clock: Some(ClockFindings {
            advances_during_cpu: true,
            tick_ms: 1,
            polls: Vec::new(),
            readings: 3_000,
        }),
        sequential_calls: SequentialCalls {
            made: 120,
            wanted: 120,
            refused: None,
        },
        has_runtime_url: true,
        has_runtime_token: true,
    }
}

fn asked(limits: &str, findings: Option<CallerFindings>) -> Examination {
    let places = Places::new(settings(&[("LIMITS", limits)]));
    places.findings.replace(findings);
    let response = places.send(&TestRequest::new("POST", "/doctor").with_token(TOKEN));
    assert_eq!(response.status, 200, "{}", response.body);
    serde_json::from_str(&response.body).unwrap()
}

#[test]
fn the_caller_says_what_it_found_out() {
    let examination = asked("paid", Some(findings()));
    assert_eq!(examination.caller, Some(findings()));
    assert_eq!(examination.caller_problem, None);
}

#[test]
fn an_account_without_the_cpu_time_for_polls_is_not_asked_for_them() {
    let caller = asked("free", Some(findings())).caller.unwrap();
    assert_eq!(caller.clock, None);
    assert_eq!(caller.sequential_calls.made, 120);
}

#[test]
fn a_caller_that_does_not_answer_is_told_with_its_reason() {
    let examination = asked("paid", None);
    assert_eq!(examination.caller, None);
    let problem = examination.caller_problem.unwrap();
    assert!(problem.contains("did not answer"), "{problem}");
}

#[test]
fn strangers_may_not_ask_and_reading_is_no_examination() {
    let places = Places::new(settings(&[("LIMITS", "local")]));
    let stranger = places.send(&TestRequest::new("POST", "/doctor"));
    assert_eq!(stranger.status, 401, "{}", stranger.body);
    let reading = places.send(&TestRequest::new("GET", "/doctor"));
    let problem: Problem = serde_json::from_str(&reading.body).unwrap();
    assert_eq!(
        (problem.status, reading.header("allow")),
        (405, Some("OPTIONS, POST"))
    );
}
