//! The project's folder: what is built where, and what serves it.

mod sources;
#[cfg(test)]
mod tests;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A checkout of this project (or one of the same layout).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    root: PathBuf,
    tools: PathBuf,
}

/// One of the builds of a [`Project`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// What is deployed: `scripts/build`.
    Release,
    /// With the functions that only tests may call: `scripts/build --test-functions`.
    TestFunctions,
}

/// Why a project cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// No folder around `start` has the three Workers.
    #[error(
        "no project found in {start} or above it: there should be a wrangler.toml beside caller-worker/ and runtime-worker/; \
         run this inside the checkout or name it with --project"
    )]
    NotFound {
        /// Where the search began.
        start: PathBuf,
    },
    /// A Worker has not been built.
    #[error("{missing} is missing: the Workers are not built; run {}", .build.script())]
    NotBuilt {
        /// The file or folder that is not there.
        missing: PathBuf,
        /// The build that would make it.
        build: Build,
    },
    /// A runtime beside the native one has not been built, or is none of this project's.
    #[error(
        "{} is missing: runtime {runtime} is not built (scripts/build --runtimes native,{runtime}), or it is none of this project's \
         (--runtime-config {runtime}=path/to/its/wrangler.toml)", .missing.display()
    )]
    NoRuntime {
        /// The folder that is not there.
        missing: PathBuf,
        /// The runtime.
        runtime: protocol::Runtime,
    },
    /// A Worker was built from other sources than those that are there.
    #[error(
        "{} is newer than {}, so what would be measured is not this checkout's code; run {}", .source_file.display(), .folder.display(), .build.script()
    )]
    Stale {
        /// The file that has changed.
        source_file: PathBuf,
        /// The folder of the build.
        folder: PathBuf,
        /// The build that would make it anew.
        build: Build,
    },
    /// The same of a Worker of a runtime beside the native one.
    #[error(
        "{} is newer than {}, so what would be measured is not this checkout's code; run scripts/build --runtimes native,{runtime}", .source_file.display(), .folder.display()
    )]
    StaleRuntime {
        /// The file that has changed.
        source_file: PathBuf,
        /// The folder of the build.
        folder: PathBuf,
        /// The runtime.
        runtime: protocol::Runtime,
    },
    /// The Worker for cold starts has not been built.
    #[error("{} is missing: the Worker that makes fresh isolates is not built; run {} --cold-starts, with --runtimes before it for others than the native one", .missing.display(), .build.script())]
    NoColdWorker {
        /// The folder that is not there.
        missing: PathBuf,
        /// The build that would make it.
        build: Build,
    },
    /// The folder's name cannot be in `PATH`.
    #[error("{} has a colon in its name, which PATH cannot hold; move the checkout", .root.display())]
    ColonInPath {
        /// The project's folder.
        root: PathBuf,
    },
    /// A tool has not been installed.
    #[error(
        "{missing} is missing: the tools that serve the Workers are not installed; run scripts/setup"
    )]
    NoTool {
        /// The file that is not there.
        missing: PathBuf,
    },
}

impl Build {
    /// The folder in each Worker's own that it goes to.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Release => "build",
            Self::TestFunctions => "build-test",
        }
    }

    /// The command that makes it.
    #[must_use]
    pub const fn script(self) -> &'static str {
        match self {
            Self::Release => "scripts/build",
            Self::TestFunctions => "scripts/build --test-functions",
        }
    }
}

/// Configuration files of the three Workers, the primary one first.
pub(super) const CONFIGURATIONS: [&str; 3] = [
    "wrangler.toml",
    "caller-worker/wrangler.toml",
    "runtime-worker/wrangler.toml",
];

/// Folders of the three Workers' crates, each with its builds in it.
pub(super) const CRATES: [&str; 3] = ["orchestrator", CALLER, "runtime-worker"];

/// The folder of the Worker whose clock is read.
pub(super) const CALLER: &str = "caller-worker";

/// The file in a Worker's build that `scripts/build` leaves, as old as the moment at which it began.
const STAMP: &str = ".built-from";

impl Project {
    /// The project whose folder is `root`.
    ///
    /// # Errors
    /// [`ProjectError::NotFound`] where the three Workers' configurations are not there.
    pub fn at(root: &Path) -> Result<Self, ProjectError> {
        if CONFIGURATIONS.iter().all(|file| root.join(file).is_file()) {
            // Servers run in folders of their own, where a relative name would lead elsewhere.
            let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
            Ok(Self {
                tools: root.join("node_modules/.bin"),
                root,
            })
        } else {
            Err(ProjectError::NotFound {
                start: root.to_owned(),
            })
        }
    }

