//! The cells of several places together.

use super::{
    MergeError,
    distribution::{Distribution, Merged, summed},
    pooled,
};
use protocol::{Report, report::CellReport};

/// One cell at one place.
struct Placed<'a> {
    cell: &'a CellReport,
    distribution: Distribution<'a>,
}

/// The cells of the first report, each merged with the same cell of the others.
pub(super) fn merged_cells(reports: &[Report]) -> Result<Vec<CellReport>, MergeError> {
    let merged = reports[0].cells.iter().map(|first| {
        let mut places = Vec::new();
        for report in reports {
            if let Some(cell) = report.cells.iter().find(|cell| cell.id == first.id) {
                let distribution =
                    Distribution::read(report, cell.id, &cell.quantiles, &cell.histogram)?;
                places.push(Placed { cell, distribution });
            }
        }
        merged_cell(first, &places, reports[0].plan.call_timeout_ms)
    });
    merged.collect()
}

fn merged_cell(
    first: &CellReport,
    places: &[Placed],
    call_timeout_ms: u32,
) -> Result<CellReport, MergeError> {
    let errors = summed(places.iter().map(|place| &place.cell.errors));
    let sampled = || places.iter().map(|p| p.cell).filter(|cell| cell.count > 0);
    let sum = |part: fn(&CellReport) -> u64| places.iter().map(|p| part(p.cell)).sum();
    // one minimum below its timer's resolution hides the minimum of all
    let min_us = sampled()
        .map(|cell| cell.min_us)
        .collect::<Option<Vec<f64>>>();
    let distributions = places.iter().map(|place| &place.distribution);
    let merged = Merged::of(distributions, &errors, call_timeout_ms);
    Ok(CellReport {
        count: sum(|cell| cell.count),
        errors,
        skipped: sum(|cell| cell.skipped),
        lost: sum(|cell| cell.lost),
        warmup_calls: sum(|cell| cell.warmup_calls),
        min_us: min_us.and_then(|all| all.into_iter().reduce(f64::min)),
        max_us: sampled().filter_map(|cell| cell.max_us).reduce(f64::max),
        mean_us: pooled(places.iter().map(|p| &p.cell.mean_us)),
        chain_mean_us: pooled(places.iter().map(|p| &p.cell.chain_mean_us)),
        // a slice of one place: its report names it, and the warning comes along
        mean_dominated_by: None,
        chain_dominated_by: None,
        isolation_cost_us: pooled(places.iter().map(|p| &p.cell.isolation_cost_us)),
        quantiles: merged.quantiles(),
        histogram: merged.histogram.encode()?,
        ..first.clone()
    })
}
