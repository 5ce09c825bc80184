//! The configuration of plain workerd, as text. `workerd.capnp`, which comes with it, documents each field.

use super::served::{Binding, Class, ServedWorker};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// The service that stands before the first Worker.
pub(super) const FRONT: &str = "front";

/// What is served, and where.
pub(super) struct Layout<'a> {
    /// The Worker that [`FRONT`] passes requests on to.
    pub(super) front: Option<&'a str>,
    pub(super) sockets: Vec<Socket<'a>>,
    pub(super) workers: &'a [ServedWorker],
    /// The folder of Durable Objects.
    pub(super) storage: Option<&'a Path>,
    /// Certificates to trust beside those that browsers do, each in PEM.
    pub(super) trusted: Vec<String>,
}

/// A port of this machine.
pub(super) struct Socket<'a> {
    pub(super) name: &'a str,
    pub(super) port: u16,
    pub(super) service: String,
}

/// The name of a Worker's service: Workers may be called as the other services here.
pub(super) fn service_of(worker: &str) -> String {
    format!("worker:{worker}")
}

/// The configuration.
pub(super) fn text(layout: &Layout<'_>) -> String {
    let mut services = vec![internet(&layout.trusted)];
    let mut definitions = String::new();
    if let Some(storage) = layout.storage {
        services.push(format!(
            "(name = \"storage\", disk = (path = {}, writable = true))",
            quoted(&storage.to_string_lossy())
        ));
    }
    if let Some(worker) = layout.front {
        services.push(format!("(name = {}, worker = .front)", quoted(FRONT)));
        definitions.push_str(&own(
            "front",
            &["service_binding_extra_handlers"],
            &format!(
                "(name = \"WORKER\", service = {})",
                quoted(&service_of(worker))
            ),
        ));
    }
    for (index, worker) in layout.workers.iter().enumerate() {
        let service = service_of(&worker.name);
        services.push(format!(
            "(name = {}, worker = .worker{index})",
            quoted(&service)
        ));
        if let Some(folder) = &worker.assets {
            services.push(format!(
                "(name = {}, worker = .assets{index})",
                quoted(&assets_of(worker))
            ));
            services.push(format!(
                "(name = {}, disk = (path = {}))",
                quoted(&files_of(worker)),
                quoted(&folder.to_string_lossy())
            ));
            definitions.push_str(
                &own(
                    "assets",
                    &[],
                    &format!(
                        "(name = \"FILES\", service = {})",
                        quoted(&files_of(worker))
                    ),
                )
                .replacen("const assets ", &format!("const assets{index} "), 1),
            );
        }
        definitions.push_str(&definition(index, worker, layout));
    }
    for (index, (name, entrypoints)) in missing(layout.workers).into_iter().enumerate() {
        services.push(format!(
            "(name = {}, worker = .missing{index})",
            quoted(&service_of(name))
        ));
        definitions.push_str(&stand_in(index, name, &entrypoints));
    }
    let sockets = layout.sockets.iter().map(|socket| {
        format!(
            "(name = {}, address = \"127.0.0.1:{}\", http = (), service = {})",
            quoted(socket.name),
            socket.port,
            quoted(&socket.service)
        )
    });
    format!(
        "using Workerd = import \"/workerd/workerd.capnp\";
const config :Workerd.Config = (
  services = [
    {}
  ],
  sockets = [{}],
);
{definitions}",
        services.join(",\n    "),
        list(sockets)
    )
}

/// What `fetch` reaches: this machine, too.
fn internet(trusted: &[String]) -> String {
    let trusted = trusted.iter().map(|certificate| quoted(certificate));
    format!(
        "(name = \"internet\", network = (allow = [\"public\", \"private\"], tlsOptions = (trustBrowserCas = true, trustedCertificates = [{}])))",
        list(trusted)
    )
}

