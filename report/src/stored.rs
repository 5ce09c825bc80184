//! Reading reports that were stored or saved, of this schema version and of version 1.
//!
//! Version 1 said in words what version 2 says by codes: such a reason becomes one of code `legacy` with its words as they were. Verdicts of
//! version 1 rested on intervals, and stay as they are: the share that a verdict tests is absent.

use crate::texts;
use protocol::{
    Basis, Report,
    report::{SCHEMA_VERSION, Topic, WarningKind},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Why a text is not a report.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not JSON, or not what a report of its version holds.
    #[error("it is not a report: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Written by a later release.
    #[error(
        "its schema version is {found}; this release reads up to {SCHEMA_VERSION}: use a newer one"
    )]
    Newer {
        /// Its version.
        found: u32,
    },
}

/// What every version begins with.
#[derive(Deserialize)]
struct Version {
    schema_version: u32,
}

/// Reads a report of this version or an earlier one.
///
/// # Errors
/// [`ReadError`].
pub fn read(json: &str) -> Result<Report, ReadError> {
    let Version { schema_version } = serde_json::from_str(json)?;
    match schema_version {
        SCHEMA_VERSION => Ok(serde_json::from_str(json)?),
        ..SCHEMA_VERSION => {
            let mut value: Value = serde_json::from_str(json)?;
            upgrade(&mut value);
            let mut report: Report = serde_json::from_value(value)?;
            texts::complete(&mut report);
            Ok(report)
        }
        found => Err(ReadError::Newer { found }),
    }
}

/// The JSON of a report in this version: as it is, or upgraded.
///
/// # Errors
/// [`ReadError`].
pub fn current(json: &str) -> Result<Cow<'_, str>, ReadError> {
    let Version { schema_version } = serde_json::from_str(json)?;
    if schema_version == SCHEMA_VERSION {
        return Ok(Cow::Borrowed(json));
    }
    Ok(Cow::Owned(serde_json::to_string(&read(json)?)?))
}

/// From version 1 to version 2.
fn upgrade(report: &mut Value) {
    bases(report);
    let Some(fields) = report.as_object_mut() else {
        return;
    };
    fields.insert("schema_version".to_owned(), json!(SCHEMA_VERSION));
    let mut warnings = fields.remove("faults").unwrap_or_else(|| json!([]));
    for warning in objects(&mut warnings) {
        rename(warning, "message", "text");
        let kind = warning.get("kind").and_then(Value::as_str);
        let kind = kind.map(renamed_kind).map(str::to_owned);
        warning.insert("kind".to_owned(), json!(kind));
    }
    // a kind that nobody knows any more cannot be acted on
    if let Some(list) = warnings.as_array_mut() {
        list.retain(|warning| is_known::<WarningKind>(&warning["kind"]));
    }
    fields.insert("warnings".to_owned(), warnings);
    for statement in fields.get_mut("analysis").into_iter().flat_map(objects) {
        rename(statement, "sentence", "text");
        let topic = statement.get("topic").and_then(Value::as_str);
        let topic = topic.map(renamed_topic);
        statement.insert("topic".to_owned(), json!(topic));
    }
    if let Some(list) = fields.get_mut("analysis").and_then(Value::as_array_mut) {
        list.retain(|statement| is_known::<Topic>(&statement["topic"]));
    }
}

fn is_known<T: core::str::FromStr>(name: &Value) -> bool {
    name.as_str().is_some_and(|name| name.parse::<T>().is_ok())
}

/// The name of today of a kind of version 1.
fn renamed_kind(kind: &str) -> &str {
    match kind {
        "unlike-blocks" => WarningKind::BetweenBlockVariance.as_str(),
        "dominated-mean" | "dominated-chain" => WarningKind::OutlierSlice.as_str(),
        kind => kind,
    }
}

/// The name of today of a topic of version 1, where each transport had its own.
fn renamed_topic(topic: &str) -> &str {
    match topic {
        "transports" => Topic::TransportVsTransport.as_str(),
        "isolation-cost" => Topic::Isolation.as_str(),
        topic if topic.ends_with("-vs-direct") => Topic::TransportVsDirect.as_str(),
        topic => topic,
    }
}

fn objects(list: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let items = list.as_array_mut().into_iter().flatten();
    items.filter_map(Value::as_object_mut)
}

fn rename(fields: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = fields.remove(from) {
        fields.insert(to.to_owned(), value);
    }
}

/// Says what bounds rest on: version 1 took all of them for the tick's. (Reasons in words are read as such.)
fn bases(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(bases),
        Value::Object(fields) => {
            fields.values_mut().for_each(bases);
            let has_bounds = fields.contains_key("lower") || fields.contains_key("upper");
            if fields.get("value") == Some(&Value::Null) && has_bounds {
                fields.insert("basis".to_owned(), json!(Basis::Tick));
            }
        }
        _ => {}
    }
}
