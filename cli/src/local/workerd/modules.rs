//! The modules of a Worker, by the endings of their files' names, as wrangler reads them.

use super::{ServingError, file_error};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A module, and its file relative to the directory of the configuration.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Module {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) file: String,
}

/// What importing a module gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    EsModule,
    CommonJs,
    Wasm,
    Data,
    Text,
}

impl Kind {
    /// `None` of what is no module.
    fn of(path: &Path) -> Option<Self> {
        Some(match path.extension()?.to_str()? {
            "js" | "mjs" => Self::EsModule,
            "cjs" => Self::CommonJs,
            "wasm" => Self::Wasm,
            "bin" => Self::Data,
            "txt" | "html" | "sql" => Self::Text,
            _ => return None,
        })
    }

    /// The field of `workerd.capnp`.
    pub(super) const fn field(self) -> &'static str {
        match self {
            Self::EsModule => "esModule",
            Self::CommonJs => "commonJsModule",
            Self::Wasm => "wasm",
            Self::Data => "data",
            Self::Text => "text",
        }
    }
}

/// The modules around `main`, which comes first, in its folder and those in it. Names and files are relative: names to the folder, files to `directory`.
pub(super) fn around(main: &Path, directory: &Path) -> Result<Vec<Module>, ServingError> {
    let folder = main.parent().unwrap_or(directory);
    let mut modules = Vec::new();
    for path in files(folder)? {
        if let (Some(kind), Some(name), Some(file)) = (
            Kind::of(&path),
            below(&path, folder),
            below(&path, directory),
        ) {
            modules.push((path != main, Module { name, kind, file }));
        }
    }
    modules.sort_by(|(is_other, module), (other_is_other, other)| {
        (is_other, &module.name).cmp(&(other_is_other, &other.name))
    });
    Ok(modules.into_iter().map(|(_, module)| module).collect())
}

/// The files that are, or could be, modules of the Worker whose main module is `main`.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, ServingError> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).map_err(|source| file_error(folder, source))?;
    for entry in entries {
        let path = entry.map_err(|source| file_error(folder, source))?.path();
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if is_hidden || path.ends_with("node_modules") {
            continue;
        }
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else if Kind::of(&path).is_some() {
            files.push(path);
        }
    }
    Ok(files)
}

fn below(path: &Path, folder: &Path) -> Option<String> {
    Some(path.strip_prefix(folder).ok()?.to_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_read_by_their_names_the_main_one_first_and_nothing_else_is_one() {
        let directory = tempfile::tempdir().unwrap();
        let build = directory.path().join("worker/build");
        fs::create_dir_all(build.join("lib")).unwrap();
        fs::create_dir_all(build.join("node_modules")).unwrap();
        for file in [
            "a.js",
            "index.js",
            "index_bg.wasm",
            "lib/library.bin",
            "sources.txt",
            ".built-from",
            "index.js.map",
            "node_modules/x.js",
        ] {
            fs::write(build.join(file), "").unwrap();
        }
        let modules = around(&build.join("index.js"), directory.path()).unwrap();
        let found: Vec<_> = modules
            .iter()
            .map(|module| (module.name.as_str(), module.kind, module.file.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("index.js", Kind::EsModule, "worker/build/index.js"),
                ("a.js", Kind::EsModule, "worker/build/a.js"),
                ("index_bg.wasm", Kind::Wasm, "worker/build/index_bg.wasm"),
                (
                    "lib/library.bin",
                    Kind::Data,
                    "worker/build/lib/library.bin"
                ),
                ("sources.txt", Kind::Text, "worker/build/sources.txt"),
            ]
        );
    }
}
