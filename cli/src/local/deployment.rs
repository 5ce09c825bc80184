//! Complete configuration files of a deployment: the committed ones, with the bindings that the chosen runtimes need.
//!
//! The committed files hold mandatory bindings only, so that any account can deploy them as they are; wrangler would refuse a binding to a Worker that
//! is not there. No wrangler environments: those rename each Worker alone and inherit no bindings.

#[cfg(test)]
mod tests;

use super::{
    cold_worker::COLD_WORKER,
    driven::{ConfigurationError, configuration::Configuration},
    project::{CALLER, Project},
    runtimes::{RuntimeAddresses, RuntimeConfigurations},
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

/// What is to be deployed.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    /// The runtimes.
    pub runtimes: Vec<Runtime>,
    /// Of these, where those are configured that are none of this project's: they are bound, and deployed by those whose they are.
    pub others: RuntimeConfigurations,
    /// Where those answer publicly, for `raw-fetch`; of the project's own that is known when they are deployed.
    pub addresses: RuntimeAddresses,
    /// Whether the Worker that makes fresh isolates is wanted.
    pub cold_starts: bool,
}

/// Writes the files for what is `chosen` into `folder`; returns them in the order of deployment. For the native runtime alone these are the committed ones.
///
/// # Errors
/// [`DeploymentError`].
pub fn configure(
    project: &Project,
    chosen: &Chosen,
    folder: &Path,
) -> Result<Vec<Deployed>, DeploymentError> {
    let (others, cold_starts) = (&chosen.others, chosen.cold_starts);
    let root = project.root();
    let committed = |folder: &str| root.join(folder).join("wrangler.toml");
    let mut deployed = vec![Deployed {
        role: Role::Runtime(Runtime::NATIVE),
        file: committed("runtime-worker"),
    }];
    let added: Vec<Runtime> = chosen
        .runtimes
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
            if let Some(address) = chosen.addresses.get(&runtime) {
                caller.set_variable(&runtime.url_variable(), address);
            }
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
