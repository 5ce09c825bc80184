//! Complete configuration files of a deployment: the committed ones, with the bindings that the chosen runtimes need.
//!
//! The committed files hold mandatory bindings only, so that any account can deploy them as they are; wrangler would refuse a binding to a Worker that
//! is not there. No wrangler environments: those rename each Worker alone and inherit no bindings.

use super::{
    cold_worker::COLD_WORKER,
    driven::{ConfigurationError, configuration::Configuration},
    project::{CALLER, Project},
    runtimes::RuntimeConfigurations,
};
use core::fmt;
use protocol::{Runtime, cold_start::BINDING, routes::runtime::ENTRYPOINT};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Why the files could not be written.
#[derive(Debug, thiserror::Error)]
pub enum DeploymentError {
    /// A runtime is neither the project's nor configured elsewhere.
    #[error(
        "runtime {runtime} is none of this project's: {} is not there; name its configuration by --runtime-config {runtime}=path/to/wrangler.toml", .missing.display()
    )]
    NoRuntime {
        /// Which runtime.
        runtime: Runtime,
        /// The file that is not there.
        missing: PathBuf,
    },
    /// A configuration cannot be read, or cannot have the binding.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// A file could not be written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What a Worker is deployed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A runtime of the project; deployed before the caller, which binds it.
    Runtime(Runtime),
    /// The caller-worker.
    Caller,
    /// The stub with a runtime's functions inside.
    Inlining(Runtime),
    /// The Worker that makes fresh isolates, which the orchestrator binds.
    ColdStarts,
    /// The orchestrator, which binds the stubs: deployed last.
    Orchestrator,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runtime(runtime) => write!(f, "runtime {}", runtime.url_variable()),
            Self::Caller => f.write_str("caller -"),
            Self::Inlining(runtime) => write!(f, "inlining {}", runtime.inlining_caller()),
            Self::ColdStarts => write!(f, "cold-starts {BINDING}"),
            Self::Orchestrator => f.write_str("orchestrator -"),
        }
    }
}

/// A Worker to deploy: its configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// As what.
    pub role: Role,
    /// The file.
    pub file: PathBuf,
}

/// Writes the files for `runtimes`, and for `cold_starts` if they are wanted, into `folder`; returns them in the order of deployment. For the native runtime alone these are the committed ones.
/// Runtimes that `others` configures are bound, and deployed by those whose they are.
///
/// # Errors
/// [`DeploymentError`].
pub fn configure(
    project: &Project,
    runtimes: &[Runtime],
    others: &RuntimeConfigurations,
    cold_starts: bool,
    folder: &Path,
) -> Result<Vec<Deployed>, DeploymentError> {
    let root = project.root();
    let committed = |folder: &str| root.join(folder).join("wrangler.toml");
    let mut deployed = vec![Deployed {
        role: Role::Runtime(Runtime::NATIVE),
        file: committed("runtime-worker"),
    }];
    let added: Vec<Runtime> = runtimes
        .iter()
        .copied()
        .filter(|one| !one.is_native())
        .collect();
    if added.is_empty() && !cold_starts {
        deployed.push(Deployed {
            role: Role::Caller,
            file: committed(CALLER),
        });
        deployed.push(Deployed {
            role: Role::Orchestrator,
            file: root.join("wrangler.toml"),
        });
        return Ok(deployed);
    }
    let mut caller = Configuration::read_unbuilt(&committed(CALLER))?;
    let mut orchestrator = Configuration::read_unbuilt(&root.join("wrangler.toml"))?;
    let mut inlining = Vec::new();
    for runtime in added {
        let file = others
            .get(&runtime)
            .cloned()
            .unwrap_or_else(|| committed(&format!("{runtime}-runtime")));
        if !file.is_file() && !others.contains_key(&runtime) {
            return Err(DeploymentError::NoRuntime {
                runtime,
                missing: file,
            });
        }
        let its = Configuration::read_unbuilt(&file)?;
        caller.bind(&runtime.binding(), its.text("name"), Some(ENTRYPOINT))?;
        if others.contains_key(&runtime) {
            continue;
        }
        deployed.push(Deployed {
            role: Role::Runtime(runtime),
            file,
        });
        let file = committed(&format!("{runtime}-caller"));
        if file.is_file() {
            let its = Configuration::read_unbuilt(&file)?;
            orchestrator.bind(&runtime.inlining_caller(), its.text("name"), None)?;
            inlining.push(Deployed {
                role: Role::Inlining(runtime),
                file,
            });
        }
    }
    deployed.push(Deployed {
        role: Role::Caller,
        file: write(&folder.join(CALLER), &caller)?,
    });
    deployed.extend(inlining);
    if cold_starts {
        let file = committed(COLD_WORKER);
        let its = Configuration::read_unbuilt(&file)?;
        orchestrator.bind(BINDING, its.text("name"), None)?;
        deployed.push(Deployed {
            role: Role::ColdStarts,
            file,
        });
    }
    deployed.push(Deployed {
        role: Role::Orchestrator,
        file: write(&folder.join("orchestrator"), &orchestrator)?,
    });
    Ok(deployed)
}

