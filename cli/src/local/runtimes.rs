//! Runtimes beside the native one, among the staged Workers.
//!
//! A runtime is a folder `NAME-runtime` of the project with its build and `wrangler.toml`; the caller gets a service binding to it. A folder `NAME-caller` is the
//! stub with its functions inside, which the orchestrator gets a binding to.

use super::{
    project::Project,
    staging::{Staging, StagingError, copy_file, copy_folder, read_file, write_file},
};
use crate::configuration::{ConfigurationError, with_service, worker_name};
use protocol::{Runtime, routes::runtime::ENTRYPOINT};

/// Adds `runtimes` to the staged Workers. Returns their configuration files.
///
/// # Errors
/// One is not built, or a configuration cannot be read.
pub(super) fn add(
    staging: &Staging,
    project: &Project,
    runtimes: &[Runtime],
) -> Result<Vec<String>, StagingError> {
    let mut files = Vec::new();
    for runtime in runtimes.iter().filter(|runtime| !runtime.is_native()) {
        let folder = format!("{runtime}-runtime");
        files.push(add_worker(staging, project, &folder, *runtime)?);
        bind(
            staging,
            "caller-worker/wrangler.toml",
            &runtime.binding(),
            &folder,
            Some(ENTRYPOINT),
        )?;
        let inlined = format!("{runtime}-caller");
        if project.root().join(&inlined).join("build").is_dir() {
            files.push(add_worker(staging, project, &inlined, *runtime)?);
            bind(
                staging,
                "wrangler.toml",
                &runtime.inlining_caller(),
                &inlined,
                None,
            )?;
        }
    }
    Ok(files)
}

/// Copies a Worker's build and configuration; returns the latter's place.
fn add_worker(
    staging: &Staging,
    project: &Project,
    folder: &str,
    runtime: Runtime,
) -> Result<String, StagingError> {
    let from = project.built_runtime(folder, runtime)?;
    copy_folder(&from, &staging.path(&format!("{folder}/build")))?;
    let file = format!("{folder}/wrangler.toml");
    copy_file(&project.root().join(&file), &staging.path(&file))?;
    Ok(file)
}

/// Gives a staged Worker a service binding to another.
fn bind(
    staging: &Staging,
    file: &str,
    binding: &str,
    to: &str,
    entrypoint: Option<&str>,
) -> Result<(), StagingError> {
    let of = |path: String, error: ConfigurationError| StagingError::Service {
        path: staging.path(&path),
        error,
    };
    let other = format!("{to}/wrangler.toml");
    let service =
        worker_name(&read_file(&staging.path(&other))?).map_err(|error| of(other, error))?;
    let text = read_file(&staging.path(file))?;
    let bound = with_service(&text, binding, &service, entrypoint)
        .map_err(|error| of(file.to_owned(), error))?;
    write_file(&staging.path(file), &bound)
}
