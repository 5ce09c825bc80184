//! The cells of several places together.

use super::{MergeError, pooled};
use crate::wire::{known, published};
use measurement::{
    confidence::minimum_n,
    duration::Nanoseconds,
    histogram::LatencyHistogram,
    interval::{Bounding, Estimate, Known, Missing, Undefined},
    neighbours::enclosed,
    quantile::exact_ranks,
};
use protocol::{Basis, ErrorKind, Quantile, Report, report::CellReport};
use std::collections::BTreeMap;

/// An effective n estimated from some 20 blocks may be this factor too small at 99.9 %: as for the quantile of one place
/// ([`measurement::proportion::BlockProportion::most_effective_n`]), a refusal is beyond such doubt.
const DOUBT: f64 = 2.3;

/// One cell at one place.
struct Placed<'a> {
    cell: &'a CellReport,
    histogram: LatencyHistogram,
}

/// The cells of the first report, each merged with the same cell of the others.
pub(super) fn merged_cells(reports: &[Report]) -> Result<Vec<CellReport>, MergeError> {
    let merged = reports[0].cells.iter().map(|first| {
        let mut places = Vec::new();
        for report in reports {
            if let Some(cell) = report.cells.iter().find(|cell| cell.id == first.id) {
                let histogram = LatencyHistogram::decode(&cell.histogram).map_err(|source| {
                    MergeError::Histogram {
                        cell: cell.id,
                        location: report.run.location.clone(),
                        source,
                    }
                })?;
                places.push(Placed { cell, histogram });
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
    let mut histogram = LatencyHistogram::new();
    let mut errors: BTreeMap<ErrorKind, u64> = BTreeMap::new();
    for place in places {
        histogram.merge(&place.histogram);
        for (&kind, &count) in &place.cell.errors {
            *errors.entry(kind).or_default() += count;
        }
    }
    let sampled = || places.iter().map(|p| p.cell).filter(|cell| cell.count > 0);
    let sum = |part: fn(&CellReport) -> u64| places.iter().map(|p| part(p.cell)).sum();
    // one minimum below its timer's resolution hides the minimum of all
    let min_us = sampled()
        .map(|cell| cell.min_us)
        .collect::<Option<Vec<f64>>>();
    // the histograms hold calls that timed out at their timeout, and know no more of them
    let timeout_ns = errors
        .contains_key(&ErrorKind::Timeout)
        .then(|| Nanoseconds::from_ms(call_timeout_ms.into()).0);
    let merged = Merged {
        histogram: &histogram,
        timeout_ns,
    };
    let known = first.quantiles.map(|q, _| merged.quantile(q, places));
    let resolution_ns = |quantile: Quantile| {
        let stated = places.iter().filter_map(|p| p.cell.quantiles.get(quantile));
        let resolutions = stated.filter_map(|estimate| estimate.resolution);
        resolutions.fold(0.0, f64::max) * 1e3
    };
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
        quantiles: enclosed(&known).map(|q, known| published(known, resolution_ns(q))),
        histogram: histogram.encode()?,
        ..first.clone()
    })
}

/// The latencies of all places.
struct Merged<'a> {
    histogram: &'a LatencyHistogram,
    /// After how long calls were given up, where some were.
    timeout_ns: Option<u64>,
}

impl Merged<'_> {
    /// The quantile of the merged histogram, or bounds where a place's clock shows whole ticks, of which bounds are all that it knows.
    fn quantile(&self, quantile: Quantile, places: &[Placed]) -> Known {
        let is_ticked = |place: &Placed| {
            let stated = place.cell.quantiles.get(quantile);
            let basis = stated.and_then(|estimate| estimate.basis);
            let bounded = basis.is_some_and(|basis| basis != Basis::AdjacentQuantiles);
            bounded
                && place
                    .cell
                    .quantiles
                    .values()
                    .all(|estimate| estimate.value.is_none())
        };
        if places.iter().any(is_ticked) {
            merged_bounds(
                places
                    .iter()
                    .map(|place| place.cell.quantiles.get(quantile)),
            )
        } else {
            Known::from(self.interval(quantile, places))
        }
    }

    /// The quantile with its interval: the places' shares at the merged quantile vary independently, each with the effective
    /// n that its own report states; together they make the effective n of the whole.
    fn interval(&self, of: Quantile, places: &[Placed]) -> Result<Estimate, Undefined> {
        let (histogram, quantile) = (self.histogram, of.order());
        let n = histogram.count();
        let Some(value) = histogram.quantile_ns(quantile) else {
            return Err(Undefined::NoSamples);
        };
        if n < minimum_n(quantile) {
            return Err(Undefined::TooFewSamples {
                needed: minimum_n(quantile),
                have: n,
            });
        }
        let mut variance = 0.0;
        for place in places.iter().filter(|place| place.histogram.count() > 0) {
            let own = place.histogram.count() as f64;
            let share = place.histogram.share_at_most(value);
            let effective = own
                * worth_of_a_sample(place.cell, of)
                    .ok_or(Undefined::NotMeasured(Missing::Place))?;
            variance += (own / n as f64).powi(2) * share * (1.0 - share) / effective;
        }
        let effective_n = if variance > 0.0 {
            (quantile * (1.0 - quantile) / variance).min(n as f64)
        } else {
            n as f64
        };
        if effective_n * DOUBT < minimum_n(quantile) as f64 {
            return Err(Undefined::TooFewIndependentSamples {
                needed: minimum_n(quantile),
                have: n,
                worth: effective_n * DOUBT,
                effective_n,
            });
        }
        let ranks = exact_ranks(n, effective_n, quantile);
        let at = |rank: usize| {
            histogram
                .quantile_ns((rank + 1) as f64 / n as f64)
                .unwrap_or(value)
        };
        Ok(Estimate {
            value_ns: self.latency(value),
            lower_ns: histogram.bucket_start_ns(at(ranks.lower)) as f64,
            upper_ns: self.latency(at(ranks.upper)),
            n,
            effective_n,
        })
    }

    /// A latency read off the histogram; infinite where it is that of calls that timed out.
    fn latency(&self, ns: u64) -> f64 {
        let timed_out = |timeout_ns| ns >= self.histogram.bucket_start_ns(timeout_ns);
        if self.timeout_ns.is_some_and(timed_out) {
            f64::INFINITY
        } else {
            ns as f64
        }
    }
}

