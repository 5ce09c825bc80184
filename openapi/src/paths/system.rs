//! What is about the deployment: health, metrics, this document.

use crate::{
    DocumentError,
    operation::{Body, Operation, Paths},
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
