//! What stands below the tables of latencies.

use super::{
    figure::{
        Scale, UNSTATED, microseconds, microseconds_with_interval, milliseconds,
        milliseconds_with_interval, size,
    },
    line, table,
};
use crate::Report;
use core::fmt::Write as _;
use std::collections::BTreeMap;

/// Why some figures of the tables above are not stated, each reason once.
pub(super) fn unstated(out: &mut String, report: &Report) {
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for cell in &report.cells {
        for (name, estimate) in [
            ("p50", &cell.p50_us),
            ("p95", &cell.p95_us),
            ("p99", &cell.p99_us),
        ] {
            if let Some(reason) = &estimate.reason {
                reasons
                    .entry(reason)
                    .or_default()
                    .push(format!("{} {name}", cell.id));
            }
        }
    }
    if reasons.is_empty() {
        return;
    }
    line!(out, "Not stated as a point:");
    line!(out);
    for (reason, figures) in reasons {
        let (first, others) = (
            figures.first().map_or("", String::as_str),
            figures.len().saturating_sub(1),
        );
        let more = if others == 0 {
            String::new()
        } else {
            format!(" and {others} more")
        };
        line!(out, "- {first}{more}: {reason}");
    }
    line!(out);
}

pub(super) fn overheads(out: &mut String, report: &Report) {
    let mut rows = vec![["Cell", "mean", "p50", "p95", "p99"].map(str::to_owned)];
    rows.extend(report.overheads.iter().map(|overhead| {
        [
            overhead.id.to_string(),
            milliseconds_with_interval(&overhead.mean_us),
            milliseconds_with_interval(&overhead.p50_us),
            milliseconds_with_interval(&overhead.p95_us),
            milliseconds_with_interval(&overhead.p99_us),
        ]
    }));
    section(out, "Overhead against direct (ms)", &rows, 1);
}

pub(super) fn verdicts(out: &mut String, report: &Report) {
    let mut rows =
        vec![["Cell", "Of", "Figure (ms)", "Threshold (ms)", "Verdict"].map(str::to_owned)];
    rows.extend(report.verdicts.iter().map(|verdict| {
        let needed = verdict.samples_needed.map_or_else(String::new, |samples| {
            format!(" (about {samples} samples would settle it)")
        });
        [
            verdict.id.to_string(),
            format!("{} {}", verdict.metric, verdict.quantity),
            milliseconds_with_interval(&verdict.estimate_us),
            verdict.threshold_ms.to_string(),
            format!("{}{needed}", verdict.outcome),
        ]
    }));
    section(out, "Verdicts", &rows, 2);
}

