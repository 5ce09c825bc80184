use super::*;

const TOKEN: &str = "s3cret";

fn public(method: &str, url: &str, authorization: Option<&str>) -> Result<Resource, Refusal> {
    admit(method, url, || PublicHead {
        configured_token: Some(TOKEN.to_owned()),
        authorization: authorization.map(str::to_owned),
        content_length: None,
    })
}

fn status(outcome: &Result<Resource, Refusal>) -> u16 {
    outcome
        .as_ref()
        .map_or_else(|refusal| refusal.problem.status, |_| 200)
}

#[test]
fn a_call_over_the_binding_is_admitted_without_looking_at_its_headers() {
    for (method, url, resource) in [
        (
            "POST",
            "https://runtime.internal/execute",
            Resource::Execute,
        ),
        (
            "POST",
            "https://runtime.internal/execute?trace=1",
            Resource::Execute,
        ),
        ("GET", "https://runtime.internal/nothing", Resource::Nothing),
        ("GET", "https://runtime.internal/health", Resource::Health),
    ] {
        let admitted = admit(method, url, || panic!("the head was looked at"));
        assert_eq!(admitted, Ok(resource), "{url}");
    }
}

#[test]
fn what_only_resembles_the_internal_origin_is_public() {
    for url in [
        "http://runtime.internal/execute",
        "https://runtime.internal.example.com/execute",
        "https://runtime.internal:8443/execute",
        "https://runtime.internal@example.com/execute",
        "https://example.com/https://runtime.internal/execute",
        "https://xruntime.internal/execute",
    ] {
        assert_eq!(status(&public("POST", url, None)), 401, "{url}");
    }
}

#[test]
fn a_public_call_needs_the_token() {
    let url = "http://127.0.0.1:8788/execute";
    for (authorization, expected) in [
        (None, 401),
        (Some("Bearer s3creT"), 401),
        (Some("Bearer s3cret1"), 401),
        (Some("Bearer "), 401),
        (Some("Basic s3cret"), 401),
        (Some("s3cret"), 401),
        (Some("Bearer s3cret"), 200),
        (Some("bearer s3cret"), 200),
    ] {
        assert_eq!(
            status(&public("POST", url, authorization)),
            expected,
            "{authorization:?}"
        );
    }
}

#[test]
fn without_a_configured_token_every_public_call_is_refused_with_the_reason() {
    for configured_token in [None, Some(String::new())] {
        let refusal = admit("POST", "https://example.com/execute", || PublicHead {
            configured_token,
            authorization: Some("Bearer ".to_owned()),
            content_length: None,
        })
        .unwrap_err();
        assert_eq!(refusal.problem.status, 503);
        assert!(refusal.problem.detail.contains("RUNTIME_TOKEN"));
    }
}

#[test]
fn health_is_open_and_everything_else_asks_for_the_token_first() {
    assert_eq!(
        status(&public("GET", "https://example.com/health", None)),
        200
    );
    for path in ["/", "/nothing", "/executes", "/health/"] {
        assert_eq!(
            status(&public("GET", &format!("https://example.com{path}"), None)),
            401
        );
    }
}

#[test]
fn an_unknown_path_and_a_wrong_method_are_told_what_there_is() {
    let bearer = Some("Bearer s3cret");
    let unknown = public("GET", "https://example.com/run", bearer).unwrap_err();
    assert_eq!(unknown.problem.status, 404);
    assert!(unknown.problem.detail.contains(
        "/execute, /execute/short, /execute/msgpack, /websocket, /capnweb, /nothing, /health"
    ));
    let wrong = public("PUT", "https://example.com/execute?x=1", bearer).unwrap_err();
    assert_eq!(wrong.problem.status, 405);
    assert_eq!(wrong.allow.as_deref(), Some("POST"));
    assert_eq!(status(&public("GET", "https://example.com", bearer)), 404);
}

#[test]
fn a_body_announced_as_too_long_is_refused_before_it_is_read() {
    let announce = |path: &str, bytes: Option<usize>| {
        status(&admit(
            "POST",
            &format!("https://example.com{path}"),
            || PublicHead {
                configured_token: Some(TOKEN.to_owned()),
                authorization: Some("Bearer s3cret".to_owned()),
                content_length: bytes.map(|bytes| bytes.to_string()),
            },
        ))
    };
    for path in ["/execute", "/execute/msgpack", "/capnweb"] {
        assert_eq!(announce(path, Some(MAX_BODY_BYTES)), 200, "{path}");
        assert_eq!(announce(path, Some(MAX_BODY_BYTES + 1)), 413, "{path}");
    }
    assert_eq!(announce("/execute", None), 200);
    assert_eq!(announce("/capnweb", None), 411);
}
