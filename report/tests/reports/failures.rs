//! Failed calls are part of the answer: a timeout is a latency of at least its timeout, any other failure is a share with a limit of its own.

use crate::runs;

use protocol::{
    Cell, ErrorKind, Function, Plan, Quantile, Report, Thresholds, Transport,
    measure::MeasureResponse,
    report::{Outcome, Topic, Verdict},
};
use runs::{BLOCKS, Platform, cell, find, records, report, samples_of};

const ID: Cell = Cell::native(Transport::ServiceBinding, Function::Echo, 100);

/// `direct` and a service binding that is well within the thresholds.
fn small_plan() -> Plan {
    Plan {
        transports: vec![Transport::Direct, Transport::ServiceBinding],
        ..runs::small_plan()
    }
}

/// A run of which the slices of one cell are changed by `spoil`, given the number of the slice.
fn spoilt(
    plan: &Plan,
    platform: Platform,
    id: Cell,
    spoil: impl Fn(usize, &mut MeasureResponse),
) -> Report {
    let mut records = records(plan, platform);
    for (place, (_, answer)) in samples_of(&mut records, id).enumerate() {
        spoil(place, answer);
    }
    report(plan, &records)
}

/// Turns the last calls of a slice into failures.
fn fail(answer: &mut MeasureResponse, kind: ErrorKind, count: usize) {
    answer.samples.truncate(answer.samples.len() - count);
    answer.errors.add(kind, count as u64);
}

fn verdict(report: &Report, id: Cell, metric: Quantile) -> &Verdict {
    let mut verdicts = report.verdicts.iter();
    verdicts.find(|v| v.id == id && v.metric == metric).unwrap()
}

fn outcome_of(report: &Report, transport: Transport) -> (Outcome, String) {
    let mut transports = report.summary.transports.iter();
    let summary = transports.find(|s| s.transport == transport).unwrap();
    (summary.outcome, summary.reason.clone())
}

#[test]
fn a_runtime_that_answers_500_to_most_calls_fails_and_says_so_first() {
    let plan = small_plan();
    let report = spoilt(&plan, Platform::RUNNING, ID, |_, answer| {
        fail(answer, ErrorKind::Status, 12);
    });
    assert_eq!(report.summary.outcome, Outcome::Fail);
    let (outcome, reason) = outcome_of(&report, Transport::ServiceBinding);
    assert_eq!(outcome, Outcome::Fail);
    assert!(
        reason.contains("of the calls of service-binding.echo.100 failed, 1.0 % allowed"),
        "{reason}"
    );
    let row = report
        .failed_calls
        .iter()
        .find(|row| row.id == Some(ID))
        .unwrap();
    let share = row.share.as_ref().unwrap();
    // 12 of 20 timed calls and none of the 8 of the chain
    assert_eq!(
        (row.failed, share.n),
        (12 * u64::from(BLOCKS), 28 * u64::from(BLOCKS))
    );
    assert!(share.lower < 12.0 / 28.0 && 12.0 / 28.0 < share.upper && row.outcome == Outcome::Fail);
    // the other transports are not blamed
    let others = report.failed_calls.iter();
    let mut others = others.filter(|row| row.transport != Transport::ServiceBinding);
    assert!(others.all(|row| row.failed == 0 && row.outcome == Outcome::Pass));
}

#[test]
fn one_failed_call_settles_nothing_and_a_larger_share_may_be_allowed() {
    let one = |max_error_share| {
        let plan = Plan {
            thresholds: Thresholds {
                max_error_share,
                ..Thresholds::default()
            },
            ..small_plan()
        };
        spoilt(&plan, Platform::RUNNING, ID, |place, answer| {
            if place == 3 {
                fail(answer, ErrorKind::BadResponse, 2);
            }
        })
    };
    let strict = one(0.004);
    let row = strict
        .failed_calls
        .iter()
        .find(|row| row.id == Some(ID))
        .unwrap();
    assert_eq!(row.outcome, Outcome::Inconclusive);
    assert!(row.calls_needed.is_none_or(|calls| calls > 560));
    assert_eq!(strict.summary.outcome, Outcome::Inconclusive);
    let lenient = one(0.05);
    let row = lenient
        .failed_calls
        .iter()
        .find(|row| row.id == Some(ID))
        .unwrap();
    assert_eq!((row.outcome, row.calls_needed), (Outcome::Pass, None));
}

