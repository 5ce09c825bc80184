//! The end of what `rpc-latency report` prints: the last 25 lines at 80 columns hold the whole answer.

use crate::{
    fake_orchestrator::{FakeOrchestrator, RUN},
    runs::{Platform, records, records_of, report, samples_of},
};
use protocol::{
    Cell, ErrorKind, Function, Plan, Quantile, Report, Thresholds, Transport,
    measure::MeasureResponse,
    report::{Outcome, TransportSummary},
};
use std::process::{Command, Stdio};

/// What a window of 80 by 25 shows when the command has ended.
const ROWS: usize = 25;
const COLUMNS: usize = 80;

/// Direct, a service binding that takes 0.2 ms and a raw fetch that takes four times as long, on every function and payload.
fn plan() -> Plan {
    Plan {
        breakdown: false,
        ..Plan::of_fixed_size()
    }
}

fn report_of(plan: &Plan) -> Report {
    report(plan, &records(plan, Platform::RUNNING))
}

/// A run in which every slice of every cell by `transport` is changed.
fn spoilt(plan: &Plan, transport: Transport, spoil: impl Fn(&mut MeasureResponse)) -> Report {
    let mut records = records(plan, Platform::RUNNING);
    let cells = plan.cells().into_iter();
    for id in cells.filter(|cell| cell.transport == transport) {
        for (_, answer) in samples_of(&mut records, id) {
            spoil(answer);
        }
    }
    report(plan, &records)
}

