//! The Worker that makes fresh isolates, among the staged Workers.

use super::{
    project::{Build, Project, ProjectError},
    runtimes::bind,
    staging::{Staging, StagingError, copy_file, copy_folder, read_file},
};
use crate::configuration::worker_name;
use protocol::cold_start::BINDING;

/// Its folder.
pub(super) const COLD_WORKER: &str = "cold-worker";

/// Adds it, with the orchestrator's binding to it; returns its configuration file.
///
/// # Errors
/// It is not built, or a configuration cannot be read.
pub(super) fn add(
    staging: &Staging,
    project: &Project,
    build: Build,
) -> Result<String, StagingError> {
    let from = project.root().join(COLD_WORKER).join(build.folder());
    if !from.is_dir() {
        return Err(ProjectError::NoColdWorker {
            missing: from,
            build,
        }
        .into());
    }
    copy_folder(&from, &staging.path(&format!("{COLD_WORKER}/build")))?;
    let file = format!("{COLD_WORKER}/wrangler.toml");
    let staged = staging.path(&file);
    copy_file(&project.root().join(&file), &staged)?;
    let service = worker_name(&read_file(&staged)?).map_err(|error| StagingError::Service {
        path: staged,
        error,
    })?;
    bind(staging, "wrangler.toml", BINDING, &service, None)?;
    Ok(file)
}
