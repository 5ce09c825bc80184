//! What is too small to see is said to be so wherever a report is rendered, and is nowhere printed as 0.

use crate::runs;

use ::report::markdown;
use protocol::{Plan, Report, Transport, measure::MeasureResponse, slice::Measured, slice::Work};
use runs::{Platform, records, report, small_plan};

/// A run whose every reading of the cells that `is_unseen` names is 0, as are those around no call.
fn unseen(plan: &Plan, is_unseen: impl Fn(Transport) -> bool, platform: Platform) -> Report {
    let mut records = records(plan, platform);
    for record in &mut records {
        if let (Work::Cell(cell), Measured::Samples(answer)) = (record.work, &mut record.measured) {
            answer.noise_floor_ns.fill(0);
            if is_unseen(cell.transport) {
                read_nothing(answer);
            }
        }
    }
    report(plan, &records)
}

fn read_nothing(answer: &mut MeasureResponse) {
    answer.samples.fill(0);
    answer.elapsed_ms = 0;
    if let Some(chain) = &mut answer.chain {
        chain.elapsed_ms = 0;
    }
}

/// Whether a word of a text is a number that is 0: `0`, `0.00`, `[0.0,`, `(-0`.
fn is_zero(word: &str) -> bool {
    let number = word.trim_matches(|c: char| !c.is_ascii_digit() && c != '.');
    let number = number.trim_end_matches('.');
    !number.is_empty() && number.chars().all(|c| matches!(c, '0' | '.')) && number.contains('0')
}

/// The lines of a rendered report in which a time is printed as 0. Counts, and shares of counted calls, may be 0.
fn zeros(report: &Report) -> Vec<String> {
    let text = markdown::render(report);
    let (before, failed) = text.split_once("## Failed calls").unwrap();
    let (_, after) = failed.split_once("##").unwrap();
    let counted = ["samples succeeded", "- plan:", "| native by"];
    let lines = before
        .lines()
        .chain(after.lines())
        .filter(|line| !counted.iter().any(|count| line.contains(count)));
    lines
        .filter(|line| line.replace("0 %", "none").split([' ', '|']).any(is_zero))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_direct_call_too_short_to_see_is_nowhere_printed_as_zero() {
    // without the breakdown, repetitions do not tell what samples cannot
    let plan = Plan {
        breakdown: false,
        ..small_plan()
    };
    let is_direct = |transport: Transport| !transport.delegates();
    let report = unseen(&plan, is_direct, Platform::RUNNING);
    assert_eq!(zeros(&report), Vec::<String>::new());
    let text = markdown::render(&report);
    assert!(text.contains("around no call: p50 < 3."), "{text}");
    let growth = text.split("## Growth with the payload").nth(1).unwrap();
    let direct = growth.lines().find(|line| line.starts_with("| Direct"));
    assert!(direct.unwrap().contains("< 0.0"), "{growth}");
}

#[test]
fn nothing_is_printed_as_zero_where_no_call_can_be_seen() {
    for platform in [
        Platform::RUNNING,
        Platform {
            resolution_ns: 20_000,
            ..Platform::RUNNING
        },
        Platform::FROZEN,
    ] {
        let plan = small_plan();
        for is_unseen in [true, false] {
            let report = unseen(&plan, |_| is_unseen, platform);
            assert_eq!(zeros(&report), Vec::<String>::new());
        }
    }
}

#[test]
fn every_figure_leaves_with_the_resolution_behind_it() {
    let report = unseen(&small_plan(), |_| false, Platform::RUNNING);
    for slope in &report.slopes {
        for estimate in [&slope.us_per_kb, &slope.intercept_us] {
            let (lower, value, upper) = (estimate.lower, estimate.value, estimate.upper);
            let resolution = estimate.resolution.unwrap();
            assert!(resolution > 0.0, "{slope:?}");
            // to the nanosecond that figures are published to
            let reach = resolution - 0.0015;
            assert!(upper.unwrap() - value.unwrap() >= reach, "{slope:?}");
            assert!(value.unwrap() - lower.unwrap() >= reach, "{slope:?}");
        }
    }
    let cited = report.analysis.iter().flat_map(|finding| &finding.figures);
    for figure in cited {
        assert!(figure.resolution.is_some(), "{figure:?}");
    }
    let floor = report.environment.noise_floor.unwrap();
    assert!((3.0..4.0).contains(&floor.resolution_us.unwrap()));
}
