//! Requests on every route, most of them wrong somewhere: made from the API's own description.
//!
//! Each request begins as the description wants it. Then some of it is spoilt: its method, its token, a part of its path, its query, its header
//! fields, its body's types, size, form or encoding. Which, is in [`Fuzzed::spoilt`]. None of them may be answered with a status 5xx.

mod target;
pub mod values;

use crate::service::Asked;
use anyhow::Context as _;
use rand::{Rng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use std::collections::BTreeMap;
use ureq::http::Method;
use values::Values;

/// A run of a plan that the description allows is made no larger than this, so that it ends within seconds.
const MOST_SAMPLES: u64 = 60;

/// Methods that the local servers hand on.
const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::PATCH,
    Method::OPTIONS,
];
/// What a request is spoilt in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spoilt {
    /// A method that the route may not have.
    Method,
    /// Another token, or none.
    Token,
    /// A part of the path.
    Path,
    /// A query parameter.
    Query,
    /// Header fields of the body, or what is accepted.
    Headers,
    /// A field of the body has a value that the description does not allow.
    Field,
    /// The body is no JSON, or not all of it.
    Form,
    /// The body is larger than any plan.
    Size,
}

impl Spoilt {
    /// Every way.
    pub const ALL: [Self; 8] = [
        Self::Method,
        Self::Token,
        Self::Path,
        Self::Query,
        Self::Headers,
        Self::Field,
        Self::Form,
        Self::Size,
    ];
}

/// A request, and what is wrong with it; nothing may be.
#[derive(Clone, Debug)]
pub struct Fuzzed {
    /// The route, as the description has it.
    pub route: String,
    /// The request.
    pub asked: Asked,
    /// What is spoilt.
    pub spoilt: Vec<Spoilt>,
}

/// An operation of the description.
#[derive(Clone, Debug)]
struct Operation {
    path: String,
    method: Method,
    about: Value,
}

/// Makes requests, the same ones for the same chance.
#[derive(Debug)]
pub struct Generator {
    values: Values,
    operations: Vec<Operation>,
    token: String,
    chance: ChaCha8Rng,
}

impl Generator {
    /// A generator from the API's description (JSON), which knows the token.
    ///
    /// # Errors
    /// What is missing in the description.
    pub fn new(openapi: &str, token: &str, chance: ChaCha8Rng) -> anyhow::Result<Self> {
        let document: Value = serde_json::from_str(openapi).context("the API's description")?;
        let paths = document["paths"]
            .as_object()
            .context("the API's description has no paths")?;
        let mut operations = Vec::new();
        for (path, methods) in paths {
            for (method, about) in methods.as_object().into_iter().flatten() {
                operations.push(Operation {
                    path: path.clone(),
                    method: method.to_uppercase().parse().context("a method")?,
                    about: about.clone(),
                });
            }
        }
        Ok(Self {
            values: Values::new(document),
            operations,
            token: token.to_owned(),
            chance,
        })
    }

    /// The routes that requests are made for, each once.
    #[must_use]
    pub fn routes(&self) -> BTreeMap<String, Vec<Method>> {
        let mut routes: BTreeMap<String, Vec<Method>> = BTreeMap::new();
        for operation in &self.operations {
            let methods = routes.entry(operation.path.clone()).or_default();
            methods.push(operation.method.clone());
        }
        routes
    }

    /// The next request; `runs` are some that exist.
    pub fn next(&mut self, runs: &[String]) -> Fuzzed {
        let operation = self.one_of(&self.operations.clone());
        // one request in eight is as it should be
        let spoilt: Vec<Spoilt> = if self.chance.random_ratio(1, 8) {
            Vec::new()
        } else {
            let first = self.one_of(&Spoilt::ALL);
            let second = self.one_of(&Spoilt::ALL);
            let both = self.chance.random_ratio(1, 4) && second != first;
            [Some(first), both.then_some(second)]
                .into_iter()
                .flatten()
                .collect()
        };
        let is = |way| spoilt.contains(&way);
        let mut asked = Asked::get(self.path(&operation, runs, is(Spoilt::Path)));
        asked
            .path
            .push_str(&self.query(&operation, is(Spoilt::Query)));
        asked.method = if is(Spoilt::Method) {
            self.one_of(&METHODS)
        } else {
            operation.method.clone()
        };
        if let Some(token) = self.authorization(is(Spoilt::Token)) {
            asked.headers.push(("authorization", token));
        }
        if is(Spoilt::Headers) {
            asked.headers.extend(self.spoilt_headers());
        } else {
            asked
                .headers
                .push(("content-type", "application/json".to_owned()));
        }
        asked.body = self.body(&operation, &spoilt);
        Fuzzed {
            route: operation.path,
            asked,
            spoilt,
        }
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices
            .choose(&mut self.chance)
            .expect("there are choices")
            .clone()
    }

