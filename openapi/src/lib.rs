//! The `OpenAPI` document of the orchestrator's HTTP API.
//!
//! Contract: [`document`] gives the whole document. Schemas come from the types of crate `protocol`; paths, statuses and examples are
//! written here, beside them. `cargo run -p openapi > orchestrator/openapi.json` writes the file that the orchestrator serves; a test holds
//! it to the types, an end-to-end test holds the service to it.
//!
//! A crate of its own, so that neither this code nor `schemars` gets into a Worker.
//!
//! Out of scope: checking the service (`e2e/tests/end_to_end/conformance.rs`).

mod example;
mod operation;
mod paths;
mod schemas;

use operation::Paths;
use protocol::{PACKAGE_VERSION, Problem};
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json};

/// 3.2 is the first version that describes streams of server-sent events (`itemSchema`, section 4.14.3).
const OPENAPI_VERSION: &str = "3.2.0";

const DESCRIPTION: &str = "What delegating a function from a thin stub Worker to a shared runtime Worker costs, measured from inside Cloudflare. Latencies are in microseconds (`_us`); an estimate has its 95 % interval and the resolution of the clock behind it, and what cannot be stated is null with a reason. Reading is open to every origin; starting and cancelling runs, and examining the deployment, take a bearer token. Every error is a problem document (RFC 9457). HEAD works wherever GET does; OPTIONS and status 405 name the methods that a path knows (Allow).";

/// Why the document could not be made: the code of this crate no longer fits the types.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// A value could not be written as JSON.
    #[error("an example cannot be written as JSON: {0}")]
    Example(#[from] serde_json::Error),
    /// A schema that is to be restricted does not exist.
    #[error("there is no schema {0}; was the type renamed?")]
    NoSchema(&'static str),
    /// A field that is to be restricted does not exist.
    #[error("the schema {schema} has no field {field}; was it renamed?")]
    NoField {
        /// The schema's name.
        schema: &'static str,
        /// The field's name on the wire.
        field: String,
    },
}

/// The whole document.
///
/// # Errors
/// [`DocumentError`]: the code of this crate no longer fits the types of `protocol`.
pub fn document() -> Result<Value, DocumentError> {
    let mut paths = Paths::new(generator());
    paths::add_all(&mut paths)?;
    let problem = paths.schema::<Problem>();
    let (paths, mut schemas) = paths.finish();
    schemas.insert("Health".to_owned(), schemas::health());
    let plan_request = schemas::plan_request(&schemas)?;
    schemas.insert("PlanRequest".to_owned(), plan_request);
    Ok(json!({
        "openapi": OPENAPI_VERSION,
        "info": {
            "title": "worker-rpc-latency",
            "version": PACKAGE_VERSION,
            "license": {"name": "MIT OR Apache-2.0"},
            "description": DESCRIPTION,
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {"Problem": operation::any_other_problem(&problem)?},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "The secret API_TOKEN of the deployment."}},
        },
    }))
}

fn generator() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    settings.into_generator()
}
