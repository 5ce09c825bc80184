//! `/runs`: starting, listing, following, cancelling.

use super::{NO_SUCH_RUN, NO_TOKEN, NOBODY_MAY};
use crate::{
    DocumentError, example,
    operation::{Body, Operation, Paths, query},
};
use protocol::{
    RunId,
    plan::MAX_PLAN_BYTES,
    run::{DEFAULT_RUNS_LISTED, MAX_RUNS_LISTED, RunList, RunStatus},
};
use serde_json::{Value, json};

pub(super) fn add(paths: &mut Paths) -> Result<(), DocumentError> {
    start(paths)?;
    list(paths)?;
    status(paths)?;
    cancel(paths)?;
    events(paths)
}

fn start(paths: &mut Paths) -> Result<(), DocumentError> {
    let status = paths.schema::<RunStatus>();
    let too_long = format!("a plan has at most {MAX_PLAN_BYTES} bytes");
    paths.add(Operation {
        method: "post",
        takes_token: true,
        request_body: Some(plan()),
        success: (202, Body::Json(status)),
        errors: vec![
            (400, "the plan has 1 bad field(s)"),
            NO_TOKEN,
            NOBODY_MAY,
            (409, "run 20261122T172800Z-4f9a1c07 is running; wait until it ends, or DELETE it"),
            (413, &too_long),
            (429, "12 runs have been started within the hour, which is all that RUNS_PER_HOUR allows"),
        ],
        ..Operation::get(
            "/runs",
            ("startRun", "Starts a run at every location; the answer is the first one's status, with the others as siblings."),
            Body::Json(Value::Null),
        )
    })
}

fn plan() -> Value {
    json!({
        "required": false,
        "description": "The plan. Every field may be left out and then has its default; no body is the default plan.",
        "content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/PlanRequest"},
            "example": {"transports": ["direct", "rpc"], "functions": ["echo"], "payload_bytes": [100, 10_000]},
        }},
    })
}

fn list(paths: &mut Paths) -> Result<(), DocumentError> {
    let runs = paths.schema::<RunList>();
    let run = paths.schema::<RunId>();
    let limit = json!({"type": "integer", "minimum": 1, "maximum": MAX_RUNS_LISTED, "default": DEFAULT_RUNS_LISTED});
    paths.add(Operation {
        parameters: vec![
            query("limit", "Runs on a page.", false, &limit),
            query(
                "before",
                "Only runs before this one: the last answer's next_before.",
                false,
                &run,
            ),
        ],
        errors: vec![(400, "limit must be a whole number from 1 to 100")],
        ..Operation::get(
            "/runs",
            (
                "listRuns",
                "Runs of every location, newest first, page by page.",
            ),
            Body::Json(runs),
        )
    })
}

fn status(paths: &mut Paths) -> Result<(), DocumentError> {
    let status = paths.schema::<RunStatus>();
    let run = paths.run_parameter();
    paths.add(Operation {
        parameters: vec![run],
        errors: vec![NO_SUCH_RUN],
        ..Operation::get(
            "/runs/{run}",
            (
                "run",
                "State, progress, and what the run takes of the account.",
            ),
            Body::Json(status),
        )
    })
}

fn cancel(paths: &mut Paths) -> Result<(), DocumentError> {
    let status = paths.schema::<RunStatus>();
    let run = paths.run_parameter();
    paths.add(Operation {
        method: "delete",
        takes_token: true,
        parameters: vec![run],
        errors: vec![
            NO_TOKEN,
            NOBODY_MAY,
            NO_SUCH_RUN,
            (409, "run 20261122T172800Z-4f9a1c07 is completed already"),
        ],
        ..Operation::get(
            "/runs/{run}",
            ("cancelRun", "Cancels a run; what was measured is kept."),
            Body::Json(status),
        )
    })
}

fn events(paths: &mut Paths) -> Result<(), DocumentError> {
    let event = event(&paths.schema::<RunStatus>());
    let last_event = json!({"name": "Last-Event-ID", "in": "header", "required": false, "description": "The last event seen; browsers send it by themselves.", "schema": {"type": "string"}});
    let run = paths.run_parameter();
    paths.add(Operation {
        parameters: vec![run, last_event],
        without_body: Some((204, "The end of the run was sent before: do not come back.")),
        errors: vec![NO_SUCH_RUN],
        ..Operation::get(
            "/runs/{run}/events",
            ("runEvents", "Live progress as server-sent events: `progress`, then `ended`; each holds a RunStatus."),
            Body::Events { event, example: example::events()? },
        )
    })
}

/// One event once it is parsed (HTML, section 9.2.6).
fn event(status: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["id", "event", "data"],
        "properties": {
            "id": {"type": "string", "minLength": 1, "description": "Identifies what a follower has seen; send it back as Last-Event-ID."},
            "event": {"enum": ["progress", "ended"], "description": "`ended` is the last one."},
            "data": {"type": "string", "contentMediaType": "application/json", "contentSchema": status},
            "retry": {"type": "integer", "minimum": 0, "description": "Pause before a client comes back, in ms."},
        },
    })
}