    fn authorization(&mut self, spoilt: bool) -> Option<String> {
        if !spoilt {
            return Some(format!("Bearer {}", self.token));
        }
        let token = self.token.clone();
        let without_end = token[..token.len() - 1].to_owned();
        self.one_of(&[
            None,
            Some("Bearer".to_owned()),
            Some("Bearer ".to_owned()),
            Some(format!("Bearer {without_end}")),
            Some(format!("Bearer {token}x")),
            Some(format!("Basic {token}")),
            Some(token),
            Some("B".repeat(4_000)),
        ])
    }

    fn spoilt_headers(&mut self) -> Vec<(&'static str, String)> {
        let fields = [
            ("content-type", "text/plain"),
            ("content-type", "application/json; charset=utf-16"),
            ("content-type", "multipart/form-data; boundary=x"),
            ("content-type", "\u{e9}"),
            ("content-encoding", "gzip"),
            ("content-encoding", "br, zstd"),
            ("accept", "application/xml"),
            ("accept", ";;;"),
            ("accept-language", "-"),
            ("last-event-id", "-1"),
            ("last-event-id", "18446744073709551616"),
            ("if-none-match", "\"x\""),
            ("range", "bytes=5-1"),
            ("origin", "null"),
            ("x-forwarded-for", "::1"),
        ];
        let field = |(name, value): (&'static str, &str)| (name, value.to_owned());
        let first = self.one_of(&fields);
        let second = self.one_of(&fields);
        [first, second].map(field).to_vec()
    }

    /// The body: none where the description has none, unless it is spoilt.
    fn body(&mut self, operation: &Operation, spoilt: &[Spoilt]) -> Option<Vec<u8>> {
        let schema = &operation.about["requestBody"]["content"]["application/json"]["schema"];
        let is = |way| spoilt.contains(&way);
        if is(Spoilt::Size) {
            let size = self.one_of(&[32_768, 32_769, 100_000, 1_000_000]);
            let byte = self.one_of(b" [{\"a\x00\xff");
            return Some(vec![byte; size]);
        }
        if is(Spoilt::Form) {
            return Some(self.no_json());
        }
        if schema.is_null() {
            return is(Spoilt::Field).then(|| b"{}".to_vec());
        }
        let body = if is(Spoilt::Field) {
            self.values.forbidden(schema, &mut self.chance)
        } else {
            small(self.values.allowed(schema, &mut self.chance))
        };
        Some(body.to_string().into_bytes())
    }

    fn no_json(&mut self) -> Vec<u8> {
        let noise: [u8; 24] = self.chance.random();
        let deep = self.one_of(&[100, 1_000, 16_000]);
        match self.chance.random_range(0..7) {
            0 => noise.to_vec(),
            1 => [b"{\"seed\":1,".as_slice(), &noise].concat(),
            2 => "[".repeat(deep).into_bytes(),
            3 => "{\"a\":".repeat(deep).into_bytes(),
            4 => b"{\"seed\":1}{\"seed\":2}".to_vec(),
            5 => "\u{feff}{\"seed\":1}".as_bytes().to_vec(),
            _ => "{\"seed\":1}"
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect(),
        }
    }
}

/// The same plan with so few samples that its run ends within seconds. Not beside neighbours: the ledger holds what is logged against the raw samples
/// of cells, and those beside neighbours are in no file.
fn small(mut plan: Value) -> Value {
    if let Some(fields) = plan.as_object_mut() {
        let samples = fields.get("samples_per_cell").and_then(Value::as_u64);
        let samples = samples.unwrap_or(MOST_SAMPLES).min(MOST_SAMPLES);
        fields.insert("samples_per_cell".to_owned(), samples.into());
        fields.insert("until".to_owned(), "samples".into());
        fields.remove("busy");
        fields.remove("max_seconds");
        fields.remove("max_calls");
    }
    plan
}

#[cfg(test)]
mod tests;
