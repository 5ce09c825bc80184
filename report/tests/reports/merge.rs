//! Reports of several places merged into one: counts are sums, quantiles those of all samples together.

use crate::runs;

use ::report::{MergeError, merge};
use measurement::histogram::{Bucket, LatencyHistogram};
use protocol::{
    Plan, Quantile, Report, Transport,
    measure::Timer,
    report::{CellReport, Outcome, Topic, WarningKind},
    slice::Measured,
};
use runs::{BLOCKS, Platform, records, report, small_plan, true_mean_us, true_quantile_us, truth};

/// The report of one place; its delegated calls take `factor` times as long.
fn place(location: &str, seed: u64, factor: u64, platform: Platform) -> Report {
    let plan = small_plan();
    let mut records = records(&plan, Platform { seed, ..platform });
    for record in &mut records {
        if let (Measured::Samples(answer), true) = (&mut record.measured, factor != 1) {
            answer
                .samples
                .iter_mut()
                .for_each(|sample| *sample *= factor);
        }
    }
    let mut report = report(&plan, &records);
    location.clone_into(&mut report.run.location);
    report.run.locations = vec![location.to_owned()];
    report
}

#[test]
fn counts_are_sums_and_quantiles_those_of_all_samples_together() {
    let places = [
        place("wnam", 1, 1, Platform::RUNNING),
        place("weur", 2, 1, Platform::RUNNING),
    ];
    let merged = merge(&places).unwrap();
    assert_eq!(merged.run.location, "weur+wnam");
    for ((cell, a), b) in merged
        .cells
        .iter()
        .zip(&places[0].cells)
        .zip(&places[1].cells)
    {
        assert_eq!(cell.count, a.count + b.count);
        assert_eq!(cell.warmup_calls, a.warmup_calls + b.warmup_calls);
        let mut both = LatencyHistogram::decode(&a.histogram).unwrap();
        both.merge(&LatencyHistogram::decode(&b.histogram).unwrap());
        assert_eq!(
            LatencyHistogram::decode(&cell.histogram).unwrap().count(),
            800
        );
        let exact = |q| both.quantile_ns(q).map(|ns| ns as f64 / 1e3);
        assert_eq!(
            [
                cell.quantiles[Quantile::P50].value,
                cell.quantiles[Quantile::P95].value,
                cell.quantiles[Quantile::P99].value
            ],
            [0.5, 0.95, 0.99].map(exact)
        );
        assert!(
            cell.quantiles[Quantile::P50].upper.unwrap()
                - cell.quantiles[Quantile::P50].lower.unwrap()
                < 1.2
                    * (a.quantiles[Quantile::P50].upper.unwrap()
                        - a.quantiles[Quantile::P50].lower.unwrap())
        );
        let middle = f64::midpoint(a.mean_us.value.unwrap(), b.mean_us.value.unwrap());
        assert!((cell.mean_us.value.unwrap() - middle).abs() < 0.01);
    }
}

#[test]
fn a_merged_report_lists_its_locations_whatever_they_are_called_and_a_single_one_has_one() {
    let mut places = [
        place("on+off", 1, 1, Platform::RUNNING),
        place("weur", 2, 1, Platform::RUNNING),
    ];
    assert_eq!(places[0].run.locations, ["on+off"]);
    assert_eq!(merge(&places).unwrap().run.locations, ["on+off", "weur"]);
    // A report that was stored before the list was written down is read, and merged, by its one location.
    let mut stored = serde_json::to_value(&places[1]).unwrap();
    assert!(
        stored["run"]
            .as_object_mut()
            .unwrap()
            .remove("locations")
            .is_some()
    );
    places[1] = ::report::read(&stored.to_string()).unwrap();
    assert!(places[1].run.locations.is_empty());
    assert_eq!(merge(&places).unwrap().run.locations, ["on+off", "weur"]);
}

#[test]
fn the_quantile_of_two_different_places_is_not_the_average_of_theirs() {
    let merged = merge(&[
        place("near", 1, 1, Platform::RUNNING),
        place("far", 2, 10, Platform::RUNNING),
    ])
    .unwrap();
    let cell = merged
        .cells
        .iter()
        .find(|c| c.transport == Transport::ServiceBinding)
        .unwrap();
    // half of the samples are ten times as slow: the p95 of all is the p90 of the slow ones
    let (latencies, factor) = truth(cell.id);
    let p90_of_slow = latencies.quantile_ns(0.9) * factor * 10.0 / 1e3;
    let p95 = &cell.quantiles[Quantile::P95];
    assert!(
        p95.lower.unwrap() <= p90_of_slow && p90_of_slow <= p95.upper.unwrap(),
        "{p95:?} against {p90_of_slow}"
    );
}

#[test]
fn merged_intervals_contain_the_truth_about_as_often_as_they_say() {
    let (mut stated, mut covered) = (0, 0);
    for seed in 0..20 {
        let merged = merge(&[
            place("a", seed, 1, Platform::RUNNING),
            place("b", seed + 100, 1, Platform::RUNNING),
        ])
        .unwrap();
        for cell in &merged.cells {
            let quantiles = [
                (&cell.quantiles[Quantile::P50], 0.5),
                (&cell.quantiles[Quantile::P95], 0.95),
                (&cell.quantiles[Quantile::P99], 0.99),
            ];
            // the upper quantiles of what is shorter than the resolution are the timer's own
            let seen = if cell.transport.delegates() { 3 } else { 1 };
            let mut figures: Vec<_> = quantiles
                .into_iter()
                .take(seen)
                .map(|(e, q)| (e, true_quantile_us(cell.id, q)))
                .collect();
            figures.push((&cell.mean_us, true_mean_us(cell.id)));
            for (estimate, truth) in figures.into_iter().filter(|(e, _)| e.value.is_some()) {
                stated += 1;
                covered +=
                    u32::from(estimate.lower.unwrap() <= truth && truth <= estimate.upper.unwrap());
            }
        }
    }
    assert!(
        stated > 750 && f64::from(covered) >= 0.93 * f64::from(stated),
        "{covered} of {stated}"
    );
}

