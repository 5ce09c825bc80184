//! Comparing two runs, and exporting one: from saved reports, without an orchestrator.

use crate::fake_orchestrator::{FakeOrchestrator, RUN, empty_report, status};
use protocol::{
    ByQuantile, Cell, Estimate, Quantile, Reason, ReasonCode, Report, RunState,
    report::{CellReport, Outcome, Overhead},
};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

const CELL: &str = "service-binding.echo.100";

fn estimate(value: f64) -> Estimate {
    Estimate {
        value: Some(value),
        lower: Some(value - 3.0),
        upper: Some(value + 4.0),
        resolution: Some(1.0),
        n: Some(400),
        ..Estimate::default()
    }
}

fn quantiles(p50_us: f64) -> ByQuantile<Estimate> {
    ByQuantile::of_all(|quantile| match quantile {
        Quantile::P50 => estimate(p50_us),
        Quantile::P95 => estimate(p50_us + 50.0),
        Quantile::P99 => estimate(p50_us + 90.0),
        Quantile::P99_9 => Estimate::unavailable(Reason::of(ReasonCode::TooFewSamples)),
    })
}

/// A report of one delegated cell: its p50 is `latency_us`, its overhead `overhead_us`.
fn report(latency_us: f64, overhead_us: Option<f64>) -> Report {
    let id: Cell = CELL.parse().unwrap();
    let mut report = empty_report(Outcome::Pass);
    report.cells.push(CellReport {
        id,
        runtime: id.runtime,
        transport: id.transport,
        function: id.function,
        payload_bytes: id.payload_bytes,
        count: 400,
        errors: std::collections::BTreeMap::new(),
        skipped: 0,
        lost: 0,
        warmup_calls: 40,
        min_us: Some(50.0),
        max_us: Some(900.0),
        mean_us: estimate(latency_us + 5.0),
        chain_mean_us: estimate(latency_us - 5.0),
        mean_dominated_by: None,
        chain_dominated_by: None,
        isolation_cost_us: estimate(10.0),
        quantiles: quantiles(latency_us),
        histogram: String::new(),
    });
    if let Some(us) = overhead_us {
        report.overheads.push(Overhead {
            id,
            mean_us: estimate(us),
            quantiles: quantiles(us).compared(),
        });
    }
    report
}

fn saved(folder: &Path, name: &str, report: &Report) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, serde_json::to_string(report).unwrap()).unwrap();
    path
}

fn compare(first: &Report, second: &Report, options: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_rpc-latency"))
        .arg("compare")
        .args([
            saved(folder.path(), "a", first),
            saved(folder.path(), "b", second),
        ])
        .args(options)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_slower_run_is_called_slower_with_an_interval() {
    let output = compare(&report(100.0, Some(80.0)), &report(150.0, Some(130.0)), &[]);
    assert_eq!(output.status.code(), Some(0));
    let text = text(&output);
    assert!(
        text.contains("+0.050 [0.045, 0.055], +62 %   slower"),
        "{text}"
    );
    assert!(
        text.contains("Slower in 3 of 3 figures, faster in none."),
        "{text}"
    );
}

#[test]
fn what_slowed_the_whole_run_is_not_laid_to_the_transport() {
    // Everything took 50 us longer, direct included: the overhead is the same.
    let text = text(&compare(
        &report(100.0, Some(80.0)),
        &report(150.0, Some(80.0)),
        &[],
    ));
    assert!(
        text.contains("No difference shown in any of 3 figures."),
        "{text}"
    );
}

#[test]
fn without_direct_the_latency_is_compared_and_the_table_says_so() {
    let text = text(&compare(&report(100.0, None), &report(50.0, None), &[]));
    assert!(text.contains("p50 latency"), "{text}");
    assert!(text.contains("Faster in 3 of 3 figures"), "{text}");
    assert!(text.contains("not paired with direct"), "{text}");
}

#[test]
fn growth_beyond_the_limit_fails_only_when_it_is_significant() {
    let (first, second) = (report(100.0, Some(100.0)), report(110.0, Some(110.0)));
    // 10 % more, proven to be more than 4 %.
    assert_eq!(
        compare(&first, &second, &["--fail-above", "4"])
            .status
            .code(),
        Some(1)
    );
    assert_eq!(
        compare(&first, &second, &["--fail-above", "9"])
            .status
            .code(),
        Some(0)
    );
}

#[test]
fn a_comparison_as_json_holds_the_same_figures() {
    let output = compare(
        &report(100.0, Some(80.0)),
        &report(150.0, Some(130.0)),
        &["--json"],
    );
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let row = &document["differences"][0];
    assert_eq!(
        (row["cell"].as_str(), row["finding"].as_str()),
        (Some(CELL), Some("slower"))
    );
    assert_eq!(row["difference_us"]["lower"].as_f64(), Some(45.0));
}

#[test]
fn what_is_no_report_is_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_rpc-latency"))
        .args(["compare", "no-such-file", "Cargo.toml"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("no-such-file is neither a run id nor a file"),
        "{error}"
    );
}

#[test]
fn bencher_gets_every_figure_that_can_be_seen_with_its_interval_and_nothing_else() {
    let mut report = report(100.0, Some(80.0));
    // Smaller than the resolution of 1 us.
    report.cells[0].chain_mean_us = estimate(0.2);
    report.cells[0].mean_us = estimate(0.0);
    let report = serde_json::to_string(&report).unwrap();
    let orchestrator = FakeOrchestrator::start()
        .answer(
            "GET /runs",
            200,
            &[format!(
                "{{\"runs\":[{}]}}",
                status(RunState::Completed, 100)
            )],
        )
        .answer(&format!("GET /results/{RUN}"), 200, &[report]);
    let output = Command::new(env!("CARGO_BIN_EXE_rpc-latency"))
        .args(["export", "--url", orchestrator.url()])
        .output()
        .unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        document[CELL]["p50_us"],
        serde_json::json!({"value": 100.0, "lower_value": 97.0, "upper_value": 104.0})
    );
    assert_eq!(document[CELL]["overhead_p50_us"]["value"], 80.0);
    for unseen in ["p99_9_us", "chain_mean_us", "mean_us"] {
        assert!(document[CELL].get(unseen).is_none(), "{unseen}: {document}");
    }
}

