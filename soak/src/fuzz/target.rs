//! Where a request goes: its path and its query, as the description has them, or spoilt.

use super::{Generator, Operation};
use e2e::SPOILT_PARTS;
use rand::{Rng as _, seq::IndexedRandom as _};
use serde_json::Value;
use ureq::http::Method;

/// A run that no deployment has.
const UNKNOWN_RUN: &str = "20000101T000000Z-00000000";

impl Generator {
    pub(super) fn path(&mut self, operation: &Operation, runs: &[String], spoilt: bool) -> String {
        let exists = runs.choose(&mut self.chance).cloned();
        // A right DELETE ends a run: most of them are to come to their own end.
        let (share, of) = if operation.method == Method::DELETE {
            (1, 12)
        } else {
            (3, 4)
        };
        let run = exists
            .filter(|_| self.chance.random_ratio(share, of))
            .unwrap_or_else(|| UNKNOWN_RUN.to_owned());
        let cell = self.one_of(&[
            "service-binding.echo.100",
            "direct.echo.100",
            "rpc.compute.1000",
        ]);
        if !spoilt {
            return operation
                .path
                .replace("{run}", &run)
                .replace("{cell}", cell);
        }
        let part = match self.chance.random_range(0..4) {
            0 => "a".repeat(3_000),
            _ => self.one_of(&SPOILT_PARTS).to_owned(),
        };
        match self.chance.random_range(0..3) {
            0 => operation
                .path
                .replace("{run}", &part)
                .replace("{cell}", &part),
            1 => {
                operation
                    .path
                    .replace("{run}", &run)
                    .replace("{cell}", &part)
                    + &part
            }
            _ => format!(
                "{}/{part}",
                operation
                    .path
                    .replace("{run}", &run)
                    .replace("{cell}", cell)
            ),
        }
    }

    pub(super) fn query(&mut self, operation: &Operation, spoilt: bool) -> String {
        let parameters = operation.about["parameters"].as_array().cloned();
        let mut pairs: Vec<String> = Vec::new();
        for parameter in parameters.into_iter().flatten() {
            let (Some("query"), Some(name)) =
                (parameter["in"].as_str(), parameter["name"].as_str())
            else {
                continue;
            };
            if parameter["required"] != true && self.chance.random() {
                continue;
            }
            let value = self.values.allowed(&parameter["schema"], &mut self.chance);
            pairs.push(format!("{name}={}", as_text(&value)));
        }
        if spoilt {
            let names = [
                "limit", "before", "location", "cell", "metric", "first", "second", "x",
            ];
            let (name, part) = (self.one_of(&names), self.one_of(&SPOILT_PARTS));
            pairs.push(format!("{name}={part}"));
            // the same name twice, or nothing else
            match self.chance.random_range(0..3) {
                0 => pairs.push(format!("{name}=1")),
                1 => pairs.retain(|pair| pair.ends_with(part)),
                _ => {}
            }
        }
        if pairs.is_empty() {
            String::new()
        } else {
            format!("?{}", pairs.join("&"))
        }
    }
}

/// A value as a query has it.
fn as_text(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                (byte as char).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}
