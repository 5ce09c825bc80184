use super::*;
use crate::{Payload, PayloadShape};
use proptest::{
    collection::{btree_map, vec},
    prelude::*,
};
use serde_json::json;

/// Encoded by the library, not by this module.
fn encoded(value: &serde_json::Value) -> Vec<u8> {
    rmp_serde::to_vec(value).unwrap()
}

#[test]
fn the_wire_form_is_pinned() {
    let request = MsgpackRequest {
        function_id: "echo",
        payload: &[0x81, 0xa1, b'a', 0x01],
        timestamp: 1.5,
    };
    let bytes = request.to_bytes();
    assert_eq!(
        bytes,
        b"\x83\xaafunctionId\xa4echo\xa9timestamp\xcb\x3f\xf8\0\0\0\0\0\0\xa7payload\x81\xa1a\x01"
    );
    assert_eq!(MsgpackRequest::from_bytes(&bytes), Ok(request));
    let answer = MsgpackResponse {
        result: &[0xc0],
        runtime_timestamp: 2.0,
        execution_time_ms: 0.0,
        isolate: None,
    };
    assert_eq!(MsgpackResponse::from_bytes(&answer.to_bytes()), Ok(answer));
    let answer = MsgpackResponse {
        isolate: Some(Isolate {
            id: (1 << 53) - 1,
            calls_served: 300,
            age_ms: 0,
        }),
        ..answer
    };
    assert_eq!(MsgpackResponse::from_bytes(&answer.to_bytes()), Ok(answer));
}

#[test]
fn an_isolate_that_is_not_as_it_must_be_is_as_none_and_the_result_is_read() {
    for isolate in [
        json!(7),
        json!({"id": 7, "callsServed": -1, "ageMs": 0}),
        json!({"id": 7, "callsServed": 1}),
        json!({"id": 7, "callsServed": 1, "ageMs": 0, "more": [1]}),
    ] {
        let bytes = encoded(&json!({"isolate": isolate, "result": [1]}));
        let answer = MsgpackResponse::from_bytes(&bytes).unwrap();
        assert_eq!(
            (answer.isolate, answer.result),
            (None, &[0x91, 1][..]),
            "{isolate}"
        );
    }
}

#[test]
fn what_another_encoder_writes_is_read_whatever_the_order_and_kind_of_numbers() {
    let value = json!({"timestamp": 1_736_640_000_000_u64, "payload": {"a": [1, -1, 2.5, null, true, "x"]}, "functionId": "echo"});
    let bytes = encoded(&value);
    let request = MsgpackRequest::from_bytes(&bytes).unwrap();
    assert_eq!(
        (request.function_id, request.timestamp),
        ("echo", 1_736_640_000_000.0)
    );
    assert_eq!(request.payload, encoded(&value["payload"]));
}

#[test]
fn a_value_of_every_kind_and_size_is_walked_over_whole() {
    let long = "x".repeat(70_000);
    let many: Vec<u32> = (0..70_000).collect();
    let mut values: Vec<Vec<u8>> = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(127),
        json!(128),
        json!(-33),
        json!(40_000),
        json!(-40_000),
        json!(5_000_000_000_u64),
        json!(-5_000_000_000_i64),
        json!(1.5),
        json!("short"),
        json!("x".repeat(40)),
        json!("x".repeat(300)),
        json!(long),
        json!([]),
        json!([1, [2, [3]]]),
        json!(many),
        json!({}),
        json!({"a": {"b": {}}}),
        json!(
            (0..20)
                .map(|i| (i.to_string(), json!(i)))
                .collect::<serde_json::Map<_, _>>()
        ),
    ]
    .iter()
    .map(encoded)
    .collect();
    values.extend([
        vec![0xc4, 2, 1, 2],                   // bin 8
        vec![0xca, 0, 0, 0, 0],                // float 32
        vec![0xd4, 5, 0],                      // fixext 1
        [vec![0xd8, 5], vec![0; 16]].concat(), // fixext 16
        vec![0xc7, 3, 5, 1, 2, 3],             // ext 8
    ]);
    for value in values {
        let request = MsgpackRequest {
            function_id: "echo",
            payload: &value,
            timestamp: 0.0,
        };
        let bytes = request.to_bytes();
        assert_eq!(MsgpackRequest::from_bytes(&bytes), Ok(request));
        for cut in [1, value.len()] {
            assert!(
                MsgpackRequest::from_bytes(&bytes[..bytes.len() - cut]).is_err(),
                "{value:x?}"
            );
        }
    }
}

