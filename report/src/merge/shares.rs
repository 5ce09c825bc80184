//! Shares of calls of several places together.

use crate::failed_calls;
use measurement::{
    exceedance::{Exceedance, needed, p_value_of_limit},
    interval::{Missing, Undefined},
};
use protocol::{
    Cell, Plan, Quantile, Report,
    report::{Condition, FailedCalls, Share, Verdict},
};

/// The share at or above the threshold of a cell's quantile.
///
/// Each place counts at its own threshold: what its `direct` takes, and the plan's threshold on top.
pub(super) fn above(
    reports: &[Report],
    cell: Cell,
    quantile: Quantile,
) -> Result<Exceedance, Undefined> {
    let places: Vec<Option<&Verdict>> = reports
        .iter()
        .map(|report| find(report, cell, quantile))
        .collect();
    let allowed = places.iter().flatten().map(|verdict| verdict.allowed_share);
    let shares = places.iter().map(|verdict| (*verdict)?.share_above.clone());
    merged(shares, allowed.fold(0.0, f64::max))
}

/// How the calls behind that share follow each other; `None` where the places differ in it.
pub(super) fn condition(reports: &[Report], cell: Cell, quantile: Quantile) -> Option<Condition> {
    let mut places = reports
        .iter()
        .map(|report| find(report, cell, quantile)?.condition);
    let first = places.next()??;
    places.all(|place| place == Some(first)).then_some(first)
}

fn find(report: &Report, cell: Cell, metric: Quantile) -> Option<&Verdict> {
    let mut verdicts = report.verdicts.iter();
    verdicts.find(|verdict| verdict.id == cell && verdict.metric == metric)
}

/// The failed calls of all places, row by row of the first.
pub(super) fn failed(plan: &Plan, reports: &[Report]) -> Vec<FailedCalls> {
    let rows = reports[0].failed_calls.iter().map(|first| {
        let same = |row: &&FailedCalls| row.transport == first.transport && row.id == first.id;
        let places = || {
            reports
                .iter()
                .map(move |r| r.failed_calls.iter().find(same))
        };
        let failed = places().flatten().map(|row| row.failed).sum();
        let found = merged(
            places().map(|row| row.and_then(|row| row.share.clone())),
            first.allowed_share,
        );
        failed_calls::row(plan, first.transport, first.id, failed, found.ok())
    });
    rows.collect()
}

/// Shares of places that vary independently, each with the weight of its calls; the limits are joined by MOVER
/// ([`measurement::overhead`]). Where a clock leaves a share open between its limits, these are averaged as they are.
pub(super) fn merged(
    places: impl Iterator<Item = Option<Share>>,
    allowed: f64,
) -> Result<Exceedance, Undefined> {
    let places: Option<Vec<Share>> = places.collect();
    let places = places.ok_or(Undefined::NotMeasured(Missing::Place))?;
    let n: u64 = places.iter().map(|place| place.n).sum();
    if n == 0 {
        return Err(Undefined::NoSamples);
    }
    let weighted = |part: &dyn Fn(&Share) -> Option<f64>| {
        let parts = places.iter();
        parts
            .map(|place| Some(part(place)? * place.n as f64 / n as f64))
            .sum::<Option<f64>>()
    };
    let reach = |part: &dyn Fn(&Share) -> f64| {
        let squares = places
            .iter()
            .map(|place| (part(place) * place.n as f64 / n as f64).powi(2));
        squares.sum::<f64>().sqrt()
    };
    let value = weighted(&|place| place.value);
    let (down, up) = (
        reach(&|place| place.value.unwrap_or(place.lower) - place.lower),
        reach(&|place| place.upper - place.value.unwrap_or(place.upper)),
    );
    let (lower, upper) = (
        weighted(&|place| Some(place.lower)).unwrap_or(0.0),
        weighted(&|place| Some(place.upper)).unwrap_or(1.0),
    );
    let limits = |growth: f64| match value {
        Some(value) => (value - down / growth.sqrt(), value + up / growth.sqrt()),
        None => (lower, upper),
    };
    let (lower, upper) = limits(1.0);
    Ok(Exceedance {
        value,
        lower,
        upper,
        n,
        effective_n: places.iter().map(|place| place.effective_n).sum(),
        p_value: p_value_of_limit(value, lower, allowed),
        needed: needed(n, allowed, limits),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(value: Option<f64>, lower: f64, upper: f64) -> Share {
        Share {
            value,
            lower,
            upper,
            n: 440,
            effective_n: 400.0,
            p_value: None,
            text: String::new(),
        }
    }

    #[test]
    fn two_places_say_more_than_one_and_stay_between_their_limits() {
        let one = place(Some(0.005), 0.001, 0.012);
        let both = merged([Some(one.clone()), Some(one)].into_iter(), 0.01).unwrap();
        assert_eq!((both.value, both.n), (Some(0.005), 880));
        assert!(both.upper < 0.01 && both.lower > 0.001, "{both:?}");
        assert_eq!(both.needed, None);
    }

    #[test]
    fn an_open_share_keeps_its_limits_and_a_missing_one_leaves_nothing() {
        let open = place(None, 0.0, 0.02);
        let both = merged(
            [Some(open.clone()), Some(place(Some(0.0), 0.0, 0.01))].into_iter(),
            0.01,
        )
        .unwrap();
        assert_eq!(both.value, None);
        assert!((both.upper - 0.015).abs() < 1e-12);
        assert_eq!(
            merged([Some(open), None].into_iter(), 0.01),
            Err(Undefined::NotMeasured(Missing::Place))
        );
    }
}
