//! What a runtime says of itself: the answer of its `GET /health`.

use crate::{Function, PACKAGE_VERSION, Transport};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A runtime's state, and, to those who reach it over a binding, what it can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// `ok`; a runtime that cannot execute anything answers with status 503 and a problem instead.
    pub status: Cow<'static, str>,
    /// The Worker's own name.
    pub worker: Cow<'static, str>,
    /// Its version: what it can do is asked once for each.
    pub version: Cow<'static, str>,
    /// Absent in answers to public calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
}

/// What a runtime can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// The transports that it answers.
    pub transports: Vec<Transport>,
    /// The functions that it executes, on every one of them.
    pub functions: Vec<Function>,
}

impl Health {
    /// That of a Worker of this package that is alive.
    #[must_use]
    pub const fn of(worker: &'static str, capabilities: Option<Capabilities>) -> Self {
        Self {
            status: Cow::Borrowed("ok"),
            worker: Cow::Borrowed(worker),
            version: Cow::Borrowed(PACKAGE_VERSION),
            capabilities,
        }
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// It is not JSON of this form, or names a transport that there is not.
    pub fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// The answer's JSON text.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Names and lists of names always encode.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_form_is_pinned() {
        let capabilities = Capabilities {
            transports: vec![Transport::ServiceBinding, Transport::Rpc],
            functions: vec![Function::Echo, "word-count".parse().unwrap()],
        };
        let health = Health::of("runtime-worker", Some(capabilities));
        let json = String::from_utf8(health.to_json()).unwrap();
        assert_eq!(
            json,
            format!(
                "{{\"status\":\"ok\",\"worker\":\"runtime-worker\",\"version\":\"{PACKAGE_VERSION}\",\
                 \"capabilities\":{{\"transports\":[\"service-binding\",\"rpc\"],\"functions\":[\"echo\",\"word-count\"]}}}}"
            )
        );
        assert_eq!(Health::from_json(json.as_bytes()).unwrap(), health);
    }

    #[test]
    fn an_answer_to_strangers_has_no_capabilities_and_an_unknown_transport_is_named() {
        let public = b"{\"status\":\"ok\",\"worker\":\"w\",\"version\":\"1\"}";
        assert_eq!(Health::from_json(public).unwrap().capabilities, None);
        let odd = b"{\"status\":\"ok\",\"worker\":\"w\",\"version\":\"1\",\"capabilities\":{\"transports\":[\"pigeon\"],\"functions\":[]}}";
        let error = Health::from_json(odd).unwrap_err().to_string();
        assert!(error.contains("unknown transport \"pigeon\""), "{error}");
    }
}
