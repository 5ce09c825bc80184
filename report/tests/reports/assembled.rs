//! Reports assembled from simulated runs: what they state is true, complete, and rests on figures that are there.

use crate::runs;

use measurement::histogram::LatencyHistogram;
use protocol::{
    Function, Plan, Quantile, Report, Thresholds, Transport,
    measure::Timer,
    plan::Judged,
    report::{Outcome, Quantity, Topic, WarningKind},
};
use runs::{
    Platform, cell, component_ns, covers, find, records, report, small_plan, true_mean_us, warnings,
};
use serde_json::Value;

#[test]
fn a_run_states_every_figure_of_every_cell_in_order_and_within_its_interval() {
    let plan = small_plan();
    let report = report(&plan, &records(&plan, Platform::RUNNING));
    assert_eq!(
        report.cells.iter().map(|c| c.id).collect::<Vec<_>>(),
        plan.cells()
    );
    for cell in &report.cells {
        let [p50, p95, p99] = [
            &cell.quantiles[Quantile::P50],
            &cell.quantiles[Quantile::P95],
            &cell.quantiles[Quantile::P99],
        ]
        .map(|e| e.value.unwrap());
        assert!(
            p50 <= p95 && p95 <= p99 && p99 <= cell.max_us.unwrap(),
            "{}",
            cell.id
        );
        for estimate in [
            &cell.mean_us,
            &cell.chain_mean_us,
            &cell.isolation_cost_us,
            &cell.quantiles[Quantile::P50],
            &cell.quantiles[Quantile::P95],
            &cell.quantiles[Quantile::P99],
        ] {
            assert!(
                covers(estimate, estimate.value.unwrap()),
                "{}: {estimate:?}",
                cell.id
            );
            assert!(estimate.resolution.unwrap() > 0.0 && estimate.n.is_some());
        }
        assert_eq!(cell.count, 400);
        assert!(
            cell.quantiles[Quantile::P99_9].value.is_none()
                && cell.quantiles[Quantile::P99_9]
                    .reason
                    .as_ref()
                    .unwrap()
                    .text
                    .contains("3688"),
            "400 samples say nothing of p99.9"
        );
        let histogram = LatencyHistogram::decode(&cell.histogram).unwrap();
        assert_eq!(
            (
                histogram.count(),
                histogram.quantile_ns(0.5).unwrap() as f64 / 1e3
            ),
            (400, p50)
        );
    }
}

#[test]
fn the_environment_tells_the_timer_its_floor_and_what_isolation_costs() {
    let plan = small_plan();
    let environment = report(&plan, &records(&plan, Platform::RUNNING)).environment;
    assert_eq!(
        (environment.timers.as_slice(), environment.tick_ms),
        (&[Timer::Interpolated][..], Some(1))
    );
    assert_eq!(environment.clock_advances_during_cpu, Some(true));
    assert!((650.0..655.0).contains(&environment.polls_per_tick.unwrap()));
    let floor = environment.noise_floor.unwrap();
    assert!(
        floor.quantiles[Quantile::P50] <= floor.quantiles[Quantile::P95]
            && floor.quantiles[Quantile::P99] < 15.0
            && floor.n == 4 * 240
    );
    assert!(
        covers(&environment.isolation_cost_us.unwrap(), 0.0),
        "simulated calls cost the same isolated"
    );
}

#[test]
fn an_answer_about_two_transports_names_both() {
    let plan = Plan {
        judge: [Transport::ServiceBinding, Transport::RawFetch]
            .map(Judged::from)
            .to_vec(),
        thresholds: Thresholds {
            p50_ms: 100.0,
            p95_ms: 200.0,
            p99_ms: 300.0,
            ..Thresholds::default()
        },
        ..small_plan()
    };
    let report = report(&plan, &records(&plan, Platform::RUNNING));
    assert_eq!(
        report.summary.text,
        "Yes: Service Binding and Raw Fetch meet p50 < 100 ms, p95 < 200 ms, p99 < 300 ms"
    );
}

