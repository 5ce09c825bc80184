//! The built Workers, served on this machine.
//!
//! Two servers: `wrangler dev` runs the three Workers in one workerd, as production would bind them; plain
//! `workerd serve` gives the runtime its public port for `raw-fetch`, because wrangler's proxy in front of a port
//! costs over 1 ms a call, which would be charged to the platform.
//!
//! What is served is a copy of the build (module `staging`), so that a rebuild in mid-run cannot change what is measured.
//! Everything that the servers write goes into one temporary directory that is removed with [`LocalWorkers`]. Of the user's environment
//! they see next to nothing: see module `environment`.
//!
//! No process outlives this one, however it ends: see module `process_group`.

mod apart;
pub mod deployment;
pub mod driven;
mod environment;
mod process_group;
mod project;
mod public_ports;
mod readiness;
mod runtimes;
mod staging;
mod start_error;

pub use project::{Build, Project, ProjectError};
pub use runtimes::RuntimeConfigurations;
pub use staging::StagingError;
pub use start_error::StartError;

use process_group::{ProcessGroup, Server};
use project::CALLER;
use protocol::Runtime;
use staging::{Staging, Variables};
use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Bearer token of the API of local Workers, unless another is asked for. They listen on 127.0.0.1 only.
pub const LOCAL_API_TOKEN: &str = "local-development-token";

/// Token that the local runtime asks of public calls.
const LOCAL_RUNTIME_TOKEN: &str = "local-runtime-token";

/// Starting takes 3 s on two idle cores; the rest is for busy machines.
const START_DEADLINE: Duration = Duration::from_secs(90);

/// The clock of the caller-worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LocalClock {
    /// The local workerd's own: it runs while a Worker computes.
    #[default]
    Running,
    /// An emulation of production's: it stands still while the Worker computes, and moves whenever I/O completes.
    Production,
    /// The same, but only I/O that leaves the process moves it: it is not known how far production's goes.
    ProductionOutside,
}

impl LocalClock {
    /// What the folder of a stub's build is called with that clock around it, after the build's own name.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Running => "",
            Self::Production | Self::ProductionOutside => "-standing-clock",
        }
    }
}

/// How to serve the Workers.
#[derive(Clone, Debug)]
pub struct LocalOptions {
    /// Which project's Workers.
    pub project: Project,
    /// Which of its builds.
    pub build: Build,
    /// Which clock the caller-worker has.
    pub clock: LocalClock,
    /// Where the Durable Objects keep their state; a fresh temporary directory if `None`.
    pub state: Option<PathBuf>,
    /// The orchestrator's port; a free one if `None`.
    pub port: Option<u16>,
    /// Bearer token of the API.
    pub api_token: String,
    /// More variables of the orchestrator (`LOCATIONS`, `SCHEDULED_PLAN`, ...); they override those of its wrangler.toml.
    pub orchestrator_variables: BTreeMap<String, String>,
    /// More variables of the runtime-worker.
    pub runtime_variables: BTreeMap<String, String>,
    /// Runtimes to serve beside the native one.
    pub runtimes: Vec<Runtime>,
    /// Where those of them are configured that are none of the project's.
    pub runtime_configurations: RuntimeConfigurations,
    /// Whether runtimes are served a second time in a process of their own, for plans that keep them busy.
    pub apart: bool,
    /// How long to wait until they answer.
    pub deadline: Duration,
}

impl LocalOptions {
    /// The project's release build, fresh state, free ports.
    #[must_use]
    pub fn new(project: Project) -> Self {
        Self {
            project,
            build: Build::Release,
            clock: LocalClock::Running,
            state: None,
            port: None,
            api_token: LOCAL_API_TOKEN.to_owned(),
            orchestrator_variables: BTreeMap::new(),
            runtime_variables: BTreeMap::new(),
            runtimes: Vec::new(),
            runtime_configurations: RuntimeConfigurations::new(),
            apart: false,
            deadline: START_DEADLINE,
        }
    }
}

/// The log of one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerLog {
    /// Which server, in one word.
    pub server: &'static str,
    /// Its file; removed with the Workers.
    pub path: PathBuf,
    /// How long the file was when the Workers answered: what comes before is of their start.
    pub ready_at_byte: u64,
}

