//! The Python runtime for tests: the build, with functions of the tests beside its own.

use crate::stage::{project, temporary_folder};
use cli::local::driven::DrivenWorker;
use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// The build of the Python runtime with other functions.
#[derive(Debug)]
pub struct PythonWorker(TempDir);

impl PythonWorker {
    /// The functions of the build, those of `e2e/functions`, and files of this test's own, by name; of two of one name the later counts.
    ///
    /// # Panics
    /// When it is not built, or a name is none.
    #[must_use]
    pub fn with(files: &[(&str, &str)]) -> Self {
        let folder = temporary_folder();
        let (root, build) = (project().root().to_owned(), folder.path().join("build"));
        let crate_folder = root.join("pyodide-runtime");
        fs::create_dir(&build).expect("a folder");
        let modules = fs::read_dir(crate_folder.join("build")).unwrap_or_else(|error| {
            panic!("the Python runtime is not built; run scripts/build --runtimes native,pyodide ({error})")
        });
        for module in modules.filter_map(Result::ok) {
            if module.file_name() != "functions.txt" {
                symlink(module.path(), build.join(module.file_name())).expect("a link");
            }
        }
        let own = folder.path().join("functions");
        fs::create_dir(&own).expect("a folder");
        for (name, source) in files {
            fs::write(own.join(name), source).expect("a file");
        }
        let folders = [
            crate_folder.join("functions"),
            root.join("e2e/functions"),
            own,
        ];
        write_functions(&build.join("functions.txt"), &folders);
        let configuration = crate_folder.join("wrangler.toml");
        fs::copy(configuration, folder.path().join("wrangler.toml")).expect("a configuration");
        Self(folder)
    }

    /// Its configuration.
    #[must_use]
    pub fn configuration(&self) -> PathBuf {
        self.0.path().join("wrangler.toml")
    }

    /// Serves it.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(&self) -> DrivenWorker {
        DrivenWorker::runtime(&project(), &self.configuration())
            .unwrap_or_else(|error| panic!("{error}"))
    }
}

fn write_functions(module: &Path, folders: &[PathBuf]) {
    let root = project().root().to_owned();
    let written = Command::new(root.join("node_modules/.bin/node"))
        .arg(root.join("pyodide-runtime/make/functions.mjs"))
        .arg(module)
        .args(folders)
        .status()
        .expect("Node.js; scripts/setup installs it");
    assert!(written.success());
}
