//! Reports assembled from simulated runs: what they state is true, complete, and rests on figures that are there.

#![expect(
    clippy::float_cmp,
    reason = "figures that are counts, or copied and not computed, are exact"
)]

mod runs;

use measurement::histogram::LatencyHistogram;
use protocol::{
    Cell, ErrorKind, Estimate, Function, Plan, Report, Transport,
    measure::{MeasureResponse, Timer},
    report::{CellReport, Outcome, Quantity},
    slice::Measured,
};
use runs::{Platform, component_ns, records, report, small_plan, true_mean_us, true_quantile_us};
use serde_json::Value;

fn cell(transport: Transport, function: Function, payload_bytes: u32) -> Cell {
    Cell {
        transport,
        function,
        payload_bytes,
    }
}

fn find(report: &Report, id: Cell) -> &CellReport {
    report.cells.iter().find(|cell| cell.id == id).unwrap()
}

fn covers(estimate: &Estimate, truth: f64) -> bool {
    estimate.lower.unwrap() <= truth && truth <= estimate.upper.unwrap()
}

fn samples_of(
    records: &mut [protocol::slice::SliceRecord],
    id: Cell,
) -> impl Iterator<Item = (&mut u64, &mut MeasureResponse)> {
    records
        .iter_mut()
        .filter(move |r| r.work == protocol::slice::Work::Cell(id))
        .map(|record| {
            let Measured::Samples(answer) = &mut record.measured else {
                panic!("samples expected")
            };
            (&mut record.dispatch_ms, answer)
        })
}

fn faults<'a>(report: &'a Report, kind: &str) -> Vec<&'a protocol::report::Fault> {
    report
        .faults
        .iter()
        .filter(|fault| fault.kind == kind)
        .collect()
}

