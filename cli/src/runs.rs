//! `report`, `runs` and `cancel`: what is there, and an end to what runs.

use crate::{
    api_options::ApiOptions,
    arguments::{CancelOptions, ListOptions, RunArgument},
    exit::Exit,
    output, saved, tables,
};
use anyhow::{Context as _, bail};
use cli::client::Client;
use protocol::{RunId, run::RunStatus};

/// `rpc-latency report`
pub(crate) fn report(api: &ApiOptions, options: &RunArgument) -> anyhow::Result<Exit> {
    let client = api.client();
    let run = named_or_newest(&client, options.run.as_ref())?;
    let fetched = saved::fetch(&client, &run)?;
    if let Some(folder) = &options.output {
        saved::save(&fetched, folder)?;
    }
    output::or_closed(tables::print(api, &fetched))?;
    Ok(fetched.report.summary.outcome.into())
}

/// `rpc-latency runs`
pub(crate) fn list(api: &ApiOptions, options: &ListOptions) -> anyhow::Result<Exit> {
    let client = api.client();
    let runs = newest(&client, options.limit.get())?;
    if api.json {
        output::document(&runs)?;
    } else if runs.is_empty() {
        output::result("no runs yet; `rpc-latency run` starts one\n")?;
    } else {
        output::result(&runs.iter().map(line).collect::<String>())?;
    }
    Ok(Exit::Pass)
}

/// `rpc-latency cancel`
pub(crate) fn cancel(api: &ApiOptions, options: &CancelOptions) -> anyhow::Result<Exit> {
    let cancelled = api.client().cancel(&options.run)?;
    if api.json {
        output::document(&cancelled)?;
    } else {
        let run = &cancelled.id;
        output::note(format_args!(
            "run {run} is {}; `rpc-latency report {run}` shows what it measured",
            cancelled.state
        ));
    }
    Ok(Exit::Pass)
}

/// The run that was named, else the newest.
pub(crate) fn named_or_newest(client: &Client, named: Option<&RunId>) -> anyhow::Result<RunId> {
    if let Some(run) = named {
        return Ok(run.clone());
    }
    let newest = newest(client, 1)?;
    let Some(run) = newest.first() else {
        bail!(
            "{} has no runs yet; `rpc-latency run` starts one",
            client.url()
        )
    };
    Ok(run.id.clone())
}

/// Up to `limit` runs, newest first, over as many pages as it takes.
fn newest(client: &Client, limit: usize) -> anyhow::Result<Vec<RunStatus>> {
    let mut runs = Vec::new();
    let mut before: Option<RunId> = None;
    while runs.len() < limit {
        let page = client.runs(before.as_ref()).context("list of runs")?;
        runs.extend(page.runs);
        before = page.next_before;
        if before.is_none() {
            break;
        }
    }
    runs.truncate(limit);
    Ok(runs)
}

/// One run on one line.
fn line(run: &RunStatus) -> String {
    let done = run.progress.slices_done;
    let total = run.progress.slices_total;
    let mut line = format!(
        "{}  {:9}  {:12}  {:8}  {done} of {total} slices",
        run.id, run.state, run.trigger, run.location
    );
    if let Some(reason) = &run.reason {
        line.push_str("  ");
        line.push_str(reason);
    }
    line.push('\n');
    line
}
