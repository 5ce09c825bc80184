//! The points of a runtime that are asked by requests with JSON in them.

use super::asking::{Asking, equal, media_type, names, problem, shown, status};
use crate::local::driven::{DRIVEN_TOKEN, DrivenAnswer, DrivenWorker};
use protocol::{
    Function, Transport,
    capabilities::Health,
    execute::{ExecuteRequest, ExecuteResponse, MAX_BODY_BYTES},
    residency::Isolate,
    routes::runtime::{EXECUTE, EXECUTE_SHORT, HEALTH, NOTHING},
};
use serde_json::{Value, json, value::RawValue};
use std::collections::BTreeMap;

/// A public URL; the entrypoint makes it one, not its host.
const PUBLIC: &str = "https://runtime.example";

/// The first of 2020, in ms since 1970: a clock in seconds, or one that began with the isolate, is far before it.
const YEAR_2020_MS: f64 = 1_577_836_800_000.0;

/// Payload and result of the points that execute something: `echo`, which every runtime has.
pub(super) fn every_kind() -> Value {
    json!({"text": "grüße \u{1F44B} \"\\\n", "numbers": [0, -7, 1.5, 1e-7], "others": [true, false, null], "nested": {"empty": {}, "list": []}})
}

pub(super) fn raw(value: &Value) -> Box<RawValue> {
    // What `json!` makes can be written as JSON.
    serde_json::value::to_raw_value(value).unwrap_or_default()
}

/// The body of a call of `function`.
fn body(function: &str, payload: &Value) -> Vec<u8> {
    let request = ExecuteRequest {
        function_id: function.into(),
        payload: &raw(payload),
        timestamp: 1_782_864_000_000.0,
    };
    request.to_json()
}

/// What the Worker's capabilities say of transports.
pub(super) fn transports(worker: &DrivenWorker) -> Result<Vec<Transport>, String> {
    Ok(capabilities(&Asking::of(worker))?.1)
}

fn capabilities(asking: &Asking<'_>) -> Result<(Vec<Function>, Vec<Transport>), String> {
    let answer = asking.ask("GET", HEALTH, b"")?;
    status(&answer, 200)?;
    let health = Health::from_json(&answer.body)
        .map_err(|error| format!("got {}: {error}", shown(&answer.text())))?;
    if health.status != "ok" {
        return Err(format!(
            "expected the status \"ok\", got \"{}\"",
            health.status
        ));
    }
    if health.worker.is_empty() || health.version.is_empty() {
        return Err("`worker` or `version` is empty".to_owned());
    }
    let capabilities = health.capabilities.ok_or(
        "over the binding `capabilities` must be there, with `transports` and `functions`",
    )?;
    Ok((capabilities.functions, capabilities.transports))
}

pub(super) fn health(asking: &Asking<'_>) -> Result<(), String> {
    let (functions, transports) = capabilities(asking)?;
    if !functions.contains(&Function::Echo) {
        return Err(
            "`capabilities.functions` does not name echo, which every runtime has".to_owned(),
        );
    }
    if !transports.contains(&Transport::ServiceBinding) {
        return Err(
            "`capabilities.transports` does not name service-binding, which every runtime answers"
                .to_owned(),
        );
    }
    if transports.contains(&Transport::Direct) {
        return Err(
            "`capabilities.transports` names direct, which never reaches a runtime".to_owned(),
        );
    }
    Ok(())
}

pub(super) fn nothing(asking: &Asking<'_>) -> Result<(), String> {
    for method in ["GET", "POST"] {
        let answer = asking.ask(method, NOTHING, b"")?;
        status(&answer, 204).map_err(|why| format!("{method}: {why}"))?;
    }
    Ok(())
}

pub(super) fn unknown_path(asking: &Asking<'_>) -> Result<(), String> {
    let answer = asking.ask("POST", "/no-such-path", b"{}")?;
    problem(&answer, 404).map(|_| ())
}

pub(super) fn wrong_method(asking: &Asking<'_>) -> Result<(), String> {
    let answer = asking.ask("GET", EXECUTE, b"")?;
    problem(&answer, 405)?;
    let allow = answer.header("allow").unwrap_or_default();
    if allow.split(',').any(|method| method.trim() == "POST") {
        return Ok(());
    }
    Err(format!(
        "expected the header `Allow: POST`, got \"{allow}\""
    ))
}

fn executed(asking: &Asking<'_>, path: &str, payload: &Value) -> Result<DrivenAnswer, String> {
    let answer = asking.ask("POST", path, &body("echo", payload))?;
    status(&answer, 200)?;
    media_type(&answer, "application/json")?;
    Ok(answer)
}

/// The field `result` of an answer, whatever else is in it.
fn has_result(answer: &DrivenAnswer, expected: &Value) -> Result<(), String> {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(&answer.body) else {
        return Err(format!(
            "expected a JSON object, got {}",
            shown(&answer.text())
        ));
    };
    let result = fields
        .remove("result")
        .ok_or_else(|| format!("the answer has no `result`: {}", shown(&answer.text())))?;
    equal(&raw(&result), expected)
}

pub(super) fn execute(asking: &Asking<'_>) -> Result<(), String> {
    let mut payloads = vec![every_kind()];
    payloads.extend([
        json!(null),
        json!(1.5),
        json!("text"),
        json!([]),
        json!(false),
    ]);
    for payload in payloads {
        has_result(&executed(asking, EXECUTE, &payload)?, &payload)?;
    }
    Ok(())
}

