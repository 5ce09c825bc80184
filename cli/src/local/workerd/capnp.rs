//! The configuration of plain workerd, as text. `workerd.capnp`, which comes with it, documents each field.

use super::served::{Binding, Class, ServedWorker};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
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
    /// Workers of other processes that these may be bound to.
    pub(super) elsewhere: &'a [Elsewhere],
    /// The folder of Durable Objects.
    pub(super) storage: Option<&'a Path>,
    /// Flags of V8.
    pub(super) v8_flags: &'a [&'a str],
    /// Certificates to trust beside those that browsers do, each in PEM.
    pub(super) trusted: Vec<String>,
}

/// A port of this machine.
pub(super) struct Socket<'a> {
    pub(super) name: &'a str,
    pub(super) port: u16,
    pub(super) service: String,
    pub(super) reached: Reached<'a>,
}

/// Who comes by a port.
#[derive(Clone, Copy)]
pub(in crate::local) enum Reached<'a> {
    /// Whoever speaks HTTP.
    ByAnyone,
    /// Bindings of another process, Workers RPC included; they lead to that entrypoint, or to the default one.
    ByBindings(Option<&'a str>),
}

/// A Worker that another process serves, at a socket of this module's making.
#[derive(Debug)]
pub(in crate::local) struct Elsewhere {
    /// Its name in service bindings.
    pub(in crate::local) name: String,
    /// Its address, with nothing behind the port.
    pub(in crate::local) url: String,
}

/// Connections to that host carry calls by Workers RPC between two processes.
const RPC_HOST: &str = "rpc.internal";

/// The name of a Worker's service: Workers may be called as the other services here.
pub(super) fn service_of(worker: &str) -> String {
    format!("worker:{worker}")
}

/// Services, and the Workers that they refer to.
#[derive(Default)]
struct Parts {
    services: Vec<String>,
    definitions: Vec<String>,
}

impl Parts {
    /// Adds a service that is a Worker, defined under `constant`.
    fn worker(&mut self, name: &str, constant: &str, definition: &str) {
        let service = format!("(name = {}, worker = .{constant})", quoted(name));
        self.services.push(service);
        self.definitions.push(format!(
            "const {constant} :Workerd.Worker = {definition};\n"
        ));
    }

    fn disk(&mut self, name: &str, folder: &Path, is_writable: bool) {
        self.services.push(format!(
            "(name = {}, disk = (path = {}, writable = {is_writable}))",
            quoted(name),
            quoted(&folder.to_string_lossy())
        ));
    }
}

/// The configuration.
pub(super) fn text(layout: &Layout<'_>) -> String {
    let mut parts = Parts::default();
    parts.services.push(internet(&layout.trusted));
    if let Some(storage) = layout.storage {
        parts.disk("storage", storage, true);
    }
    if let Some(worker) = layout.front {
        let flags = ["service_binding_extra_handlers"];
        let front = own("front.js", &flags, "WORKER", &service_of(worker));
        parts.worker(FRONT, "front", &front);
    }
    for (index, worker) in layout.workers.iter().enumerate() {
        let service = service_of(&worker.name);
        parts.worker(
            &service,
            &format!("worker{index}"),
            &definition(worker, layout),
        );
        if let Some(folder) = &worker.assets {
            let assets = own("assets.js", &[], "FILES", &files_of(worker));
            parts.worker(&assets_of(worker), &format!("assets{index}"), &assets);
            parts.disk(&files_of(worker), folder, false);
        }
    }
    parts.services.extend(layout.elsewhere.iter().map(external));
    for (index, (name, entrypoints)) in missing(layout).into_iter().enumerate() {
        let stand_in = stand_in(name, &entrypoints);
        parts.worker(&service_of(name), &format!("missing{index}"), &stand_in);
    }
    let sockets = layout.sockets.iter().map(listening);
    format!(
        "using Workerd = import \"/workerd/workerd.capnp\";
const config :Workerd.Config = (
  services = [
    {}
  ],
  sockets = [{}],
  v8Flags = [{}],
);
{}",
        parts.services.join(",\n    "),
        list(sockets),
        list(layout.v8_flags.iter().map(|flag| quoted(flag))),
        parts.definitions.concat()
    )
}

fn listening(socket: &Socket<'_>) -> String {
    let (name, port, service) = (quoted(socket.name), socket.port, quoted(&socket.service));
    let http = match socket.reached {
        Reached::ByAnyone => "()".to_owned(),
        Reached::ByBindings(_) => format!("(capnpConnectHost = {})", quoted(RPC_HOST)),
    };
    let service = match socket.reached {
        Reached::ByBindings(Some(entrypoint)) => {
            format!("(name = {service}, entrypoint = {})", quoted(entrypoint))
        }
        Reached::ByAnyone | Reached::ByBindings(None) => service,
    };
    format!("(name = {name}, address = \"127.0.0.1:{port}\", http = {http}, service = {service})")
}

fn external(elsewhere: &Elsewhere) -> String {
    let address = elsewhere.url.trim_start_matches("http://");
    format!(
        "(name = {}, external = (address = {}, http = (capnpConnectHost = {})))",
        quoted(&service_of(&elsewhere.name)),
        quoted(address),
        quoted(RPC_HOST)
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

/// A Worker of this crate's, of one module, with one binding.
fn own(module: &str, flags: &[&str], binding: &str, service: &str) -> String {
    format!(
        "(
  modules = [(name = {0}, esModule = embed {0})],
  compatibilityDate = \"2026-07-01\",
  compatibilityFlags = [{1}],
  bindings = [(name = {2}, service = {3})],
)",
        quoted(module),
        list(flags.iter().map(|flag| quoted(flag))),
        quoted(binding),
        quoted(service)
    )
}

fn definition(worker: &ServedWorker, layout: &Layout<'_>) -> String {
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
        "(
  modules = [{}],
  compatibilityDate = {},
  compatibilityFlags = [{}],
  bindings = [{}],
  durableObjectNamespaces = [{}],
{storage})",
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
fn missing<'a>(layout: &Layout<'a>) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let workers = layout.workers;
    let is_elsewhere = |name: &str| layout.elsewhere.iter().any(|other| other.name == name);
    let mut missing: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (_, binding) in workers.iter().flat_map(|worker| &worker.bindings) {
        if let Binding::Service { worker, entrypoint } = binding
            && workers.iter().all(|served| served.name != *worker)
            && !is_elsewhere(worker)
        {
            let entrypoints = missing.entry(worker).or_default();
            entrypoints.extend(entrypoint.as_deref());
        }
    }
    missing
}

/// A Worker in place of one that is not served: that it is bound does no harm, and a call says what is missing.
fn stand_in(name: &str, entrypoints: &BTreeSet<&str>) -> String {
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
        "(
  modules = [(name = \"missing.js\", esModule = {})],
  compatibilityDate = \"2026-07-01\",
)",
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
            _ => {
                // Writing to a String cannot fail.
                let _ = write!(quoted, "\\x{byte:02x}");
            }
        }
    }
    quoted.push('"');
    quoted
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
