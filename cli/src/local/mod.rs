//! The built Workers, served on this machine.
//!
//! Two servers: `wrangler dev` runs the three Workers in one workerd, as production would bind them; plain
//! `workerd serve` gives the runtime its public port for `raw-fetch`, because wrangler's proxy in front of a port
//! costs over 1 ms a call, which would be charged to the platform.
//!
//! What is served is a copy of the build (module `staging`), so that a rebuild in mid-run cannot change what is measured.
//! Everything that the servers write goes into one temporary directory that is removed with [`LocalWorkers`].
//!
//! No process outlives this one, however it ends: see module `process_group`.

mod process_group;
mod project;
mod readiness;
mod staging;

pub use project::{Build, Project, ProjectError};
pub use readiness::StartError;
pub use staging::StagingError;

use process_group::{ProcessGroup, Server};
use staging::{Staging, Variables};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Bearer token of the API of local Workers, unless another is asked for. They listen on 127.0.0.1 only.
pub const LOCAL_API_TOKEN: &str = "local-development-token";

/// Token that the local runtime asks of public calls.
const LOCAL_RUNTIME_TOKEN: &str = "local-runtime-token";

/// Starting takes 3 s on two idle cores; the rest is for busy machines.
const START_DEADLINE: Duration = Duration::from_secs(90);

/// How to serve the Workers.
#[derive(Clone, Debug)]
pub struct LocalOptions {
    /// Which project's Workers.
    pub project: Project,
    /// Which of its builds.
    pub build: Build,
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
            state: None,
            port: None,
            api_token: LOCAL_API_TOKEN.to_owned(),
            orchestrator_variables: BTreeMap::new(),
            runtime_variables: BTreeMap::new(),
            deadline: START_DEADLINE,
        }
    }
}

/// The three Workers, being served. Dropping it stops them.
#[derive(Debug)]
pub struct LocalWorkers {
    // Dropped in this order: first the processes, then the directory that they write to.
    wrangler: ProcessGroup,
    runtime: ProcessGroup,
    staging: Staging,
    url: String,
    runtime_url: String,
    api_token: String,
}

impl LocalWorkers {
    /// Starts the Workers and returns when they answer.
    ///
    /// # Errors
    /// [`StartError`] when something needed is missing, or a server ends or stays silent; with the tail of its log.
    pub fn start(options: &LocalOptions) -> Result<Self, StartError> {
        let expires = Instant::now() + options.deadline;
        readiness::port_is_free(options.port)?;
        let staging = Staging::new(&options.project, options.build)?;

        let runtime_variables = with_runtime_token(&options.runtime_variables);
        let mut runtime = serve_runtime(&staging, &options.project, &runtime_variables)?;
        let runtime_url = readiness::runtime_url(&mut runtime, expires)?;

        let address = BTreeMap::from([("RUNTIME_URL".to_owned(), runtime_url.clone())]);
        staging.write_variables("runtime-worker", &runtime_variables)?;
        staging.write_variables("caller-worker", &with_runtime_token(&address))?;
        staging.write_variables(".", &orchestrator_variables(options))?;
        let mut wrangler = wrangler_dev(&staging, options)?;
        let url = readiness::orchestrator_url(&mut wrangler, expires)?;

        Ok(Self {
            wrangler,
            runtime,
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

    /// Fails when a server has ended by itself.
    ///
    /// # Errors
    /// [`StartError::Ended`] with the tail of its log.
    pub fn check(&mut self) -> Result<(), StartError> {
        readiness::still_runs(&mut self.wrangler)?;
        readiness::still_runs(&mut self.runtime)
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

/// The runtime's public port, by plain workerd.
fn serve_runtime(
    staging: &Staging,
    project: &Project,
    variables: &Variables,
) -> Result<ProcessGroup, StartError> {
    let configuration = staging.write_runtime_configuration(variables)?;
    ProcessGroup::start(Server {
        name: "workerd (the runtime's public port)",
        program: &project.tool("workerd")?,
        // It tells its port on that file descriptor, here its standard output.
        arguments: vec![
            "serve".to_owned(),
            configuration.display().to_string(),
            "--control-fd=1".to_owned(),
        ],
        directory: staging.directory(),
        environment: environment(staging, project),
        log: staging.path("workerd.log"),
    })
}

/// All three Workers in one workerd, by wrangler.
fn wrangler_dev(staging: &Staging, options: &LocalOptions) -> Result<ProcessGroup, StartError> {
    let state = match &options.state {
        Some(state) => std::path::absolute(state).unwrap_or_else(|_| state.clone()),
        None => staging.path("state"),
    };
    let mut arguments: Vec<String> = vec!["dev".to_owned()];
    for file in project::CONFIGURATIONS {
        arguments.extend(["--config".to_owned(), file.to_owned()]);
    }
    // Port 0 is any free one, without a race for it.
    let port = options.port.unwrap_or(0).to_string();
    for (option, value) in [
        ("--ip", "127.0.0.1"),
        ("--port", &port),
        ("--inspector-port", "0"),
        ("--persist-to", &state.display().to_string()),
        ("--show-interactive-dev-session", "false"),
    ] {
        arguments.extend([option.to_owned(), value.to_owned()]);
    }
    // Serves the cron entry at /cdn-cgi/handler/scheduled.
    arguments.push("--test-scheduled".to_owned());
    ProcessGroup::start(Server {
        name: "wrangler dev",
        program: &options.project.tool("wrangler")?,
        arguments,
        directory: staging.directory(),
        environment: environment(staging, &options.project),
        log: staging.path("wrangler.log"),
    })
}

/// Keeps what the servers write inside the temporary directory. Other wranglers on the machine would otherwise find
/// these Workers by name, through a registry in the user's home, and these would find theirs.
fn environment(staging: &Staging, project: &Project) -> Vec<(&'static str, String)> {
    let path = std::env::var("PATH").unwrap_or_default();
    vec![
        ("PATH", format!("{}:{path}", project.tools().display())),
        ("TMPDIR", staging.path("tmp").display().to_string()),
        (
            "XDG_CONFIG_HOME",
            staging.path("config").display().to_string(),
        ),
        ("WRANGLER_SEND_METRICS", "false".to_owned()),
        ("NO_COLOR", "1".to_owned()),
    ]
}