    /// The project that `start` lies in.
    ///
    /// # Errors
    /// [`ProjectError::NotFound`] where neither `start` nor a folder above it is one.
    pub fn around(start: &Path) -> Result<Self, ProjectError> {
        start
            .ancestors()
            .find_map(|folder| Self::at(folder).ok())
            .ok_or_else(|| ProjectError::NotFound {
                start: start.to_owned(),
            })
    }

    /// Its folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The same project, served by the tools of another one: it need not have its own.
    #[must_use]
    pub fn with_tools_of(self, other: &Self) -> Self {
        Self {
            root: self.root,
            tools: other.tools.clone(),
        }
    }

    /// A file or folder of a build.
    pub(super) fn built(&self, path: &str, build: Build) -> Result<PathBuf, ProjectError> {
        let missing = self.root.join(path);
        if missing.exists() {
            Ok(missing)
        } else {
            Err(ProjectError::NotBuilt { missing, build })
        }
    }

    /// The build of a Worker of `runtime`, in `folder`.
    pub(super) fn built_runtime(
        &self,
        folder: &str,
        build: &str,
        runtime: protocol::Runtime,
    ) -> Result<PathBuf, ProjectError> {
        let missing = self.root.join(folder).join(build);
        if missing.is_dir() {
            Ok(missing)
        } else {
            Err(ProjectError::NoRuntime { missing, runtime })
        }
    }

    /// Fails where a source of the Workers has changed since `scripts/build` began to build them: a run must not measure an old build
    /// silently. Builds that were not made by it have no stamp and are taken as they are.
    pub(super) fn is_fresh(&self, build: Build) -> Result<(), ProjectError> {
        let newest = sources::newest(&self.root);
        for folder in CRATES {
            let folder = self.root.join(folder).join(build.folder());
            let stamp = fs::metadata(folder.join(STAMP)).and_then(|stamp| stamp.modified());
            if let (Ok(stamp), Some((changed, source_file))) = (stamp, &newest)
                && *changed > stamp
            {
                return Err(ProjectError::Stale {
                    source_file: source_file.clone(),
                    folder,
                    build,
                });
            }
        }
        Ok(())
    }

    /// The same for a Worker of `runtime`, built into `built`.
    pub(super) fn is_fresh_runtime(
        &self,
        built: &Path,
        runtime: protocol::Runtime,
    ) -> Result<(), ProjectError> {
        let stamp = fs::metadata(built.join(STAMP)).and_then(|stamp| stamp.modified());
        let folder = self.root.join(format!("{runtime}-runtime"));
        match (stamp, sources::newest_of_runtime(&self.root, &folder)) {
            (Ok(stamp), Some((changed, source_file))) if changed > stamp => {
                Err(ProjectError::StaleRuntime {
                    source_file,
                    folder: built.to_owned(),
                    runtime,
                })
            }
            _ => Ok(()),
        }
    }

    /// An npm tool.
    pub(super) fn tool(&self, name: &str) -> Result<PathBuf, ProjectError> {
        let missing = self.tools().join(name);
        if missing.exists() {
            Ok(missing)
        } else {
            Err(ProjectError::NoTool { missing })
        }
    }

    /// workerd: the program itself where it is found, since what stands in the folder of tools is a Node.js around it that stays beside it.
    pub(super) fn workerd(&self) -> Result<PathBuf, ProjectError> {
        let packages = self.tools.with_file_name("@cloudflare");
        let entries = fs::read_dir(packages).into_iter().flatten();
        let programs = entries.filter_map(Result::ok).filter_map(|entry| {
            let name = entry.file_name();
            let is_workerd = name.to_string_lossy().starts_with("workerd-");
            is_workerd.then(|| entry.path().join("bin/workerd"))
        });
        let mut programs = programs.filter(|program| program.is_file());
        programs.next().map_or_else(|| self.tool("workerd"), Ok)
    }

    /// The version of that workerd, as its package says; `None` where it does not.
    pub(super) fn workerd_version(&self) -> Option<String> {
        let program = self.workerd().ok()?;
        let package = program.parent()?.parent()?.join("package.json");
        let package: serde_json::Value = serde_json::from_slice(&fs::read(package).ok()?).ok()?;
        Some(package.get("version")?.as_str()?.to_owned())
    }

    /// Where the npm tools are, a Node.js that is new enough for them among them.
    pub(super) fn tools(&self) -> PathBuf {
        self.tools.clone()
    }
}
