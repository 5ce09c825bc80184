//! How to serve the Workers on this machine: options of every command that does.

use crate::{
    api_options::ApiOptions,
    runtime_options::{configurations, runtime_configuration},
};
use anyhow::bail;
use clap::{Args, ValueEnum};
use cli::local::{LOCAL_API_TOKEN, LocalClock, LocalOptions, Project};
use protocol::Runtime;
use std::path::PathBuf;

/// How to serve the Workers on this machine.
#[derive(Debug, Args)]
#[command(next_help_heading = "Local Workers")]
pub(crate) struct LocalArguments {
    /// Folder for the state of the Durable Objects; without it, it is temporary and removed
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Folder of the project [default: the one around the current folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    /// The clock under the caller-worker
    #[arg(long, value_enum, default_value_t = ClockArgument::Running)]
    pub(crate) clock: ClockArgument,
    /// Where a runtime is configured that is none of this project's: its wrangler.toml or wrangler.json
    #[arg(long = "runtime-config", value_name = "NAME=FILE", value_parser = runtime_configuration)]
    pub(crate) runtime_configurations: Vec<(Runtime, PathBuf)>,
    /// Another variable of the orchestrator, such as LOCATIONS=wnam,weur
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = variable)]
    pub(crate) variables: Vec<(String, String)>,
}

/// The clock under the caller-worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClockArgument {
    /// The local workerd's own, which runs while a Worker computes
    Running,
    /// An emulation of production's, which stands still while a Worker computes and moves when I/O completes
    Production,
    /// The same, but only I/O that leaves the process moves it
    ProductionOutside,
}

/// How to serve the Workers, from the command line.
pub(crate) fn local_options(
    api: &ApiOptions,
    arguments: &LocalArguments,
    runtimes: Vec<Runtime>,
    port: Option<u16>,
) -> anyhow::Result<LocalOptions> {
    let project = match &arguments.project {
        Some(folder) => Project::at(folder)?,
        None => Project::around(&std::env::current_dir()?)?,
    };
    let mut options = LocalOptions::new(project);
    options.state.clone_from(&arguments.state);
    options.port = port;
    options.clock = match arguments.clock {
        ClockArgument::Running => LocalClock::Running,
        ClockArgument::Production => LocalClock::Production,
        ClockArgument::ProductionOutside => LocalClock::ProductionOutside,
    };
    options.api_token = api
        .token
        .clone()
        .unwrap_or_else(|| LOCAL_API_TOKEN.to_owned());
    options.runtime_configurations = configurations(&runtimes, &arguments.runtime_configurations)?;
    options.runtimes = runtimes;
    for (name, value) in &arguments.variables {
        let given = &mut options.orchestrator_variables;
        if given.insert(name.clone(), value.clone()).is_some() {
            bail!("--var {name} is given twice");
        }
    }
    Ok(options)
}

/// `NAME=VALUE`, as a variable of a Worker can be given.
fn variable(text: &str) -> Result<(String, String), String> {
    let Some((name, value)) = text.split_once('=') else {
        return Err("a variable reads NAME=VALUE".to_owned());
    };
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_name {
        return Err("a variable's name holds letters, digits and underscores".to_owned());
    }
    if name == "API_TOKEN" {
        return Err("the token of the API is given with --token".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}
