//! Who may call what: decided by the head of a request, before its body is read.
//!
//! Pure, so that it is tested natively. A request over a service binding is known by its origin,
//! [`INTERNAL_ORIGIN`]: see there why no request from outside can carry it. Every other request is public.

use protocol::{
    Problem,
    execute::MAX_BODY_BYTES,
    routes::runtime::{
        CAPNWEB, EXECUTE, EXECUTE_MSGPACK, EXECUTE_SHORT, HEALTH, INTERNAL_ORIGIN, NOTHING,
        WEBSOCKET,
    },
};
use subtle::ConstantTimeEq as _;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// Liveness and versions.
    Health,
    /// Nothing at all: the empty hop.
    Nothing,
    /// A function, in JSON.
    Execute,
    /// The same, in a short text.
    ExecuteShort,
    /// A function, in `MessagePack`.
    ExecuteMsgpack,
    /// A WebSocket for functions in JSON messages.
    WebSocket,
    /// A capnweb batch, or a WebSocket for capnweb.
    Capnweb,
}

/// Every resource: its path, the methods that it answers, and what it is.
const RESOURCES: &[(&str, &[&str], Resource)] = &[
    (EXECUTE, &["POST"], Resource::Execute),
    (EXECUTE_SHORT, &["POST"], Resource::ExecuteShort),
    (EXECUTE_MSGPACK, &["POST"], Resource::ExecuteMsgpack),
    (WEBSOCKET, &["GET"], Resource::WebSocket),
    (CAPNWEB, &["GET", "POST"], Resource::Capnweb),
    (NOTHING, &["GET", "HEAD", "POST"], Resource::Nothing),
    (HEALTH, &["GET", "HEAD"], Resource::Health),
];

/// A request that may be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admission {
    /// What it asks for.
    pub(crate) resource: Resource,
}

/// A request that may not be served, and what its sender is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The body of the answer; its status is the answer's.
    pub(crate) problem: Box<Problem>,
    /// Value of the `Allow` header, for a wrong method.
    pub(crate) allow: Option<String>,
}

impl Refusal {
    /// A refusal by `status` alone.
    pub(crate) fn new(status: u16, detail: impl Into<String>) -> Self {
        Problem::new(status, detail).into()
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self {
            problem: Box::new(problem),
            allow: None,
        }
    }
}

/// What is looked at of a public request only: reading headers costs a delegated call microseconds.
pub(crate) struct PublicHead {
    /// The secret `RUNTIME_TOKEN`, if there is one.
    pub(crate) configured_token: Option<String>,
    /// The `Authorization` header.
    pub(crate) authorization: Option<String>,
    /// The `Content-Length` header.
    pub(crate) content_length: Option<String>,
}

/// Decides whether a request may be served. Strangers learn nothing but that they are strangers: the token is asked for first.
pub(crate) fn admit(
    method: &str,
    url: &str,
    public_head: impl FnOnce() -> PublicHead,
) -> Result<Admission, Refusal> {
    if let Some(path) = internal_path(url) {
        return find(method, path);
    }
    let path = public_path(url);
    if path == HEALTH {
        return find(method, path);
    }
    let head = public_head();
    authorize(
        head.configured_token.as_deref(),
        head.authorization.as_deref(),
    )?;
    let admission = find(method, path)?;
    let announced = head.content_length.and_then(|length| length.parse().ok());
    check_length(announced.unwrap_or(0))?;
    if admission.resource == Resource::Capnweb && method == "POST" && announced.is_none() {
        // The library reads the body, and does not count.
        return Err(Refusal::new(
            411,
            "a capnweb batch needs the header `Content-Length`",
        ));
    }
    Ok(admission)
}

/// The path of a URL of the internal origin; `None` for every other origin.
fn internal_path(url: &str) -> Option<&str> {
    url.strip_prefix(INTERNAL_ORIGIN)
        .filter(|rest| rest.starts_with('/'))
        .map(without_query)
}

/// The path of an absolute URL as the platform states it: scheme, host, then a path that starts with `/`.
fn public_path(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after_scheme.find('/').map_or("/", |at| &after_scheme[at..]);
    without_query(path)
}

fn without_query(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or(path)
}

fn find(method: &str, path: &str) -> Result<Admission, Refusal> {
    let &(_, methods, resource) = RESOURCES
        .iter()
        .find(|(known, ..)| *known == path)
        .ok_or_else(|| {
            let paths: Vec<&str> = RESOURCES.iter().map(|(path, ..)| *path).collect();
            Refusal::new(
                404,
                format!("there is no such path; there are {}", paths.join(", ")),
            )
        })?;
    if methods.contains(&method) {
        return Ok(Admission { resource });
    }
    let allow = methods.join(", ");
    let detail = format!("{path} does not answer this method; it answers {allow}");
    Err(Refusal {
        allow: Some(allow),
        ..Refusal::new(405, detail)
    })
}

/// Compares the token in constant time, so that answers do not tell by their timing how much of a guess was right. Its length may be learnt.
fn authorize(configured: Option<&str>, authorization: Option<&str>) -> Result<(), Refusal> {
    let Some(configured) = configured.filter(|token| !token.is_empty()) else {
        return Err(Refusal::new(
            503,
            "public calls are refused because this Worker has no secret RUNTIME_TOKEN: set it with `wrangler secret put RUNTIME_TOKEN`",
        ));
    };
    let given = authorization.and_then(bearer_token).ok_or_else(|| {
        Refusal::new(
            401,
            "public calls need the header `Authorization: Bearer <RUNTIME_TOKEN>`",
        )
    })?;
    if bool::from(given.as_bytes().ct_eq(configured.as_bytes())) {
        Ok(())
    } else {
        Err(Refusal::new(
            401,
            "the token is not the secret RUNTIME_TOKEN of this Worker",
        ))
    }
}

/// The token of an `Authorization` header of the scheme `Bearer` (RFC 6750; scheme names are case-insensitive).
fn bearer_token(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Checks the length of a body, announced or read.
pub(crate) fn check_length(bytes: usize) -> Result<(), Refusal> {
    if bytes <= MAX_BODY_BYTES {
        return Ok(());
    }
    Err(Refusal::new(
        413,
        format!("the body has {bytes} bytes; at most {MAX_BODY_BYTES} are read"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "s3cret";

    fn public(method: &str, url: &str, authorization: Option<&str>) -> Result<Admission, Refusal> {
        admit(method, url, || PublicHead {
            configured_token: Some(TOKEN.to_owned()),
            authorization: authorization.map(str::to_owned),
            content_length: None,
        })
    }

    fn status(outcome: &Result<Admission, Refusal>) -> u16 {
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
            assert_eq!(admitted, Ok(Admission { resource }), "{url}");
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
}
