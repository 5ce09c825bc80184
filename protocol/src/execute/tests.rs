use super::*;

#[test]
fn the_runtime_contract_is_pinned() {
    let request = ExecuteRequest::from_json(
        b"{\"functionId\":\"echo\",\"payload\":{\"data\":\"x\"},\"timestamp\":1736640000000}",
    )
    .unwrap();
    assert_eq!(
        (request.function_id.as_ref(), request.payload.get()),
        ("echo", "{\"data\":\"x\"}")
    );
    let response = ExecuteResponse {
        result: request.payload,
        runtime_timestamp: 1.0,
        execution_time_ms: 0.0,
    };
    assert_eq!(
        serde_json::to_string(&response).unwrap(),
        "{\"result\":{\"data\":\"x\"},\"runtimeTimestamp\":1.0,\"executionTimeMs\":0.0}"
    );
}

#[test]
fn what_is_not_utf_8_is_refused_as_any_other_bad_text() {
    assert!(ExecuteRequest::from_json(b"{\"functionId\":\"echo\",\"payload\":\"\xff\"}").is_err());
}

#[test]
fn the_messages_of_the_websocket_are_pinned() {
    let request =
        SocketRequest::from_json(b"{\"id\":7,\"functionId\":\"echo\",\"payload\":[1.0]}").unwrap();
    assert_eq!(
        (request.id, request.payload.get(), request.to_json()),
        (
            7,
            "[1.0]",
            b"{\"id\":7,\"functionId\":\"echo\",\"payload\":[1.0]}".to_vec()
        )
    );
    let answer = SocketResponse {
        id: Some(7),
        result: Some(request.payload),
        problem: None,
    };
    assert_eq!(answer.to_json(), b"{\"id\":7,\"result\":[1.0]}");
    let answer = answer.to_json();
    let answer = SocketResponse::from_json(&answer).unwrap();
    assert_eq!(answer.result.map(RawValue::get), Some("[1.0]"));
    let null = SocketResponse::from_json(b"{\"id\":7,\"result\":null}").unwrap();
    assert_eq!(null.result.map(RawValue::get), Some("null"));
}

#[test]
fn a_request_without_timestamp_is_accepted_as_other_stubs_send_it() {
    let request = ExecuteRequest::from_json(b"{\"functionId\":\"echo\",\"payload\":1}").unwrap();
    assert!(request.timestamp.abs() < f64::EPSILON);
}

#[test]
fn names_and_strings_may_be_escaped_and_fields_in_any_order() {
    let request = ExecuteRequest::from_json(
        br#" { "payload" : "}\"" , "timestamp":1e3, "function\u0049d":"e\u0063ho" } "#,
    )
    .unwrap();
    assert_eq!(
        (
            request.function_id.as_ref(),
            request.payload.get(),
            request.timestamp
        ),
        ("echo", r#""}\"""#, 1_000.0)
    );
}

#[test]
fn what_is_not_a_request_is_refused_with_the_reason() {
    for (json, reason) in [
        ("", "EOF while parsing a value at line 1 column 0"),
        ("{\"payload\":1,}", "trailing comma at line 1 column 14"),
        (
            "{\"payload\":{\"a\":}}",
            "expected value at line 1 column 17",
        ),
        ("{} x", "trailing characters at line 1 column 4"),
        ("[1,[2]]", "not an object"),
        ("null", "not an object"),
        ("1.5", "not an object"),
        ("-1", "not an object"),
        ("\"text\"", "not an object"),
        ("{\"payload\":1}", "missing field `functionId`"),
        (
            "{\"functionId\":7,\"payload\":1}",
            "field `functionId` must be a string",
        ),
        ("{\"functionId\":\"echo\"}", "missing field `payload`"),
        (
            "{\"functionId\":\"echo\",\"payload\":1,\"timestamp\":\"now\"}",
            "field `timestamp` must be a number",
        ),
        (
            "{\"functionId\":\"echo\",\"payload\":1,\"extra\":2}",
            "unknown or doubled field `extra`",
        ),
        (
            "{\"functionId\":\"echo\",\"payload\":1,\"payload\":2}",
            "unknown or doubled field `payload`",
        ),
    ] {
        let error = ExecuteRequest::from_json(json.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), reason, "{json}");
    }
    let error = SocketRequest::from_json(b"{\"id\":-1,\"functionId\":\"echo\",\"payload\":1}");
    assert_eq!(
        error.unwrap_err().to_string(),
        "field `id` must be a whole number below 2^32"
    );
    let error =
        StubRequest::from_json(b"{\"transport\":\"pigeon\",\"functionId\":\"echo\",\"payload\":1}");
    assert!(
        error
            .unwrap_err()
            .to_string()
            .starts_with("field `transport` is bad: unknown transport \"pigeon\"")
    );
}

#[test]
fn an_answer_must_be_whole_and_say_nothing_twice() {
    let refused = |json: &str| {
        let error = ExecuteResponse::from_json(json.as_bytes()).unwrap_err();
        error.to_string()
    };
    let whole = r#"{"result":1,"runtimeTimestamp":2.0,"executionTimeMs":0.0,"more":3}"#;
    assert!(ExecuteResponse::from_json(whole.as_bytes()).is_ok());
    assert_eq!(
        refused(r#"{"result":1,"runtimeTimestamp":2.0}"#),
        "missing field `executionTimeMs`"
    );
    assert_eq!(
        refused(r#"{"result":1,"result":2,"runtimeTimestamp":2.0,"executionTimeMs":0.0}"#),
        "unknown or doubled field `result`"
    );
    assert!(SocketResponse::from_json(br#"{"id":1,"id":2,"result":1}"#).is_err());
}
