//! What a series is of.

use crate::{
    Cell, ColdStart,
    cell::CellIdError,
    cold_start::{Scenario, WasmBytes},
};
use core::{fmt, str::FromStr};

/// A cell, by its id, or a kind of cold start, such as `native.cold-stub.new`: runtime, scenario, and whether the process knew the wasm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// The latencies of a cell.
    Cell(Cell),
    /// The first answers of fresh isolates.
    ColdStart(ColdStart),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cell(cell) => cell.fmt(f),
            Self::ColdStart(ColdStart {
                runtime,
                scenario,
                wasm_bytes,
            }) => write!(f, "{runtime}.{scenario}.{wasm_bytes}"),
        }
    }
}

impl FromStr for Subject {
    type Err = CellIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        cold_start(text).map_or_else(
            || text.parse().map(Self::Cell),
            |one| Ok(Self::ColdStart(one)),
        )
    }
}

/// No transport has the name of a scenario, so that no text is both.
fn cold_start(text: &str) -> Option<ColdStart> {
    let mut parts = text.split('.');
    let (runtime, scenario, wasm_bytes) = (parts.next()?, parts.next()?, parts.next()?);
    let one = ColdStart {
        runtime: runtime.parse().ok()?,
        scenario: scenario.parse::<Scenario>().ok()?,
        wasm_bytes: wasm_bytes.parse::<WasmBytes>().ok()?,
    };
    parts.next().is_none().then_some(one)
}

crate::named::serde_as_text!(Subject);

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for Subject {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Subject".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let cell = generator.subschema_for::<Cell>();
        let either = |names: &[&str]| names.join("|");
        let scenarios: Vec<&str> = Scenario::ALL.iter().map(|one| one.as_str()).collect();
        let kinds: Vec<&str> = WasmBytes::ALL.iter().map(|one| one.as_str()).collect();
        let pattern = format!(
            "^[a-z][a-z0-9-]*\\.({})\\.({})$",
            either(&scenarios),
            either(&kinds)
        );
        schemars::json_schema!({
            "description": "A cell, or a kind of cold start: runtime, scenario, and whether the process knew the wasm.",
            "anyOf": [cell, {"type": "string", "pattern": pattern, "examples": ["native.cold-stub.new"]}],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_and_cold_starts_are_told_apart_and_read_back() {
        for text in [
            "service-binding.echo.100",
            "pyodide.rpc.echo.100",
            "native.cold-stub.new",
            "pyodide.warm.known",
        ] {
            let subject: Subject = text.parse().unwrap();
            let is_cold = matches!(subject, Subject::ColdStart(_));
            assert_eq!(is_cold, text.contains("cold") || text.contains("warm"));
            assert_eq!(subject.to_string(), text);
            let json = serde_json::to_string(&subject).unwrap();
            assert_eq!(serde_json::from_str::<Subject>(&json).unwrap(), subject);
        }
    }

    #[test]
    fn what_is_neither_is_refused_as_a_cell() {
        for text in [
            "",
            "native.cold-stub",
            "native.cold-stub.old",
            "native.cold-stub.new.1",
        ] {
            assert!(text.parse::<Subject>().is_err(), "{text}");
        }
    }
}
