//! `GET /health`: liveness and version.

use crate::platform::{self, OutgoingResponse};

/// Says that the Worker is alive, and which version of it.
pub(crate) fn serve() -> OutgoingResponse {
    let body = format!(
        "{{\"status\":\"ok\",\"worker\":\"runtime-worker\",\"version\":\"{}\"}}",
        protocol::PACKAGE_VERSION
    );
    platform::json(body.as_bytes())
}
