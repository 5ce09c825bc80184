//! A copy of the built Workers, laid out like the project, in a temporary directory.

use super::{
    LocalClock,
    project::{Build, CALLER, CONFIGURATIONS, CRATES, Project, ProjectError},
};
use crate::configuration::ConfigurationError;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
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
    /// A variable's value cannot be written down for wrangler.
    #[error(
        "the value of {name} cannot be handed to a local Worker: it holds a carriage return, ends with a backslash, or holds both ' and `"
    )]
    Variable {
        /// Which variable.
        name: String,
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

    /// Gives a Worker variables that override those of its configuration: wrangler reads `.dev.vars` beside each
    /// configuration, while its options `--var` and `--env-file` reach the first Worker only.
    pub(super) fn write_variables(
        &self,
        configuration_folder: &str,
        variables: &Variables,
    ) -> Result<(), StagingError> {
        write_file(
            &self.path(configuration_folder).join(".dev.vars"),
            &dotenv(variables)?,
        )
    }
}

/// Variables in the form of `.dev.vars`; quotes that are not in a value keep it as it is.
pub(super) fn dotenv(variables: &Variables) -> Result<String, StagingError> {
    let mut text = String::new();
    for (name, value) in variables {
        let quote = ['\'', '`']
            .into_iter()
            .find(|quote| !value.contains(*quote))
            // The file's format drops carriage returns, and takes a quote after a backslash for none.
            .filter(|_| !value.contains('\r') && !value.ends_with('\\'))
            .ok_or_else(|| StagingError::Variable { name: name.clone() })?;
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name}={quote}{value}{quote}");
    }
    Ok(text)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_keep_json_as_it_is() {
        let variables = BTreeMap::from([
            ("LIMITS".to_owned(), "local".to_owned()),
            ("SCHEDULED_PLAN".to_owned(), "{\"seed\":1}".to_owned()),
        ]);
        assert_eq!(
            dotenv(&variables).unwrap(),
            "LIMITS='local'\nSCHEDULED_PLAN='{\"seed\":1}'\n"
        );
    }

    #[test]
    fn a_value_that_the_file_would_change_is_refused_by_its_variables_name() {
        for value in ["both ' and `", "line\r\n", "ends with \\"] {
            let variables = BTreeMap::from([("LOCATIONS".to_owned(), value.to_owned())]);
            let error = dotenv(&variables).unwrap_err().to_string();
            assert!(error.contains("LOCATIONS"), "{value}: {error}");
        }
        let variables = BTreeMap::from([("LOCATIONS".to_owned(), "it's".to_owned())]);
        assert_eq!(dotenv(&variables).unwrap(), "LOCATIONS=`it's`\n");
    }
}
