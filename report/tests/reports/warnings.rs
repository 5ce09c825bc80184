//! What spoils a run is named in its report, and nothing is where nothing does.

#![expect(
    clippy::float_cmp,
    reason = "figures that are counts, or copied and not computed, are exact"
)]

use crate::runs;

use protocol::{
    Cell, ErrorKind, Function, Plan, Quantile, Report, Transport,
    measure::{MeasureResponse, Timer},
    report::{CellReport, Topic, WarningKind},
};
use runs::{Platform, cell, covers, find, records, report, samples_of, small_plan, warnings};

#[test]
fn a_clean_run_has_no_faults() {
    let plan = small_plan();
    let report = report(&plan, &records(&plan, Platform::RUNNING));
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
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
    assert_eq!(
        warnings(&slow_first, WarningKind::SlowFirstCalls)[0].cell,
        Some(id)
    );

    let drifting = spoilt(&|block, _, answer| {
        answer
            .samples
            .iter_mut()
            .for_each(|s| *s += *s * block as u64 / 5);
    });
    assert_eq!(warnings(&drifting, WarningKind::Drift)[0].cell, Some(id));

    let contradicting = spoilt(&|block, dispatch, answer| {
        if block == 3 {
            *dispatch = 1;
            answer.samples = vec![1_000_000; 20];
            answer.elapsed_ms = 20;
        }
    });
    assert_eq!(
        warnings(&contradicting, WarningKind::SamplesExceedDispatch)[0].figures["samples_ms"],
        20.0
    );

    let failing = spoilt(&|block, _, answer| {
        if block == 5 {
            answer.samples.truncate(12);
            answer.errors.add(ErrorKind::Timeout, 8);
        }
    });
    assert_eq!(
        warnings(&failing, WarningKind::ErrorBurst)[0].figures["errors"],
        8.0
    );
    assert!(
        warnings(&failing, WarningKind::Errors)[0]
            .text
            .contains("8 timeout")
    );
    assert_eq!(find(&failing, id).errors[&ErrorKind::Timeout], 8);

    let losing = spoilt(&|_, _, answer| {
        answer.samples.truncate(18);
        answer.lost = 2;
    });
    assert_eq!(
        warnings(&losing, WarningKind::LostInterpolations)[0].figures["lost"],
        40.0
    );

    let two_kinds =
        spoilt(&|_, _, answer| answer.samples.iter_mut().step_by(3).for_each(|s| *s *= 12));
    assert_eq!(warnings(&two_kinds, WarningKind::Bimodal)[0].cell, Some(id));

    let unlike = spoilt(&|block, _, answer| {
        // every other block four times as slow: a standard deviation of ln 4 / 2
        let factor = if block % 2 == 0 { 1 } else { 4 };
        answer.samples.iter_mut().for_each(|s| *s *= factor);
    });
    let told = warnings(&unlike, WarningKind::BetweenBlockVariance)[0];
    assert_eq!(told.cell, Some(id));
    assert!((told.figures["factor"] - 2.0).abs() < 0.15, "{told:?}");

    let noisy = spoilt(&|_, _, answer| answer.noise_floor_ns = vec![9_000; 90]);
    assert_eq!(
        warnings(&noisy, WarningKind::NoiseFloor)[0].figures["p50_us"],
        9.0
    );

    let isolated = spoilt(&|_, _, answer| answer.samples.iter_mut().for_each(|s| *s += 2_000_000));
    assert_eq!(warnings(&isolated, WarningKind::IsolationCost).len(), 1);

    let changed = spoilt(&|block, _, answer| {
        if block == 0 {
            answer.clock.as_mut().unwrap().timer = Timer::Ticked;
        }
    });
    assert_eq!(
        warnings(&changed, WarningKind::TimerChanged)[0].figures["slices"],
        1.0
    );
    assert_eq!(find(&changed, id).count, 380);
}

#[test]
fn overlapping_calls_may_sum_to_more_than_their_dispatch_but_not_to_more_than_their_lanes_of_it() {
    let plan = Plan {
        concurrency: 8,
        ..small_plan()
    };
    let id = cell(Transport::RawFetch, Function::Echo, 100_000);
    let overlapping = |lanes: u64| {
        let ticked = Platform {
            timer: Timer::Ticked,
            ..Platform::RUNNING
        };
        let mut records = records(&plan, ticked);
        samples_of(&mut records, id).for_each(|(dispatch, answer)| {
            // 20 calls of 6 ms each, so many at once
            answer.samples = vec![6; 20];
            answer.elapsed_ms = 20 * 6 / lanes;
            *dispatch = answer.elapsed_ms + 1;
        });
        report(&plan, &records)
    };
    let right = overlapping(8);
    assert!(warnings(&right, WarningKind::SamplesExceedDispatch).is_empty());
    assert_eq!(find(&right, id).mean_us.value, Some(6_000.0));
    // 12 in flight at once, of 8 that were asked for: 15 ms of calls in a dispatch of 11
    let contradicting = overlapping(12);
    let found = warnings(&contradicting, WarningKind::SamplesExceedDispatch);
    assert_eq!(found[0].cell, Some(id));
    assert_eq!(found[0].figures["samples_ms"], 15.0);
}