#[test]
fn thresholds_are_held_against_the_overhead_and_the_answer_names_the_deciding_cell() {
    let plan = small_plan();
    let report = report(&plan, &records(&plan, Platform::RUNNING));
    assert_eq!(report.verdicts.len(), 2 * 2 * 2 * 3);
    assert!(
        report
            .verdicts
            .iter()
            .all(|v| v.quantity == Quantity::Overhead)
    );
    let [binding, fetch] = &report.summary.transports[..] else {
        panic!("{:?}", report.summary)
    };
    assert_eq!(binding.outcome, Outcome::Pass, "{}", binding.reason);
    // 100 KB by raw fetch takes 1.2 ms at the median, of 1 ms; it is the service binding that is judged
    assert_eq!(
        (fetch.outcome, report.summary.outcome),
        (Outcome::Fail, Outcome::Pass),
        "{}",
        fetch.reason
    );
    assert_eq!((binding.judged, fetch.judged), (true, false));
    assert_eq!(
        report.summary.text,
        "Yes: Service Binding meets p50 < 1 ms, p95 < 3 ms, p99 < 5 ms"
    );
    assert!(
        binding.figures.starts_with("overhead of service-binding.")
            && binding.figures.contains(", p99 "),
        "{}",
        binding.figures
    );
    assert!(
        fetch.reason.contains("raw-fetch.compute.100000"),
        "{}",
        fetch.reason
    );
    let judged = Plan {
        judge: vec![Transport::ServiceBinding.into(), Transport::RawFetch.into()],
        ..plan
    };
    let judged = self::report(&judged, &records(&judged, Platform::RUNNING));
    assert_eq!(judged.summary.outcome, Outcome::Fail);
    assert_eq!(
        judged.summary.text,
        "No: p50 of Raw Fetch: 76 % (95 % CI 71 % to 81 %) of calls at 1 ms or above, 50 % allowed"
    );
}

#[test]
fn without_direct_the_latency_itself_is_judged() {
    let plan = Plan {
        transports: vec![Transport::ServiceBinding],
        ..small_plan()
    };
    let report = report(&plan, &records(&plan, Platform::RUNNING));
    assert!(
        report.overheads.is_empty()
            && report
                .verdicts
                .iter()
                .all(|v| v.quantity == Quantity::Latency)
    );
    assert_eq!(report.summary.outcome, Outcome::Pass);
}

#[test]
fn the_parts_of_a_call_are_stated_and_add_up() {
    let plan = small_plan();
    let report = report(&plan, &records(&plan, Platform::RUNNING));
    assert_eq!(report.breakdown.len(), 4);
    for split in &report.breakdown {
        let parts = [
            &split.empty_hop_us,
            &split.encode_us,
            &split.decode_us,
            &split.function_us,
            &split.residual_us,
        ];
        let sum: f64 = parts.iter().map(|p| p.value.unwrap()).sum();
        assert!(
            (sum - split.total_us.value.unwrap()).abs() < 0.01,
            "{split:?}"
        );
        assert!(
            covers(&split.empty_hop_us, 60.0),
            "{:?}",
            split.empty_hop_us
        );
        let encode = component_ns(protocol::breakdown::Component::Encode {
            payload_bytes: split.payload_bytes,
        }) / 1e3;
        assert!((split.encode_us.value.unwrap() / encode - 1.0).abs() < 0.05);
        for part in [&split.total_us, &split.function_us] {
            assert!(part.lower.unwrap() >= 0.0, "no time is negative: {split:?}");
        }
    }
}

#[test]
fn the_cost_of_a_kilobyte_is_the_slope_of_the_means() {
    let plan = small_plan();
    let report = report(&plan, &records(&plan, Platform::RUNNING));
    let slope = report
        .slopes
        .iter()
        .find(|s| s.transport == Transport::ServiceBinding && s.function == Function::Echo)
        .unwrap();
    let (small, large) = (
        true_mean_us(cell(Transport::ServiceBinding, Function::Echo, 100)),
        true_mean_us(cell(Transport::ServiceBinding, Function::Echo, 100_000)),
    );
    assert!(
        covers(&slope.us_per_kb, (large - small) / 99.9),
        "{slope:?}"
    );
}

