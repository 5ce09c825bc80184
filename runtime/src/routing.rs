//! Who may call what: decided by the head of a request, before its body is read.
//!
//! Pure, so that it is tested natively. A request over a service binding is known by the entrypoint that it came to,
//! [`ENTRYPOINT`](protocol::routes::runtime::ENTRYPOINT), and not by anything in it.

use protocol::{
    execute::MAX_BODY_BYTES,
    routes::{
        self, Refusal, path_of,
        runtime::{CAPNWEB, EXECUTE, EXECUTE_MSGPACK, EXECUTE_SHORT, HEALTH, NOTHING, WEBSOCKET},
    },
};
use subtle::ConstantTimeEq as _;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// Liveness, version, and what the runtime can do.
    Health,
    /// Liveness and version, for strangers.
    PublicHealth,
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

impl Resource {
    /// Whether a request for it by `method` is nothing but the calls that it carries, and is counted as those. A socket is opened by one of its own.
    pub(crate) fn carries_calls(self, method: &str) -> bool {
        match self {
            Self::Execute | Self::ExecuteShort | Self::ExecuteMsgpack => true,
            Self::Capnweb => method == "POST",
            Self::Health | Self::PublicHealth | Self::Nothing | Self::WebSocket => false,
        }
    }
}

/// Every resource: its path, the methods that it answers, and what it is.
const RESOURCES: &[routes::Resource<Resource>] = &[
    (EXECUTE, &["POST"], Resource::Execute),
    (EXECUTE_SHORT, &["POST"], Resource::ExecuteShort),
    (EXECUTE_MSGPACK, &["POST"], Resource::ExecuteMsgpack),
    (WEBSOCKET, &["GET"], Resource::WebSocket),
    (CAPNWEB, &["GET", "POST"], Resource::Capnweb),
    (NOTHING, &["GET", "HEAD", "POST"], Resource::Nothing),
    (HEALTH, &["GET", "HEAD"], Resource::Health),
];

/// What is looked at of a public request only: reading headers costs a delegated call microseconds.
pub(crate) struct PublicHead {
    /// The secret `RUNTIME_TOKEN`, if there is one.
    pub(crate) configured_token: Option<String>,
    /// The `Authorization` header.
    pub(crate) authorization: Option<String>,
    /// The `Content-Length` header.
    pub(crate) content_length: Option<String>,
}

/// Decides what a request over the binding asks for. It is trusted.
pub(crate) fn admit(method: &str, url: &str) -> Result<Resource, Refusal> {
    find(method, path_of(url))
}

/// Decides whether a public request may be served. Strangers learn nothing but that they are strangers: the token is asked for first.
pub(crate) fn admit_public(
    method: &str,
    url: &str,
    public_head: impl FnOnce() -> PublicHead,
) -> Result<Resource, Refusal> {
    let path = path_of(url);
    if path == HEALTH {
        return find(method, path).map(|_| Resource::PublicHealth);
    }
    let head = public_head();
    authorize(
        head.configured_token.as_deref(),
        head.authorization.as_deref(),
    )?;
    let resource = find(method, path)?;
    let announced = head.content_length.and_then(|length| length.parse().ok());
    check_length(announced.unwrap_or(0))?;
    if resource == Resource::Capnweb && method == "POST" && announced.is_none() {
        // The library reads the body, and does not count.
        return Err(Refusal::new(
            411,
            "a capnweb batch needs the header `Content-Length`",
        ));
    }
    Ok(resource)
}

fn find(method: &str, path: &str) -> Result<Resource, Refusal> {
    routes::find(RESOURCES, method, path)
}

/// Compares the token in constant time, so that the timing of answers does not reveal how much of a guess was right. Its length may be learnt.
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
mod tests;
