//! Python behind the binding, on a real workerd.

mod package;
mod sources;

use cli::local::driven::{DRIVEN_TOKEN, DrivenAnswer, DrivenWorker};
use e2e::{python::PythonWorker, stage};
use protocol::{
    Payload, PayloadShape, Problem,
    execute::ExecuteResponse,
    function::{COMPUTE_ROOTS, sum_of_square_roots},
    msgpack::{self, MsgpackRequest, MsgpackResponse},
};
use serde_json::{Value, json, value::RawValue};
use std::sync::OnceLock;

const BINDING: &str = "https://runtime.internal";

/// Python with the functions of the tests, started once.
fn python() -> &'static DrivenWorker {
    static PYTHON: OnceLock<(PythonWorker, DrivenWorker)> = OnceLock::new();
    let (_, worker) = PYTHON.get_or_init(|| {
        let worker = PythonWorker::with(&[]);
        let driven = worker.start();
        (worker, driven)
    });
    worker
}

fn post(worker: &DrivenWorker, path: &str, function: &str, payload: &Value) -> DrivenAnswer {
    let body = json!({"functionId": function, "payload": payload}).to_string();
    worker
        .fetch("POST", &format!("{BINDING}{path}"), &[], body.as_bytes())
        .unwrap()
}

fn result(answer: &DrivenAnswer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let result = ExecuteResponse::result_from_json(&answer.body).unwrap();
    serde_json::from_str(result.get()).unwrap()
}

fn call(worker: &DrivenWorker, function: &str, payload: &Value) -> Value {
    result(&post(worker, "/execute", function, payload))
}

fn problem(answer: &DrivenAnswer) -> Problem {
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json"),
        "{answer:?}"
    );
    let problem: Problem = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(problem.status, answer.status);
    problem
}

fn payload() -> Value {
    json!({"text": "grüße \u{1F44B}", "number": 1.5, "list": [1, null, true], "big": 9_007_199_254_740_993_u64})
}

fn assert_is_computed(found: &Value, input: &Value) {
    let sum = found["result"].as_f64().unwrap();
    // The same additions in the same order: to the last bit.
    assert!(
        (sum - sum_of_square_roots(COMPUTE_ROOTS)).abs() < f64::EPSILON,
        "{found}"
    );
    assert_eq!(&found["input"], input);
}

#[test]
fn python_executes_the_three_functions_over_the_binding() {
    for path in ["/execute", "/execute/short"] {
        for function in ["echo", "transform"] {
            assert_eq!(
                result(&post(python(), path, function, &payload())),
                payload(),
                "{path} {function}"
            );
        }
        assert_is_computed(
            &result(&post(python(), path, "compute", &payload())),
            &payload(),
        );
    }
}

#[test]
fn what_python_returns_is_byte_for_byte_what_rust_returns() {
    let shapes = [PayloadShape::Text, PayloadShape::Records];
    for shape in shapes {
        let payload = Payload::new(shape, 10_000).unwrap();
        for function in protocol::Function::DEFAULT {
            let expected = function.execute(payload.json()).unwrap();
            let found = python()
                .call(
                    "execute",
                    function.as_str(),
                    payload.json().get().as_bytes(),
                )
                .unwrap();
            assert_eq!(
                String::from_utf8(found).unwrap(),
                expected.get(),
                "{shape} {function}"
            );
        }
    }
}

#[test]
fn python_answers_workers_rpc() {
    let bytes = payload().to_string();
    let echoed = python().call("execute", "echo", bytes.as_bytes()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&echoed).unwrap(), payload());
    let refused = python().call("execute", "walk", b"1").unwrap_err();
    assert!(
        refused.contains("unknown function \"walk\"") && refused.contains("word-count"),
        "{refused}"
    );
    let raised = python()
        .call("execute", "raises", b"{\"place\":7}")
        .unwrap_err();
    assert!(raised.contains("raises.py, line 9: ValueError"), "{raised}");
}

#[test]
fn python_answers_messagepack() {
    let json = RawValue::from_string(payload().to_string()).unwrap();
    let encoded = msgpack::from_json(&json);
    for function in ["echo", "transform", "compute"] {
        let request = MsgpackRequest {
            function_id: function,
            payload: &encoded,
            timestamp: 0.0,
        };
        let url = format!("{BINDING}/execute/msgpack");
        let answer = python()
            .fetch("POST", &url, &[], &request.to_bytes())
            .unwrap();
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/msgpack"))
        );
        let found = MsgpackResponse::from_bytes(&answer.body).unwrap();
        let found: Value = serde_json::from_str(&msgpack::to_json(found.result).unwrap()).unwrap();
        if function == "compute" {
            assert_is_computed(&found, &payload());
        } else {
            assert_eq!(found, payload(), "{function}");
        }
    }
}