/// A Worker of this crate's, of one module that is called as it is.
fn own(name: &str, flags: &[&str], binding: &str) -> String {
    format!(
        "const {name} :Workerd.Worker = (
  modules = [(name = \"{name}.js\", esModule = embed \"{name}.js\")],
  compatibilityDate = \"2026-07-01\",
  compatibilityFlags = [{}],
  bindings = [{binding}],
);
",
        list(flags.iter().map(|flag| quoted(flag)))
    )
}

fn definition(index: usize, worker: &ServedWorker, layout: &Layout<'_>) -> String {
    let modules = worker.modules.iter().map(|module| {
        format!(
            "(name = {}, {} = embed {})",
            quoted(&module.name),
            module.kind.field(),
            quoted(&module.file)
        )
    });
    let bindings = worker
        .bindings
        .iter()
        .map(|(name, binding)| bound(name, binding, worker));
    let flags = worker.compatibility_flags.iter().map(|flag| quoted(flag));
    let classes = worker.classes.iter().map(|class| namespace(class, worker));
    let storage = if worker.classes.is_empty() {
        ""
    } else if layout.storage.is_some() {
        "  durableObjectStorage = (localDisk = \"storage\"),\n"
    } else {
        "  durableObjectStorage = (inMemory = void),\n"
    };
    format!(
        "const worker{index} :Workerd.Worker = (
  modules = [{}],
  compatibilityDate = {},
  compatibilityFlags = [{}],
  bindings = [{}],
  durableObjectNamespaces = [{}],
{storage});
",
        list(modules),
        quoted(&worker.compatibility_date),
        list(flags),
        list(bindings),
        list(classes),
    )
}

fn bound(name: &str, binding: &Binding, worker: &ServedWorker) -> String {
    let to = match binding {
        Binding::Text(value) => format!("text = {}", quoted(value)),
        Binding::Json(value) => format!("json = {}", quoted(&value.to_string())),
        Binding::Service {
            worker,
            entrypoint: None,
        } => format!("service = {}", quoted(&service_of(worker))),
        Binding::Service {
            worker,
            entrypoint: Some(entrypoint),
        } => format!(
            "service = (name = {}, entrypoint = {})",
            quoted(&service_of(worker)),
            quoted(entrypoint)
        ),
        Binding::Class {
            class,
            worker: None,
        } => format!("durableObjectNamespace = {}", quoted(class)),
        Binding::Class {
            class,
            worker: Some(other),
        } => format!(
            "durableObjectNamespace = (className = {}, serviceName = {})",
            quoted(class),
            quoted(&service_of(other))
        ),
        Binding::Assets => format!("service = {}", quoted(&assets_of(worker))),
        Binding::Loader => "workerLoader = ()".to_owned(),
    };
    format!("(name = {}, {to})", quoted(name))
}

/// The key is the one that wrangler gives: state that it left is found.
fn namespace(class: &Class, worker: &ServedWorker) -> String {
    format!(
        "(className = {}, uniqueKey = {}, enableSql = {})",
        quoted(&class.name),
        quoted(&format!("{}-{}", worker.name, class.name)),
        class.has_sqlite
    )
}

fn assets_of(worker: &ServedWorker) -> String {
    format!("assets:{}", worker.name)
}

fn files_of(worker: &ServedWorker) -> String {
    format!("files:{}", worker.name)
}

/// Workers that are bound and not served, each with the named entrypoints that are bound.
fn missing(workers: &[ServedWorker]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut missing: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (_, binding) in workers.iter().flat_map(|worker| &worker.bindings) {
        if let Binding::Service { worker, entrypoint } = binding
            && workers.iter().all(|served| served.name != *worker)
        {
            let entrypoints = missing.entry(worker).or_default();
            entrypoints.extend(entrypoint.as_deref());
        }
    }
    missing
}

