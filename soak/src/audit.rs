//! Reads back everything that is stored, as anyone can: lists, statuses, raw samples.

use crate::ledger::{Ended, Found};
use anyhow::{Context as _, bail};
use cli::client::Client;
use protocol::{Cell, Report, RunId, RunState, plan::Until, run::RunStatus};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Pause between two looks at the active runs: answers are up to a second old.
const PAUSE: Duration = Duration::from_millis(1_500);

/// All that is stored.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// Every run.
    pub runs: Vec<RunStatus>,
    /// Every slice that has samples.
    pub slices: Vec<Found>,
    /// Reports that do not count what was asked for, in words.
    pub miscounts: Vec<String>,
}

impl Stored {
    /// The runs as the ledger wants them.
    #[must_use]
    pub fn ended(&self) -> Vec<Ended> {
        let runs = self.runs.iter();
        runs.map(|run| Ended {
            run: run.id.clone(),
            seed: run.plan.seed,
            state: run.state,
            slices_done: run.progress.slices_done,
            slices_total: run.progress.slices_total,
            samples: run.progress.samples.saturating_sub(run.progress.errors),
        })
        .collect()
    }
}

/// Waits until no run is active, or until `patience` ends; what is active then is found out by the audit.
///
/// # Errors
/// The service does not answer.
pub fn wait_until_idle(client: &Client, patience: Duration) -> anyhow::Result<()> {
    let expires = Instant::now() + patience;
    loop {
        thread::sleep(PAUSE);
        let newest = client.runs(None)?.runs;
        if newest.iter().all(|run| run.state.is_final()) || Instant::now() > expires {
            return Ok(());
        }
    }
}

/// Reads every run, and the raw samples of each.
///
/// # Errors
/// Something cannot be read.
pub fn read_all(client: &Client) -> anyhow::Result<Stored> {
    let mut stored = Stored::default();
    let mut before = None;
    loop {
        let page = client.runs(before.as_ref())?;
        stored.runs.extend(page.runs);
        before = page.next_before;
        if before.is_none() {
            break;
        }
    }
    for run in &stored.runs {
        for cell in run.plan.cells() {
            let path = format!("/results/{}/cells/{cell}.csv", run.id);
            let text = client.text(&path)?;
            stored
                .slices
                .extend(slices(&run.id, cell, &text).context(path)?);
        }
        if run.state == RunState::Completed && run.plan.until == Until::Samples {
            let report = client.report(&run.id)?;
            stored.miscounts.extend(miscounts(run, &report));
        }
    }
    Ok(stored)
}

/// The slices of a file of raw samples.
fn slices(run: &RunId, cell: Cell, csv: &str) -> anyhow::Result<Vec<Found>> {
    let mut lines = csv.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let column = |name| {
        let found = head.iter().position(|column| *column == name);
        found.with_context(|| format!("no column {name}"))
    };
    let (slice_at, latency_at) = (column("slice")?, column("latency_ns")?);
    let mut found: Vec<Found> = Vec::new();
    for line in lines {
        let columns: Vec<&str> = line.split(',').collect();
        let (Some(slice), Some(latency)) = (columns.get(slice_at), columns.get(latency_at)) else {
            bail!("a line is cut off: {line}");
        };
        let slice = slice.parse().with_context(|| format!("slice {slice}"))?;
        let latency_ns = latency
            .parse()
            .with_context(|| format!("latency {latency}"))?;
        match found.last_mut().filter(|last| last.slice == slice) {
            Some(last) => last.samples_ns.push(latency_ns),
            None => found.push(Found {
                run: run.clone(),
                slice,
                cell,
                samples_ns: vec![latency_ns],
            }),
        }
    }
    Ok(found)
}

/// Cells of a complete report that count less or more than was asked for; one with failed calls counts them in more than one place.
fn miscounts(run: &RunStatus, report: &Report) -> Vec<String> {
    let asked = u64::from(run.plan.samples_per_cell);
    let counted = report.cells.iter().filter(|cell| cell.errors.is_empty());
    counted
        .map(|cell| (cell.id, cell.count + cell.lost + cell.skipped))
        // rounded up to whole slices
        .filter(|(_, counted)| *counted < asked)
        .map(|(cell, counted)| {
            let run = &run.id;
            format!("the report of run {run} counts {counted} of {asked} samples of {cell}")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "run,cell,block,slice,attempt,call,latency_ns,timer,resolution_ns,flags\n";

    fn read(lines: &str) -> anyhow::Result<Vec<(u32, Vec<u64>)>> {
        let run = "20261122T172800Z-4f9a1c07".parse().unwrap();
        let cell = "direct.echo.100".parse().unwrap();
        let found = slices(&run, cell, &format!("{HEAD}{lines}"))?;
        Ok(found
            .into_iter()
            .map(|found| (found.slice, found.samples_ns))
            .collect())
    }

    #[test]
    fn raw_samples_are_read_slice_by_slice() {
        let lines = "r,c,0,1,1,0,500,t,1,\nr,c,0,1,1,1,600,t,1,\nr,c,1,4,1,0,700,t,1,with-lost\n";
        assert_eq!(read(lines).unwrap(), [(1, vec![500, 600]), (4, vec![700])]);
        assert_eq!(read("").unwrap(), []);
    }

    #[test]
    fn a_file_that_is_cut_off_is_refused_and_not_counted() {
        for lines in ["r,c,0,1,1,0,500,t,1,\nr,c,0", "r,c,0,x,1,0,500,t,1,\n"] {
            assert!(read(lines).is_err(), "{lines}");
        }
    }

    #[test]
    fn a_slice_that_comes_twice_is_kept_twice() {
        let lines = "r,c,0,1,1,0,500,t,1,\nr,c,0,2,1,0,600,t,1,\nr,c,0,1,1,0,500,t,1,\n";
        assert_eq!(read(lines).unwrap().len(), 3);
    }
}
