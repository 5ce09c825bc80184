//! The isolates that the runs of several places met. They are different ones: each place has its own.

use super::shares;
use crate::{
    reasons,
    wire::{published, published_share},
};
use measurement::interval::{Known, Undefined};
use protocol::{Estimate, Report, report::Residency};

/// One entry for each of the first report's; the other places asked for the same.
pub(super) fn residency(reports: &[Report]) -> Vec<Residency> {
    let of_first = reports[0].residency.iter();
    of_first.map(|first| of_places(first, reports)).collect()
}

fn of_places(first: &Residency, reports: &[Report]) -> Residency {
    let is_same = |found: &&Residency| found.runtime == first.runtime && found.reach == first.reach;
    let places: Vec<&Residency> = reports
        .iter()
        .flat_map(|report| &report.residency)
        .filter(is_same)
        .collect();
    let sum = |part: fn(&Residency) -> u64| places.iter().map(|place| part(place)).sum();
    let most = |part: fn(&Residency) -> u64| places.iter().map(|place| part(place)).max();
    let (calls, isolates): (u64, u64) = (sum(|p| p.calls), sum(|p| p.isolates));
    // A place of which nothing is known is no reason to say nothing of the others.
    let known = || places.iter().filter(|place| place.calls > 0);
    let shares = known().map(|place| place.cold_share.clone());
    Residency {
        calls,
        silent: sum(|p| p.silent),
        isolates,
        calls_per_isolate: (isolates > 0).then(|| calls as f64 / isolates as f64),
        calls_served: sum(|p| p.calls_served),
        most_served: most(|p| p.most_served).unwrap_or(0),
        oldest_ms: most(|p| p.oldest_ms).unwrap_or(0),
        cold_calls: sum(|p| p.cold_calls),
        cold_share: shares::merged(shares, 1.0)
            .ok()
            .map(|share| protocol::report::Share {
                p_value: None,
                ..published_share(&share)
            }),
        cold_samples: sum(|p| p.cold_samples),
        cold_us: medians(known().filter(|p| p.cold_calls > 0).map(|p| &p.cold_us)),
        cold_min_ms: places.iter().filter_map(|p| p.cold_min_ms).min(),
        cold_max_ms: places.iter().filter_map(|p| p.cold_max_ms).max(),
        warm_us: medians(known().map(|p| &p.warm_us)),
        reason: if calls > 0 {
            None
        } else {
            first.reason.clone()
        },
        ..first.clone()
    }
}

/// The median of the one place that has it. Medians of several are never averaged, and what is behind them is not in their reports.
fn medians<'a>(of_places: impl Iterator<Item = &'a Estimate>) -> Estimate {
    let all: Vec<&Estimate> = of_places.collect();
    match all[..] {
        [one] => one.clone(),
        [] => published(&Known::Unknown(Undefined::NoSamples), 0.0),
        _ => Estimate::unavailable(reasons::each_place_for_itself()),
    }
}
