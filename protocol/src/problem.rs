//! Errors of the HTTP APIs: problem documents (RFC 9457).

use crate::run::MissingLocation;
use serde::{Deserialize, Serialize};

/// Media type of a problem document.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What was wrong, where, and what to do.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Identifies the kind of problem; `about:blank` when the status says it all.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// This occurrence: what was wrong, where, and what to do.
    pub detail: String,
    /// Each bad field of the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Locations that could not be asked, any of which may have what was sought.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub missing_locations: Box<[MissingLocation]>,
}

/// One bad field of a request.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field, as a path: `payload_bytes[0]`.
    pub field: String,
    /// What is wrong with it, and what is accepted.
    pub detail: String,
}

impl Problem {
    /// A problem of the given status; the title is the status in words.
    #[must_use]
    pub fn new(status: u16, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: title(status).to_owned(),
            status,
            detail: detail.into(),
            errors: Vec::new(),
            missing_locations: Box::default(),
        }
    }

    /// Adds the locations that could not be asked.
    #[must_use]
    pub fn with_missing_locations(mut self, missing: Vec<MissingLocation>) -> Self {
        self.missing_locations = missing.into();
        self
    }

    /// Adds the bad fields.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }
}

/// Reason phrases (RFC 9110, section 15) of the statuses in use.
const fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_that_could_not_be_asked_are_pinned() {
        let missing = vec![MissingLocation {
            location: "weur".into(),
            reason: "it did not answer".into(),
        }];
        let problem = Problem::new(502, "nobody could ask weur").with_missing_locations(missing);
        let json = serde_json::to_string(&problem).unwrap();
        assert_eq!(
            json,
            "{\"type\":\"about:blank\",\"title\":\"Bad Gateway\",\"status\":502,\"detail\":\"nobody could ask weur\",\
             \"missing_locations\":[{\"location\":\"weur\",\"reason\":\"it did not answer\"}]}"
        );
        assert_eq!(serde_json::from_str::<Problem>(&json).unwrap(), problem);
    }

    #[test]
    fn the_wire_form_is_pinned() {
        let problem = Problem::new(400, "the plan has a bad field").with_errors(vec![FieldError {
            field: "payload_bytes[0]".into(),
            detail: "is -1; must be 32 to 1000000".into(),
        }]);
        assert_eq!(
            serde_json::to_string(&problem).unwrap(),
            "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,\"detail\":\"the plan has a bad field\",\
             \"errors\":[{\"field\":\"payload_bytes[0]\",\"detail\":\"is -1; must be 32 to 1000000\"}]}"
        );
    }
}
