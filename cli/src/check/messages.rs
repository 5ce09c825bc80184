//! The points of a runtime that are asked by other messages: Workers RPC, `MessagePack`, WebSocket, capnweb.

use super::{
    asking::{Asking, equal, media_type, problem, shown, status},
    requests::{every_kind, raw},
};
use protocol::{
    execute::{SocketRequest, SocketResponse},
    msgpack::{MSGPACK, MsgpackRequest, MsgpackResponse, from_json, to_json},
    routes::runtime::{CAPNWEB, EXECUTE_MSGPACK, INTERNAL_ORIGIN, WEBSOCKET},
};
use serde_json::{Value, json, value::RawValue};

pub(super) fn rpc(asking: &Asking<'_>) -> Result<(), String> {
    let payload = every_kind();
    let result = asking
        .worker
        .call("execute", "echo", payload.to_string().as_bytes())
        .map_err(|why| shown(&why))?;
    let result: Box<RawValue> = serde_json::from_slice(&result)
        .map_err(|error| format!("the bytes are not a JSON text in UTF-8: {error}"))?;
    equal(&result, &payload)
}

pub(super) fn rpc_refusal(asking: &Asking<'_>) -> Result<(), String> {
    for (function, payload, what) in [
        ("no-such-function", &b"1"[..], "an unknown function"),
        ("echo", b"{nonsense", "a payload that is not JSON"),
    ] {
        match asking.worker.call("execute", function, payload) {
            Ok(result) => {
                let result = shown(&String::from_utf8_lossy(&result));
                return Err(format!("{what}: expected an Error, got {result}"));
            }
            Err(message) if message.trim().is_empty() || message == "internal error" => {
                return Err(format!(
                    "{what}: the Error does not say what is wrong: \"{message}\""
                ));
            }
            Err(_) => {}
        }
    }
    Ok(())
}

pub(super) fn msgpack(asking: &Asking<'_>) -> Result<(), String> {
    let payload = every_kind();
    let request = MsgpackRequest {
        function_id: "echo",
        payload: &from_json(&raw(&payload)),
        timestamp: 0.0,
    };
    let answer = asking.ask("POST", EXECUTE_MSGPACK, &request.to_bytes())?;
    status(&answer, 200)?;
    media_type(&answer, MSGPACK)?;
    let found = MsgpackResponse::from_bytes(&answer.body).map_err(|error| error.to_string())?;
    let result = to_json(found.result).map_err(|error| error.to_string())?;
    equal(
        &RawValue::from_string(result).map_err(|error| error.to_string())?,
        &payload,
    )
}

pub(super) fn msgpack_refusal(asking: &Asking<'_>) -> Result<(), String> {
    let unknown = MsgpackRequest {
        function_id: "no-such-function",
        payload: &[0xc0],
        timestamp: 0.0,
    };
    for (body, what) in [
        (unknown.to_bytes(), "an unknown function"),
        (vec![0xc1], "what is no MessagePack"),
    ] {
        let answer = asking.ask("POST", EXECUTE_MSGPACK, &body)?;
        problem(&answer, 400).map_err(|why| format!("{what}: {why}"))?;
    }
    Ok(())
}

/// A message to the WebSocket, as text.
fn message(id: u32, function: &str, payload: &Value) -> String {
    let request = SocketRequest {
        id,
        function_id: function.into(),
        payload: &raw(payload),
    };
    String::from_utf8(request.to_json()).unwrap_or_default()
}

fn exchange(
    asking: &Asking<'_>,
    path: &str,
    messages: &[Value],
    replies: usize,
) -> Result<Vec<Value>, String> {
    let url = format!("{INTERNAL_ORIGIN}{path}");
    let exchanged = asking.worker.exchange(&url, messages, replies);
    exchanged.map_err(|why| format!("GET {path}: {}", shown(&why)))
}

