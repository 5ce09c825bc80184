//! The Worker that makes fresh isolates, in a process of its own.
//!
//! Whenever an isolate starts, V8 drops the baseline code of all wasm in the process and compiles it again as it is called; the memory of the code before
//! is not used again. In one process with the orchestrator, whose wasm is large, each cold start cost a megabyte for ever. A load also stalls
//! whatever else the process does.

use super::{
    process_group::ProcessGroup,
    project::{Build, Project, ProjectError},
    readiness,
    runtimes::bind,
    staging::{Staging, StagingError, copy_file, copy_folder, read_file},
    start_error::StartError,
    workerd::{self, Elsewhere, Process, Reached},
};
use crate::configuration::worker_name;
use protocol::cold_start::BINDING;
use std::time::Instant;

/// Its folder.
pub(super) const COLD_WORKER: &str = "cold-worker";

/// Serves it, binds the orchestrator to it, and returns where it is.
///
/// # Errors
/// It is not built, a configuration cannot be read, or the server ends or stays silent.
pub(super) fn serve(
    staging: &Staging,
    project: &Project,
    build: Build,
    expires: Instant,
) -> Result<(ProcessGroup, Elsewhere), StartError> {
    let (file, name) = stage(staging, project, build)?;
    let process = Process {
        names: ("workerd (cold starts)", "cold"),
        reached: Reached::ByBindings(None),
        // It frees isolates between samples by a collection of its own.
        v8_flags: &["--expose-gc"],
    };
    let files = [file];
    let mut server = workerd::serve_each(project, staging.directory(), &files, &process)?;
    let url = readiness::socket_url(&mut server, &files[0], expires)?;
    bind(staging, "wrangler.toml", BINDING, &name, None)?;
    Ok((server, Elsewhere { name, url }))
}

/// Adds it to the staged Workers; returns its configuration file and its name.
fn stage(
    staging: &Staging,
    project: &Project,
    build: Build,
) -> Result<(String, String), StagingError> {
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
    let name = worker_name(&read_file(&staged)?).map_err(|error| StagingError::Service {
        path: staged,
        error,
    })?;
    Ok((file, name))
}
