//! What several places measured beside neighbours, together.

use super::{
    MergeError,
    distribution::{Distribution, Merged, summed},
};
use crate::neighbours::rounded;
use protocol::{
    Report,
    report::{Achieved, Neighbours},
};

/// The rows of the first report, each merged with the same row of the others.
///
/// What a queue makes one expect is each place's own: it follows from the latencies there.
pub(super) fn merged_neighbours(reports: &[Report]) -> Result<Vec<Neighbours>, MergeError> {
    let rows = reports[0].neighbours.iter();
    rows.map(|first| merged_row(first, reports)).collect()
}

fn merged_row(first: &Neighbours, reports: &[Report]) -> Result<Neighbours, MergeError> {
    let of = |row: &Neighbours| (row.id, row.runtime, row.busy);
    let mut rows = Vec::new();
    let mut distributions = Vec::new();
    for report in reports {
        for row in report.neighbours.iter().filter(|row| of(row) == of(first)) {
            rows.push(row);
            let read = Distribution::read(report, row.id, &row.quantiles, &row.histogram);
            distributions.push(read?);
        }
    }
    let sum = |part: fn(&Neighbours) -> u64| rows.iter().map(|row| part(row)).sum();
    let errors = summed(rows.iter().map(|row| &row.errors));
    let merged = Merged::of(
        distributions.iter(),
        &errors,
        reports[0].plan.call_timeout_ms,
    );
    Ok(Neighbours {
        achieved: achieved(&rows),
        count: sum(|row| row.count),
        skipped: sum(|row| row.skipped),
        lost: sum(|row| row.lost),
        quantiles: merged.quantiles(),
        expected: None,
        histogram: merged.histogram.encode()?,
        errors,
        ..first.clone()
    })
}

/// What the neighbours of all places did: shares by their time, lengths of calls by their number.
fn achieved(rows: &[&Neighbours]) -> Achieved {
    let all = || rows.iter().map(|row| &row.achieved);
    let mean = |of: fn(&Achieved) -> Option<f64>, weight: fn(&Achieved) -> f64| {
        let stated = all().filter_map(|one| Some((of(one)?, weight(one))));
        let (sum, weights) = stated.fold((0.0, 0.0), |(sum, weights), (value, weight)| {
            (sum + value * weight, weights + weight)
        });
        (weights > 0.0).then(|| rounded(sum / weights))
    };
    Achieved {
        share: mean(|one| one.share, |one| one.seconds),
        calls: all().map(|one| one.calls).sum(),
        failed_calls: all().map(|one| one.failed_calls).sum(),
        call_ms: mean(
            |one| one.call_ms,
            |one| one.calls.saturating_sub(one.failed_calls) as f64,
        ),
        seconds: all().map(|one| one.seconds).sum(),
        apart: all().all(|one| one.apart),
        text: String::new(),
    }
}