#[test]
fn who_has_read_enough_hears_no_complaint() {
    let folder = tempfile::tempdir().unwrap();
    let path = saved(folder.path(), "a", &report(100.0, Some(80.0)));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_rpc-latency"))
        .arg("compare")
        .args([&path, &path])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_form_that_holds_one_cell_asks_for_it_and_writes_it_to_a_file() {
    let orchestrator = FakeOrchestrator::start().answer(
        &format!("GET /results/{RUN}/cells/{CELL}.csv"),
        200,
        &["block,latency_us\n0,91\n".to_owned()],
    );
    let folder = tempfile::tempdir().unwrap();
    let export = |line: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_rpc-latency"))
            .args(["export", RUN, "--url", orchestrator.url(), "--form", "csv"])
            .args(line)
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    assert_eq!(export(&[]).status.code(), Some(2));
    assert_eq!(
        export(&["--cell", CELL, "--file", "cell.csv"])
            .status
            .code(),
        Some(0)
    );
    let csv = std::fs::read_to_string(folder.path().join("cell.csv")).unwrap();
    assert_eq!(csv, "block,latency_us\n0,91\n");
}

#[test]
fn a_plan_is_priced_without_an_orchestrator() {
    let output = Command::new(env!("CARGO_BIN_EXE_rpc-latency"))
        .args(["plan", "--json"])
        .env("RPC_LATENCY_URL", "http://127.0.0.1:1")
        .output()
        .unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    // 36 cells and 22 components in each of 22 blocks.
    assert_eq!(document["estimated"]["wakes"], 1_276);
    assert_eq!(document["plan"]["samples_per_cell"], 440);
    assert!(document["estimated"]["cost_usd"].as_f64().unwrap() > 0.0);
}

#[test]
fn the_history_of_a_cell_shows_where_its_level_changed() {
    let point = |run: &str, us: f64| {
        serde_json::json!({"run": run, "finished_at": "2026-11-22T17:28:00Z", "version": null, "value_us": us,
            "lower_us": us - 3.0, "upper_us": us + 4.0, "resolution_us": 1.0, "n": 400,
            "text": format!("{:.3} [{:.3}, {:.3}]", us / 1e3, (us - 3.0) / 1e3, (us + 4.0) / 1e3)})
    };
    let later = "20261122T232800Z-4f9a1c08";
    let mut last = point(later, 120.0);
    last["residency"] = serde_json::json!({"calls": 12_345, "isolates": 3, "cold_calls": 2,
        "cold_share": {"value": 0.0002, "lower": 0, "upper": 0.0006, "n": 12_345, "effective_n": 12_345, "text": "0.02 % [0 %, 0.06 %]"}});
    let history = serde_json::json!({"location": "wnam", "cell": CELL, "metric": "p95", "conditions": {"payload_shape": "text", "batch_size": 1, "concurrency": 1, "timers": ["interpolated"], "text": "payload text"},
        "points": [point(RUN, 100.0), last],
        "change_points": [{"run": later, "finished_at": "2026-11-22T23:28:00Z", "version": null, "before_us": 100.0,
            "after_us": 120.0, "change_percent": 20.0, "change_percent_lower": 15.0, "change_percent_upper": 25.0, "p_value": 0.001, "text": "0.100 to 0.120 ms, +20 % (95 % CI +15 % to +25 %)"}]});
    let orchestrator = FakeOrchestrator::start().answer(
        &format!("GET /history?cell={CELL}&metric=p95&location=wnam"),
        200,
        &[history.to_string()],
    );
    let output = Command::new(env!("CARGO_BIN_EXE_rpc-latency"))
        .args([
            "history",
            CELL,
            "--metric",
            "p95",
            "--location",
            "wnam",
            "--url",
            orchestrator.url(),
        ])
        .output()
        .unwrap();
    let text = text(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("p95 of service-binding.echo.100 at wnam"),
        "{text}"
    );
    let first = format!("{RUN}   local     0.100 [0.097, 0.104]");
    assert!(
        lines[4].starts_with(&first) && lines[4].trim_end().ends_with("n/a"),
        "{text}"
    );
    assert!(
        lines[5].contains("0.120 [0.117, 0.124]") && lines[5].contains(" 0.02 % [0 %, 0.06 %]"),
        "{text}"
    );
    assert!(
        lines[5].ends_with("0.100 to 0.120 ms, +20 % (95 % CI +15 % to +25 %), p = 0.001"),
        "{text}"
    );
}

#[test]
fn completions_know_every_command() {
    let output = Command::new(env!("CARGO_BIN_EXE_rpc-latency"))
        .args(["completions", "bash"])
        .output()
        .unwrap();
    let script = text(&output);
    assert!(
        script.contains(
            " run watch report runs cancel compare history export plan doctor serve check configure completions help"
        ),
        "{script}"
    );
    assert!(!script.contains("public-address"), "{script}");
    assert!(script.contains("--token"), "{script}");
}