/// What the command prints of a report, without colours.
fn printed(report: &Report) -> String {
    let mut report = report.clone();
    report.run.started_at = Some("2026-11-22T17:28:00Z".parse().unwrap());
    report.run.finished_at = Some("2026-11-22T17:30:12Z".parse().unwrap());
    let json = serde_json::to_string(&report).unwrap();
    let orchestrator = FakeOrchestrator::start()
        .answer(&format!("GET /results/{RUN}"), 200, &[json])
        .answer(&format!("GET /results/{RUN}.md"), 200, &[String::new()]);
    let output = Command::new(env!("CARGO_BIN_EXE_rpc-latency"))
        .args(["report", RUN])
        .env("RPC_LATENCY_URL", orchestrator.url())
        .env_remove("API_TOKEN")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// A text as it is without the ends of its lines.
fn flowing(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Checks the end of what is printed of a report, and returns it.
#[track_caller]
fn assert_answers(report: &Report, outcome: Outcome) -> String {
    assert_eq!(report.summary.outcome, outcome, "{}", report.summary.text);
    let all = printed(report);
    for line in all.lines() {
        assert!(line.chars().count() <= COLUMNS, "too long: {line}\n{all}");
    }
    let lines: Vec<&str> = all.lines().collect();
    let end = lines[lines.len().saturating_sub(ROWS)..].join("\n");
    let flowing_end = flowing(&end);
    let contains = |part: &str| {
        let part = flowing(part);
        assert!(flowing_end.contains(&part), "{part}\nis not in\n{end}");
    };
    contains(&report.summary.text);
    for summary in &report.summary.transports {
        let word = match summary.outcome {
            Outcome::Pass => "yes",
            Outcome::Fail => "no",
            Outcome::Inconclusive => "open",
        };
        contains(&format!("{}: {word}", summary.transport.title()));
        if let Some(overhead) = summary
            .closest
            .and_then(|id| report.overheads.iter().find(|overhead| overhead.id == id))
        {
            for &quantile in Quantile::COMPARED {
                contains(&overhead.quantiles[quantile].text);
            }
        }
    }
    contains("p50 p95 p99");
    contains("samples a cell in");
    contains("measured in 2 min 12 s.");
    contains("Next: ");
    end
}

/// The reason of each transport is at the end, too.
#[track_caller]
fn assert_reasons(report: &Report, end: &str, transports: &[Transport]) {
    for summary in &report.summary.transports {
        if transports.contains(&summary.transport) {
            let reason = flowing(&summary.reason);
            assert!(flowing(end).contains(&reason), "{reason}\nis not in\n{end}");
        }
    }
}

#[test]
fn a_run_that_passes() {
    let report = report_of(&plan());
    let end = assert_answers(&report, Outcome::Pass);
    assert_reasons(&report, &end, Transport::ALL);
}

#[test]
fn a_run_that_fails() {
    let plan = Plan {
        thresholds: Thresholds {
            p50_ms: 0.1,
            ..Thresholds::default()
        },
        ..plan()
    };
    let report = report_of(&plan);
    let end = assert_answers(&report, Outcome::Fail);
    assert_reasons(&report, &end, Transport::ALL);
}

#[test]
fn a_run_that_leaves_it_open_says_what_would_settle_it() {
    let plan = plan();
    let mut records = records_of(&plan, Platform::RUNNING, 20);
    let id = Cell::native(Transport::ServiceBinding, Function::Echo, 100);
    for (place, (_, answer)) in samples_of(&mut records, id).enumerate() {
        // 2 of 400 calls are slow: half of what p99 allows, and too few to tell
        if place < 2 {
            answer.samples[0] = 30_000_000;
        }
    }
    let report = report(&plan, &records);
    let end = assert_answers(&report, Outcome::Inconclusive);
    assert_reasons(&report, &end, Transport::ALL);
    let end = flowing(&end);
    assert!(
        end.contains("of isolated calls at 5 ms or above, 1.0 % allowed; about "),
        "{end}"
    );
    assert!(end.contains("samples per cell would settle it"), "{end}");
    assert!(end.contains("Next: --samples "), "{end}");
}

#[test]
fn a_run_whose_calls_fail() {
    let plan = plan();
    let report = spoilt(&plan, Transport::RawFetch, |answer| {
        answer.samples.truncate(answer.samples.len() / 2);
        answer.errors.add(ErrorKind::Status, 10);
    });
    let end = assert_answers(&report, Outcome::Fail);
    assert_reasons(&report, &end, Transport::ALL);
}

#[test]
fn a_run_of_which_every_call_fails() {
    let plan = plan();
    let report = spoilt(&plan, Transport::ServiceBinding, |answer| {
        answer.samples.clear();
        answer.errors.add(ErrorKind::Status, 20);
    });
    let end = assert_answers(&report, Outcome::Fail);
    assert_reasons(&report, &end, Transport::ALL);
}

#[test]
fn three_transports() {
    let plan = Plan {
        transports: vec![
            Transport::Direct,
            Transport::ServiceBinding,
            Transport::RawFetch,
            Transport::Rpc,
        ],
        ..plan()
    };
    // Workers RPC is judged, too, and as slow as raw fetch here
    let report = report_of(&plan);
    let end = assert_answers(&report, Outcome::Fail);
    assert_reasons(&report, &end, Transport::ALL);
    let plan = Plan {
        judge: vec![Transport::ServiceBinding.into()],
        ..plan
    };
    let report = report_of(&plan);
    let end = assert_answers(&report, Outcome::Pass);
    assert_reasons(&report, &end, Transport::ALL);
}

#[test]
fn every_transport_with_the_longest_names_and_numbers() {
    let plan = Plan {
        transports: Transport::ALL.to_vec(),
        functions: vec![Function::Transform, Function::Compute],
        payload_bytes: vec![123_456, 1_000_000],
        judge: vec![
            Transport::ServiceBinding.into(),
            Transport::CapnwebWebsocket.into(),
        ],
        ..plan()
    };
    let report = report_of(&plan);
    assert_answers(&report, Outcome::Fail);
}

#[test]
fn a_clock_of_whole_ticks() {
    let plan = plan();
    let report = report(&plan, &records(&plan, Platform::FROZEN));
    let end = printed(&report);
    // no overhead is known, and the latency has bounds
    assert!(end.contains("Service Binding: yes; latency of "), "{end}");
    let of_cell = |summary: &TransportSummary| {
        let id = summary.closest.unwrap();
        report.cells.iter().find(|cell| cell.id == id).unwrap()
    };
    for summary in &report.summary.transports {
        let bounds = &of_cell(summary).quantiles[Quantile::P99].text;
        assert!(end.contains(bounds), "{bounds}\n{end}");
    }
    assert!(end.lines().all(|line| line.chars().count() <= COLUMNS));
}

#[test]
fn a_run_without_direct_to_compare_with() {
    let plan = Plan {
        transports: vec![Transport::ServiceBinding],
        ..plan()
    };
    let report = report_of(&plan);
    let end = assert_answers(&report, Outcome::Pass);
    assert!(end.contains("; latency of "), "{end}");
}