#[test]
fn bounds_stay_bounds_and_enclose_those_of_every_place() {
    let ticked = Platform {
        timer: Timer::Ticked,
        ..Platform::RUNNING
    };
    let places = [place("a", 1, 1, ticked), place("b", 2, 3, ticked)];
    let merged = merge(&places).unwrap();
    let [near, far] = [&places[0].cells, &places[1].cells];
    for (cell, (near, far)) in merged.cells.iter().zip(near.iter().zip(far)) {
        assert_eq!(cell.quantiles[Quantile::P50].value, None);
        let upper = near.quantiles[Quantile::P50]
            .upper
            .unwrap()
            .max(far.quantiles[Quantile::P50].upper.unwrap());
        assert_eq!(cell.quantiles[Quantile::P50].upper, Some(upper));
    }
}

#[test]
fn verdicts_and_sentences_are_drawn_from_the_merged_figures_and_faults_name_their_place() {
    let mut places = [
        place("a", 1, 1, Platform::RUNNING),
        place("b", 2, 1, Platform::RUNNING),
    ];
    places[1].warnings.push(protocol::report::Warning {
        kind: WarningKind::Drift,
        cell: None,
        text: "it drifted".to_owned(),
        figures: std::collections::BTreeMap::new(),
    });
    let merged = merge(&places).unwrap();
    assert_eq!(merged.summary.transports[0].outcome, Outcome::Pass);
    assert_eq!(merged.verdicts.len(), places[0].verdicts.len());
    assert!(
        merged
            .analysis
            .iter()
            .any(|finding| finding.topic == Topic::TransportVsDirect)
    );
    assert!(
        merged
            .warnings
            .iter()
            .any(|warning| warning.text == "b: it drifted")
    );
    assert_eq!(
        merged.environment.noise_floor.unwrap().n,
        2 * 12 * u64::from(BLOCKS) * 4
    );
}

/// The histogram's buckets: two encodings of equal ones may differ.
fn buckets(text: &str) -> Vec<Bucket> {
    LatencyHistogram::decode(text).unwrap().buckets().collect()
}

/// Takes the quantiles of the single report into the merged one, having held them against each other: a merged report makes them anew, from the
/// histogram and the published effective n, so it may have other intervals and may refuse more, but never states another value.
fn take_quantiles(merged: &mut CellReport, only: &mut CellReport) {
    let id = only.id;
    let pairs = merged
        .quantiles
        .values_mut()
        .zip(only.quantiles.values_mut());
    for (merged, only) in pairs {
        assert!(
            merged.value.is_none() || merged.value == only.value,
            "{id}: {merged:?} instead of {only:?}"
        );
        assert_eq!(
            (merged.n, merged.resolution),
            (only.n, only.resolution),
            "{id}"
        );
        merged.clone_from(only);
    }
}

#[test]
fn one_report_merged_alone_states_the_same_values() {
    let ticked = Platform {
        timer: Timer::Ticked,
        ..Platform::RUNNING
    };
    for platform in [Platform::RUNNING, ticked] {
        let only = place("a", 1, 1, platform);
        let merged = merge(std::slice::from_ref(&only)).unwrap();
        assert_eq!(merged.cells.len(), only.cells.len());
        for (merged, only) in merged.cells.iter().zip(&only.cells) {
            let (mut merged, mut only) = (merged.clone(), only.clone());
            assert_eq!(buckets(&merged.histogram), buckets(&only.histogram));
            merged.histogram.clone_from(&only.histogram);
            if platform.timer == Timer::Interpolated {
                take_quantiles(&mut merged, &mut only);
            }
            assert_eq!(merged, only);
        }
        assert_eq!(merged.verdicts.len(), only.verdicts.len());
        for (merged, only) in merged.verdicts.iter().zip(&only.verdicts) {
            assert_eq!(
                (merged.id, merged.metric, merged.quantity),
                (only.id, only.metric, only.quantity)
            );
            let values = (merged.estimate_us.value, only.estimate_us.value);
            assert!(values.0.is_none() || values.0 == values.1, "{merged:?}");
        }
    }
}

#[test]
fn different_plans_and_broken_histograms_are_refused() {
    assert!(matches!(merge(&[]), Err(MergeError::Nothing)));
    let first = place("a", 1, 1, Platform::RUNNING);
    let plan = Plan {
        samples_per_cell: 500,
        ..small_plan()
    };
    let mut other = report(&plan, &records(&plan, Platform::RUNNING));
    other.run.location = "b".to_owned();
    let error = merge(&[first.clone(), other]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the run at b had another plan than the one at a"
    );
    let mut broken = first.clone();
    broken.cells[0].histogram = "HISTF".to_owned();
    assert!(matches!(
        merge(&[first, broken]),
        Err(MergeError::Histogram { .. })
    ));
}
