//! The stubs that only delegate, as `scripts/build` makes them, with the runtime on plain workerd.

use e2e::stage;
use serde_json::{Value, json};
use std::process::Command;

fn found() -> Value {
    let project = stage::project();
    let output = Command::new(project.root().join("node_modules/.bin/node"))
        .arg(project.root().join("e2e/interop/thin_stubs.mjs"))
        .output()
        .expect("Node.js; scripts/setup installs it");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_thin_stub_answers_with_what_the_function_returns_or_says_why_not() {
    let found = found();
    for stub in ["service-binding", "rpc"] {
        let answers = &found[stub];
        let echo = &answers["echo"];
        assert_eq!(
            (&echo["status"], &echo["type"], &echo["body"]),
            (
                &json!(200),
                &json!("application/json"),
                &json!({"text": "grüße"})
            ),
            "{stub}"
        );
        assert_eq!(answers["long"], 100_000, "{stub}");
        assert_eq!(answers["transform"]["body"], json!([1, 2.5]), "{stub}");
        let unknown = &answers["unknown"];
        assert_eq!(unknown["status"], 502, "{stub}: {unknown}");
        let detail = unknown["body"]["detail"].as_str().unwrap();
        assert!(detail.contains("unknown function"), "{stub}: {detail}");
        // The body is an argument, whatever else it would be inside the message that carries it.
        let not_json = &answers["notJson"];
        assert!(
            [json!(400), json!(502)].contains(&not_json["status"]),
            "{stub}: {not_json}"
        );
        let detail = not_json["body"]["detail"].as_str().unwrap();
        assert!(detail.contains("not JSON"), "{stub}: {detail}");
        assert_eq!(
            (&answers["get"]["status"], &answers["get"]["allow"]),
            (&json!(405), &json!("POST")),
            "{stub}"
        );
    }
    let unbound = &found["unbound"];
    assert_eq!(unbound["status"], 503);
    let detail = unbound["body"]["detail"].as_str().unwrap();
    assert!(detail.contains("RUNTIME"), "{detail}");
}
