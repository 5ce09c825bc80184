//! Cold starts by deployment.

use super::{
    format::{Unit, count, estimate},
    wire::published,
};
use chrono::{DateTime, Utc};
use measurement::{
    cell_samples::{Block, CellSamples},
    duration::Nanoseconds,
    interval::Known,
    quantile::quantile,
};
use protocol::{
    Estimate, Report, Runtime,
    deployment_starts::DeploymentStart,
    report::{DeploymentScenario, DeploymentStarts},
    units::NS_PER_MS,
};
use std::collections::{BTreeMap, BTreeSet};

/// What the starts of each runtime come to.
#[must_use]
pub fn deployment_starts(starts: &[DeploymentStart]) -> Vec<DeploymentStarts> {
    let mut by_runtime: BTreeMap<Runtime, Vec<&DeploymentStart>> = BTreeMap::new();
    for start in starts {
        by_runtime.entry(start.runtime).or_default().push(start);
    }
    let of_runtime = |(runtime, mut starts): (Runtime, Vec<&DeploymentStart>)| {
        starts.sort_by_key(|start| (start.at, start.key.as_str()));
        let versions: BTreeSet<_> = starts.iter().filter_map(|s| s.version.as_ref()).collect();
        let (first, last) = (starts.first()?, starts.last()?);
        Some(of_readings(DeploymentStarts {
            versions: versions.len() as u64,
            tick_ms: starts.iter().map(|start| start.tick_ms).max().unwrap_or(1),
            readings_ms: starts.iter().map(|start| start.cold_ms).collect(),
            ..nothing(runtime, first.at, last.at)
        }))
    };
    by_runtime.into_iter().filter_map(of_runtime).collect()
}

/// Those of several places together.
pub(super) fn merged(reports: &[Report]) -> Vec<DeploymentStarts> {
    let mut by_runtime: BTreeMap<Runtime, DeploymentStarts> = BTreeMap::new();
    for starts in reports.iter().flat_map(|report| &report.deployment_starts) {
        let all = by_runtime
            .entry(starts.runtime)
            .or_insert_with(|| nothing(starts.runtime, starts.first_at, starts.last_at));
        all.first_at = all.first_at.min(starts.first_at);
        all.last_at = all.last_at.max(starts.last_at);
        all.tick_ms = all.tick_ms.max(starts.tick_ms);
        // One version may have been timed in several places.
        all.versions = all.versions.max(starts.versions);
        all.readings_ms.extend(&starts.readings_ms);
    }
    by_runtime.into_values().map(of_readings).collect()
}

fn nothing(runtime: Runtime, first_at: DateTime<Utc>, last_at: DateTime<Utc>) -> DeploymentStarts {
    DeploymentStarts {
        runtime,
        scenario: DeploymentScenario::Deployment,
        n: 0,
        versions: 0,
        first_at,
        last_at,
        p50_us: Estimate::default(),
        p95_us: Estimate::default(),
        min_ms: 0,
        max_ms: 0,
        tick_ms: 0,
        readings_ms: Vec::new(),
        text: String::new(),
    }
}

/// Fills in what follows from the readings.
fn of_readings(starts: DeploymentStarts) -> DeploymentStarts {
    let readings = &starts.readings_ms;
    // Each deployment is a block of its own: they are hours or minutes apart, and nothing but the code is common to them.
    let samples = CellSamples::new((0..).zip(readings).map(|(index, &ms)| Block {
        index,
        samples_ns: vec![Nanoseconds::from_ms(ms).0],
    }));
    let of = |q: f64| {
        let known = Known::from(quantile(&samples, q));
        let mut found = published(&known, starts.tick_ms as f64 * NS_PER_MS);
        found.text = estimate(&found, Unit::Milliseconds);
        found
    };
    let mut starts = DeploymentStarts {
        n: readings.len() as u64,
        p50_us: of(0.5),
        p95_us: of(0.95),
        min_ms: readings.iter().copied().min().unwrap_or(0),
        max_ms: readings.iter().copied().max().unwrap_or(0),
        ..starts
    };
    starts.text = sentence(&starts);
    starts
}

/// `native after a deployment: median 31 ms, p95 n/a (20 starts of 20 versions, 24 to 90 ms, 2026-11-26 to 2026-11-27)`.
fn sentence(starts: &DeploymentStarts) -> String {
    let day = |at: DateTime<Utc>| at.format("%Y-%m-%d").to_string();
    let (first, last) = (day(starts.first_at), day(starts.last_at));
    let days = if first == last {
        first
    } else {
        format!("{first} to {last}")
    };
    format!(
        "{} after a deployment: median {} ms, p95 {} ms ({} starts of {} named versions, {} to {} ms, {days})",
        starts.runtime,
        starts.p50_us.text,
        starts.p95_us.text,
        count(starts.n),
        count(starts.versions),
        starts.min_ms,
        starts.max_ms,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ReasonCode;

    fn starts(readings_ms: &[u64]) -> Vec<DeploymentStart> {
        let at = DateTime::from_timestamp(1_795_368_480, 0).unwrap();
        (0..)
            .zip(readings_ms)
            .map(|(i, &cold_ms)| DeploymentStart {
                key: format!("k{i}"),
                runtime: Runtime::NATIVE,
                version: Some(format!("v{i}")),
                at: at + chrono::Duration::minutes(i),
                cold_ms,
                tick_ms: 1,
                isolate: 7,
            })
            .collect()
    }

    #[test]
    fn a_median_needs_six_starts_and_a_p95_seventy_two() {
        let readings: Vec<u64> = (30..50).collect();
        let [found] = &deployment_starts(&starts(&readings))[..] else {
            panic!("one runtime")
        };
        assert_eq!((found.n, found.versions), (20, 20));
        assert_eq!((found.min_ms, found.max_ms), (30, 49));
        let median = &found.p50_us;
        assert!(
            (median.value.unwrap() - 39_000.0).abs() < 100.0,
            "{median:?}"
        );
        assert!(median.lower.unwrap() <= 36_000.0 && median.upper.unwrap() >= 42_000.0);
        assert_eq!(median.resolution, Some(1_000.0));
        let p95 = &found.p95_us;
        assert_eq!(p95.reason.as_ref().unwrap().code, ReasonCode::TooFewSamples);
        assert_eq!(found.readings_ms, readings);
        assert!(
            found
                .text
                .contains("20 starts of 20 named versions, 30 to 49 ms, 2026-11-22"),
            "{}",
            found.text
        );
        let [few] = &deployment_starts(&starts(&readings[..5]))[..] else {
            panic!("one runtime")
        };
        assert_eq!(few.p50_us.value, None);
    }

    #[test]
    fn without_starts_there_is_nothing_to_say() {
        assert_eq!(deployment_starts(&[]), []);
    }
}
