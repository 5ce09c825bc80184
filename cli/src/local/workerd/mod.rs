//! Workers in plain workerd: from their wrangler configurations to a running server.
//!
//! What workerd serves is what its own configuration names, and nothing stands between the Workers: a call over a binding is the platform's, without
//! a proxy. Served are modules, variables, service bindings with named entrypoints, Durable Objects with their storage and alarms on disk, static
//! assets, the version's metadata, Worker loaders, and the schedule by request (`front.js`). Whatever else a configuration names is refused
//! by its name (module `served`).
//!
//! Out of scope: bundling (wrangler does, see module `bundle`), and what only the real platform has.

mod bundle;
mod capnp;
mod modules;
mod served;

pub(super) use bundle::bundle;
pub(super) use capnp::{Elsewhere, Reached};
pub(super) use served::{ServedWorker, VARIABLES};

use super::{
    driven::ConfigurationError,
    environment,
    process_group::{ProcessGroup, Server},
    project::Project,
    start_error::StartError,
};
use capnp::{Layout, Socket};
use std::{
    env,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

/// The socket at which the first Worker is asked.
pub(super) const SOCKET: &str = "front";

/// Why Workers cannot be served by plain workerd.
#[derive(Debug, thiserror::Error)]
pub enum ServingError {
    /// A configuration cannot be read.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// A field of a configuration is not what wrangler would accept.
    #[error("{path}: {why}")]
    Field {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The Worker has a binding that nothing here answers.
    #[error(
        "{path}: `{field}` is not served on this machine; what is: vars, services, durable_objects, assets with run_worker_first = true, version_metadata, worker_loaders"
    )]
    NotServed {
        /// Which file.
        path: PathBuf,
        /// Which field.
        field: String,
    },
    /// Two Workers have one name.
    #[error("two Workers are called {name}: bindings could not tell them apart; rename one")]
    SameName {
        /// The name.
        name: String,
    },
    /// wrangler could not bundle a Worker.
    #[error("{path}: wrangler could not bundle the Worker. The end of what it wrote:\n\n{tail}")]
    Bundle {
        /// Its configuration.
        path: PathBuf,
        /// The end of what wrangler wrote.
        tail: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Serves the Workers of `files`, configurations below `directory`, the first of which is asked at `port` (0: any free one), with bindings to those
/// `elsewhere`. Durable Objects are kept in `state`, laid out as wrangler lays them out, so that either can go on where the other left off.
///
/// # Errors
/// [`StartError`].
pub(super) fn serve(
    project: &Project,
    directory: &Path,
    files: &[String],
    elsewhere: &[Elsewhere],
    port: u16,
    state: &Path,
    has_debugger: bool,
) -> Result<ProcessGroup, StartError> {
    let workers = read(directory, files)?;
    let storage = state.join("v3/do");
    fs::create_dir_all(&storage).map_err(|source| file_error(&storage, source))?;
    for (name, text) in [
        ("front.js", include_str!("front.js")),
        ("assets.js", include_str!("assets.js")),
    ] {
        write(&directory.join(name), text)?;
    }
    let layout = Layout {
        front: workers.first().map(|worker| worker.name.as_str()),
        sockets: vec![Socket {
            name: SOCKET,
            port,
            service: capnp::FRONT.to_owned(),
            reached: Reached::ByAnyone,
        }],
        workers: &workers,
        elsewhere,
        storage: Some(&storage),
        v8_flags: &[],
        trusted: trusted_certificates()?,
    };
    let names = ("workerd", "workerd");
    start(project, directory, names, &layout, has_debugger)
}

/// A process beside the one that serves all Workers.
pub(super) struct Process<'a> {
    /// The names of the server, and of its files.
    pub(super) names: (&'static str, &'a str),
    /// Who comes by its ports.
    pub(super) reached: Reached<'a>,
    /// Flags of V8.
    pub(super) v8_flags: &'a [&'a str],
}

