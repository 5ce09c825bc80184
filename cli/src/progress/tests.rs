use super::*;
use crate::runs_simulated as runs;
use protocol::{Cell, Function, Plan, RunState, Transport, run::Progress as HowFar};

/// A run of the default plan, or of one of fixed size, at some slice of some round.
fn status(plan: Plan, round: u32, slices_done: u32, slices_total: u32) -> RunStatus {
    RunStatus {
        id: "20261122T172800Z-4f9a1c07".parse().unwrap(),
        state: RunState::Running,
        trigger: protocol::run::Trigger::Request,
        location: "default".to_owned(),
        created_at: "2026-11-22T17:28:00Z".parse().unwrap(),
        started_at: None,
        finished_at: None,
        reason: None,
        progress: HowFar {
            slices_done,
            slices_total,
            round,
            samples: 4_000,
            seconds_left: Some(25.2),
            seconds_to_limit: plan.max_seconds.map(|_| 100.0),
            ..HowFar::default()
        },
        plan,
        colo: None,
        siblings: Vec::new(),
        usage: protocol::run::RunUsage::default(),
    }
}

fn with_open(count: usize) -> RunStatus {
    let mut run = status(Plan::default(), 3, 90, 100);
    let cells = run.plan.cells().into_iter();
    let delegated = cells.filter(|cell| cell.transport.delegates());
    run.progress.open = delegated.take(count).collect();
    run
}

#[test]
fn a_line_says_the_round_what_is_open_and_the_time_left() {
    let of = |run: &RunStatus| line(run);
    assert_eq!(
        of(&status(Plan::of_fixed_size(), 1, 40, 100)),
        "40 %, all 36 cells, 25 s left"
    );
    assert_eq!(
        of(&status(Plan::default(), 1, 40, 100)),
        "40 %, round 1: all 36 cells, 25 s left in this round, 1 min 40 s at most"
    );
    assert_eq!(
        of(&status(Plan::default(), 2, 700, 1000)),
        "70 %, round 2: back-to-back calls of 24 cells, 25 s left in this round, 1 min 40 s at most"
    );
    assert_eq!(
        of(&with_open(2)),
        "90 %, round 3: 2 cells open (service-binding.echo.100, service-binding.echo.1000), \
         25 s left in this round, 1 min 40 s at most"
    );
    assert!(of(&with_open(1)).contains("round 3: 1 cell open (service-binding.echo.100),"));
    assert!(
        of(&with_open(12)).contains("round 3: 12 cells open (service-binding.echo.100, 11 more),")
    );
    let mut failing = status(Plan::of_fixed_size(), 1, 40, 100);
    failing.progress.errors = 12;
    assert!(of(&failing).ends_with("25 s left, 12 of 4,000 calls failed"));
    let mut pending = status(Plan::default(), 1, 0, 100);
    pending.state = RunState::Pending;
    pending.progress.seconds_left = None;
    pending.progress.seconds_to_limit = None;
    assert_eq!(of(&pending), "0 %, waiting for its first slice of 36 cells");
    let mut cold = status(Plan::default(), 4, 90, 100);
    cold.progress.cold_starts = true;
    assert_eq!(of(&cold), "90 %, cold starts, 25 s left");
    // a round that takes longer than the limit is measured whatever it takes
    let mut long = status(Plan::default(), 1, 1, 100);
    long.progress.seconds_left = Some(130.0);
    assert!(of(&long).ends_with("2 min 10 s left in this round, 2 min 10 s at most"));
}

#[test]
fn a_log_has_a_line_at_each_tenth_of_a_run_and_at_each_round() {
    let mut tenths = Tenths::default();
    let mut lines = Vec::new();
    for done in 0..=100 {
        lines.extend(tenths.next(&status(Plan::of_fixed_size(), 1, done, 100)));
    }
    let percents: Vec<&str> = lines
        .iter()
        .map(|line| line.split(',').next().unwrap())
        .collect();
    assert_eq!(
        percents,
        [
            "0 %", "10 %", "20 %", "30 %", "40 %", "50 %", "60 %", "70 %", "80 %", "90 %", "100 %"
        ]
    );
    // a round more: the share falls, and is told once for each tenth
    let of_next: Vec<String> = (100..=150)
        .filter_map(|done| tenths.next(&status(Plan::default(), 2, done, 150)))
        .collect();
    assert_eq!(of_next.len(), 5, "{of_next:?}");
    assert!(of_next[0].starts_with("66 %, round 2: back-to-back"));
}

