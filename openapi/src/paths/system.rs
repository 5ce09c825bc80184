//! What is about the deployment: health, metrics, this document.

use super::{NO_TOKEN, NOBODY_MAY};
use crate::{
    DocumentError,
    operation::{Body, Operation, Paths},
};
use protocol::{
    deployment_starts::{DeploymentStart, DeploymentStartRequest},
    examination::Examination,
    plan::MAX_PLAN_BYTES,
};
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
    deployment_start(paths)?;
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

fn deployment_start(paths: &mut Paths) -> Result<(), DocumentError> {
    let start = paths.schema::<DeploymentStart>();
    let request = paths.schema::<DeploymentStartRequest>();
    let too_long = format!("a body has at most {MAX_PLAN_BYTES} bytes");
    paths.add(Operation {
        method: "post",
        takes_token: true,
        request_body: Some(json!({
            "required": true,
            "description": "Which runtime a new version was deployed of, under a key of this deployment alone.",
            "content": {"application/json": {
                "schema": request,
                "example": {"key": "20261126T120000Z-1", "runtime": "native", "version": "0f3c6a52-3c3f-4a4e-9d0c-0d1f6a2b7c11"},
            }},
        })),
        errors: vec![
            (400, "bad field(s): key"),
            NO_TOKEN,
            NOBODY_MAY,
            (
                409,
                "key \"20261126T120000Z-1\" is that of another start (runtime native, version not named); choose another key",
            ),
            (413, &too_long),
        ],
        ..Operation::get(
            "/deployment-starts",
            (
                "timeDeploymentStart",
                "Times the first call that a new version of a runtime answers, and keeps it; whoever asks again with the same key gets what was kept. 503 with Retry-After while the call meets an isolate that had been called before.",
            ),
            Body::Json(start),
        )
    })
}