#[test]
fn deep_nesting_costs_no_stack() {
    let mut payload = vec![0x91; 1_000_000];
    payload.push(0xc0);
    let request = MsgpackRequest {
        function_id: "echo",
        payload: &payload,
        timestamp: 0.0,
    };
    assert_eq!(MsgpackRequest::from_bytes(&request.to_bytes()), Ok(request));
}

#[test]
fn what_is_not_a_request_is_refused_with_the_reason() {
    let refused = |bytes: &[u8]| MsgpackRequest::from_bytes(bytes).unwrap_err().to_string();
    assert_eq!(refused(b""), "not a map in MessagePack at byte 0");
    assert_eq!(
        refused(&encoded(&json!(["echo"]))),
        "not a map in MessagePack at byte 0"
    );
    assert_eq!(
        refused(&encoded(&json!({"functionId": "echo"}))),
        "field \"payload\" is missing"
    );
    assert_eq!(
        refused(&encoded(&json!({"functionId": 1}))),
        "not a string in MessagePack at byte 12"
    );
    assert_eq!(
        refused(&encoded(&json!({"extra": 1}))),
        "field \"extra\" is unknown or doubled"
    );
    let whole = encoded(&json!({"functionId": "echo", "payload": 1}));
    assert_eq!(
        refused(&[whole, vec![0xc0]].concat()),
        "1 bytes follow the end of the message"
    );
    // A list that claims four thousand million values.
    assert!(refused(b"\x81\xa7payload\xdd\xff\xff\xff\xff").contains("not a value"));
}

/// Trees of every kind of value, with the numbers at which another form begins.
fn trees() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<i16>().prop_map(Into::into),
        any::<i8>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<f32>().prop_map(Into::into),
        ".{0,40}".prop_map(Into::into),
        "[a-z]{250,260}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 20, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..20).prop_map(Into::into),
            btree_map(".{0,5}", inner, 0..20)
                .prop_map(|fields| serde_json::Map::from_iter(fields).into()),
        ]
    })
}

proptest! {
    #[test]
    fn trees_are_written_and_read_as_the_stock_library_does(tree in trees()) {
        let bytes = encoded(&tree);
        let decoded = tree::decode(&bytes).unwrap();
        prop_assert_eq!(&tree::encode(&decoded), &bytes);
        let read: serde_json::Value = rmp_serde::from_slice(&bytes).unwrap();
        prop_assert_eq!(decoded, read);
    }

    #[test]
    fn whatever_the_bytes_the_stock_library_reads_what_is_read_here(bytes in vec(any::<u8>(), 0..60)) {
        if let Ok(read) = tree::decode(&bytes) {
            prop_assert_eq!(rmp_serde::from_slice::<serde_json::Value>(&bytes).unwrap(), read);
        }
    }
}

#[test]
fn a_tree_too_deep_for_the_stack_is_refused() {
    let nested = |levels: usize| [vec![0x91; levels], vec![0xc0]].concat();
    assert!(tree::decode(&nested(100)).is_ok());
    assert_eq!(
        tree::decode(&nested(100_000)).unwrap_err().to_string(),
        "not a value nested less than 128 deep in MessagePack at byte 128"
    );
    // Short and large forms of lengths, as other encoders may choose them.
    let tree =
        tree::decode(b"\xdd\0\0\0\x01\xdf\0\0\0\x01\xda\0\x01a\xcb\x3f\xf8\0\0\0\0\0\0").unwrap();
    assert_eq!(tree, json!([{"a": 1.5}]));
}

#[test]
fn functions_return_what_they_return_for_json() {
    for &shape in PayloadShape::ALL {
        let payload = Payload::new(shape, 1_000).unwrap();
        for function in Function::DEFAULT {
            let by_json = function.execute(payload.json()).unwrap();
            let encoded = from_json(payload.json());
            let by_msgpack = execute(function, &encoded).unwrap();
            let tree: serde_json::Value = serde_json::from_str(by_json.get()).unwrap();
            let other: serde_json::Value =
                serde_json::from_str(&to_json(&by_msgpack).unwrap()).unwrap();
            assert_eq!(other, tree, "{function} {shape}");
        }
    }
}

#[test]
fn transform_refuses_what_no_tree_of_values_can_hold() {
    let binary_in_a_map_with_a_number_for_a_key = [0x81, 0x01, 0xc4, 0x00];
    assert!(
        execute(
            Function::Transform,
            &binary_in_a_map_with_a_number_for_a_key
        )
        .is_err()
    );
    assert!(execute(Function::Echo, &binary_in_a_map_with_a_number_for_a_key).is_ok());
}
