//! What is about the deployment: health, metrics, this document.

use super::{NO_TOKEN, NOBODY_MAY};
use crate::{
    DocumentError,
    operation::{Body, Operation, Paths},
};
use protocol::examination::Examination;
use serde_json::json;

const METRICS: &str = "# HELP worker_rpc_run_active Whether a run is active.\n# TYPE worker_rpc_run_active gauge\nworker_rpc_run_active{location=\"default\"} 0\n";

pub(super) fn add(paths: &mut Paths) -> Result<(), DocumentError> {
    let health = json!({"$ref": "#/components/schemas/Health"});
    paths.add(Operation::get(
        "/health",
        ("health", "Liveness, versions and locations."),
        Body::Json(health),
    ))?;
    examine(paths)?;
    paths.add(Operation::get(
        "/metrics",
        (
            "metrics",
            "The latest figures in the Prometheus text format, in seconds.",
        ),
        Body::Text {
            media_type: "text/plain",
            example: METRICS,
        },
    ))?;
    paths.add(Operation::get(
        "/openapi.json",
        ("openapi", "This document."),
        Body::Json(json!({"type": "object"})),
    ))
}

fn examine(paths: &mut Paths) -> Result<(), DocumentError> {
    let examination = paths.schema::<Examination>();
    paths.add(Operation {
        method: "post",
        takes_token: true,
        errors: vec![NO_TOKEN, NOBODY_MAY],
        ..Operation::get(
            "/doctor",
            (
                "examine",
                "Examines the deployment: versions, settings, what the caller's clock does, calls that one request may make one after the other.",
            ),
            Body::Json(examination),
        )
    })
}
