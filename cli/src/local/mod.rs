//! The built Workers, served on this machine.
//!
//! Two servers at least, all plain workerd (module `workerd`): one runs the Workers, as production would bind them; another one gives the runtimes their public
//! ports for `raw-fetch`, in a process of its own, since a stranger's call does not share one with the runtime either. What would disturb the others
//! has one of its own, too: runtimes that are kept busy (module `apart`), and fresh isolates (module `cold_worker`).
//!
//! What is served is a copy of the build (module `staging`), so that a rebuild in mid-run cannot change what is measured.
//! Everything that the servers write goes into one temporary directory that is removed with [`LocalWorkers`]. Of the user's environment
//! they see next to nothing: see module `environment`.
//!
//! No process outlives this one, however it ends: see module `process_group`.

mod apart;
mod cold_worker;
pub mod deployment;
pub mod driven;
mod environment;
mod options;
mod process_group;
mod project;
mod readiness;
mod runtimes;
mod staging;
mod start_error;
mod workerd;

pub use options::{LOCAL_API_TOKEN, LocalClock, LocalOptions};
pub use project::{Build, Project, ProjectError};
pub use runtimes::{RuntimeAddresses, RuntimeConfigurations};
pub use staging::StagingError;
pub use start_error::StartError;
pub use workerd::ServingError;
use workerd::{Elsewhere, Process, Reached};

use process_group::ProcessGroup;
use project::CALLER;
use protocol::Runtime;
use staging::{Staging, Variables};
use std::{
    collections::BTreeMap,
    iter,
    path::{Path, PathBuf},
    time::Instant,
};

/// The orchestrator's name in its wrangler.toml.
const ORCHESTRATOR_NAME: &str = "worker-rpc-latency";

/// Token that the local runtime asks of public calls.
const LOCAL_RUNTIME_TOKEN: &str = "local-runtime-token";

/// The log of one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerLog {
    /// Which server, in one word.
    pub server: &'static str,
    /// The Worker that writes structured lines there.
    pub worker: &'static str,
    /// Its file; removed with the Workers.
    pub path: PathBuf,
    /// How long the file was when the Workers answered: what comes before is of their start.
    pub ready_at_byte: u64,
}

/// The three Workers, being served. Dropping it stops them.
#[derive(Debug)]
pub struct LocalWorkers {
    // Dropped in this order: first the processes, then the directory that they write to.
    workerd: ProcessGroup,
    others: Vec<ProcessGroup>,
    staging: Staging,
    url: String,
    runtime_url: String,
    api_token: String,
    logs: Vec<ServerLog>,
}

impl LocalWorkers {
    /// Starts the Workers and returns when they answer.
    ///
    /// # Errors
    /// [`StartError`] when something needed is missing, or a server ends or stays silent; with the tail of its log.
    pub fn start(options: &LocalOptions) -> Result<Self, StartError> {
        let expires = Instant::now() + options.deadline;
        readiness::port_is_free(options.port)?;
        options.project.is_fresh(options.build)?;
        let staging = Staging::new(&options.project, options.build, options.clock)?;
        let added = runtimes::add(
            &staging,
            &options.project,
            &options.runtimes,
            &options.runtime_configurations,
            options.clock,
            expires,
        )?;

        let runtime_variables = with_runtime_token(&options.runtime_variables);
        let own = added.own.iter().map(String::as_str);
        for folder in iter::once("runtime-worker").chain(own) {
            staging.write_variables(folder, &runtime_variables)?;
        }
        let files = added.files_of_runtimes(&options.runtimes);
        let mut ports = serve_runtimes(&staging, &options.project, &files)?;
        let mut caller_variables = Variables::new();
        for (runtime, file) in &files {
            let url = readiness::socket_url(&mut ports, file, expires)?;
            caller_variables.insert(runtime.url_variable(), url);
        }
        let runtime_url = caller_variables[&Runtime::NATIVE.url_variable()].clone();
        if options.clock == LocalClock::ProductionOutside {
            caller_variables.insert("STANDING_CLOCK".to_owned(), "outside".to_owned());
        }
        let caller_variables = with_runtime_token(&caller_variables);
        staging.write_variables(CALLER, &caller_variables)?;
        for folder in &added.inlining {
            staging.write_variables(folder, &caller_variables)?;
        }
        staging.write_variables(".", &orchestrator_variables(options))?;
        let (mut others, mut elsewhere) = (vec![ports], Vec::new());
        if options.apart {
            let (server, runtimes) = apart::serve(&staging, &options.project, &files, expires)?;
            others.push(server);
            elsewhere.extend(runtimes);
        }
        if options.cold_starts {
            let (server, worker) =
                cold_worker::serve(&staging, &options.project, options.build, expires)?;
            others.push(server);
            elsewhere.push(worker);
        }
        let mut workerd = serve_all(&staging, options, &added.files, &elsewhere)?;
        let url = readiness::ready_url(&mut workerd, workerd::SOCKET, expires)?;

        Ok(Self {
            logs: iter::once(&workerd)
                .chain(&others)
                .map(server_log)
                .collect(),
            workerd,
            others,
            staging,
            url,
            runtime_url,
            api_token: options.api_token.clone(),
        })
    }