/// A Worker in place of one that is not served: that it is bound does no harm, and a call says what is missing.
fn stand_in(index: usize, name: &str, entrypoints: &BTreeSet<&str>) -> String {
    let names = entrypoints
        .iter()
        .map(|entrypoint| format!("export {{ Missing as {:?} }};", *entrypoint));
    let code = format!(
        "import {{ WorkerEntrypoint }} from \"cloudflare:workers\";
export default class Missing extends WorkerEntrypoint {{
  fetch() {{
    throw new Error({:?});
  }}
}}
{}",
        format!("the Worker {name} is bound, but it is not served here"),
        names.collect::<String>()
    );
    format!(
        "const missing{index} :Workerd.Worker = (
  modules = [(name = \"missing.js\", esModule = {})],
  compatibilityDate = \"2026-07-01\",
);
",
        quoted(&code)
    )
}

/// A text as Cap'n Proto reads it: whatever is not plain ASCII by its bytes.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            b' '..=b'~' => quoted.push(char::from(byte)),
            _ => quoted.push_str(&format!("\\x{byte:02x}")),
        }
    }
    quoted.push('"');
    quoted
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{super::modules, *};
    use serde_json::json;

    fn worker(name: &str, bindings: Vec<(&str, Binding)>) -> ServedWorker {
        let directory = tempfile::tempdir().unwrap();
        let build = directory.path().join("w");
        std::fs::create_dir(&build).unwrap();
        for file in ["index.js", "index_bg.wasm", "library.bin", "sources.txt"] {
            std::fs::write(build.join(file), "").unwrap();
        }
        ServedWorker {
            name: name.to_owned(),
            compatibility_date: "2026-07-01".to_owned(),
            compatibility_flags: vec!["a_flag".to_owned()],
            modules: modules::around(&build.join("index.js"), directory.path()).unwrap(),
            bindings: bindings
                .into_iter()
                .map(|(name, binding)| (name.to_owned(), binding))
                .collect(),
            classes: Vec::new(),
            assets: None,
        }
    }

    fn service(worker: &str, entrypoint: Option<&str>) -> Binding {
        Binding::Service {
            worker: worker.to_owned(),
            entrypoint: entrypoint.map(str::to_owned),
        }
    }

    #[test]
    fn workerd_gets_every_module_binding_class_and_socket() {
        let mut first = worker(
            "first",
            vec![
                ("TEXT", Binding::Text("\u{fc} \"q\"\n\\".to_owned())),
                ("NUMBER", Binding::Json(json!(12))),
                ("SECOND", service("second", Some("Runtime"))),
                ("GONE", service("third", Some("Runtime"))),
                (
                    "OBJECTS",
                    Binding::Class {
                        class: "Coordinator".to_owned(),
                        worker: None,
                    },
                ),
                ("ASSETS", Binding::Assets),
                ("LOADER", Binding::Loader),
            ],
        );
        first.classes.push(Class {
            name: "Coordinator".to_owned(),
            has_sqlite: true,
        });
        first.assets = Some("/the page".into());
        let workers = [first, worker("second", Vec::new())];
        let text = text(&Layout {
            front: Some("first"),
            sockets: vec![Socket {
                name: "front",
                port: 8787,
                service: FRONT.to_owned(),
            }],
            workers: &workers,
            storage: Some(Path::new("/state")),
            trusted: vec!["PEM".to_owned()],
        });
        for part in [
            r#"(name = "index.js", esModule = embed "w/index.js"), (name = "index_bg.wasm", wasm = embed "w/index_bg.wasm")"#,
            r#"(name = "library.bin", data = embed "w/library.bin"), (name = "sources.txt", text = embed "w/sources.txt")"#,
            r#"(name = "TEXT", text = "\xc3\xbc \"q\"\x0a\\")"#,
            r#"(name = "NUMBER", json = "12")"#,
            r#"(name = "SECOND", service = (name = "worker:second", entrypoint = "Runtime"))"#,
            r#"(name = "worker:third", worker = .missing0)"#,
            r#"export { Missing as \"Runtime\" };"#,
            r#"(name = "OBJECTS", durableObjectNamespace = "Coordinator")"#,
            r#"(className = "Coordinator", uniqueKey = "first-Coordinator", enableSql = true)"#,
            r#"durableObjectStorage = (localDisk = "storage")"#,
            r#"(name = "storage", disk = (path = "/state", writable = true))"#,
            r#"(name = "ASSETS", service = "assets:first")"#,
            r#"(name = "files:first", disk = (path = "/the page"))"#,
            r#"(name = "LOADER", workerLoader = ())"#,
            r#"(name = "front", address = "127.0.0.1:8787", http = (), service = "front")"#,
            r#"(name = "WORKER", service = "worker:first")"#,
            r#"trustedCertificates = ["PEM"]"#,
            r#"compatibilityFlags = ["a_flag"]"#,
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
}