#[test]
fn strangers_need_the_token() {
    let body = json!({"functionId": "transform", "payload": [1.0]}).to_string();
    let public = |authorization: &str| {
        let headers = [("authorization", authorization)];
        python()
            .fetch_public(
                "POST",
                "https://python.example/execute",
                &headers,
                body.as_bytes(),
            )
            .unwrap()
    };
    assert_eq!(public("Bearer wrong").status, 401);
    assert_eq!(
        result(&public(&format!("Bearer {DRIVEN_TOKEN}"))),
        json!([1.0])
    );
}

#[test]
fn python_answers_over_websockets_and_capnweb() {
    let message = |id: u32, function: &str| {
        Value::from(json!({"id": id, "functionId": function, "payload": [id]}).to_string())
    };
    let answers = python()
        .exchange(
            &format!("{BINDING}/websocket"),
            &[message(1, "echo"), message(2, "transform")],
            2,
        )
        .unwrap();
    // each names its isolate, too
    let said: Vec<Value> = answers
        .iter()
        .map(|answer| serde_json::from_str(answer.as_str().unwrap()).unwrap())
        .collect();
    let of = |answer: &Value| (answer["id"].clone(), answer["result"].clone());
    let said: Vec<_> = said.iter().map(of).collect();
    assert_eq!(
        said,
        [(json!(1), json!([1])), (json!(2), json!([2]))],
        "{answers:?}"
    );
    let batch = "[\"push\",[\"pipeline\",0,[\"execute\"],[\"transform\",\"[ 1 ]\"]]]\n[\"pull\",1]";
    let answer = python()
        .fetch("POST", &format!("{BINDING}/capnweb"), &[], batch.as_bytes())
        .unwrap();
    assert_eq!(answer.text(), "[\"resolve\",1,\"[1]\"]");
}

#[test]
fn every_file_of_python_is_a_function_by_its_name() {
    let health = python()
        .fetch("GET", &format!("{BINDING}/health"), &[], b"")
        .unwrap();
    let health: Value = serde_json::from_slice(&health.body).unwrap();
    let functions = &health["capabilities"]["functions"];
    for name in ["echo", "transform", "compute", "word-count", "counter"] {
        assert!(
            functions.as_array().unwrap().contains(&json!(name)),
            "{health}"
        );
    }
    let text = json!({"text": "Über den Wolken, über den Dächern; 3 den"});
    assert_eq!(
        call(python(), "word-count", &text),
        json!({"den": 3, "über": 2, "dächern": 1, "wolken": 1})
    );
}

#[test]
fn an_exception_is_a_problem_with_the_tracebacks_last_line_and_its_place() {
    let answer = post(python(), "/execute", "raises", &json!({"place": "here"}));
    assert_eq!(answer.status, 500);
    assert_eq!(
        problem(&answer).detail,
        "raises.py, line 9: ValueError: no such place:\nhere"
    );
    let answer = post(python(), "/execute", "raises", &json!({}));
    assert_eq!(
        problem(&answer).detail,
        "raises.py, line 9: KeyError: 'place'"
    );
}

#[test]
fn a_result_that_json_cannot_hold_is_a_problem_that_says_so() {
    for (payload, reason) in [
        (
            "set",
            "TypeError: Object of type set is not JSON serializable",
        ),
        (
            "nan",
            "ValueError: Out of range float values are not JSON compliant",
        ),
        (
            "key",
            "TypeError: keys must be str, int, float, bool or None, not tuple",
        ),
        ("circle", "ValueError: Circular reference detected"),
    ] {
        let answer = post(python(), "/execute", "no-json", &json!(payload));
        assert_eq!(answer.status, 500, "{payload}");
        let detail = problem(&answer).detail;
        assert!(
            detail.starts_with("no-json.py: what main returned is no JSON: ")
                && detail.contains(reason),
            "{payload}: {detail}"
        );
    }
    assert_eq!(call(python(), "no-json", &json!("none")), Value::Null);
    for (payload, reason) in [
        (
            "bytes",
            "main_json must return a JSON text, a str, not bytes",
        ),
        (
            "none",
            "main_json must return a JSON text, a str, not NoneType",
        ),
        ("bad", "main_json must return a JSON text: "),
    ] {
        let detail = problem(&post(python(), "/execute", "no-text", &json!(payload))).detail;
        assert!(
            detail.starts_with("no-text.py: ") && detail.contains(reason),
            "{payload}: {detail}"
        );
    }
}