#[test]
fn a_run_states_every_figure_of_every_cell_in_order_and_within_its_interval() {
    let plan = small_plan();
    let report = report(&plan, &records(&plan, Platform::RUNNING));
    assert_eq!(
        report.cells.iter().map(|c| c.id).collect::<Vec<_>>(),
        plan.cells()
    );
    for cell in &report.cells {
        let [p50, p95, p99] = [&cell.p50_us, &cell.p95_us, &cell.p99_us].map(|e| e.value.unwrap());
        assert!(
            p50 <= p95 && p95 <= p99 && p99 <= cell.max_us.unwrap(),
            "{}",
            cell.id
        );
        for estimate in [
            &cell.mean_us,
            &cell.chain_mean_us,
            &cell.isolation_cost_us,
            &cell.p50_us,
            &cell.p95_us,
            &cell.p99_us,
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
            cell.p99_9_us.value.is_none()
                && cell.p99_9_us.reason.as_deref().unwrap().contains("3688"),
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

/// Figures of 20 runs, and how many of their intervals contain the truth.
fn coverage(platform: Platform) -> (u32, u32) {
    let plan = small_plan();
    let (mut stated, mut covered) = (0, 0);
    let mut count = |estimate: &Estimate, truth: f64| {
        if estimate.value.is_some() {
            stated += 1;
            covered += u32::from(covers(estimate, truth));
        }
    };
    for seed in 0..20 {
        let report = report(&plan, &records(&plan, Platform { seed, ..platform }));
        for c in &report.cells {
            count(&c.chain_mean_us, true_mean_us(c.id));
            count(&c.mean_us, true_mean_us(c.id));
            count(&c.p50_us, true_quantile_us(c.id, 0.5));
            // the upper quantiles of what is shorter than the resolution are the timer's own
            if c.transport.delegates() {
                count(&c.isolation_cost_us, 0.0);
                count(&c.p95_us, true_quantile_us(c.id, 0.95));
                count(&c.p99_us, true_quantile_us(c.id, 0.99));
            }
        }
        for o in &report.overheads {
            let direct = Cell {
                transport: Transport::Direct,
                ..o.id
            };
            count(&o.mean_us, true_mean_us(o.id) - true_mean_us(direct));
            for (estimate, q) in [(&o.p50_us, 0.5), (&o.p95_us, 0.95), (&o.p99_us, 0.99)] {
                count(
                    estimate,
                    true_quantile_us(o.id, q) - true_quantile_us(direct, q),
                );
            }
        }
    }
    (covered, stated)
}

#[test]
fn figures_of_a_run_contain_the_truth_about_as_often_as_they_say() {
    let (covered, stated) = coverage(Platform::RUNNING);
    assert!(
        f64::from(covered) >= 0.94 * f64::from(stated),
        "{covered} of {stated}"
    );
}

#[test]
fn a_timer_that_blurs_by_a_fifth_of_the_latency_still_contains_the_truth() {
    // 20 us, as on a busy machine: direct calls of 5 us drown in it, calls of 100 us are blurred
    let blurred = Platform {
        resolution_ns: 20_000,
        ..Platform::RUNNING
    };
    let (covered, stated) = coverage(blurred);
    assert!(
        f64::from(covered) >= 0.94 * f64::from(stated),
        "{covered} of {stated}"
    );
    let plan = small_plan();
    let report = report(&plan, &records(&plan, blurred));
    let id = cell(Transport::ServiceBinding, Function::Echo, 100);
    let overhead = report.overheads.iter().find(|o| o.id == id).unwrap();
    let naive = find(&report, id).p95_us.value.unwrap()
        - find(&report, cell(Transport::Direct, Function::Echo, 100))
            .p95_us
            .value
            .unwrap();
    let truth = true_quantile_us(id, 0.95)
        - true_quantile_us(cell(Transport::Direct, Function::Echo, 100), 0.95);
    let found = overhead.p95_us.value.unwrap();
    assert!(
        (found - truth).abs() < (naive - truth).abs(),
        "{found} and {naive} against {truth}"
    );
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
    assert!((1_700.0..1_720.0).contains(&environment.polls_per_tick.unwrap()));
    let floor = environment.noise_floor.unwrap();
    assert!(
        floor.p50_us > 0.5 && floor.p50_us <= floor.p95_us && floor.p99_us < 3.0 && floor.n == 480
    );
    assert!(
        covers(&environment.isolation_cost_us.unwrap(), 0.0),
        "simulated calls cost the same isolated"
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
    // 100 KB by raw fetch takes 1.2 ms at the median, of 1 ms
    assert_eq!(
        (fetch.outcome, report.summary.outcome),
        (Outcome::Fail, Outcome::Fail),
        "{}",
        fetch.reason
    );
    assert!(
        fetch.reason.contains("raw-fetch.compute.100000"),
        "{}",
        fetch.reason
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
        let topics: Vec<&str> = report.analysis.iter().map(|f| f.topic.as_str()).collect();
        for topic in [
            "binding-vs-direct",
            "payload-effect",
            "function-effect",
            "implication",
        ] {
            assert!(topics.contains(&topic), "{topic} is missing in {topics:?}");
        }
        for finding in &report.analysis {
            assert!(
                !finding.figures.is_empty() && finding.sentence.ends_with('.'),
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
fn a_frozen_clock_gives_bounds_that_contain_the_truth_and_no_values() {
    let plan = small_plan();
    let report = report(&plan, &records(&plan, Platform::FROZEN));
    for cell in report.cells.iter().filter(|c| c.transport.delegates()) {
        for (estimate, q) in [
            (&cell.p50_us, 0.5),
            (&cell.p95_us, 0.95),
            (&cell.p99_us, 0.99),
        ] {
            assert_eq!(estimate.value, None, "{}", cell.id);
            assert!(
                covers(estimate, true_quantile_us(cell.id, q)),
                "{} {q}: {estimate:?}",
                cell.id
            );
        }
        assert!(
            covers(&cell.mean_us, true_mean_us(cell.id)),
            "{}: {:?}",
            cell.id,
            cell.mean_us
        );
        assert_eq!(cell.isolation_cost_us.value, None);
    }
    let binding = find(
        &report,
        cell(Transport::ServiceBinding, Function::Echo, 100),
    );
    assert_eq!(
        (binding.p50_us.lower, binding.p50_us.upper),
        (Some(0.0), Some(1_000.0))
    );
    assert_eq!(
        binding.min_us, None,
        "0 is never stated for what is below the resolution"
    );
}

#[test]
fn under_a_frozen_clock_direct_is_timed_by_repetition_from_the_coordinator() {
    let plan = small_plan();
    let report = report(&plan, &records(&plan, Platform::FROZEN));
    for direct in report
        .cells
        .iter()
        .filter(|c| c.transport == Transport::Direct)
    {
        let truth = true_mean_us(direct.id);
        assert!(
            covers(&direct.mean_us, truth),
            "{}: {:?} against {truth}",
            direct.id,
            direct.mean_us
        );
        assert!((direct.mean_us.value.unwrap() / truth - 1.0).abs() < 0.05);
        assert!(
            direct.p50_us.value.is_none()
                && covers(&direct.p50_us, true_quantile_us(direct.id, 0.5))
        );
    }
    let binding = cell(Transport::ServiceBinding, Function::Echo, 100);
    let direct = Cell {
        transport: Transport::Direct,
        ..binding
    };
    let overhead = report.overheads.iter().find(|o| o.id == binding).unwrap();
    assert!(
        covers(
            &overhead.mean_us,
            true_mean_us(binding) - true_mean_us(direct)
        ),
        "{overhead:?}"
    );
    assert_eq!(overhead.p50_us.upper, Some(1_000.0));
}

#[test]
fn ticked_bounds_of_a_run_contain_what_the_interpolated_timer_finds() {
    let plan = small_plan();
    let fine = report(&plan, &records(&plan, Platform::RUNNING));
    let coarse = report(
        &plan,
        &records(
            &plan,
            Platform {
                timer: Timer::Ticked,
                ..Platform::RUNNING
            },
        ),
    );
    for (fine, coarse) in fine.cells.iter().zip(&coarse.cells) {
        for (value, bounds) in [
            (&fine.p50_us, &coarse.p50_us),
            (&fine.p95_us, &coarse.p95_us),
            (&fine.p99_us, &coarse.p99_us),
        ] {
            assert!(
                covers(bounds, value.value.unwrap()),
                "{}: {value:?} outside {bounds:?}",
                fine.id
            );
        }
    }
}

#[test]
fn a_run_that_was_cut_short_states_what_it_has_and_why_the_rest_is_missing() {
    let plan = small_plan();
    let all = records(&plan, Platform::RUNNING);
    let few = report(&plan, &all[..all.len() / 4]);
    let cell = find(&few, plan.cells()[0]);
    assert_eq!(cell.count, 100);
    assert!(cell.p50_us.value.is_some() && cell.p95_us.value.is_some());
    assert!(cell.p99_us.reason.as_deref().unwrap().contains("368"));
    assert!(
        few.verdicts
            .iter()
            .any(|v| v.outcome == Outcome::Inconclusive && v.samples_needed == Some(368))
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
            .all(|c| c.mean_us.reason.is_some() && c.p50_us.reason.is_some())
    );
    assert!(nothing.analysis.is_empty() && nothing.environment.timers.is_empty());
    let missing = faults(&nothing, "no-samples");
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

#[test]
fn another_stub_that_tells_elapsed_times_alone_gets_means() {
    let plan = small_plan();
    let mut records = records(
        &plan,
        Platform {
            timer: Timer::Ticked,
            ..Platform::RUNNING
        },
    );
    for record in &mut records {
        if let Measured::Samples(answer) = &mut record.measured {
            *answer = MeasureResponse {
                elapsed_ms: answer.elapsed_ms,
                ..MeasureResponse::default()
            };
        }
    }
    let report = report(&plan, &records);
    let binding = find(
        &report,
        cell(Transport::ServiceBinding, Function::Echo, 100_000),
    );
    assert!(
        covers(&binding.mean_us, true_mean_us(binding.id)),
        "{:?}",
        binding.mean_us
    );
    assert!(binding.p50_us.value.is_none() && binding.p50_us.reason.is_some());
}

#[test]
fn a_clean_run_has_no_faults() {
    let plan = small_plan();
    let report = report(&plan, &records(&plan, Platform::RUNNING));
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}

#[test]
fn what_spoils_a_run_is_named_with_its_figures() {
    let plan = small_plan();
    let id = cell(Transport::ServiceBinding, Function::Echo, 100);
    let spoilt = |spoil: &dyn Fn(usize, &mut u64, &mut MeasureResponse)| {
        let mut records = records(&plan, Platform::RUNNING);
        samples_of(&mut records, id)
            .enumerate()
            .for_each(|(block, (dispatch, answer))| spoil(block, dispatch, answer));
        report(&plan, &records)
    };
    let slow_first = spoilt(&|_, _, answer| answer.samples[0] *= 4);
    assert_eq!(faults(&slow_first, "slow-first-calls")[0].cell, Some(id));

    let drifting = spoilt(&|block, _, answer| {
        answer
            .samples
            .iter_mut()
            .for_each(|s| *s += *s * block as u64 / 5);
    });
    assert_eq!(faults(&drifting, "drift")[0].cell, Some(id));

    let contradicting = spoilt(&|block, dispatch, answer| {
        if block == 3 {
            *dispatch = 1;
            answer.samples = vec![1_000_000; 20];
        }
    });
    assert_eq!(
        faults(&contradicting, "samples-exceed-dispatch")[0].figures["samples_ms"],
        20.0
    );

    let failing = spoilt(&|block, _, answer| {
        if block == 5 {
            answer.samples.truncate(12);
            answer.errors.insert(ErrorKind::Timeout, 8);
        }
    });
    assert_eq!(faults(&failing, "error-burst")[0].figures["errors"], 8.0);
    assert!(faults(&failing, "errors")[0].message.contains("8 timeout"));
    assert_eq!(find(&failing, id).errors[&ErrorKind::Timeout], 8);

    let losing = spoilt(&|_, _, answer| {
        answer.samples.truncate(18);
        answer.lost = 2;
    });
    assert_eq!(
        faults(&losing, "lost-interpolations")[0].figures["lost"],
        40.0
    );

    let two_kinds =
        spoilt(&|_, _, answer| answer.samples.iter_mut().step_by(3).for_each(|s| *s *= 12));
    assert_eq!(faults(&two_kinds, "bimodal")[0].cell, Some(id));

    let noisy = spoilt(&|_, _, answer| answer.noise_floor_ns = vec![9_000; 30]);
    assert_eq!(faults(&noisy, "noise-floor")[0].figures["p50_us"], 9.0);

    let isolated = spoilt(&|_, _, answer| answer.samples.iter_mut().for_each(|s| *s += 2_000_000));
    assert_eq!(faults(&isolated, "isolation-cost").len(), 1);

    let changed = spoilt(&|block, _, answer| {
        if block == 0 {
            answer.clock.as_mut().unwrap().timer = Timer::Ticked;
        }
    });
    assert_eq!(faults(&changed, "timer-changed")[0].figures["slices"], 1.0);
    assert_eq!(find(&changed, id).count, 380);
}
