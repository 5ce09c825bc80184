//! Cold starts by deployment: `POST /deployment-starts` times the first call that a new version of a runtime answers.
//!
//! A new version of a Worker always gets new isolates. So whoever deploys one can have a cold start in production, script fetch and routing included,
//! without any means of making isolates. It is timed from inside, by the caller, and it is only kept if the answer proves that the isolate was fresh.

use crate::{Problem, Runtime, fields::FieldReader};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Characters of a key, at most.
pub const MAX_KEY_CHARS: usize = 64;

/// Characters of a version's id, at most: Cloudflare's are UUIDs of 36.
pub const MAX_VERSION_CHARS: usize = 64;

/// The seed that the timed call is asked for with: it belongs to no run, whose slices have seeds of their own.
pub const SEED: u64 = 0;

/// Body of `POST /deployment-starts`.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentStartRequest {
    /// Chosen by the sender, one for each deployment: 1 to 64 characters of a-z, A-Z, 0-9, `-`, `_` and `.`. Whoever asks again with the same key gets the
    /// same answer, and nothing is timed twice.
    #[cfg_attr(
        feature = "openapi",
        schemars(regex(pattern = r"^[A-Za-z0-9._-]{1,64}$"))
    )]
    pub key: String,
    /// The runtime of which a new version has been deployed.
    #[serde(default)]
    pub runtime: Runtime,
    /// That version's id, of 1 to 64 such characters, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        schemars(regex(pattern = r"^[A-Za-z0-9._-]{1,64}$"))
    )]
    pub version: Option<String>,
}

impl DeploymentStartRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// A problem of status 400 that names every bad field.
    pub fn parse(json: &[u8]) -> Result<Self, Problem> {
        let mut reader = FieldReader::new(json).map_err(|error| {
            Problem::new(400, format!("the body is not a JSON object: {error}"))
        })?;
        let runtime = reader.name("runtime", Runtime::NATIVE);
        let key = reader.text("key").map(Cow::into_owned);
        if let Some(key) = &key {
            check(&mut reader, "key", key, MAX_KEY_CHARS);
        }
        let version = reader
            .has("version")
            .then(|| reader.text("version"))
            .flatten()
            .map(Cow::into_owned);
        if let Some(version) = &version {
            check(&mut reader, "version", version, MAX_VERSION_CHARS);
        }
        let errors = reader.finish("a request for a start by deployment");
        if let (true, Some(key)) = (errors.is_empty(), key) {
            return Ok(Self {
                key,
                runtime,
                version,
            });
        }
        let names: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        Err(Problem::new(400, format!("bad field(s): {}", names.join(", "))).with_errors(errors))
    }
}

fn check(reader: &mut FieldReader<'_>, field: &str, text: &str, most: usize) {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !(1..=most).contains(&text.len()) || !text.bytes().all(fits) {
        let detail =
            format!("must be 1 to {most} characters of a-z, A-Z, 0-9, \"-\", \"_\" and \".\"");
        reader.refuse(field, detail);
    }
}

/// One start: the first call that a new version of a runtime answered. Answer of `POST /deployment-starts`.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentStart {
    /// Of the request.
    pub key: String,
    /// The runtime.
    pub runtime: Runtime,
    /// Its new version, where the request named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When it was timed.
    pub at: DateTime<Utc>,
    /// From the sending of the call to its answer, in whole ms of the caller's clock: off by a tick either way.
    pub cold_ms: u64,
    /// The tick of that clock, in ms.
    pub tick_ms: u64,
    /// Id of the isolate that answered: proof that two starts are not of one and the same.
    pub isolate: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Vec<String> {
        let problem = DeploymentStartRequest::parse(json.as_bytes()).unwrap_err();
        assert_eq!(problem.status, 400);
        problem
            .errors
            .into_iter()
            .map(|error| error.field)
            .collect()
    }

    #[test]
    fn a_request_names_a_key_and_may_name_the_rest() {
        let request = DeploymentStartRequest::parse(b"{\"key\":\"a-1_B.2\"}").unwrap();
        assert_eq!(request.runtime, Runtime::NATIVE);
        assert_eq!((request.key.as_str(), request.version), ("a-1_B.2", None));
        let json = b"{\"key\":\"k\",\"runtime\":\"pyodide\",\"version\":\"0f3c\"}";
        let request = DeploymentStartRequest::parse(json).unwrap();
        assert_eq!(request.runtime.as_str(), "pyodide");
        assert_eq!(request.version.as_deref(), Some("0f3c"));
    }

    #[test]
    fn every_bad_field_is_named() {
        assert_eq!(fields("{}"), ["key"]);
        assert_eq!(fields("{\"key\":\"\"}"), ["key"]);
        assert_eq!(
            fields(&format!("{{\"key\":\"{}\"}}", "k".repeat(65))),
            ["key"]
        );
        assert_eq!(
            fields("{\"key\":\"a b\",\"version\":\"\"}"),
            ["key", "version"]
        );
        let mut all = fields("{\"key\":7,\"runtime\":\"No Such\",\"more\":1}");
        all.sort();
        assert_eq!(all, ["key", "more", "runtime"]);
        let problem = DeploymentStartRequest::parse(b"[]").unwrap_err();
        assert!(
            problem.detail.contains("not a JSON object"),
            "{}",
            problem.detail
        );
    }
}