/// The quantile of a mixture lies between the smallest and the largest of its parts' quantiles.
fn merged_bounds<'a>(estimates: impl Iterator<Item = Option<&'a protocol::Estimate>>) -> Known {
    let mut merged: Option<(Option<f64>, Option<f64>, u64)> = None;
    let mut because = Bounding::Tick;
    for estimate in estimates {
        let Some(estimate) = estimate else {
            return Known::Unknown(Undefined::NotMeasured(Missing::Place));
        };
        let known = known(estimate);
        if matches!(known, Known::Unknown(_)) {
            return known;
        }
        let n = estimate.n.unwrap_or(0);
        if !estimate.exclusive {
            because = Bounding::Mean;
        }
        let (lower, upper) = (known.lower_ns(), known.upper_ns());
        merged = Some(match merged {
            None => (lower, upper, n),
            Some((low, high, so_far)) => (
                low.zip(lower).map(|(a, b)| a.min(b)),
                high.zip(upper).map(|(a, b)| a.max(b)),
                so_far + n,
            ),
        });
    }
    merged.map_or(
        Known::Unknown(Undefined::NoSamples),
        |(lower_ns, upper_ns, n)| Known::Bounded {
            lower_ns,
            upper_ns,
            n,
            because,
        },
    )
}

/// Independent samples for each sample, from the quantile in question or, where the place was too small to state it, from the least
/// favourable of its other quantiles.
fn worth_of_a_sample(cell: &CellReport, quantile: Quantile) -> Option<f64> {
    let worth = |estimate: &protocol::Estimate| {
        Some(estimate.effective_n? / estimate.n.filter(|&n| n > 0)? as f64)
    };
    let stated = cell.quantiles.get(quantile).and_then(worth);
    stated.or_else(|| cell.quantiles.values().filter_map(worth).reduce(f64::min))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_of_a_mixture_enclose_those_of_its_parts() {
        let bounds = |lower, upper| protocol::Estimate {
            lower,
            upper,
            exclusive: true,
            n: Some(400),
            ..protocol::Estimate::default()
        };
        let known = merged_bounds(
            [
                bounds(Some(0.0), Some(1_000.0)),
                bounds(Some(1_000.0), Some(3_000.0)),
            ]
            .iter()
            .map(Some),
        );
        assert_eq!(
            known,
            Known::Bounded {
                lower_ns: Some(0.0),
                upper_ns: Some(3e6),
                n: 800,
                because: Bounding::Tick,
            }
        );
        let open = merged_bounds(
            [bounds(Some(0.0), Some(1_000.0)), bounds(Some(0.0), None)]
                .iter()
                .map(Some),
        );
        assert_eq!(open.upper_ns(), None);
        assert_eq!(open.lower_ns(), Some(0.0));
    }
}
