//! Public ports of runtimes, by plain workerd: what `raw-fetch` goes to.

use super::staging::{Staging, StagingError, Variables, file_error, read_file, write_file};
use serde::Deserialize;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What plain workerd needs to know of a Worker's configuration.
#[derive(Deserialize)]
struct Configuration {
    compatibility_date: String,
    #[serde(default)]
    compatibility_flags: Vec<String>,
}

/// A staged Worker, to be served on a socket of its folder's name.
struct Served<'a> {
    folder: &'a str,
    configuration: Configuration,
    modules: Vec<String>,
}

/// Writes the configuration with which plain workerd serves the staged Workers in `folders`, each on a free port; the socket has the folder's name.
///
/// # Errors
/// A configuration or a build cannot be read.
pub(super) fn write(
    staging: &Staging,
    folders: &[String],
    variables: &Variables,
) -> Result<PathBuf, StagingError> {
    let served: Result<Vec<Served>, StagingError> =
        folders.iter().map(|folder| read(staging, folder)).collect();
    let path = staging.path("runtime.capnp");
    write_file(&path, &capnp(&served?, variables))?;
    Ok(path)
}

fn read<'a>(staging: &Staging, folder: &'a str) -> Result<Served<'a>, StagingError> {
    let path = staging.path(&format!("{folder}/wrangler.toml"));
    let text = read_file(&path)?;
    Ok(Served {
        folder,
        configuration: toml::from_str(&text).map_err(|source| StagingError::Configuration {
            path,
            source: Box::new(source),
        })?,
        modules: modules(&staging.path(&format!("{folder}/build")))?,
    })
}

/// The field of workerd.capnp for a module of that name, as wrangler reads its ending; `None` of what is no module.
fn kind(name: &str) -> Option<&'static str> {
    Some(match Path::new(name).extension()?.to_str()? {
        "js" => "esModule",
        "wasm" => "wasm",
        "bin" => "data",
        "txt" => "text",
        _ => return None,
    })
}

/// File names of a build that are modules, the entry first.
fn modules(build: &Path) -> Result<Vec<String>, StagingError> {
    let entries = fs::read_dir(build).map_err(|source| file_error(build, source))?;
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| kind(name).is_some())
        .collect();
    names.sort_by_key(|name| (name != "index.js", name.clone()));
    Ok(names)
}

/// Configuration of plain workerd (`workerd.capnp` documents it): each Worker behind a socket.
fn capnp(workers: &[Served], variables: &Variables) -> String {
    let services = workers
        .iter()
        .enumerate()
        .map(|(index, worker)| format!("(name = {:?}, worker = .worker{index})", worker.folder));
    let sockets = workers.iter().map(|Served { folder, .. }| {
        format!("(name = {folder:?}, address = \"127.0.0.1:0\", http = (), service = {folder:?})")
    });
    let definitions = workers.iter().enumerate().map(|(index, worker)| {
        let bindings = variables
            .iter()
            .map(|(name, value)| format!("(name = {name:?}, text = {value:?})"));
        format!(
            "const worker{index} :Workerd.Worker = (
  modules = [{}],
  compatibilityDate = {:?},
  compatibilityFlags = [{}],
  bindings = [{}],
);
",
            list(
                worker
                    .modules
                    .iter()
                    .filter_map(|name| module(worker.folder, name))
            ),
            worker.configuration.compatibility_date,
            list(
                worker
                    .configuration
                    .compatibility_flags
                    .iter()
                    .map(|flag| format!("{flag:?}"))
            ),
            list(bindings),
        )
    });
    format!(
        "using Workerd = import \"/workerd/workerd.capnp\";
const config :Workerd.Config = (
  services = [{}],
  sockets = [{}],
);
{}",
        list(services),
        list(sockets),
        definitions.collect::<String>(),
    )
}

fn module(folder: &str, name: &str) -> Option<String> {
    let file = format!("{folder}/build/{name}");
    Some(format!(
        "(name = {name:?}, {} = embed {file:?})",
        kind(name)?
    ))
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_workerd_gets_every_module_and_binding_of_each_worker() {
        let served = |folder, modules: &[&str]| Served {
            folder,
            configuration: Configuration {
                compatibility_date: "2026-07-01".to_owned(),
                compatibility_flags: vec!["a_flag".to_owned()],
            },
            modules: modules.iter().map(ToString::to_string).collect(),
        };
        let workers = [
            served("runtime-worker", &["index.js", "index_bg.wasm"]),
            served("heavy-runtime", &["index.js", "library.bin", "sources.txt"]),
        ];
        let token = Variables::from([("RUNTIME_TOKEN".to_owned(), "t".to_owned())]);
        let text = capnp(&workers, &token);
        for part in [
            "(name = \"index.js\", esModule = embed \"runtime-worker/build/index.js\")",
            "(name = \"index_bg.wasm\", wasm = embed \"runtime-worker/build/index_bg.wasm\")",
            "(name = \"library.bin\", data = embed \"heavy-runtime/build/library.bin\")",
            "(name = \"sources.txt\", text = embed \"heavy-runtime/build/sources.txt\")",
            "(name = \"heavy-runtime\", address = \"127.0.0.1:0\", http = (), service = \"heavy-runtime\")",
            "compatibilityDate = \"2026-07-01\"",
            "compatibilityFlags = [\"a_flag\"]",
            "(name = \"RUNTIME_TOKEN\", text = \"t\")",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
}
