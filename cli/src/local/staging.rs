//! A copy of the built Workers, laid out like the project, in a temporary directory.

use super::{
    LocalClock,
    project::{Build, CALLER, CONFIGURATIONS, CRATES, Project, ProjectError},
};
use crate::configuration::ConfigurationError;
use serde::Deserialize;
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

/// What plain workerd needs to know of a Worker's configuration.
#[derive(Deserialize)]
struct Configuration {
    compatibility_date: String,
    #[serde(default)]
    compatibility_flags: Vec<String>,
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
            let its = match clock {
                LocalClock::Production | LocalClock::ProductionOutside if folder == CALLER => {
                    build.standing_clock_folder()
                }
                _ => build.folder(),
            };
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

    /// Writes the configuration with which plain workerd serves the runtime on a free port.
    pub(super) fn write_runtime_configuration(
        &self,
        variables: &Variables,
    ) -> Result<PathBuf, StagingError> {
        let path = self.path("runtime-worker/wrangler.toml");
        let text = read_file(&path)?;
        let configuration: Configuration =
            toml::from_str(&text).map_err(|source| StagingError::Configuration {
                path,
                source: Box::new(source),
            })?;
        let modules = modules(&self.path("runtime-worker/build"))?;
        let path = self.path("runtime.capnp");
        write_file(&path, &capnp(&configuration, &modules, variables))?;
        Ok(path)
    }
}

/// File names of a build that are modules, the entry first.
fn modules(build: &Path) -> Result<Vec<String>, StagingError> {
    let entries = fs::read_dir(build).map_err(|source| file_error(build, source))?;
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| {
            Path::new(name)
                .extension()
                .is_some_and(|kind| kind == "js" || kind == "wasm")
        })
        .collect();
    names.sort_by_key(|name| (name != "index.js", name.clone()));
    Ok(names)
}

/// Configuration of plain workerd (`workerd.capnp` documents it): one Worker behind one socket.
fn capnp(configuration: &Configuration, modules: &[String], variables: &Variables) -> String {
    let modules = modules.iter().map(|name| {
        let is_wasm = Path::new(name)
            .extension()
            .is_some_and(|kind| kind == "wasm");
        let kind = if is_wasm { "wasm" } else { "esModule" };
        format!(
            "(name = {name:?}, {kind} = embed {:?})",
            format!("runtime-worker/build/{name}")
        )
    });
    let bindings = variables
        .iter()
        .map(|(name, value)| format!("(name = {name:?}, text = {value:?})"));
    let list = |items: Vec<String>| items.join(", ");
    format!(
        "using Workerd = import \"/workerd/workerd.capnp\";
const config :Workerd.Config = (
  services = [(name = \"runtime\", worker = .runtime)],
  sockets = [(name = \"public\", address = \"127.0.0.1:0\", http = (), service = \"runtime\")],
);
const runtime :Workerd.Worker = (
  modules = [{}],
  compatibilityDate = {:?},
  compatibilityFlags = [{}],
  bindings = [{}],
);
",
        list(modules.collect()),
        configuration.compatibility_date,
        list(
            configuration
                .compatibility_flags
                .iter()
                .map(|flag| format!("{flag:?}"))
                .collect()
        ),
        list(bindings.collect()),
    )
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

fn create_folder(path: &Path) -> Result<(), StagingError> {
    fs::create_dir_all(path).map_err(|source| file_error(path, source))
}

pub(super) fn read_file(path: &Path) -> Result<String, StagingError> {
    fs::read_to_string(path).map_err(|source| file_error(path, source))
}

pub(super) fn write_file(path: &Path, text: &str) -> Result<(), StagingError> {
    fs::write(path, text).map_err(|source| file_error(path, source))
}

fn file_error(path: &Path, source: io::Error) -> StagingError {
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

    #[test]
    fn plain_workerd_gets_every_module_and_binding() {
        let configuration = Configuration {
            compatibility_date: "2026-07-01".to_owned(),
            compatibility_flags: vec!["a_flag".to_owned()],
        };
        let modules = ["index.js".to_owned(), "index_bg.wasm".to_owned()];
        let text = capnp(
            &configuration,
            &modules,
            &BTreeMap::from([("RUNTIME_TOKEN".to_owned(), "t".to_owned())]),
        );
        for part in [
            "(name = \"index.js\", esModule = embed \"runtime-worker/build/index.js\")",
            "(name = \"index_bg.wasm\", wasm = embed \"runtime-worker/build/index_bg.wasm\")",
            "compatibilityDate = \"2026-07-01\"",
            "compatibilityFlags = [\"a_flag\"]",
            "(name = \"RUNTIME_TOKEN\", text = \"t\")",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
}