/// The screen over a report, as a terminal of that size shows it above the bar.
fn screen_of(plan: &Plan, width: usize, height: usize) -> Vec<String> {
    let report = runs::report(plan, &runs::records(plan, runs::Platform::RUNNING));
    let lines = above_the_bar(
        Some(&report),
        &status(plan.clone(), 1, 40, 100),
        width,
        height - 2,
    );
    assert!(lines.len() <= height - 2, "{} lines", lines.len());
    for line in &lines {
        assert!(console::measure_text_width(line) <= width, "{line}");
    }
    lines
}

#[test]
fn a_window_of_80_by_24_holds_every_cell_of_the_default_plan() {
    let plan = Plan {
        breakdown: false,
        ..Plan::of_fixed_size()
    };
    let lines = screen_of(&plan, 80, 24);
    let text = lines.join("\n");
    for title in ["Direct", "Service Binding", "Raw Fetch"] {
        assert_eq!(text.matches(title).count(), 1, "{text}");
    }
    let rows = lines
        .iter()
        .filter(|line| line.trim_start().contains("B  "));
    let rows: Vec<&String> = rows.collect();
    assert_eq!(rows.len(), 12, "{text}");
    // each row has three figures of three ways
    for row in rows {
        let figures = row.replace("< ", "<");
        assert_eq!(figures.split_whitespace().count(), 2 + 9, "{text}");
    }
    assert!(!text.contains("more lines"), "{text}");
    assert_eq!(lines.last().unwrap(), "all 36 cells");
}

#[test]
fn the_figures_are_those_of_the_report() {
    let plan = Plan {
        transports: vec![Transport::Direct, Transport::ServiceBinding],
        functions: vec![Function::Echo],
        payload_bytes: vec![100],
        breakdown: false,
        ..Plan::of_fixed_size()
    };
    let report = runs::report(&plan, &runs::records(&plan, runs::Platform::RUNNING));
    let cell = Cell::native(Transport::ServiceBinding, Function::Echo, 100);
    let lines = live_table::lines(&report, 80, 22);
    let row = lines.last().unwrap();
    for &quantile in protocol::Quantile::COMPARED {
        let estimate = &runs::find(&report, cell).quantiles[quantile];
        let text = report::format::value(estimate, report::format::Unit::Milliseconds);
        assert!(row.contains(&text), "{text} is not in {row}");
    }
}

#[test]
fn figures_that_take_more_samples_are_left_out_and_make_no_wide_columns() {
    let plan = Plan {
        breakdown: false,
        ..Plan::of_fixed_size()
    };
    // 3 blocks of 20 samples: enough for a p50, and for no other
    let records = runs::records_of(&plan, runs::Platform::RUNNING, 3);
    let lines = live_table::lines(&runs::report(&plan, &records), 80, 24);
    let text = lines.join("\n");
    assert!(
        !text.contains('\u{2265}') && !text.contains("n/a"),
        "{text}"
    );
    assert!(text.contains(" - "), "{text}");
    for title in ["Direct", "Service Binding", "Raw Fetch"] {
        assert!(lines[1].contains(title), "{text}");
    }
}

#[test]
fn a_larger_plan_continues_below_and_what_does_not_fit_is_counted() {
    let plan = Plan {
        transports: Transport::ALL.to_vec(),
        breakdown: false,
        ..Plan::of_fixed_size()
    };
    let large = screen_of(&plan, 120, 40).join("\n");
    for transport in Transport::ALL {
        assert!(large.contains(transport.title()), "{large}");
    }
    assert!(!large.contains("more lines"), "{large}");
    let small = screen_of(&plan, 80, 24);
    let text = small.join("\n");
    assert!(text.contains("more lines in a larger window"), "{text}");
    assert!(text.contains("Service Binding"), "{text}");
}

#[test]
fn a_window_of_any_size_is_kept_to() {
    let plan = runs::small_plan();
    let report = runs::report(&plan, &runs::records(&plan, runs::Platform::RUNNING));
    for (width, height) in [(1, 1), (10, 3), (40, 2), (80, 5), (300, 100)] {
        let lines = above_the_bar(Some(&report), &with_open(12), width, height);
        assert!(lines.len() <= height, "{width} by {height}: {lines:?}");
    }
    let none = above_the_bar(None, &with_open(2), 80, 22);
    assert_eq!(
        none,
        ["round 3: 2 cells open (service-binding.echo.100, service-binding.echo.1000)"]
    );
}
