//! `run` and `watch`: follow a run, then print and save what it found.

use crate::{
    against,
    api_options::ApiOptions,
    arguments::{RunArgument, RunOptions},
    exit::Exit,
    follow::{self, Followed},
    interrupt::Interrupt,
    local_options::{LocalArguments, local_options},
    output, runs, saved, tables,
};
use anyhow::Context as _;
use cli::{client::Client, local::LocalWorkers};
use protocol::{Limits, Plan, RunId, limits::LimitsProfile, run::RunStatus};
use std::{path::Path, time::Duration};

/// How much later than a Worker's answer the log has what the Worker logged, at most.
const LOG_DELAY: Duration = Duration::from_millis(500);

/// `rpc-latency run`
pub(crate) fn run(api: &ApiOptions, options: &RunOptions) -> anyhow::Result<Exit> {
    if let Some(baseline) = &options.against {
        return against::run(api, options, baseline);
    }
    let (fields, whole) = options
        .plan
        .fields_and_plan(&Limits::of(LimitsProfile::Paid))?;
    let plan = serde_json::to_vec(&fields)?;
    saved::prepare(&options.output)?;
    let output = Some(options.output.as_path());
    let interrupt = Interrupt::listen()?;
    if options.local {
        let mut local = start_local(api, &options.local_options, &whole)?;
        let client = Client::new(local.url(), Some(local.api_token().to_owned()));
        let exit = client.start(&plan).map_err(Into::into).and_then(|run| {
            let mut check = || Ok(local.check()?);
            finish(api, &client, &started(&run), &interrupt, output, &mut check)
        });
        // A server that ended by itself has shown its log already.
        if !matches!(
            exit,
            Ok(Some(Exit::Pass | Exit::Fail | Exit::Inconclusive) | None)
        ) && local.check().is_ok()
        {
            // Wrangler writes down what a Worker logged a moment after the Worker has answered.
            interrupt.wait(LOG_DELAY);
            output::note(local.log_tail());
        }
        let exit = exit?;
        exit.context("interrupted; the local Workers are stopped, and the run with them")
    } else {
        let client = api.client();
        let runs = started(&client.start(&plan)?);
        let exit = finish(api, &client, &runs, &interrupt, output, &mut || Ok(()))?;
        exit.with_context(|| still_runs(&runs))
    }
}

/// `rpc-latency watch`
pub(crate) fn watch(api: &ApiOptions, options: &RunArgument) -> anyhow::Result<Exit> {
    let output = options.output.as_deref();
    output.map(saved::prepare).transpose()?;
    let interrupt = Interrupt::listen()?;
    let client = api.client();
    let runs = [runs::named_or_newest(&client, options.run.as_ref())?];
    let exit = finish(api, &client, &runs, &interrupt, output, &mut || Ok(()))?;
    exit.with_context(|| still_runs(&runs))
}

fn start_local(
    api: &ApiOptions,
    options: &LocalArguments,
    plan: &Plan,
) -> anyhow::Result<LocalWorkers> {
    let mut options = local_options(api, options, plan.runtimes.clone(), None)?;
    options.cold_starts = plan.cold_starts.is_some();
    options.apart = !plan.busy_shares().is_empty();
    output::note("starting the Workers on this machine");
    Ok(LocalWorkers::start(&options)?)
}

/// The runs that one request started: one for each location.
fn started(run: &RunStatus) -> Vec<RunId> {
    let mut runs = vec![run.id.clone()];
    runs.extend(run.siblings.iter().map(|sibling| sibling.id.clone()));
    for run in &runs {
        output::note(format_args!("run {run}"));
    }
    runs
}

/// Follows each run, saves and prints its report. The worst outcome of all; `None` when interrupted. A run that fails does not keep the
/// others from being followed to their end.
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
        let exit =
            follow::completed(&status).and_then(|()| save_and_print(api, client, run, output));
        worst = worst.max(exit.unwrap_or_else(|error| {
            output::note(format_args!("error: {error:#}"));
            Exit::Failure
        }));
    }
    Ok(Some(worst))
}

/// The report is saved before it is printed: what it took to measure must not hang on whether somebody reads the output.
fn save_and_print(
    api: &ApiOptions,
    client: &Client,
    run: &RunId,
    output: Option<&Path>,
) -> anyhow::Result<Exit> {
    let fetched = saved::fetch_final(client, run)?;
    if let Some(folder) = output {
        saved::save(&fetched, folder)?;
    }
    output::or_closed(tables::print(api, &fetched)).context("writing to standard output")?;
    Ok(fetched.report.summary.outcome.into())
}

fn still_runs(runs: &[RunId]) -> String {
    let run = runs.first().map(ToString::to_string).unwrap_or_default();
    format!(
        "interrupted; the run goes on: `rpc-latency watch {run}` follows it, `rpc-latency cancel {run}` ends it"
    )
}
