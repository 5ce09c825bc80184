//! `configure`: complete configuration files for a choice of runtimes, which is remembered.

use crate::{
    exit::Exit,
    output,
    runtime_options::{addresses, configurations, runtime_address, runtime_configuration},
};
use anyhow::Context as _;
use clap::Args;
use cli::local::{
    Project,
    deployment::{self, Chosen},
};
use core::fmt::Write as _;
use protocol::Runtime;
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

#[derive(Debug, Args)]
pub(crate) struct ConfigureOptions {
    /// Runtimes to deploy, comma-separated [default: those that were remembered, else native]
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    runtimes: Vec<Runtime>,
    /// Deploy the Worker that makes fresh isolates, for cold starts; it needs the Worker Loader of a paid plan [default: as remembered, else not]
    #[arg(long)]
    cold_starts: bool,
    /// Where a runtime is configured that is none of this project's: its wrangler.toml or wrangler.json; it is bound, not deployed
    #[arg(long = "runtime-config", value_name = "NAME=FILE", value_parser = runtime_configuration, requires = "runtimes")]
    runtime_configurations: Vec<(Runtime, PathBuf)>,
    /// Where such a runtime answers publicly, for raw-fetch
    #[arg(long = "runtime-url", value_name = "NAME=URL", value_parser = runtime_address, requires = "runtimes")]
    runtime_addresses: Vec<(Runtime, String)>,
    /// Remember the choice for the next time, in the project's file .runtimes.json
    #[arg(long)]
    remember: bool,
    /// Folder of the project [default: the one around the current folder]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// Folder to write into [default: target/deploy of the project]
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
}

/// The project's file that keeps the choice. It is of this checkout's deployment, so it is not committed.
const REMEMBERED: &str = ".runtimes.json";

/// Which runtimes are deployed.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    runtimes: Vec<Runtime>,
    #[serde(default)]
    cold_starts: bool,
    #[serde(default)]
    configurations: Vec<(Runtime, PathBuf)>,
    #[serde(default)]
    addresses: Vec<(Runtime, String)>,
}

/// `rpc-latency configure`: prints a line for each Worker in the order of deployment: its role, the variable or binding that leads to it, its file.
pub(crate) fn configure(options: &ConfigureOptions) -> anyhow::Result<Exit> {
    let project = match &options.project {
        Some(folder) => Project::at(folder)?,
        None => Project::around(&std::env::current_dir()?)?,
    };
    let file = project.root().join(REMEMBERED);
    let choice = options.choice(&file)?;
    let into = options.into.clone();
    let into = into.unwrap_or_else(|| project.root().join("target/deploy"));
    let others = configurations(&choice.runtimes, &choice.configurations)?;
    let chosen = Chosen {
        addresses: addresses(&others, &choice.addresses)?,
        runtimes: choice.runtimes.clone(),
        others,
        cold_starts: choice.cold_starts,
    };
    let deployed = deployment::configure(&project, &chosen, &into)?;
    let mut lines = String::new();
    for one in deployed {
        let file = one.file.strip_prefix(project.root()).unwrap_or(&one.file);
        // Writing to a String cannot fail.
        let _ = writeln!(lines, "{} {}", one.role, file.display());
    }
    if options.remember {
        let json = serde_json::to_string_pretty(&choice)? + "\n";
        fs::write(&file, json).with_context(|| file.display().to_string())?;
    }
    output::result(&lines)?;
    Ok(Exit::Pass)
}

impl ConfigureOptions {
    /// What the options name, else what was remembered, else the native runtime.
    fn choice(&self, remembered: &Path) -> anyhow::Result<Choice> {
        let mut choice = self.runtimes_of(remembered)?;
        choice.cold_starts |= self.cold_starts;
        Ok(choice)
    }

    fn runtimes_of(&self, remembered: &Path) -> anyhow::Result<Choice> {
        if !self.runtimes.is_empty() {
            let configurations: Result<Vec<_>, io::Error> = self
                .runtime_configurations
                .iter()
                // Remembered, it is read from another folder.
                .map(|(runtime, file)| Ok((*runtime, std::path::absolute(file)?)))
                .collect();
            return Ok(Choice {
                runtimes: self.runtimes.clone(),
                cold_starts: false,
                configurations: configurations?,
                addresses: self.runtime_addresses.clone(),
            });
        }
        match fs::read_to_string(remembered) {
            Ok(text) => serde_json::from_str(&text).with_context(|| {
                format!("{} is not what `rpc-latency configure --remember` writes; remove it, and name --runtimes", remembered.display())
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Choice { runtimes: vec![Runtime::NATIVE], ..Choice::default() }),
            Err(error) => Err(error).with_context(|| remembered.display().to_string()),
        }
    }
}