fn write(folder: &Path, configuration: &Configuration) -> Result<PathBuf, DeploymentError> {
    let path = folder.join("wrangler.json");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, configuration.to_json()))
        .map_err(|source| DeploymentError::File {
            path: path.clone(),
            source,
        })?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn checkout() -> Project {
        Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    fn runtimes(names: &[&str]) -> Vec<Runtime> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn written(deployed: &[Deployed], role: Role) -> Value {
        let file = &deployed.iter().find(|one| one.role == role).unwrap().file;
        serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
    }

    #[test]
    fn the_native_runtime_alone_is_deployed_by_the_committed_files() {
        let (folder, project) = (tempfile::tempdir().unwrap(), checkout());
        let deployed = configure(
            &project,
            &runtimes(&["native"]),
            &RuntimeConfigurations::new(),
            false,
            folder.path(),
        )
        .unwrap();
        let files: Vec<&Path> = deployed
            .iter()
            .map(|one| one.file.strip_prefix(project.root()).unwrap())
            .collect();
        assert_eq!(
            files,
            [
                "runtime-worker/wrangler.toml",
                "caller-worker/wrangler.toml",
                "wrangler.toml"
            ]
            .map(Path::new)
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn python_is_bound_delegated_and_inlined_and_each_worker_comes_after_those_that_it_binds() {
        let (folder, project) = (tempfile::tempdir().unwrap(), checkout());
        let deployed = configure(
            &project,
            &runtimes(&["native", "pyodide"]),
            &RuntimeConfigurations::new(),
            false,
            folder.path(),
        )
        .unwrap();
        let roles: Vec<String> = deployed.iter().map(|one| one.role.to_string()).collect();
        assert_eq!(
            roles,
            [
                "runtime RUNTIME_URL",
                "runtime PYODIDE_RUNTIME_URL",
                "caller -",
                "inlining CALLER_PYODIDE",
                "orchestrator -"
            ]
        );
        let caller = written(&deployed, Role::Caller);
        assert_eq!(
            caller["main"],
            json!(project.root().join("caller-worker/build/index.js"))
        );
        let bound = json!({"binding": "RUNTIME_PYODIDE", "service": "worker-rpc-latency-pyodide", "entrypoint": "Runtime"});
        assert!(
            caller["services"].as_array().unwrap().contains(&bound),
            "{caller}"
        );
        let orchestrator = written(&deployed, Role::Orchestrator);
        let bound =
            json!({"binding": "CALLER_PYODIDE", "service": "worker-rpc-latency-pyodide-caller"});
        assert!(
            orchestrator["services"]
                .as_array()
                .unwrap()
                .contains(&bound),
            "{orchestrator}"
        );
        assert_eq!(
            orchestrator["triggers"]["crons"].as_array().unwrap().len(),
            1
        );
        assert_eq!(
            orchestrator["assets"]["directory"],
            json!(project.root().join("dashboard/build"))
        );
    }

    #[test]
    fn cold_starts_are_deployed_before_the_orchestrator_which_binds_them() {
        let (folder, project) = (tempfile::tempdir().unwrap(), checkout());
        let none = RuntimeConfigurations::new();
        let native = runtimes(&["native"]);
        let deployed = configure(&project, &native, &none, true, folder.path()).unwrap();
        let roles: Vec<String> = deployed.iter().map(|one| one.role.to_string()).collect();
        assert_eq!(
            roles,
            [
                "runtime RUNTIME_URL",
                "caller -",
                "cold-starts COLD",
                "orchestrator -"
            ]
        );
        let orchestrator = written(&deployed, Role::Orchestrator);
        let bound = json!({"binding": "COLD", "service": "worker-rpc-latency-cold"});
        let services = orchestrator["services"].as_array().unwrap();
        assert!(services.contains(&bound), "{orchestrator}");
    }

    #[test]
    fn a_runtime_of_others_is_bound_and_not_deployed_and_an_unknown_one_is_refused_with_the_way_out()
     {
        let (folder, project) = (tempfile::tempdir().unwrap(), checkout());
        let none = configure(
            &project,
            &runtimes(&["other"]),
            &RuntimeConfigurations::new(),
            false,
            folder.path(),
        );
        let none = none.unwrap_err().to_string();
        assert!(none.contains("--runtime-config other="), "{none}");
        let file = project
            .root()
            .join("e2e/workers/foreign-runtime/wrangler.toml");
        let others = RuntimeConfigurations::from([("other".parse().unwrap(), file)]);
        let deployed = configure(
            &project,
            &runtimes(&["other"]),
            &others,
            false,
            folder.path(),
        )
        .unwrap();
        assert_eq!(deployed.len(), 3, "{deployed:?}");
        let services = written(&deployed, Role::Caller)["services"].clone();
        assert_eq!(services[1]["service"], "foreign-runtime", "{services}");
    }
}
