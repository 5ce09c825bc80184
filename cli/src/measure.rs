//! `run` and `watch`: follow a run, then print and save what it found.

use crate::{
    arguments::{ApiOptions, LocalArguments, RunArgument, RunOptions},
    exit::Exit,
    follow::{self, Followed},
    interrupt::Interrupt,
    runs, saved, serve, tables,
};
use anyhow::Context as _;
use cli::{client::Client, local::LocalWorkers};
use protocol::{RunId, run::RunStatus};
use std::path::Path;

/// `rpc-latency run`
pub(crate) fn run(api: &ApiOptions, options: &RunOptions) -> anyhow::Result<Exit> {
    let plan = options.plan.json()?;
    let interrupt = Interrupt::listen()?;
    if options.local {
        let mut local = start_local(api, &options.local_options)?;
        let client = Client::new(local.url(), Some(local.api_token().to_owned()));
        let runs = started(&client.start(&plan)?);
        let exit = finish(
            api,
            &client,
            &runs,
            &interrupt,
            Some(&options.output),
            &mut || Ok(local.check()?),
        )?;
        exit.context("interrupted; the local Workers are stopped, and the run with them")
    } else {
        let client = api.client();
        let runs = started(&client.start(&plan)?);
        let exit = finish(
            api,
            &client,
            &runs,
            &interrupt,
            Some(&options.output),
            &mut || Ok(()),
        )?;
        exit.with_context(|| still_runs(&runs))
    }
}

/// `rpc-latency watch`
pub(crate) fn watch(api: &ApiOptions, options: &RunArgument) -> anyhow::Result<Exit> {
    let interrupt = Interrupt::listen()?;
    let client = api.client();
    let runs = [runs::named_or_newest(&client, options.run.as_ref())?];
    let output = options.output.as_deref();
    let exit = finish(api, &client, &runs, &interrupt, output, &mut || Ok(()))?;
    exit.with_context(|| still_runs(&runs))
}

fn start_local(api: &ApiOptions, options: &LocalArguments) -> anyhow::Result<LocalWorkers> {
    let options = serve::local_options(api, options, None)?;
    eprintln!("starting the Workers on this machine");
    Ok(LocalWorkers::start(&options)?)
}

/// The runs that one request started: one for each location.
fn started(run: &RunStatus) -> Vec<RunId> {
    let mut runs = vec![run.id.clone()];
    runs.extend(run.siblings.iter().map(|sibling| sibling.id.clone()));
    for run in &runs {
        eprintln!("run {run}");
    }
    runs
}

/// Follows each run, prints and saves its report. The worst outcome of all; `None` when interrupted.
fn finish(
    api: &ApiOptions,
    client: &Client,
    runs: &[RunId],
    interrupt: &Interrupt,
    output: Option<&Path>,
    check: &mut dyn FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<Option<Exit>> {
    let mut worst = Exit::Pass;
    for run in runs {
        let Followed::Ended(status) = follow::follow(client, run, interrupt, &mut *check)? else {
            return Ok(None);
        };
        follow::completed(&status)?;
        let fetched = saved::fetch(client, run)?;
        tables::print(api, &fetched)?;
        if let Some(folder) = output {
            saved::save(&fetched, folder)?;
        }
        worst = worst.max(fetched.report.summary.outcome.into());
    }
    Ok(Some(worst))
}

fn still_runs(runs: &[RunId]) -> String {
    let run = runs.first().map(ToString::to_string).unwrap_or_default();
    format!(
        "interrupted; the run goes on: `rpc-latency watch {run}` follows it, `rpc-latency cancel {run}` ends it"
    )
}