#[test]
fn what_a_module_keeps_persists_between_calls_whatever_the_transport() {
    let first = call(python(), "counter", &json!(0)).as_u64().unwrap();
    let second = python().call("execute", "counter", b"0").unwrap();
    assert_eq!(String::from_utf8(second).unwrap(), (first + 1).to_string());
    assert_eq!(call(python(), "counter", &json!(0)), json!(first + 2));
}

/// Short texts go to Python as strings, long ones as bytes; Python keeps a text in one, two or four bytes a character.
#[test]
fn texts_of_every_length_and_alphabet_come_back_as_they_went() {
    for alphabet in ["a", "\u{e9}", "\u{3b1}b", "\u{1F44B}x"] {
        for length in [
            1, 100, 127, 128, 251, 252, 253, 254, 255, 256, 257, 1_000, 40_000,
        ] {
            let text = json!(alphabet.repeat(length));
            for function in ["echo", "transform"] {
                assert_eq!(
                    call(python(), function, &text),
                    text,
                    "{function} {alphabet} {length}"
                );
            }
        }
    }
}

#[test]
fn a_text_that_no_utf_8_can_hold_is_a_problem() {
    let worker = PythonWorker::with(&[(
        "half.py",
        "def main_json(text):\n    return '\"' + '\\ud83d' * 300 + '\"'\n",
    )])
    .start();
    let detail = problem(&post(&worker, "/execute", "half", &json!(1))).detail;
    assert!(
        detail.starts_with("half.py: UnicodeEncodeError: 'utf-8' codec can't encode"),
        "{detail}"
    );
}

#[test]
fn a_megabyte_is_answered_and_what_is_longer_refused() {
    let long = json!("x".repeat(1_000_000));
    assert_eq!(call(python(), "transform", &long), long);
    let too_long = post(python(), "/execute", "echo", &json!("x".repeat(1 << 20)));
    assert_eq!(problem(&too_long).status, 413);
}

#[test]
fn numbers_and_nesting_that_python_refuses_are_problems() {
    let digits = format!(
        "{{\"functionId\":\"transform\",\"payload\":{}}}",
        "1".repeat(5_000)
    );
    let answer = python()
        .fetch(
            "POST",
            &format!("{BINDING}/execute"),
            &[],
            digits.as_bytes(),
        )
        .unwrap();
    let detail = problem(&answer).detail;
    assert!(
        detail.contains("transform.py, line 7: ValueError: Exceeds the limit"),
        "{detail}"
    );
}

#[test]
fn what_python_prints_is_logged() {
    call(python(), "prints", &json!("a line of the test"));
    stage::eventually("the line in the log", || {
        python()
            .log()
            .contains("printed: a line of the test")
            .then_some(())
    });
}

#[test]
fn recursion_and_exit_end_the_call_alone() {
    let worker = PythonWorker::with(&[]).start();
    assert_eq!(call(&worker, "counter", &json!(0)), 1);
    for (payload, reason) in [("recursion", "RecursionError"), ("exit", "SystemExit: 3")] {
        let answer = post(&worker, "/execute", "falls", &json!(payload));
        let detail = problem(&answer).detail;
        assert!(
            answer.status == 500 && detail.contains(reason),
            "{payload}: {detail}"
        );
    }
    assert_eq!(
        call(&worker, "counter", &json!(0)),
        2,
        "the interpreter went on"
    );
}

#[test]
fn an_interpreter_that_failed_is_started_anew_and_says_what_is_lost() {
    let worker = PythonWorker::with(&[]).start();
    assert_eq!(call(&worker, "counter", &json!(0)), 1);
    let answer = post(&worker, "/execute", "falls", &json!("abort"));
    let detail = problem(&answer).detail;
    assert!(
        answer.status == 500
            && detail.contains("falls.py: the Python interpreter failed and is started anew"),
        "{detail}"
    );
    assert_eq!(call(&worker, "counter", &json!(0)), 1, "a new interpreter");
}