#[test]
fn calls_of_direct_that_fail_decide_as_well() {
    let direct = cell(Transport::Direct, Function::Echo, 100);
    let report = spoilt(&small_plan(), Platform::RUNNING, direct, |_, answer| {
        fail(answer, ErrorKind::Timeout, 2);
    });
    assert_eq!(report.summary.outcome, Outcome::Fail);
    let (outcome, reason) = outcome_of(&report, Transport::Direct);
    assert_eq!(outcome, Outcome::Fail, "{reason}");
}

#[test]
fn a_call_that_timed_out_is_a_latency_of_at_least_its_timeout() {
    for platform in [Platform::RUNNING, Platform::FROZEN] {
        let plan = Plan {
            call_timeout_ms: 100,
            ..small_plan()
        };
        let healthy = spoilt(&plan, platform, ID, |_, _| {});
        let report = spoilt(&plan, platform, ID, |place, answer| {
            // 4.5 % of the calls
            fail(answer, ErrorKind::Timeout, usize::from(place % 10 != 0));
        });
        let (before, after) = (find(&healthy, ID), find(&report, ID));
        assert_eq!(after.errors[&ErrorKind::Timeout], 18);
        assert_eq!(after.count + 18, before.count);
        // the p99 is one of them: known from below, and by no means better than without them
        assert_eq!(
            (
                after.quantiles[Quantile::P99].value,
                after.quantiles[Quantile::P99].upper
            ),
            (None, None)
        );
        let before_us = before.quantiles[Quantile::P99].lower.unwrap();
        assert!(
            after.quantiles[Quantile::P99].lower.unwrap() >= before_us.max(98_000.0),
            "{:?}",
            after.quantiles[Quantile::P99]
        );
        let p99 = verdict(&report, ID, Quantile::P99);
        assert_eq!(p99.outcome, Outcome::Fail, "{p99:?}");
        assert!(p99.share_above.as_ref().unwrap().lower > 0.02);
        assert_eq!(verdict(&report, ID, Quantile::P50).outcome, Outcome::Pass);
        // counted once: not among the failed calls, too
        let row = report
            .failed_calls
            .iter()
            .find(|row| row.id == Some(ID))
            .unwrap();
        assert_eq!((row.failed, row.outcome), (0, Outcome::Pass));
        assert_eq!(report.summary.outcome, Outcome::Fail);
    }
}

#[test]
fn a_timeout_below_the_threshold_proves_nothing_about_it() {
    let plan = Plan {
        call_timeout_ms: 100,
        thresholds: Thresholds {
            p50_ms: 500.0,
            p95_ms: 500.0,
            p99_ms: 500.0,
            ..Thresholds::default()
        },
        ..small_plan()
    };
    let report = spoilt(&plan, Platform::RUNNING, ID, |_, answer| {
        fail(answer, ErrorKind::Timeout, 3);
    });
    assert_eq!(
        verdict(&report, ID, Quantile::P99).outcome,
        Outcome::Inconclusive
    );
    assert_eq!(verdict(&report, ID, Quantile::P50).outcome, Outcome::Pass);
}

#[test]
fn the_timeout_that_ends_a_chain_is_no_sample() {
    let report = spoilt(&small_plan(), Platform::RUNNING, ID, |_, answer| {
        answer.chain = answer.chain.map(|chain| protocol::measure::Chain {
            failed: Some(ErrorKind::Timeout),
            ..chain
        });
        answer.errors.add(ErrorKind::Timeout, 1);
    });
    assert!(find(&report, ID).quantiles[Quantile::P99].value.is_some());
    let row = report
        .failed_calls
        .iter()
        .find(|row| row.id == Some(ID))
        .unwrap();
    assert_eq!(row.failed, u64::from(BLOCKS));
}

#[test]
fn the_analysis_speaks_of_the_plans_thresholds() {
    let plan = Plan {
        thresholds: Thresholds {
            p50_ms: 0.05,
            ..Thresholds::default()
        },
        ..small_plan()
    };
    let report = report(&plan, &records(&plan, Platform::RUNNING));
    assert_eq!(
        outcome_of(&report, Transport::ServiceBinding).0,
        Outcome::Fail
    );
    let implications = report
        .analysis
        .iter()
        .filter(|f| f.topic == Topic::Implication);
    let sentences: Vec<&str> = implications.map(|f| f.text.as_str()).collect();
    assert!(!sentences.is_empty());
    for sentence in sentences {
        assert!(
            !sentence.contains("can delegate") && !sentence.contains(" 1 ms"),
            "{sentence}"
        );
        assert!(sentence.contains("0.05 ms"), "{sentence}");
    }
}
