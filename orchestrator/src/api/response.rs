//! Responses, before the platform has seen them.

use protocol::{Problem, problem::PROBLEM_JSON};
use serde::Serialize;
use std::rc::Rc;

/// Media type of JSON answers.
pub const JSON: &str = "application/json";

/// A complete response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Header fields beside those that every response carries.
    pub headers: Vec<(&'static str, String)>,
    /// The body; not sent to `HEAD`. Shared with the cache that it comes from: it may be large, and readers many.
    pub body: Rc<str>,
}

impl Response {
    /// A response with a body of the given media type.
    #[must_use]
    pub fn new(status: u16, media_type: &str, body: impl Into<Rc<str>>) -> Self {
        Self {
            status,
            headers: vec![("content-type", media_type.to_owned())],
            body: body.into(),
        }
    }

    /// JSON text that is already written.
    #[must_use]
    pub fn json_text(status: u16, json: impl Into<Rc<str>>) -> Self {
        Self::new(status, JSON, json)
    }

    /// A value as JSON.
    #[must_use]
    pub fn json(status: u16, value: &impl Serialize) -> Self {
        match serde_json::to_string(value).and_then(|json| indented(&json)) {
            Ok(json) => Self::json_text(status, json),
            Err(error) => {
                Problem::new(500, format!("the answer could not be written: {error}")).into()
            }
        }
    }

    /// Adds a header field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The first header field of that name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The same JSON, indented for people. From text to text: a second serializer for every type would double the code that writes them.
fn indented(json: &str) -> Result<String, serde_json::Error> {
    let mut bytes = Vec::with_capacity(json.len() * 2);
    let mut from = serde_json::Deserializer::from_str(json);
    serde_transcode::transcode(&mut from, &mut serde_json::Serializer::pretty(&mut bytes))?;
    bytes.push(b'\n');
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

impl From<Problem> for Response {
    fn from(problem: Problem) -> Self {
        let json = serde_json::to_string(&problem).unwrap_or_default();
        let body = indented(&json).unwrap_or(json);
        let response = Self::new(problem.status, PROBLEM_JSON, body);
        match problem.status {
            401 => response.with("www-authenticate", "Bearer"),
            429 => response.with("retry-after", "600"),
            _ => response,
        }
    }
}

/// Header fields of every response: nothing is sniffed, framed, referred or run that does not come from here.
/// The page draws with SVG and sets styles from script only through the object model, which this policy allows.
pub const SECURITY_HEADERS: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("strict-transport-security", "max-age=31536000"),
    ("cross-origin-opener-policy", "same-origin"),
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
         connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
];
