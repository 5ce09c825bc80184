use super::*;

const TOKEN: &str = "s3cret";

fn public(method: &str, url: &str, authorization: Option<&str>) -> Result<Resource, Refusal> {
    admit_public(method, url, || PublicHead {
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
fn a_call_over_the_binding_is_admitted_whatever_its_host() {
    for (method, url, resource) in [
        (
            "POST",
            "https://runtime.internal/execute",
            Resource::Execute,
        ),
        ("POST", "http://anything/execute?trace=1", Resource::Execute),
        ("GET", "https://runtime.internal/nothing", Resource::Nothing),
        ("GET", "https://runtime.internal/health", Resource::Health),
    ] {
        assert_eq!(admit(method, url), Ok(resource), "{url}");
    }
}

#[test]
fn a_public_call_is_one_whatever_its_url_says() {
    for url in [
        "https://runtime.internal/execute",
        "http://runtime.internal/execute",
        "https://example.com/https://runtime.internal/execute",
    ] {
        assert_eq!(status(&public("POST", url, None)), 401, "{url}");
    }
    let health = public("GET", "https://runtime.internal/health", None);
    assert_eq!(health, Ok(Resource::PublicHealth));
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
        let refusal = admit_public("POST", "https://example.com/execute", || PublicHead {
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
        status(&admit_public(
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

#[test]
fn a_request_is_counted_itself_unless_it_is_nothing_but_the_calls_that_it_carries() {
    let counted = |method, path: &str| {
        let resource = admit(method, &format!("https://runtime.internal{path}")).unwrap();
        !resource.carries_calls(method)
    };
    for path in [EXECUTE, EXECUTE_SHORT, EXECUTE_MSGPACK, CAPNWEB] {
        assert!(!counted("POST", path), "{path}");
    }
    for path in [WEBSOCKET, CAPNWEB, NOTHING, HEALTH] {
        assert!(counted("GET", path), "{path}");
    }
}