/// The three Workers, being served. Dropping it stops them.
#[derive(Debug)]
pub struct LocalWorkers {
    // Dropped in this order: first the processes, then the directory that they write to.
    wrangler: ProcessGroup,
    runtime: ProcessGroup,
    apart: Option<ProcessGroup>,
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
        )?;

        let runtime_variables = with_runtime_token(&options.runtime_variables);
        let mut public = BTreeMap::from([(Runtime::NATIVE, "runtime-worker".to_owned())]);
        public.extend(added.own.iter().cloned());
        let mut runtime = serve_runtimes(&staging, &options.project, &public, &runtime_variables)?;
        let mut caller_variables = Variables::new();
        for (its, folder) in &public {
            let url = readiness::socket_url(&mut runtime, folder, expires)?;
            caller_variables.insert(its.url_variable(), url);
            staging.write_variables(folder, &runtime_variables)?;
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
        let apart = options.apart.then(|| {
            let (runtimes, others) = (&options.runtimes, &options.runtime_configurations);
            let files = apart::lay_out(&staging, runtimes, others)?;
            apart::serve(&staging, &options.project, &files, expires)
        });
        let apart = apart.transpose()?;
        let mut wrangler = wrangler_dev(&staging, options, &added.files)?;
        let url = readiness::orchestrator_url(&mut wrangler, expires)?;

        Ok(Self {
            logs: vec![
                server_log("wrangler", &wrangler),
                server_log("workerd", &runtime),
            ],
            wrangler,
            runtime,
            apart,
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

    /// What the Workers and wrangler have logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.wrangler.log()
    }

    /// The logs of both servers, for a reader of their own.
    #[must_use]
    pub fn logs(&self) -> &[ServerLog] {
        &self.logs
    }

    /// The end of what each server that has logged anything has logged, for an error.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let tails = [&self.wrangler, &self.runtime].map(|server| {
            let tail = readiness::tail(&server.log());
            format!("The end of the log of {}:\n\n{tail}\n", server.name())
        });
        tails.join("\n")
    }

    /// Fails when a server has ended by itself.
    ///
    /// # Errors
    /// [`StartError::Ended`] with the tail of its log.
    pub fn check(&mut self) -> Result<(), StartError> {
        if let Some(apart) = &mut self.apart {
            readiness::still_runs(apart)?;
        }
        readiness::still_runs(&mut self.wrangler)?;
        readiness::still_runs(&mut self.runtime)
    }
}

fn server_log(server: &'static str, group: &ProcessGroup) -> ServerLog {
    ServerLog {
        server,
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
    variables.extend(options.orchestrator_variables.clone());
    variables
}

/// The runtimes' public ports, by plain workerd.
fn serve_runtimes(
    staging: &Staging,
    project: &Project,
    public: &BTreeMap<Runtime, String>,
    variables: &Variables,
) -> Result<ProcessGroup, StartError> {
    let folders: Vec<String> = public.values().cloned().collect();
    let configuration = public_ports::write(staging, &folders, variables)?;
    ProcessGroup::start(Server {
        name: "workerd (the runtime's public port)",
        program: &project.tool("workerd")?,
        // It tells its ports on that file descriptor, here its standard output.
        arguments: vec![
            "serve".into(),
            configuration.into(),
            "--control-fd=1".into(),
        ],
        directory: staging.directory(),
        environment: environment::of_servers(staging.directory(), project, |name| {
            env::var_os(name)
        })?,
        log: staging.path("workerd.log"),
    })
}

/// All three Workers in one workerd, by wrangler.
fn wrangler_dev(
    staging: &Staging,
    options: &LocalOptions,
    others: &[String],
) -> Result<ProcessGroup, StartError> {
    let state = match &options.state {
        Some(state) => std::path::absolute(state).unwrap_or_else(|_| state.clone()),
        None => staging.path("state"),
    };
    let mut arguments: Vec<OsString> = vec!["dev".into()];
    let own = project::CONFIGURATIONS.into_iter();
    for file in own.chain(others.iter().map(String::as_str)) {
        arguments.extend(["--config".into(), file.into()]);
    }
    // Port 0 is any free one, without a race for it.
    let port = options.port.unwrap_or(0).to_string();
    for (option, value) in [
        ("--ip", "127.0.0.1".into()),
        ("--port", port.into()),
        ("--inspector-port", "0".into()),
        ("--persist-to", state.into_os_string()),
        ("--show-interactive-dev-session", "false".into()),
    ] {
        arguments.extend([option.into(), value]);
    }
    // Serves the cron entry at /cdn-cgi/handler/scheduled.
    arguments.push("--test-scheduled".into());
    ProcessGroup::start(Server {
        name: "wrangler dev",
        program: &options.project.tool("wrangler")?,
        arguments,
        directory: staging.directory(),
        environment: environment::of_servers(staging.directory(), &options.project, |name| {
            env::var_os(name)
        })?,
        log: staging.path("wrangler.log"),
    })
}
