//! A copy of the built Workers, laid out like the project, in a temporary directory.

use super::{
    LocalClock,
    project::{Build, CALLER, CONFIGURATIONS, CRATES, Project, ProjectError},
    workerd::VARIABLES,
};
use crate::configuration::ConfigurationError;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// Variables of a Worker by name.
pub(super) type Variables = BTreeMap<String, String>;

/// Why the Workers could not be laid out.
#[derive(Debug, thiserror::Error)]
pub enum StagingError {
    /// Something is not there.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The Worker of a runtime of others cannot be served.
    #[error(transparent)]
    Runtime(Box<super::driven::configuration::ConfigurationError>),
    /// A runtime's binding cannot be added.
    #[error("{path}: {error}")]
    Service {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: ConfigurationError,
    },
    /// A configuration is not what wrangler would accept.
    #[error("{path}: {source}")]
    Configuration {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: Box<toml::de::Error>,
    },
}

/// A copy of the built Workers. Removed when dropped.
#[derive(Debug)]
pub(super) struct Staging {
    directory: TempDir,
}

impl Staging {
    /// Copies `build` of `project`, the caller-worker's with the clock that is asked for.
    pub(super) fn new(
        project: &Project,
        build: Build,
        clock: LocalClock,
    ) -> Result<Self, StagingError> {
        let directory = tempfile::Builder::new()
            .prefix("rpc-latency-")
            .tempdir()
            .map_err(|source| StagingError::File {
                path: std::env::temp_dir(),
                source,
            })?;
        let staging = Self { directory };
        for folder in CRATES {
            let mut its = build.folder().to_owned();
            if folder == CALLER {
                its.push_str(clock.suffix());
            }
            let from = project.built(&format!("{folder}/{its}"), build)?;
            copy_folder(&from, &staging.path(&format!("{folder}/build")))?;
        }
        copy_folder(
            &project.built("dashboard/build", build)?,
            &staging.path("dashboard/build"),
        )?;
        for file in CONFIGURATIONS {
            copy_file(&project.root().join(file), &staging.path(file))?;
        }
        create_folder(&staging.path("tmp"))?;
        create_folder(&staging.path("home"))?;
        Ok(staging)
    }

    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn path(&self, relative: &str) -> PathBuf {
        self.directory().join(relative)
    }

    /// Gives a Worker variables that override those of its configuration.
    pub(super) fn write_variables(
        &self,
        configuration_folder: &str,
        variables: &Variables,
    ) -> Result<(), StagingError> {
        write_file(
            &self.path(configuration_folder).join(VARIABLES),
            &serde_json::json!(variables).to_string(),
        )
    }
}

pub(super) fn copy_folder(from: &Path, to: &Path) -> Result<(), StagingError> {
    create_folder(to)?;
    for entry in fs::read_dir(from).map_err(|source| file_error(from, source))? {
        let entry = entry.map_err(|source| file_error(from, source))?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_folder(&path, &target)?;
        } else {
            copy_file(&path, &target)?;
        }
    }
    Ok(())
}

pub(super) fn copy_file(from: &Path, to: &Path) -> Result<(), StagingError> {
    fs::copy(from, to)
        .map(|_| ())
        .map_err(|source| file_error(from, source))
}

pub(super) fn create_folder(path: &Path) -> Result<(), StagingError> {
    fs::create_dir_all(path).map_err(|source| file_error(path, source))
}

pub(super) fn read_file(path: &Path) -> Result<String, StagingError> {
    fs::read_to_string(path).map_err(|source| file_error(path, source))
}

pub(super) fn write_file(path: &Path, text: &str) -> Result<(), StagingError> {
    fs::write(path, text).map_err(|source| file_error(path, source))
}

pub(super) fn file_error(path: &Path, source: io::Error) -> StagingError {
    StagingError::File {
        path: path.to_owned(),
        source,
    }
}