pub(super) fn execute_times(asking: &Asking<'_>) -> Result<(), String> {
    let answer = executed(asking, EXECUTE, &json!(1))?;
    ExecuteResponse::result_from_json(&answer.body).map_err(|error| error.to_string())?;
    let fields: Value = serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
    let stamp = fields["runtimeTimestamp"].as_f64().unwrap_or_default();
    if stamp < YEAR_2020_MS {
        return Err(format!(
            "`runtimeTimestamp` must be in ms since 1970, is {stamp}"
        ));
    }
    let took = fields["executionTimeMs"].as_f64().unwrap_or(-1.0);
    if took < 0.0 {
        return Err(format!("`executionTimeMs` must be 0 or more, is {took}"));
    }
    Ok(())
}

/// The isolates that two answers name; none where the first names none.
pub(super) fn isolates(asking: &Asking<'_>) -> Result<Option<[Isolate; 2]>, String> {
    let told = || -> Result<Option<Isolate>, String> {
        let answer = executed(asking, EXECUTE, &json!(1))?;
        let fields: BTreeMap<String, &RawValue> =
            serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
        let Some(field) = fields.get("isolate") else {
            return Ok(None);
        };
        let isolate = Isolate::of(field).ok_or_else(|| {
            format!(
                "`isolate` must be {{\"id\", \"callsServed\", \"ageMs\"}}, whole numbers of 0 or more, is {}",
                shown(field.get())
            )
        })?;
        if isolate.id >= 1 << 53 || isolate.calls_served == 0 {
            return Err(format!(
                "`id` must be below 2^53 and `callsServed` count this call, too: {}",
                shown(field.get())
            ));
        }
        Ok(Some(isolate))
    };
    let Some(first) = told()? else {
        return Ok(None);
    };
    let second = told()?.ok_or("one answer has `isolate`, the next has not")?;
    Ok(Some([first, second]))
}

/// That one and the same isolate counts on.
pub(super) fn isolate(asking: &Asking<'_>) -> Result<(), String> {
    let Some([first, second]) = isolates(asking)? else {
        return Err("the answer has no `isolate`".to_owned());
    };
    if first.id == second.id && second.calls_served <= first.calls_served {
        return Err(format!(
            "`callsServed` of one isolate must rise with each call: {} and then {}",
            first.calls_served, second.calls_served
        ));
    }
    Ok(())
}

pub(super) fn execute_short(asking: &Asking<'_>) -> Result<(), String> {
    let answer = executed(asking, EXECUTE_SHORT, &every_kind())?;
    has_result(&answer, &every_kind())?;
    ExecuteResponse::result_from_json(&answer.body)
        .map(|_| ())
        .map_err(|error| error.to_string())
}

pub(super) fn execute_long(asking: &Asking<'_>) -> Result<(), String> {
    let long = json!("ü".repeat(500_000));
    has_result(&executed(asking, EXECUTE, &long)?, &long)
}

pub(super) fn unknown_function(asking: &Asking<'_>) -> Result<(), String> {
    let answer = asking.ask("POST", EXECUTE, &body("no-such-function", &json!(1)))?;
    names(&problem(&answer, 400)?, &["functionId"])
}

pub(super) fn bad_fields(asking: &Asking<'_>) -> Result<(), String> {
    for (body, fields) in [
        (json!({}), &["functionId", "payload"][..]),
        (json!({"functionId": 7, "payload": 1}), &["functionId"]),
        (
            json!({"functionId": "echo", "payload": 1, "timestamp": "now", "extra": 1}),
            &["timestamp", "extra"],
        ),
    ] {
        let answer = asking.ask("POST", EXECUTE, body.to_string().as_bytes())?;
        problem(&answer, 400)
            .and_then(|problem| names(&problem, fields))
            .map_err(|why| format!("{body}: {why}"))?;
    }
    Ok(())
}

pub(super) fn not_json(asking: &Asking<'_>) -> Result<(), String> {
    for body in [
        "",
        "{\"functionId\":\"echo\",",
        "[]",
        "{\"functionId\":\"echo\",\"payload\":01}",
    ] {
        let answer = asking.ask("POST", EXECUTE, body.as_bytes())?;
        problem(&answer, 400).map_err(|why| format!("the body `{body}`: {why}"))?;
    }
    Ok(())
}

pub(super) fn too_long(asking: &Asking<'_>) -> Result<(), String> {
    let long = json!("x".repeat(MAX_BODY_BYTES));
    let answer = asking.ask("POST", EXECUTE, &body("echo", &long))?;
    problem(&answer, 413).map(|_| ())
}

fn public(asking: &Asking<'_>, authorization: Option<&str>) -> Result<DrivenAnswer, String> {
    let url = format!("{PUBLIC}{EXECUTE}");
    let headers: Vec<_> = authorization
        .map(|value| ("authorization", value))
        .into_iter()
        .collect();
    asking
        .worker
        .fetch_public("POST", &url, &headers, &body("echo", &json!([1])))
}

pub(super) fn token(asking: &Asking<'_>) -> Result<(), String> {
    for (authorization, which) in [
        (None, "without a token"),
        (Some("Bearer another-token"), "with another token"),
    ] {
        let answer = public(asking, authorization)?;
        problem(&answer, 401).map_err(|why| format!("{which}: {why}"))?;
    }
    let answer = public(asking, Some(&format!("Bearer {DRIVEN_TOKEN}")))?;
    status(&answer, 200).map_err(|why| format!("with the secret RUNTIME_TOKEN: {why}"))?;
    has_result(&answer, &json!([1]))
}

pub(super) fn public_health(asking: &Asking<'_>) -> Result<(), String> {
    let answer = asking
        .worker
        .fetch_public("GET", &format!("{PUBLIC}{HEALTH}"), &[], b"")?;
    status(&answer, 200)?;
    let health = Health::from_json(&answer.body).map_err(|error| error.to_string())?;
    if health.capabilities.is_some() {
        return Err("it says to strangers what the runtime can do".to_owned());
    }
    Ok(())
}
