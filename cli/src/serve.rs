//! `serve`: the Workers on this machine, until Ctrl-C.

use crate::{
    api_options::ApiOptions,
    arguments::{LocalArguments, ServeOptions},
    exit::Exit,
    interrupt::Interrupt,
    output,
};
use anyhow::bail;
use cli::local::{LOCAL_API_TOKEN, LocalOptions, LocalWorkers, Project};
use std::time::Duration;

/// Pause between two looks at the servers.
const PAUSE: Duration = Duration::from_secs(1);

/// `rpc-latency serve`
pub(crate) fn serve(api: &ApiOptions, options: &ServeOptions) -> anyhow::Result<Exit> {
    let interrupt = Interrupt::listen()?;
    let local_options = local_options(api, &options.local, Some(options.port))?;
    output::note("starting the Workers on this machine");
    let mut local = LocalWorkers::start(&local_options)?;
    output::result(&welcome(&local))?;
    while !interrupt.is_asked() {
        local.check()?;
        interrupt.wait(PAUSE);
    }
    output::note("stopped");
    Ok(Exit::Pass)
}

/// How to serve the Workers, from the command line.
pub(crate) fn local_options(
    api: &ApiOptions,
    arguments: &LocalArguments,
    port: Option<u16>,
) -> anyhow::Result<LocalOptions> {
    let project = match &arguments.project {
        Some(folder) => Project::at(folder)?,
        None => Project::around(&std::env::current_dir()?)?,
    };
    let mut options = LocalOptions::new(project);
    options.state.clone_from(&arguments.state);
    options.port = port;
    options.api_token = api
        .token
        .clone()
        .unwrap_or_else(|| LOCAL_API_TOKEN.to_owned());
    for (name, value) in &arguments.variables {
        let given = &mut options.orchestrator_variables;
        if given.insert(name.clone(), value.clone()).is_some() {
            bail!("--var {name} is given twice");
        }
    }
    Ok(options)
}

/// The address, and three commands to try.
fn welcome(local: &LocalWorkers) -> String {
    let (url, token) = (local.url(), local.api_token());
    format!(
        "
{url}    (Ctrl-C stops it)

  curl -s {url}/health
  curl -s -X POST {url}/runs -H 'authorization: Bearer {token}' -d '{{\"functions\":[\"echo\"],\"samples_per_cell\":100}}'
  curl -s {url}/results | jq .summary

"
    )
}
