//! The contract of a stub that measures itself: docs/contracts.md, "Stubs", has the same points in words.

use super::{
    Clause, Outcome, Point,
    asking::{Asking, equal, names, problem, shown, status},
};
use crate::local::driven::{DrivenAnswer, DrivenWorker};
use protocol::{
    measure::{MeasureResponse, RepeatResponse},
    routes::caller::{EXECUTE, HEALTH, MEASURE, REPEAT},
};
use serde_json::{Value, json};

/// Calls that a slice is asked for.
const SAMPLES: u32 = 20;

const POINTS: &[Clause] = &[
    Clause {
        point: "health",
        says: "GET /health: status 200",
        ask: health,
    },
    Clause {
        point: "execute",
        says: "POST /execute: the result of one call of the runtime",
        ask: execute,
    },
    Clause {
        point: "execute-refusal",
        says: "POST /execute: a problem of status 400 that names every bad field",
        ask: execute_refusal,
    },
    Clause {
        point: "measure",
        says: "POST /measure: elapsed_ms",
        ask: measure,
    },
    Clause {
        point: "measure-counts",
        says: "POST /measure: with `clock`, each call is a sample, an error, lost or skipped",
        ask: measure_counts,
    },
    Clause {
        point: "measure-errors",
        says: "POST /measure: with `clock`, calls of no known function are counted as errors",
        ask: measure_errors,
    },
    Clause {
        point: "measure-refusal",
        says: "POST /measure: a problem of status 400 that names every bad field",
        ask: measure_refusal,
    },
];

const REPEAT_POINT: Clause = Clause {
    point: "repeat",
    says: "POST /repeat: repetitions, elapsed_ms, advances_during_cpu",
    ask: repeat,
};

/// Asks a stub for every point, by the transport `service-binding`.
#[must_use]
pub fn points(worker: &DrivenWorker) -> Vec<Point> {
    let mut points: Vec<Point> = POINTS.iter().map(|clause| clause.of(worker)).collect();
    let asking = Asking::of(worker);
    let left_out = ask_to_repeat(&asking).is_ok_and(|answer| answer.status == 404);
    points.push(if left_out {
        let why = "it is left out: plans for this stub say \"breakdown\": false";
        REPEAT_POINT.with(Outcome::Skipped(why.to_owned()))
    } else {
        REPEAT_POINT.of(worker)
    });
    points
}

fn post(asking: &Asking<'_>, path: &str, body: &Value) -> Result<DrivenAnswer, String> {
    asking.ask("POST", path, body.to_string().as_bytes())
}

fn health(asking: &Asking<'_>) -> Result<(), String> {
    status(&asking.ask("GET", HEALTH, b"")?, 200)
}

fn execute(asking: &Asking<'_>) -> Result<(), String> {
    let payload = super::requests::every_kind();
    let body = json!({"transport": "service-binding", "functionId": "echo", "payload": payload});
    let answer = post(asking, EXECUTE, &body)?;
    status(&answer, 200)?;
    let found: Value = serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
    let result = found
        .get("result")
        .ok_or_else(|| format!("the answer has no `result`: {}", shown(&answer.text())))?;
    equal(&super::requests::raw(result), &payload)
}

fn execute_refusal(asking: &Asking<'_>) -> Result<(), String> {
    let answer = post(asking, EXECUTE, &json!({"transport": "pigeon"}))?;
    names(
        &problem(&answer, 400)?,
        &["transport", "functionId", "payload"],
    )
}

/// A slice of [`SAMPLES`] calls.
fn slice(function: &str) -> Value {
    json!({"transport": "service-binding", "function": function, "payload_bytes": 100, "samples": SAMPLES, "warmup": 2, "seed": 1})
}

fn measured(asking: &Asking<'_>, request: &Value) -> Result<MeasureResponse, String> {
    let answer = post(asking, MEASURE, request)?;
    status(&answer, 200)?;
    serde_json::from_slice(&answer.body)
        .map_err(|error| format!("{error}: {}", shown(&answer.text())))
}

fn measure(asking: &Asking<'_>) -> Result<(), String> {
    measured(asking, &slice("echo")).map(|_| ())
}

fn measure_counts(asking: &Asking<'_>) -> Result<(), String> {
    let found = measured(asking, &slice("echo"))?;
    let Some(clock) = found.clock else {
        return Ok(()); // its elapsed time alone is taken, and its calls are believed
    };
    if clock.sample_unit_ns == 0 || clock.tick_ms == 0 {
        return Err("`clock.sample_unit_ns` and `clock.tick_ms` must be above 0".to_owned());
    }
    let errors = found.errors.total();
    let counted = found.samples.len() as u64 + errors + found.lost + found.skipped;
    if counted == u64::from(SAMPLES) {
        return Ok(());
    }
    Err(format!(
        "{SAMPLES} calls were asked for, but {} samples, {errors} errors, {} lost and {} skipped make {counted}",
        found.samples.len(),
        found.lost,
        found.skipped
    ))
}

fn measure_errors(asking: &Asking<'_>) -> Result<(), String> {
    // The runtime refuses it; a stub that knows the functions by name may do so itself.
    let answer = post(asking, MEASURE, &slice("no-such-function"))?;
    if answer.status == 400 {
        return names(&problem(&answer, 400)?, &["function"]);
    }
    status(&answer, 200)?;
    let found: MeasureResponse =
        serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
    if found.clock.is_some() && !found.samples.is_empty() {
        let samples = found.samples.len();
        return Err(format!(
            "{samples} calls that the runtime refused are counted as samples"
        ));
    }
    Ok(())
}

fn measure_refusal(asking: &Asking<'_>) -> Result<(), String> {
    let answer = post(
        asking,
        MEASURE,
        &json!({"transport": "pigeon", "samples": 0}),
    )?;
    names(
        &problem(&answer, 400)?,
        &["transport", "function", "payload_bytes", "samples"],
    )
}

fn ask_to_repeat(asking: &Asking<'_>) -> Result<DrivenAnswer, String> {
    post(
        asking,
        REPEAT,
        &json!({"component": "empty-hop", "repetitions": 5}),
    )
}

fn repeat(asking: &Asking<'_>) -> Result<(), String> {
    let answer = ask_to_repeat(asking)?;
    status(&answer, 200)?;
    let found: RepeatResponse = serde_json::from_slice(&answer.body)
        .map_err(|error| format!("{error}: {}", shown(&answer.text())))?;
    if found.repetitions == 5 {
        return Ok(());
    }
    Err(format!(
        "5 repetitions were asked for, got {}",
        found.repetitions
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_point_is_in_the_contract() {
        let contract = include_str!("../../../docs/contracts.md");
        let (_, stubs) = contract.split_once("## Stubs").unwrap();
        for clause in POINTS.iter().chain([&REPEAT_POINT]) {
            let row = format!("| `{}` |", clause.point);
            assert!(stubs.contains(&row), "{row} is not in docs/contracts.md");
        }
    }
}