#[test]
fn every_sentence_rests_on_figures_that_stand_in_the_report() {
    let plan = small_plan();
    for platform in [Platform::RUNNING, Platform::FROZEN] {
        let report = report(&plan, &records(&plan, platform));
        let json = serde_json::to_value(&report).unwrap();
        let topics: Vec<Topic> = report.analysis.iter().map(|f| f.topic).collect();
        for topic in [
            Topic::TransportVsDirect,
            Topic::PayloadEffect,
            Topic::FunctionEffect,
            Topic::Implication,
        ] {
            assert!(topics.contains(&topic), "{topic} is missing in {topics:?}");
        }
        for finding in &report.analysis {
            assert!(
                !finding.figures.is_empty() && finding.text.ends_with('.'),
                "{finding:?}"
            );
            for figure in &finding.figures {
                assert_eq!(
                    look_up(&json, &figure.path),
                    Some(figure.value),
                    "{}",
                    figure.path
                );
            }
        }
    }
}

/// The number at a figure's path: a list's entry is found by its id, or by its transport, function and size.
fn look_up(report: &Value, path: &str) -> Option<f64> {
    let mut parts = path.split('/');
    let mut at = &report[parts.next()?];
    if at.is_array() {
        let key = parts.next()?;
        let names = |entry: &Value| {
            let field = |name: &str| {
                entry
                    .get(name)
                    .map(|v| v.as_str().map_or(v.to_string(), str::to_owned))
            };
            let present = ["transport", "function", "payload_bytes"].map(field);
            field("id")
                .unwrap_or_else(|| present.into_iter().flatten().collect::<Vec<_>>().join("."))
        };
        at = at.as_array()?.iter().find(|entry| names(entry) == key)?;
    }
    for part in parts {
        at = at.get(part)?;
    }
    at.as_f64().or_else(|| at.get("value")?.as_f64())
}

#[test]
fn a_run_that_was_cut_short_states_what_it_has_and_why_the_rest_is_missing() {
    let plan = small_plan();
    let all = records(&plan, Platform::RUNNING);
    let few = report(&plan, &all[..all.len() / 4]);
    let cell = find(&few, plan.cells()[0]);
    assert_eq!(cell.count, 100);
    assert!(
        cell.quantiles[Quantile::P50].value.is_some()
            && cell.quantiles[Quantile::P95].value.is_some()
    );
    assert!(
        cell.quantiles[Quantile::P99]
            .reason
            .as_ref()
            .unwrap()
            .text
            .contains("368")
    );
    assert!(
        few.verdicts
            .iter()
            .any(|v| v.outcome == Outcome::Inconclusive
                && v.samples_needed.is_some_and(|n| (368..=372).contains(&n)))
    );

    let nothing = report(&plan, &[]);
    assert_eq!(
        (nothing.cells.len(), nothing.summary.outcome),
        (12, Outcome::Inconclusive)
    );
    assert!(
        nothing
            .cells
            .iter()
            .all(|c| c.mean_us.reason.is_some() && c.quantiles[Quantile::P50].reason.is_some())
    );
    assert!(nothing.analysis.is_empty() && nothing.environment.timers.is_empty());
    let missing = warnings(&nothing, WarningKind::NoSamples);
    assert_eq!(
        (missing.len(), missing[0].figures["cells"]),
        (1, 12.0),
        "told once for all cells"
    );
}

#[test]
fn the_order_of_the_records_does_not_matter_and_the_wire_form_reads_back() {
    let plan = small_plan();
    let mut shuffled = records(&plan, Platform::RUNNING);
    let first = report(&plan, &shuffled);
    shuffled.reverse();
    assert_eq!(report(&plan, &shuffled), first);
    let text = serde_json::to_string(&first).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), first);
}
