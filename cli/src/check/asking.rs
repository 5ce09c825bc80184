//! Asking a Worker, and saying what is wrong with its answer: what was expected, and what came.

use crate::local::driven::{DrivenAnswer, DrivenWorker};
use protocol::{Problem, problem::PROBLEM_JSON, routes::runtime::INTERNAL_ORIGIN};
use serde_json::{Value, value::RawValue};

/// How much of a body an error shows, in characters.
const SHOWN: usize = 200;

/// A Worker that is asked.
pub(super) struct Asking<'a> {
    pub(super) worker: &'a DrivenWorker,
}

/// A text, cut to what an error can show.
pub(super) fn shown(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    let start: String = text.chars().take(SHOWN).collect();
    format!("{start}...")
}

/// The values are equal as JSON: numbers by value, fields in any order.
pub(super) fn equal(found: &RawValue, expected: &Value) -> Result<(), String> {
    let value: Value = serde_json::from_str(found.get()).map_err(|error| error.to_string())?;
    if same(&value, expected) {
        return Ok(());
    }
    Err(format!(
        "expected the result {}, got {}",
        shown(&expected.to_string()),
        shown(found.get())
    ))
}

fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        // 1.0 is 1: JavaScript knows no difference.
        (Value::Number(one), Value::Number(other)) => {
            one == other || one.as_f64() == other.as_f64()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, one)| other.get(name).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}

impl<'a> Asking<'a> {
    pub(super) const fn of(worker: &'a DrivenWorker) -> Self {
        Self { worker }
    }

    /// A request over the binding.
    pub(super) fn ask(
        &self,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Result<DrivenAnswer, String> {
        let url = format!("{INTERNAL_ORIGIN}{path}");
        let answer = self.worker.fetch(method, &url, &[], body);
        answer.map_err(|why| format!("{method} {path}: {}", shown(&why)))
    }
}

/// Fails for another status.
pub(super) fn status(answer: &DrivenAnswer, expected: u16) -> Result<(), String> {
    if answer.status == expected {
        return Ok(());
    }
    let body = shown(&answer.text());
    Err(format!(
        "expected status {expected}, got {}: {body}",
        answer.status
    ))
}

/// Fails for another media type; parameters after it do not matter.
pub(super) fn media_type(answer: &DrivenAnswer, expected: &str) -> Result<(), String> {
    let found = answer.header("content-type").unwrap_or("none");
    let media_type = found.split(';').next().unwrap_or(found).trim();
    if media_type.eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    Err(format!("expected the content type {expected}, got {found}"))
}

/// The problem document that refuses a request.
pub(super) fn problem(answer: &DrivenAnswer, expected: u16) -> Result<Problem, String> {
    status(answer, expected)?;
    media_type(answer, PROBLEM_JSON)?;
    let problem: Problem = serde_json::from_slice(&answer.body).map_err(|error| {
        let body = shown(&answer.text());
        format!("expected a problem document (type, title, status, detail), got {body}: {error}")
    })?;
    if problem.status != answer.status {
        return Err(format!(
            "the problem document has status {}, the answer {}",
            problem.status, answer.status
        ));
    }
    if problem.detail.trim().is_empty() {
        return Err(
            "the problem document's detail is empty: it must say what was wrong".to_owned(),
        );
    }
    Ok(problem)
}

/// Fails where a problem does not name each of these fields.
pub(super) fn names(problem: &Problem, fields: &[&str]) -> Result<(), String> {
    let named: Vec<&str> = problem
        .errors
        .iter()
        .map(|error| error.field.as_str())
        .collect();
    let missing: Vec<&str> = fields
        .iter()
        .copied()
        .filter(|field| !named.contains(field))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "expected the problem's `errors` to name {}, got [{}]",
        missing.join(", "),
        named.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::problem::FieldError;
    use serde_json::json;

    fn answer(status: u16, media_type: &str, body: &str) -> DrivenAnswer {
        DrivenAnswer {
            status,
            headers: vec![("content-type".to_owned(), media_type.to_owned())],
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn values_are_compared_as_json() {
        let raw = |json: &str| RawValue::from_string(json.to_owned()).unwrap();
        assert_eq!(
            equal(
                &raw("{\"b\":1.0,\"a\":[null]}"),
                &json!({"a": [null], "b": 1})
            ),
            Ok(())
        );
        for other in [
            "{\"a\":[null]}",
            "{\"a\":[],\"b\":1}",
            "{\"a\":[null],\"b\":2}",
            "[1]",
        ] {
            assert!(
                equal(&raw(other), &json!({"a": [null], "b": 1})).is_err(),
                "{other}"
            );
        }
    }

    #[test]
    fn a_problem_says_what_is_not_as_it_must_be() {
        let body = serde_json::to_string(&Problem::new(400, "bad")).unwrap();
        assert!(
            problem(
                &answer(400, "application/problem+json; charset=utf-8", &body),
                400
            )
            .is_ok()
        );
        for (found, reason) in [
            (
                answer(200, PROBLEM_JSON, &body),
                "expected status 400, got 200",
            ),
            (
                answer(400, "application/json", &body),
                "expected the content type application/problem+json, got application/json",
            ),
            (
                answer(400, PROBLEM_JSON, "{}"),
                "expected a problem document",
            ),
            (
                answer(400, PROBLEM_JSON, &body.replace("400", "500")),
                "has status 500, the answer 400",
            ),
            (
                answer(400, PROBLEM_JSON, &body.replace("\"bad\"", "\"\"")),
                "detail is empty",
            ),
        ] {
            let error = problem(&found, 400).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
        let named = Problem::new(400, "bad").with_errors(vec![FieldError {
            field: "payload".to_owned(),
            detail: "is missing".to_owned(),
        }]);
        assert_eq!(names(&named, &["payload"]), Ok(()));
        assert!(
            names(&named, &["payload", "functionId"])
                .unwrap_err()
                .contains("name functionId, got [payload]")
        );
    }
}
