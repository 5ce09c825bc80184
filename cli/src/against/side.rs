//! What a side's runs found of each cell, round by round.

use anyhow::{Context as _, bail, ensure};
use cli::client::Client;
use measurement::{
    cell_samples::{Block, CellSamples},
    median::median,
};
use protocol::{Cell, ErrorKind, Report, RunId};
use std::collections::BTreeMap;

/// One cell in one round.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Round {
    /// Latencies of the calls that succeeded, in nanoseconds.
    pub(super) samples_ns: Vec<u64>,
    /// Calls that timed out: latencies above all others.
    pub(super) timeouts: u64,
    /// Calls that failed, those included.
    pub(super) failed: u64,
    /// The finest that the timer could see, in nanoseconds: of the sample in the middle, because one disturbed slice is not the timer.
    pub(super) resolution_ns: f64,
}

impl Round {
    /// Calls that count as latencies.
    pub(super) fn timed(&self) -> u64 {
        self.samples_ns.len() as u64 + self.timeouts
    }

    /// Calls made.
    pub(super) fn calls(&self) -> u64 {
        self.samples_ns.len() as u64 + self.failed
    }
}

/// The rounds of each cell.
pub(super) type Side = BTreeMap<Cell, Vec<Round>>;

/// The samples of all rounds, each a block: what a quantile's interval is taken over.
pub(super) fn pooled(rounds: &[Round], timeout_ns: u64) -> CellSamples {
    let numbered = || (0_u32..).zip(rounds);
    CellSamples::with_timeouts(
        numbered().map(|(index, round)| Block {
            index,
            samples_ns: round.samples_ns.clone(),
        }),
        numbered().map(|(index, round)| (index, round.timeouts)),
        timeout_ns,
    )
}

/// Adds what one run found of `cells`.
pub(super) fn add(
    side: &mut Side,
    client: &Client,
    run: &RunId,
    cells: &[Cell],
) -> anyhow::Result<()> {
    let report = report::read(&client.report_json(run)?)
        .context("its report is not one that this version reads")?;
    for &cell in cells {
        let csv = client
            .text(&format!("/results/{run}/cells/{cell}.csv"))
            .context("its samples cannot be read")?;
        let round = round(&report, cell, &csv)?;
        side.entry(cell).or_default().push(round);
    }
    Ok(())
}

fn round(report: &Report, cell: Cell, csv: &str) -> anyhow::Result<Round> {
    let Some(figures) = report.cells.iter().find(|figures| figures.id == cell) else {
        bail!("its report has no cell {cell}: these Workers measured something else");
    };
    let mut round = Round {
        timeouts: figures
            .errors
            .get(&ErrorKind::Timeout)
            .copied()
            .unwrap_or(0),
        failed: figures.errors.values().sum(),
        ..Round::default()
    };
    let mut lines = csv.lines();
    let head = lines.next().unwrap_or_default();
    let column = |name: &str| head.split(',').position(|column| column == name);
    let (Some(latency), Some(resolution)) = (column("latency_ns"), column("resolution_ns")) else {
        bail!(
            "its samples have no columns latency_ns and resolution_ns: these Workers are older than what can be compared"
        );
    };
    let mut resolutions = Vec::new();
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |column: usize| {
            let field = fields.get(column).copied().unwrap_or_default();
            field
                .parse::<u64>()
                .with_context(|| format!("a sample of {cell} reads {line:?}"))
        };
        round.samples_ns.push(number(latency)?);
        resolutions.push(number(resolution)? as f64);
    }
    round.resolution_ns = median(resolutions).unwrap_or(0.0);
    ensure!(
        round.calls() > 0,
        "no call of {cell} was made: the run ended before it"
    );
    Ok(round)
}
