//! The latencies of several places as one distribution: its quantiles are those of all samples together.

use super::MergeError;
use crate::wire::{known, published};
use measurement::{
    confidence::minimum_n,
    duration::Nanoseconds,
    histogram::LatencyHistogram,
    interval::{Bounding, Estimate, Known, Missing, Undefined},
    neighbours::enclosed,
    quantile::exact_ranks,
};
use protocol::{Basis, ByQuantile, Cell, ErrorKind, Quantile, Report};
use std::collections::BTreeMap;

/// An effective n estimated from some 20 blocks may be this factor too small at 99.9 %: as for the quantile of one place
/// ([`measurement::proportion::BlockProportion::most_effective_n`]), a refusal is beyond such doubt.
const DOUBT: f64 = 2.3;

/// The latencies of one place, and what its own report states of them.
pub(super) struct Distribution<'a> {
    quantiles: &'a ByQuantile<protocol::Estimate>,
    histogram: LatencyHistogram,
}

impl<'a> Distribution<'a> {
    /// That of a cell of `report`, whose histogram is written as `text`.
    pub(super) fn read(
        report: &Report,
        cell: Cell,
        quantiles: &'a ByQuantile<protocol::Estimate>,
        text: &str,
    ) -> Result<Self, MergeError> {
        let histogram = LatencyHistogram::decode(text).map_err(|source| MergeError::Histogram {
            cell,
            location: report.run.location.clone(),
            source,
        })?;
        Ok(Self {
            quantiles,
            histogram,
        })
    }
}

/// Failed calls of all places by kind.
pub(super) fn summed<'a>(
    all: impl Iterator<Item = &'a BTreeMap<ErrorKind, u64>>,
) -> BTreeMap<ErrorKind, u64> {
    let mut sum = BTreeMap::new();
    for (&kind, &count) in all.flatten() {
        *sum.entry(kind).or_default() += count;
    }
    sum
}

/// The latencies of all places.
pub(super) struct Merged<'a> {
    pub(super) histogram: LatencyHistogram,
    places: Vec<&'a Distribution<'a>>,
    /// After how long calls were given up, where some were.
    timeout_ns: Option<u64>,
}

impl<'a> Merged<'a> {
    /// The latencies of `places` together; the histograms hold calls that timed out at their timeout, and know no more of them.
    pub(super) fn of(
        places: impl Iterator<Item = &'a Distribution<'a>>,
        errors: &BTreeMap<ErrorKind, u64>,
        call_timeout_ms: u32,
    ) -> Self {
        let mut histogram = LatencyHistogram::new();
        let places: Vec<_> = places
            .inspect(|place| histogram.merge(&place.histogram))
            .collect();
        let timeout_ns = errors
            .contains_key(&ErrorKind::Timeout)
            .then(|| Nanoseconds::from_ms(call_timeout_ms.into()).0);
        Self {
            histogram,
            places,
            timeout_ns,
        }
    }

    /// Every quantile of them, none above the next, as coarse as the coarsest place.
    pub(super) fn quantiles(&self) -> ByQuantile<protocol::Estimate> {
        let Some(first) = self.places.first() else {
            return ByQuantile::of_compared(|_| {
                published(&Known::Unknown(Undefined::NoSamples), 0.0)
            });
        };
        let known = first.quantiles.map(|q, _| self.quantile(q));
        let resolution_ns = |quantile: Quantile| {
            let stated = self.places.iter().filter_map(|p| p.quantiles.get(quantile));
            let resolutions = stated.filter_map(|estimate| estimate.resolution);
            resolutions.fold(0.0, f64::max) * 1e3
        };
        enclosed(&known).map(|q, known| published(known, resolution_ns(q)))
    }

    /// The quantile of the merged histogram, or bounds where a place's clock shows whole ticks, of which bounds are all that it knows.
    fn quantile(&self, quantile: Quantile) -> Known {
        let is_ticked = |place: &&Distribution| {
            let stated = place.quantiles.get(quantile);
            let basis = stated.and_then(|estimate| estimate.basis);
            let bounded = basis.is_some_and(|basis| basis != Basis::AdjacentQuantiles);
            bounded
                && place
                    .quantiles
                    .values()
                    .all(|estimate| estimate.value.is_none())
        };
        if self.places.iter().any(is_ticked) {
            merged_bounds(
                self.places
                    .iter()
                    .map(|place| place.quantiles.get(quantile)),
            )
        } else {
            Known::from(self.interval(quantile))
        }
    }

    /// The quantile with its interval: the places' shares at the merged quantile vary independently, each with the effective
    /// n that its own report states; together they make the effective n of the whole.
    fn interval(&self, of: Quantile) -> Result<Estimate, Undefined> {
        let (histogram, quantile) = (&self.histogram, of.order());
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
        let sampled = self.places.iter().filter(|p| p.histogram.count() > 0);
        for place in sampled {
            let own = place.histogram.count() as f64;
            let share = place.histogram.share_at_most(value);
            let effective = own
                * worth_of_a_sample(place.quantiles, of)
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
fn worth_of_a_sample(
    quantiles: &ByQuantile<protocol::Estimate>,
    quantile: Quantile,
) -> Option<f64> {
    let worth = |estimate: &protocol::Estimate| {
        Some(estimate.effective_n? / estimate.n.filter(|&n| n > 0)? as f64)
    };
    let stated = quantiles.get(quantile).and_then(worth);
    stated.or_else(|| quantiles.values().filter_map(worth).reduce(f64::min))
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