pub(super) fn breakdown(out: &mut String, report: &Report) {
    let head = [
        "Function",
        "Payload",
        "total",
        "empty hop",
        "encode",
        "decode",
        "function",
        "residual",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(report.breakdown.iter().map(|parts| {
        [
            parts.function.to_string(),
            size(parts.payload_bytes),
            microseconds(&parts.total_us),
            microseconds(&parts.empty_hop_us),
            microseconds(&parts.encode_us),
            microseconds(&parts.decode_us),
            microseconds(&parts.function_us),
            microseconds(&parts.residual_us),
        ]
    }));
    section(
        out,
        "Where the time of a service-binding call goes (us)",
        &rows,
        2,
    );
}

pub(super) fn slopes(out: &mut String, report: &Report) {
    let mut rows =
        vec![["Method", "Function", "us per KB", "at no payload (us)"].map(str::to_owned)];
    rows.extend(report.slopes.iter().map(|slope| {
        [
            slope.transport.title().to_owned(),
            slope.function.to_string(),
            microseconds_with_interval(&slope.us_per_kb),
            microseconds_with_interval(&slope.intercept_us),
        ]
    }));
    section(out, "Growth with the payload", &rows, 2);
}

pub(super) fn analysis(out: &mut String, report: &Report) {
    if report.analysis.is_empty() {
        return;
    }
    line!(out, "## Analysis");
    line!(out);
    for finding in &report.analysis {
        line!(out, "- {}", finding.sentence);
    }
    line!(out);
}

pub(super) fn faults(out: &mut String, report: &Report) {
    line!(out, "## Faults");
    line!(out);
    if report.faults.is_empty() {
        line!(out, "None found.");
    }
    for fault in &report.faults {
        let cell = fault
            .cell
            .map_or_else(String::new, |cell| format!(" in {cell}"));
        line!(out, "- **{}**{cell}: {}", fault.kind, fault.message);
    }
    line!(out);
}

pub(super) fn environment(out: &mut String, report: &Report) {
    let environment = &report.environment;
    line!(out, "## Environment");
    line!(out);
    line!(
        out,
        "- package {}, deployed version {}, compatibility date {}, limits {}",
        environment.package_version,
        environment
            .deployed_version_id
            .as_deref()
            .unwrap_or("none (local)"),
        environment.compatibility_date,
        environment.limits
    );
    let timers: Vec<&str> = environment
        .timers
        .iter()
        .map(|timer| timer.as_str())
        .collect();
    let tick = environment
        .tick_ms
        .map_or_else(|| UNSTATED.to_owned(), |ms| format!("{ms} ms"));
    let clock = match environment.clock_advances_during_cpu {
        Some(true) => "; the clock advances while a Worker computes",
        Some(false) => "; the clock stands still while a Worker computes",
        None => "",
    };
    line!(out, "- timer {}, tick {tick}{clock}", timers.join(" and "));
    if let Some(floor) = &environment.noise_floor {
        let scale = Scale::microseconds(floor.resolution_us);
        let resolution = floor.resolution_us.map_or_else(String::new, |_| {
            format!("resolution of a reading {} us, ", scale.resolution())
        });
        line!(
            out,
            "- noise floor of the timer around no call: p50 {} us, p95 {} us, p99 {} us ({resolution}n = {})",
            scale.reading(floor.p50_us),
            scale.reading(floor.p95_us),
            scale.reading(floor.p99_us),
            floor.n
        );
    }
    if let Some(cost) = &environment.isolation_cost_us {
        line!(
            out,
            "- isolation cost (a call after CPU work against a call in a row): {} us",
            microseconds_with_interval(cost)
        );
    }
    let plan = &report.plan;
    line!(
        out,
        "- plan: {} samples a cell, {} warmup calls a slice, payload {}, call timeout {} ms, batch size {}, concurrency {}, seed {}",
        plan.samples_per_cell,
        plan.warmup_per_slice,
        plan.payload_shape,
        plan.call_timeout_ms,
        plan.batch_size,
        plan.concurrency,
        plan.seed
    );
    let failed: u64 = report
        .cells
        .iter()
        .flat_map(|cell| cell.errors.values())
        .sum();
    let count: u64 = report.cells.iter().map(|cell| cell.count).sum();
    line!(out, "- {count} samples succeeded, {failed} failed");
    means(out, report);
}

/// The isolated mean beside the chain's, for the smallest delegated cell: the two differ, and the report says so.
fn means(out: &mut String, report: &Report) {
    let delegated = report
        .cells
        .iter()
        .filter(|cell| cell.transport.delegates());
    if let Some(cell) = delegated.min_by_key(|cell| (cell.transport, cell.payload_bytes)) {
        let (alone, in_a_row) = (
            milliseconds(&cell.mean_us),
            milliseconds(&cell.chain_mean_us),
        );
        line!(
            out,
            "- mean of {}: {alone} ms alone, {in_a_row} ms in a row of calls",
            cell.id
        );
    }
}

/// A titled table, left out when it has a head only.
fn section<const N: usize>(out: &mut String, title: &str, rows: &[[String; N]], numbers: usize) {
    if rows.len() < 2 {
        return;
    }
    line!(out, "## {title}");
    line!(out);
    out.push_str(&table(rows, numbers));
    line!(out);
}