#[test]
fn the_mean_of_overlapping_calls_is_good_to_a_tick_in_every_lane() {
    let resolution = |concurrency| {
        let plan = Plan {
            concurrency,
            ..small_plan()
        };
        let ticked = Platform {
            timer: Timer::Ticked,
            ..Platform::RUNNING
        };
        let report = report(&plan, &records(&plan, ticked));
        let id = cell(Transport::RawFetch, Function::Echo, 100_000);
        find(&report, id).mean_us.resolution.unwrap()
    };
    assert!((resolution(4) / resolution(1) - 4.0).abs() < 0.01);
}

/// A run in which a stall of 50 ms falls into one of the 20 chains of 8 calls of a cell, or into one of its 400 isolated calls.
fn stalled(plan: &Plan, id: Cell, platform: Platform, in_a_row: bool) -> Report {
    let mut records = records(plan, platform);
    let (dispatch, answer) = samples_of(&mut records, id).nth(7).unwrap();
    *dispatch += 50;
    if in_a_row {
        answer.chain.as_mut().unwrap().elapsed_ms += 50;
    } else {
        answer.samples[3] += 50_000_000;
        answer.elapsed_ms += 50;
    }
    report(plan, &records)
}

#[test]
fn a_stall_that_makes_a_mean_is_named_with_its_share_and_moves_no_median() {
    let plan = small_plan();
    let id = cell(Transport::ServiceBinding, Function::Echo, 100);
    let calm = report(&plan, &records(&plan, Platform::RUNNING));
    let (in_a_row, alone) = [true, false]
        .map(|in_a_row| stalled(&plan, id, Platform::RUNNING, in_a_row))
        .into();
    let of = |report, in_a_row| {
        let cell: &CellReport = find(report, id);
        let chain = (cell.chain_mean_us.clone(), cell.chain_dominated_by.clone());
        let isolated = (cell.mean_us.clone(), cell.mean_dominated_by.clone());
        if in_a_row { chain } else { isolated }
    };
    for (report, is_chain, calls, kind) in [
        (&in_a_row, true, 8, "back-to-back"),
        (&alone, false, 20, "isolated"),
    ] {
        assert_eq!(
            (of(&calm, is_chain).1, of(report, !is_chain).1),
            (None, None)
        );
        let (mean, stretch) = of(report, is_chain);
        let stretch = stretch.unwrap();
        assert_eq!((stretch.block, stretch.calls), (7, calls));
        assert!(stretch.share > 0.3 && stretch.share < 0.9, "{stretch:?}");
        assert!(stretch.mean_without_us < 0.7 * mean.value.unwrap());
        let told = warnings(report, WarningKind::OutlierSlice);
        assert_eq!((told.len(), told[0].cell), (1, Some(id)));
        assert!(told[0].text.contains(kind), "{}", told[0].text);
        assert_eq!(told[0].figures["block"], 7.0);
        let median = find(report, id).quantiles[Quantile::P50].value.unwrap();
        assert!(
            covers(&find(&calm, id).quantiles[Quantile::P50], median),
            "{median}"
        );
    }
}

#[test]
fn no_verdict_turns_on_a_stall_among_calls_in_a_row() {
    // direct calls drown in errors of 20 us: without repetitions, their overhead rests on their mean in a row
    let blurred = Platform {
        resolution_ns: 20_000,
        ..Platform::RUNNING
    };
    for (platform, breakdown) in [(Platform::RUNNING, true), (blurred, false)] {
        let plan = Plan {
            breakdown,
            ..small_plan()
        };
        let calm = report(&plan, &records(&plan, platform));
        for transport in [Transport::ServiceBinding, Transport::Direct] {
            let id = cell(transport, Function::Echo, 100);
            let stalled = stalled(&plan, id, platform, true);
            assert!(find(&stalled, id).chain_dominated_by.is_some() || breakdown);
            for (calm, stalled) in calm.verdicts.iter().zip(&stalled.verdicts) {
                assert_eq!(
                    (calm.id, calm.metric, calm.outcome),
                    (stalled.id, stalled.metric, stalled.outcome)
                );
            }
        }
    }
}

#[test]
fn sentences_that_rest_on_calls_in_a_row_tell_of_the_stall_among_them() {
    let plan = small_plan();
    let id = cell(Transport::ServiceBinding, Function::Echo, 100);
    let calm = report(&plan, &records(&plan, Platform::RUNNING));
    let stalled = stalled(&plan, id, Platform::RUNNING, true);
    let sentence = |report: &Report, topic: Topic| {
        let mut findings = report.analysis.iter();
        let finding = findings.find(|finding| finding.topic == topic);
        finding.unwrap().text.clone()
    };
    for topic in [Topic::Isolation, Topic::Breakdown] {
        assert!(sentence(&stalled, topic).contains("of it in one slice of 8 calls"));
        assert!(!sentence(&calm, topic).contains("in one slice"));
    }
    let total = &stalled.breakdown[0].total_us;
    assert_eq!(
        total.lower,
        Some(0.0),
        "a time is not negative, however wide its interval"
    );
}
