//! What stands below the tables of latencies.

use super::{line, table};
use crate::format::{UNSTATED, percent, size};
use core::fmt::Write as _;
use protocol::{
    Report,
    report::{Outcome, Share},
};

pub(super) fn overheads(out: &mut String, report: &Report) {
    let mut rows = vec![["Cell", "mean", "p50", "p95", "p99"].map(str::to_owned)];
    rows.extend(report.overheads.iter().map(|overhead| {
        [
            overhead.id.to_string(),
            overhead.mean_us.text.clone(),
            overhead.p50_us.text.clone(),
            overhead.p95_us.text.clone(),
            overhead.p99_us.text.clone(),
        ]
    }));
    section(out, "Overhead against direct (ms)", &rows, 1);
}

pub(super) fn verdicts(out: &mut String, report: &Report) {
    let mut rows = vec![
        [
            "Cell",
            "Of",
            "Figure (ms)",
            "Threshold (ms)",
            "Calls above",
            "Allowed",
            "Verdict",
        ]
        .map(str::to_owned),
    ];
    rows.extend(report.verdicts.iter().map(|verdict| {
        let needed = verdict.samples_needed.map_or_else(String::new, |samples| {
            format!(" (about {samples} samples would settle it)")
        });
        [
            verdict.id.to_string(),
            format!("{} {}", verdict.metric, verdict.quantity),
            verdict.estimate_us.text.clone(),
            verdict.threshold_ms.to_string(),
            above(verdict.share_above.as_ref()),
            format!("< {}", percent(verdict.allowed_share)),
            format!("{}{needed}", verdict.outcome),
        ]
    }));
    section(out, "Verdicts", &rows, 2);
}

fn above(share: Option<&Share>) -> String {
    share.map_or_else(|| UNSTATED.to_owned(), |share| share.text.clone())
}

/// The failed calls of each transport, and of those cells that have some or are not settled.
pub(super) fn failed_calls(out: &mut String, report: &Report) {
    let mut rows =
        vec![["Of", "Calls", "Failed", "Share", "Allowed", "Verdict"].map(str::to_owned)];
    let worth_a_row = report
        .failed_calls
        .iter()
        .filter(|row| row.id.is_none() || row.failed > 0 || row.outcome != Outcome::Pass);
    rows.extend(worth_a_row.map(|row| {
        let needed = row.calls_needed.map_or_else(String::new, |calls| {
            format!(" (about {calls} calls would settle it)")
        });
        [
            row.id
                .map_or_else(|| row.transport.title().to_owned(), |id| id.to_string()),
            row.share.as_ref().map_or(0, |share| share.n).to_string(),
            row.failed.to_string(),
            above(row.share.as_ref()),
            format!("< {}", percent(row.allowed_share)),
            format!("{}{needed}", row.outcome),
        ]
    }));
    section(out, "Failed calls", &rows, 1);
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
            parts.total_us.text.clone(),
            parts.empty_hop_us.text.clone(),
            parts.encode_us.text.clone(),
            parts.decode_us.text.clone(),
            parts.function_us.text.clone(),
            parts.residual_us.text.clone(),
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
            slope.us_per_kb.text.clone(),
            slope.intercept_us.text.clone(),
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
        line!(out, "- {}", finding.text);
    }
    line!(out);
}

pub(super) fn warnings(out: &mut String, report: &Report) {
    line!(out, "## Warnings");
    line!(out);
    if report.warnings.is_empty() {
        line!(out, "None found.");
    }
    for warning in &report.warnings {
        let cell = warning
            .cell
            .map_or_else(String::new, |cell| format!(" in {cell}"));
        line!(out, "- **{}**{cell}: {}", warning.kind, warning.text);
    }
    line!(out);
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