    /// Address of the orchestrator, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Address of the runtime's public port, without a slash at its end.
    #[must_use]
    pub fn runtime_url(&self) -> &str {
        &self.runtime_url
    }

    /// Token that the runtime asks of public calls.
    #[must_use]
    pub const fn runtime_token(&self) -> &'static str {
        LOCAL_RUNTIME_TOKEN
    }

    /// Bearer token of the API.
    #[must_use]
    pub fn api_token(&self) -> &str {
        &self.api_token
    }

    /// Where everything temporary of these Workers lies; the name is in the environment of each of their processes.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.staging.directory()
    }

    /// What the Workers and workerd have logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.workerd.log()
    }

    /// The logs of all servers, for a reader of their own.
    #[must_use]
    pub fn logs(&self) -> &[ServerLog] {
        &self.logs
    }

    /// The end of what each server that has logged anything has logged, for an error.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let servers = iter::once(&self.workerd).chain(&self.others);
        let tails: Vec<String> = servers
            .map(|server| {
                let tail = readiness::tail(&server.log());
                format!("The end of the log of {}:\n\n{tail}\n", server.name())
            })
            .collect();
        tails.join("\n")
    }

    /// Fails when a server has ended by itself.
    ///
    /// # Errors
    /// [`StartError::Ended`] with the tail of its log.
    pub fn check(&mut self) -> Result<(), StartError> {
        let mut servers = iter::once(&mut self.workerd).chain(&mut self.others);
        servers.try_for_each(readiness::still_runs)
    }
}

fn server_log(group: &ProcessGroup) -> ServerLog {
    ServerLog {
        server: "workerd",
        worker: ORCHESTRATOR_NAME,
        path: group.log_file().to_owned(),
        ready_at_byte: group.log().len() as u64,
    }
}

fn with_runtime_token(more: &BTreeMap<String, String>) -> Variables {
    let mut variables = more.clone();
    variables.insert("RUNTIME_TOKEN".to_owned(), LOCAL_RUNTIME_TOKEN.to_owned());
    variables
}

fn orchestrator_variables(options: &LocalOptions) -> Variables {
    let mut variables = BTreeMap::from([
        ("API_TOKEN".to_owned(), options.api_token.clone()),
        ("LIMITS".to_owned(), "local".to_owned()),
        // Crons do not fire here, so none is overdue.
        ("SCHEDULE_INTERVAL_MINUTES".to_owned(), String::new()),
    ]);
    if let Some(version) = options.project.workerd_version() {
        variables.insert("WORKERD_VERSION".to_owned(), version);
    }
    variables.extend(options.orchestrator_variables.clone());
    variables
}

/// The runtimes again, each on a port of its own: what strangers would reach.
fn serve_runtimes(
    staging: &Staging,
    project: &Project,
    files: &[(Runtime, String)],
) -> Result<ProcessGroup, StartError> {
    let files: Vec<String> = files.iter().map(|(_, file)| file.clone()).collect();
    let process = Process {
        names: ("workerd (public ports)", "ports"),
        reached: Reached::ByAnyone,
        v8_flags: &[],
    };
    workerd::serve_each(project, staging.directory(), &files, &process)
}

/// All Workers in one workerd.
fn serve_all(
    staging: &Staging,
    options: &LocalOptions,
    others: &[String],
    elsewhere: &[Elsewhere],
) -> Result<ProcessGroup, StartError> {
    let state = match &options.state {
        Some(state) => std::path::absolute(state).unwrap_or_else(|_| state.clone()),
        None => staging.path("state"),
    };
    let own = project::CONFIGURATIONS.map(str::to_owned);
    let files: Vec<String> = own.into_iter().chain(others.iter().cloned()).collect();
    // Port 0 is any free one, without a race for it.
    let port = options.port.unwrap_or(0);
    let directory = staging.directory();
    workerd::serve(
        &options.project,
        directory,
        &files,
        elsewhere,
        port,
        &state,
        options.has_debugger,
    )
}