/// Serves the Workers of `files` in a process of their own: each on a free port of its own, on a socket of its file's name. What their Durable Objects store
/// ends with the process.
///
/// # Errors
/// [`StartError`].
pub(super) fn serve_each(
    project: &Project,
    directory: &Path,
    files: &[String],
    process: &Process<'_>,
) -> Result<ProcessGroup, StartError> {
    let workers = read(directory, files)?;
    let sockets = workers.iter().zip(files).map(|(worker, file)| Socket {
        name: file,
        port: 0,
        service: capnp::service_of(&worker.name),
        reached: process.reached,
    });
    let layout = Layout {
        front: None,
        sockets: sockets.collect(),
        workers: &workers,
        elsewhere: &[],
        storage: None,
        v8_flags: process.v8_flags,
        trusted: trusted_certificates()?,
    };
    start(project, directory, process.names, &layout, false)
}

fn read(directory: &Path, files: &[String]) -> Result<Vec<ServedWorker>, ServingError> {
    let read = files.iter().map(|file| ServedWorker::read(directory, file));
    let workers: Vec<ServedWorker> = read.collect::<Result<_, _>>()?;
    for (index, worker) in workers.iter().enumerate() {
        if workers[..index]
            .iter()
            .any(|other| other.name == worker.name)
        {
            return Err(ServingError::SameName {
                name: worker.name.clone(),
            });
        }
    }
    Ok(workers)
}

fn start(
    project: &Project,
    directory: &Path,
    (name, stem): (&'static str, &str),
    layout: &Layout<'_>,
    has_debugger: bool,
) -> Result<ProcessGroup, StartError> {
    let configuration = directory.join(format!("{stem}.capnp"));
    write(&configuration, &capnp::text(layout))?;
    let debugger = has_debugger.then_some("--inspector-addr=127.0.0.1:0");
    let arguments = [
        "serve",
        // It tells its ports on that file descriptor, here its standard output.
        "--control-fd=1",
        // For the schedule by request and Worker loaders; it changes nothing where a configuration names neither.
        "--experimental",
        // Exceptions that nobody catches are logged at that level, also those of alarms.
        "--verbose",
    ];
    let arguments = arguments.into_iter().chain(debugger).map(OsString::from);
    ProcessGroup::start(Server {
        name,
        program: &project.workerd()?,
        arguments: arguments.chain([configuration.into()]).collect(),
        directory,
        environment: environment::of_servers(directory, project, |name| env::var_os(name))?,
        log: directory.join(format!("{stem}.log")),
    })
}

/// What else to trust, where the user says so as programs of Node.js are told: each certificate of that file.
fn trusted_certificates() -> Result<Vec<String>, ServingError> {
    let Some(path) = env::var_os("NODE_EXTRA_CA_CERTS").filter(|path| !path.is_empty()) else {
        return Ok(Vec::new());
    };
    let path = PathBuf::from(path);
    let text = fs::read_to_string(&path).map_err(|source| file_error(&path, source))?;
    Ok(certificates(&text))
}

/// The certificates of a bundle in PEM, one by one.
fn certificates(bundle: &str) -> Vec<String> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let after_begin = bundle.split(BEGIN).skip(1);
    let bodies = after_begin.filter_map(|text| Some(text.split_once(END)?.0));
    bodies.map(|body| format!("{BEGIN}{body}{END}\n")).collect()
}

fn write(path: &Path, text: &str) -> Result<(), ServingError> {
    fs::write(path, text).map_err(|source| file_error(path, source))
}

fn file_error(path: &Path, source: io::Error) -> ServingError {
    ServingError::File {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_certificate_of_a_bundle_is_trusted_by_itself() {
        let one = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n";
        let other = one.replace("MII", "MIJ");
        let bundle = format!("# a comment\n{one}\n# another\n{other}rest");
        assert_eq!(certificates(&bundle), [one, &other]);
        assert!(certificates("nothing").is_empty());
    }
}
