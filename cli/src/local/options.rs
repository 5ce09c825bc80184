//! How the Workers are to be served.

use super::{Build, Project, RuntimeConfigurations};
use protocol::Runtime;
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// Bearer token of the API of local Workers, unless another is asked for. They listen on 127.0.0.1 only.
pub const LOCAL_API_TOKEN: &str = "local-development-token";

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
    pub(super) const fn suffix(self) -> &'static str {
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
    /// Whether to serve the Worker that makes fresh isolates.
    pub cold_starts: bool,
    /// Where those of them are configured that are none of the project's.
    pub runtime_configurations: RuntimeConfigurations,
    /// Whether runtimes are served a second time in a process of their own, for plans that keep them busy.
    pub apart: bool,
    /// Whether the Workers' process has a debugger, on a free port of this machine.
    pub has_debugger: bool,
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
            cold_starts: false,
            runtime_configurations: RuntimeConfigurations::new(),
            apart: false,
            has_debugger: false,
            deadline: START_DEADLINE,
        }
    }
}