/// The text of an answer of the kind that its message was of.
fn text_of(answer: &Value, in_bytes: bool) -> Result<Vec<u8>, String> {
    match answer {
        Value::String(text) if !in_bytes => Ok(text.as_bytes().to_vec()),
        Value::Array(bytes) if in_bytes => Ok(bytes
            .iter()
            .filter_map(|byte| u8::try_from(byte.as_u64()?).ok())
            .collect()),
        _ => Err("a message in text must be answered in text, one in bytes in bytes".to_owned()),
    }
}

pub(super) fn websocket(asking: &Asking<'_>) -> Result<(), String> {
    let payload = every_kind();
    let first = message(7, "echo", &payload);
    let second = message(u32::MAX, "echo", &json!([1]));
    let answers = exchange(
        asking,
        WEBSOCKET,
        &[json!(first), json!(second.as_bytes())],
        2,
    )?;
    for (id, expected, in_bytes) in [(7, &payload, false), (u32::MAX, &json!([1]), true)] {
        let texts = answers
            .iter()
            .filter_map(|answer| text_of(answer, in_bytes).ok());
        let text = texts
            .into_iter()
            .next()
            .ok_or("a message in text must be answered in text, one in bytes in bytes")?;
        let found = SocketResponse::from_json(&text).map_err(|error| error.to_string())?;
        if found.id != Some(id) {
            return Err(format!(
                "expected the answer to message {id}, got {}",
                shown(&String::from_utf8_lossy(&text))
            ));
        }
        equal(found.result.ok_or("the answer has no `result`")?, expected)?;
    }
    Ok(())
}

pub(super) fn websocket_refusal(asking: &Asking<'_>) -> Result<(), String> {
    let unknown = message(3, "no-such-function", &json!(1));
    let answers = exchange(asking, WEBSOCKET, &[json!(unknown)], 1)?;
    let text = text_of(answers.first().unwrap_or(&Value::Null), false)?;
    let found = SocketResponse::from_json(&text).map_err(|error| error.to_string())?;
    let problem = found.problem.ok_or_else(|| {
        format!(
            "expected a `problem`, got {}",
            shown(&String::from_utf8_lossy(&text))
        )
    })?;
    if found.id != Some(3) {
        return Err("the problem does not have the message's `id`".to_owned());
    }
    serde_json::from_str::<protocol::Problem>(problem.get())
        .map(|_| ())
        .map_err(|error| format!("`problem` is no problem document: {error}"))
}

/// The messages of one call by capnweb (<https://github.com/cloudflare/capnweb/blob/main/protocol.md>): a push, and a pull of what it comes to.
fn capnweb_call() -> [String; 2] {
    let call = json!(["push", ["pipeline", 0, ["execute"], ["echo", "[1]"]]]);
    [call.to_string(), json!(["pull", 1]).to_string()]
}

fn is_resolved(answer: &str) -> Result<(), String> {
    let found: Value =
        serde_json::from_str(answer).map_err(|error| format!("{error}: {}", shown(answer)))?;
    let result = found[2].as_str().unwrap_or_default();
    let is_right = serde_json::from_str::<Value>(result).is_ok_and(|value| value == json!([1]));
    if found[0] == "resolve" && found[1] == 1 && is_right {
        return Ok(());
    }
    Err(format!(
        "expected [\"resolve\",1,\"[1]\"], got {}",
        shown(answer)
    ))
}

pub(super) fn capnweb_batch(asking: &Asking<'_>) -> Result<(), String> {
    let answer = asking.ask("POST", CAPNWEB, capnweb_call().join("\n").as_bytes())?;
    status(&answer, 200)?;
    is_resolved(answer.text().trim())
}

pub(super) fn capnweb_websocket(asking: &Asking<'_>) -> Result<(), String> {
    let answers = exchange(asking, CAPNWEB, &capnweb_call().map(Value::from), 1)?;
    is_resolved(answers.first().and_then(Value::as_str).unwrap_or_default())
}
