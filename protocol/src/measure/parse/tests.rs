use super::*;

fn bad_fields(problem: Problem) -> Vec<String> {
    assert_eq!(problem.status, 400);
    problem
        .errors
        .into_iter()
        .map(|error| error.field)
        .collect()
}

#[test]
fn what_a_request_says_is_what_it_reads_back() {
    let request = MeasureRequest {
        runtime: Runtime::NATIVE,
        transport: Transport::Rpc,
        function: Function::Compute,
        payload_bytes: 1_000,
        payload_shape: PayloadShape::Records,
        samples: 20,
        warmup: 2,
        chain: 8,
        timer: TimerChoice::Ticked,
        seed: u64::MAX,
        call_timeout_ms: 500,
        batch_size: 10,
        concurrency: 4,
        neighbour: None,
    };
    let json = serde_json::to_vec(&request).unwrap();
    assert_eq!(MeasureRequest::parse(&json), Ok(request.clone()));
    let beside = MeasureRequest {
        concurrency: 1,
        neighbour: Some(Neighbour {
            runtime: "pyodide".parse().unwrap(),
            percent: 10,
            pause_ms: 500,
            strokes: 160,
        }),
        ..request
    };
    let json = serde_json::to_string(&beside).unwrap();
    assert!(
        json.ends_with(r#""concurrency":1,"busy_runtime":"pyodide","busy_percent":10,"pause_ms":500,"strokes":160}"#),
        "{json}"
    );
    assert_eq!(MeasureRequest::parse(json.as_bytes()), Ok(beside));
}

#[test]
fn every_bad_field_of_a_neighbour_is_named() {
    let bad = |more: &str| {
        let json = format!(
            r#"{{"transport":"rpc","function":"echo","payload_bytes":100,"samples":9,{more}}}"#
        );
        bad_fields(MeasureRequest::parse(json.as_bytes()).unwrap_err())
    };
    assert_eq!(
        bad(r#""pause_ms":0,"busy_percent":91,"busy_runtime":"A b","strokes":-1,"concurrency":2"#),
        [
            "busy_runtime",
            "busy_percent",
            "pause_ms",
            "strokes",
            "concurrency"
        ]
    );
    assert_eq!(
        bad(r#""busy_percent":10"#),
        ["busy_percent"],
        "without a pause there is no neighbour"
    );
}

#[test]
fn the_least_that_a_request_needs_and_the_defaults_of_the_rest_are_pinned() {
    let json =
        br#"{"transport":"service-binding","function":"echo","payload_bytes":100,"samples":20}"#;
    let request = MeasureRequest {
        runtime: Runtime::NATIVE,
        transport: Transport::ServiceBinding,
        function: Function::Echo,
        payload_bytes: 100,
        payload_shape: PayloadShape::Text,
        samples: 20,
        warmup: 0,
        chain: 0,
        timer: TimerChoice::Auto,
        seed: 0,
        call_timeout_ms: 10_000,
        batch_size: 1,
        concurrency: 1,
        neighbour: None,
    };
    assert_eq!(MeasureRequest::parse(json), Ok(request));
}

#[test]
fn every_bad_field_of_a_slice_is_named() {
    let bad = |json: &str| bad_fields(MeasureRequest::parse(json.as_bytes()).unwrap_err());
    assert_eq!(
        bad("{}"),
        ["transport", "function", "samples", "payload_bytes"]
    );
    assert_eq!(
        bad(
            r#"{"transport":"smoke","function":"echo","payload_bytes":1,"samples":0,"concurrency":17,"timer":"best","sample":1}"#
        ),
        [
            "transport",
            "payload_bytes",
            "samples",
            "timer",
            "concurrency",
            "sample"
        ]
    );
    assert_eq!(
        bad(
            r#"{"transport":"rpc","function":"echo","payload_bytes":100,"samples":9,"concurrency":2,"timer":"interpolated"}"#
        ),
        ["timer"]
    );
    assert!(bad("[]").is_empty(), "not an object has no fields to name");
}

#[test]
fn a_component_is_read_with_the_fields_that_belong_to_it() {
    for component in [
        Component::Nothing,
        Component::EmptyHop,
        Component::Encode { payload_bytes: 100 },
        Component::Decode { payload_bytes: 100 },
        Component::Function {
            function: Function::Compute,
            payload_bytes: 100,
        },
    ] {
        let request = RepeatRequest {
            component,
            payload_shape: PayloadShape::Text,
            repetitions: 7,
            call_timeout_ms: 100,
        };
        let json = serde_json::to_vec(&request).unwrap();
        assert_eq!(RepeatRequest::parse(&json), Ok(request), "{component}");
    }
}

#[test]
fn every_bad_field_of_a_repetition_is_named() {
    let bad = |json: &str| bad_fields(RepeatRequest::parse(json.as_bytes()).unwrap_err());
    assert_eq!(bad("{}"), ["component", "repetitions"]);
    assert_eq!(
        bad(r#"{"component":"function","function":"walk","repetitions":1}"#),
        ["function", "payload_bytes"]
    );
    assert_eq!(
        bad(r#"{"component":"nothing","payload_bytes":100,"repetitions":1}"#),
        ["payload_bytes"]
    );
    assert_eq!(
        bad(r#"{"component":"empty-hop","repetitions":100001}"#),
        ["repetitions"]
    );
}
