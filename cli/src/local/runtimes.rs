//! Runtimes beside the native one, among the staged Workers.
//!
//! A runtime of the project is a folder `NAME-runtime` with its build and `wrangler.toml`; a folder `NAME-caller` is the stub with its functions inside,
//! which the orchestrator gets a binding to. A runtime of others is a configuration file anywhere, which is served as it is. The caller gets a service
//! binding to each.

use super::{
    LocalClock,
    driven::configuration::Configuration,
    project::Project,
    staging::{Staging, StagingError, copy_file, copy_folder, read_file, write_file},
    start_error::StartError,
    workerd,
};
use crate::configuration::{with_service, worker_name};
use protocol::{Runtime, routes::runtime::ENTRYPOINT};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Instant,
};

/// Configuration files of runtimes that are none of this project's.
pub type RuntimeConfigurations = BTreeMap<Runtime, PathBuf>;

/// Public addresses of deployed runtimes, without a slash at their ends.
pub type RuntimeAddresses = BTreeMap<Runtime, String>;

/// The staged Workers of runtimes beside the native one.
#[derive(Default)]
pub(super) struct Added {
    /// Configuration files of all of them.
    pub(super) files: Vec<String>,
    /// Folders of runtimes of the project. Those of others have their variables already.
    pub(super) own: Vec<String>,
    /// Folders of stubs with a runtime's functions inside.
    pub(super) inlining: Vec<String>,
}

/// Adds `runtimes` to the staged Workers.
///
/// # Errors
/// One is not built, or a configuration cannot be read.
pub(super) fn add(
    staging: &Staging,
    project: &Project,
    runtimes: &[Runtime],
    others: &RuntimeConfigurations,
    clock: LocalClock,
    expires: Instant,
) -> Result<Added, StartError> {
    let mut added = Added::default();
    for runtime in runtimes.iter().filter(|runtime| !runtime.is_native()) {
        let folder = format!("{runtime}-runtime");
        let service = match others.get(runtime) {
            Some(file) => added.add_others(staging, project, &folder, file, expires)?,
            None => added.add_own(staging, project, *runtime, folder)?,
        };
        let caller = "caller-worker/wrangler.toml";
        bind(
            staging,
            caller,
            &runtime.binding(),
            &service,
            Some(ENTRYPOINT),
        )?;
        let inlining = format!("{runtime}-caller");
        if !others.contains_key(runtime) && project.root().join(&inlining).join("build").is_dir() {
            let from = format!("build{}", clock.suffix());
            let service = added.add_worker(staging, project, &inlining, &from, *runtime)?;
            let binding = runtime.inlining_caller();
            bind(staging, "wrangler.toml", &binding, &service, None)?;
            added.inlining.push(inlining);
        }
    }
    Ok(added)
}

impl Added {
    /// The configuration files of the native runtime and of `runtimes`.
    pub(super) fn files_of_runtimes(&self, runtimes: &[Runtime]) -> Vec<(Runtime, String)> {
        let native = (Runtime::NATIVE, "runtime-worker/wrangler.toml".to_owned());
        let others = runtimes.iter().filter_map(|runtime| {
            let folder = format!("{runtime}-runtime/");
            let mut files = self.files.iter();
            let file = files.find(|file| file.starts_with(&folder))?;
            Some((*runtime, file.clone()))
        });
        [native].into_iter().chain(others).collect()
    }

    /// A Worker as another team configured it. Returns its name.
    fn add_others(
        &mut self,
        staging: &Staging,
        project: &Project,
        folder: &str,
        file: &Path,
        expires: Instant,
    ) -> Result<String, StartError> {
        let wrong = |error| StagingError::Runtime(Box::new(error));
        let configuration = Configuration::read(file).map_err(wrong)?;
        let secrets = configuration
            .secrets(super::LOCAL_RUNTIME_TOKEN)
            .map_err(wrong)?;
        let name = configuration.text("name").to_owned();
        let staged = workerd::bundle(
            project,
            staging.directory(),
            folder,
            configuration,
            &secrets,
            expires,
        )?;
        self.files.push(staged);
        Ok(name)
    }

    fn add_own(
        &mut self,
        staging: &Staging,
        project: &Project,
        runtime: Runtime,
        folder: String,
    ) -> Result<String, StagingError> {
        let service = self.add_worker(staging, project, &folder, "build", runtime)?;
        self.own.push(folder);
        Ok(service)
    }

    /// Copies a Worker's build and configuration; returns its name.
    fn add_worker(
        &mut self,
        staging: &Staging,
        project: &Project,
        folder: &str,
        build: &str,
        runtime: Runtime,
    ) -> Result<String, StagingError> {
        let from = project.built_runtime(folder, build, runtime)?;
        project.is_fresh_runtime(&project.root().join(folder).join("build"), runtime)?;
        copy_folder(&from, &staging.path(&format!("{folder}/build")))?;
        let file = format!("{folder}/wrangler.toml");
        let staged = staging.path(&file);
        copy_file(&project.root().join(&file), &staged)?;
        let name = worker_name(&read_file(&staged)?);
        self.files.push(file);
        name.map_err(|error| StagingError::Service {
            path: staged,
            error,
        })
    }
}

/// Gives a staged Worker a service binding to another.
pub(super) fn bind(
    staging: &Staging,
    file: &str,
    binding: &str,
    service: &str,
    entrypoint: Option<&str>,
) -> Result<(), StagingError> {
    let path = staging.path(file);
    let bound = with_service(&read_file(&path)?, binding, service, entrypoint);
    match bound {
        Ok(bound) => write_file(&path, &bound),
        Err(error) => Err(StagingError::Service { path, error }),
    }
}
