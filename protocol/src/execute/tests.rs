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
    assert_eq!(
        request.to_json(),
        b"{\"functionId\":\"echo\",\"payload\":{\"data\":\"x\"},\"timestamp\":1736640000000}"
    );
    let response = ExecuteResponse {
        result: request.payload,
        runtime_timestamp: 1.0,
        execution_time_ms: 0.0,
        isolate: None,
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
        isolate: None,
    };
    assert_eq!(answer.to_json(), b"{\"id\":7,\"result\":[1.0]}");
    let isolate = Some(Isolate {
        id: 5,
        calls_served: 1,
        age_ms: 0,
    });
    let answer = SocketResponse { isolate, ..answer }.to_json();
    assert_eq!(
        answer,
        b"{\"id\":7,\"result\":[1.0],\"isolate\":{\"id\":5,\"callsServed\":1,\"ageMs\":0}}"
    );
    let answer = SocketResponse::from_json(&answer).unwrap();
    assert_eq!(answer.result.map(RawValue::get), Some("[1.0]"));
    assert_eq!(answer.isolate, isolate);
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
        ("[1,[2]]", "it is a list"),
        ("[\"echo\",1,0]", "it is a list"),
        ("null", "it is null"),
        ("1.5", "it is a number"),
        ("-1", "it is a number"),
        ("\"text\"", "it is a string"),
    ] {
        let error = ExecuteRequest::from_json(json.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), reason, "{json}");
    }
}

/// The bad fields that a refusal names, with what is wrong with each.
fn named(refused: Result<impl core::fmt::Debug, MessageError>) -> Vec<String> {
    let problem = refused.unwrap_err().into_problem("the body");
    assert_eq!(problem.status, 400);
    assert!(
        problem
            .detail
            .starts_with("the body is not a request: bad field(s): ")
    );
    let errors = problem.errors.into_iter();
    errors
        .map(|error| format!("{} {}", error.field, error.detail))
        .collect()
}

#[test]
fn every_bad_field_of_a_request_is_named() {
    let execute = |json: &str| named(ExecuteRequest::from_json(json.as_bytes()));
    assert_eq!(
        execute("{}"),
        [
            "functionId is missing; must be a string",
            "payload is missing; must be any JSON value"
        ]
    );
    assert_eq!(
        execute("{\"functionId\":7,\"payload\":1,\"timestamp\":\"now\",\"extra\":2}"),
        [
            "functionId is a number; must be a string",
            "timestamp is a string; must be a number",
            "extra is not a field of a request to execute a function"
        ]
    );
    assert_eq!(
        execute("{\"functionId\":\"echo\",\"payload\":1,\"payload\":2,\"timestamp\":1e999}"),
        [
            "payload is there twice",
            "timestamp cannot be read: number out of range at line 1 column 5"
        ]
    );
    let socket = |json: &str| named(SocketRequest::from_json(json.as_bytes()));
    assert_eq!(
        socket("{\"id\":-1,\"functionId\":\"e\\u0063ho\"}"),
        [
            "id is -1; must be a whole number from 0 to 4294967295",
            "payload is missing; must be any JSON value"
        ]
    );
    let stub = named(StubRequest::from_json(
        b"{\"transport\":\"pigeon\",\"functionId\":\"walk\",\"payload\":1}",
    ));
    assert!(stub[0].starts_with("transport unknown transport \"pigeon\"; expected one of: direct"));
    assert!(stub[1].starts_with("functionId unknown function \"walk\"; expected one of: echo"));
}

#[test]
fn an_answer_must_be_whole_and_say_nothing_twice() {
    let refused = |json: &str| {
        let error = ExecuteResponse::result_from_json(json.as_bytes()).unwrap_err();
        error.to_string()
    };
    let whole =
        br#"{"more":3,"executionTimeMs":0.0,"runtimeTimestamp":-2.5e3,"r\u0065sult":[1.0]}"#;
    let result = ExecuteResponse::result_from_json(whole).unwrap();
    assert_eq!(result.get(), "[1.0]");
    for (json, reason) in [
        (
            r#"{"result":1,"runtimeTimestamp":2.0}"#,
            "field `executionTimeMs` is missing",
        ),
        (
            r#"{"runtimeTimestamp":2.0,"executionTimeMs":1}"#,
            "field `result` is missing",
        ),
        (
            r#"{"result":1,"result":2,"runtimeTimestamp":2.0,"executionTimeMs":0.0}"#,
            "field `result` is there twice",
        ),
        (
            r#"{"result":1,"runtimeTimestamp":"2","executionTimeMs":0.0}"#,
            "field `runtimeTimestamp` must be a number",
        ),
        ("[1,2.0,0.0]", "not an object"),
        ("{", "EOF while parsing an object at line 1 column 1"),
    ] {
        assert_eq!(refused(json), reason, "{json}");
    }
    assert!(ExecuteResponse::result_from_json(b"\"\xff\"").is_err());
    assert!(SocketResponse::from_json(br#"{"id":1,"id":2,"result":1}"#).is_err());
}
