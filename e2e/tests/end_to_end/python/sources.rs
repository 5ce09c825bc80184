//! Functions as files: their errors are named at start, and an edited one answers anew.

use super::{BINDING, call, problem};
use e2e::{python::PythonWorker, stage};
use serde_json::json;

#[test]
fn source_with_an_error_is_named_at_start() {
    for (source, wrong) in [
        (
            "def main(payload):\n    return (\n",
            "broken.py, line 2: SyntaxError: '(' was never closed",
        ),
        (
            "import re\n1 / 0\n",
            "broken.py, line 2: ZeroDivisionError: division by zero",
        ),
        (
            "def run(payload): return 1\n",
            "broken.py: it defines neither main(payload) nor main_json(text)",
        ),
    ] {
        let worker = PythonWorker::with(&[("broken.py", source)]).start();
        for (path, method) in [("/health", "GET"), ("/execute", "POST")] {
            let body: &[u8] = if method == "GET" {
                b""
            } else {
                b"{\"functionId\":\"echo\",\"payload\":1}"
            };
            let answer = worker
                .fetch(method, &format!("{BINDING}{path}"), &[], body)
                .unwrap();
            assert_eq!(answer.status, 503, "{}", answer.text());
            assert_eq!(
                problem(&answer).detail,
                format!("Python did not start: {wrong}")
            );
        }
        let refused = worker.call("execute", "echo", b"1").unwrap_err();
        assert!(refused.contains(wrong), "{refused}");
        // Whoever has no token learns that it is out of order, and no more.
        let public = worker
            .fetch_public("GET", "https://python.example/health", &[], b"")
            .unwrap();
        assert!(
            public.status == 503 && !public.text().contains("broken.py"),
            "{}",
            public.text()
        );
        stage::eventually("the error in the log", || {
            worker.log().contains(wrong).then_some(())
        });
    }
}

#[test]
fn editing_a_function_changes_the_answer() {
    let edited = "import json\n\ndef main_json(text):\n    return json.dumps({\"edited\": json.loads(text)})\n";
    let worker = PythonWorker::with(&[("transform.py", edited)]).start();
    assert_eq!(
        call(&worker, "transform", &json!([1])),
        json!({"edited": [1]})
    );
}
