//! What stands below the tables of latencies.

use crate::document::{Document, Span, plain};
use crate::format::{UNSTATED, count, method, percent, samples_to_settle, size};
use crate::residency::cold_range;
use protocol::{
    Quantile, Report,
    report::{Outcome, Share},
};

pub(super) fn overheads(out: &mut Document, report: &Report) {
    let rows = report.overheads.iter().map(|overhead| {
        let quantiles = Quantile::COMPARED
            .iter()
            .map(|&q| overhead.quantiles[q].text.clone());
        let first = [overhead.id.to_string(), overhead.mean_us.text.clone()];
        first.into_iter().chain(quantiles)
    });
    let quantiles = Quantile::COMPARED.iter().map(|q| q.title());
    let head = ["Cell", "mean"]
        .map(str::to_owned)
        .into_iter()
        .chain(quantiles);
    out.section_of_table(
        "Overhead against direct (ms)",
        head,
        1..2 + Quantile::COMPARED.len(),
        rows,
    );
}

pub(super) fn verdicts(out: &mut Document, report: &Report) {
    let head = [
        "Cell",
        "Of",
        "Figure (ms)",
        "Threshold (ms)",
        "Calls above",
        "Allowed",
        "Verdict",
    ];
    let rows = report.verdicts.iter().map(|verdict| {
        let needed = verdict.samples_needed.map_or_else(String::new, |samples| {
            format!(" ({})", samples_to_settle(samples))
        });
        [
            verdict.id.to_string(),
            format!("{} {}", verdict.metric, verdict.quantity),
            verdict.estimate_us.text.clone(),
            verdict.threshold_ms.to_string(),
            above(verdict.share_above.as_ref()),
            format!("< {}", percent(verdict.allowed_share)),
            format!("{}{needed}", verdict.outcome.word()),
        ]
    });
    out.section_of_table("Verdicts", head, 2..7, rows);
}

fn above(share: Option<&Share>) -> String {
    share.map_or_else(|| UNSTATED.to_owned(), |share| share.text.clone())
}

/// The failed calls of each transport, and of those cells that have some or are not settled.
pub(super) fn failed_calls(out: &mut Document, report: &Report) {
    let worth_a_row = report
        .failed_calls
        .iter()
        .filter(|row| row.id.is_none() || row.failed > 0 || row.outcome != Outcome::Pass);
    let rows = worth_a_row.map(|row| {
        let needed = row.calls_needed.map_or_else(String::new, |calls| {
            format!(" (about {} calls would settle it)", count(calls))
        });
        [
            row.id
                .map_or_else(|| row.transport.title().to_owned(), |id| id.to_string()),
            row.share.as_ref().map_or(0, |share| share.n).to_string(),
            row.failed.to_string(),
            above(row.share.as_ref()),
            format!("< {}", percent(row.allowed_share)),
            format!("{}{needed}", row.outcome.word()),
        ]
    });
    let head = ["Of", "Calls", "Failed", "Share", "Allowed", "Verdict"];
    out.section_of_table("Failed calls", head, 1..6, rows);
}

pub(super) fn breakdown(out: &mut Document, report: &Report) {
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
    let rows = report.breakdown.iter().map(|parts| {
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
    });
    let title = "Where the time of a service-binding call goes (us)";
    out.section_of_table(title, head, 2..8, rows);
}

pub(super) fn slopes(out: &mut Document, report: &Report) {
    let rows = report.slopes.iter().map(|slope| {
        [
            method(slope.runtime, slope.transport),
            slope.function.to_string(),
            slope.us_per_kb.text.clone(),
            slope.intercept_us.text.clone(),
        ]
    });
    let head = ["Method", "Function", "us per KB", "at no payload (us)"];
    out.section_of_table("Growth with the payload", head, 2..4, rows);
}

/// Which isolates of the runtimes the calls met.
pub(super) fn residency(out: &mut Document, report: &Report) {
    let rows = report.residency.iter().map(|found| {
        let each = found.calls_per_isolate.map(|calls| format!("{calls:.0}"));
        [
            format!("{} by {}", found.runtime, found.reach.title()),
            count(found.calls),
            count(found.isolates),
            each.unwrap_or_else(|| UNSTATED.to_owned()),
            above(found.cold_share.as_ref()),
            cold_range(found).unwrap_or_else(|| UNSTATED.to_owned()),
            found.warm_us.text.clone(),
        ]
    });
    let head = [
        "Runtime",
        "Calls",
        "Isolates",
        "Calls an isolate",
        "Met a fresh one",
        "Cold calls (ms)",
        "Median call (ms)",
    ];
    out.section_of_table("Residency: which isolates answered", head, 1..7, rows);
    let unknown = report
        .residency
        .iter()
        .filter(|found| found.reason.is_some());
    out.items(unknown.map(|found| {
        plain(format!(
            "{} by {}: {}",
            found.runtime,
            found.reach.title(),
            found.text
        ))
    }));
}

/// The latest cold starts by deployment.
pub(super) fn deployment_starts(out: &mut Document, report: &Report) {
    let rows = report.deployment_starts.iter().map(|starts| {
        [
            starts.runtime.to_string(),
            count(starts.n),
            starts.p50_us.text.clone(),
            starts.p95_us.text.clone(),
            format!("{} to {}", starts.min_ms, starts.max_ms),
            starts.last_at.format("%Y-%m-%d").to_string(),
        ]
    });
    let head = ["Runtime", "Starts", "median", "p95", "range", "last"];
    out.section_of_table("First call after a deployment (ms)", head, 1..6, rows);
}

/// Latencies while runtimes were kept busy.
pub(super) fn neighbours(out: &mut Document, report: &Report) {
    let rows = report.neighbours.iter().map(|row| {
        let achieved = row
            .achieved
            .share
            .map_or_else(|| UNSTATED.to_owned(), percent);
        let quantiles = Quantile::COMPARED
            .iter()
            .map(|&q| row.quantiles[q].text.clone());
        let band = |q| {
            row.expected
                .as_ref()
                .map_or_else(String::new, |all| all[q].text.clone())
        };
        let expected = [Quantile::P50, Quantile::P95].map(band);
        [
            row.id.to_string(),
            row.runtime.to_string(),
            row.busy.to_string(),
            achieved,
        ]
        .into_iter()
        .chain(quantiles)
        .chain(expected)
    });
    let quantiles = Quantile::COMPARED.iter().map(|q| q.title());
    let head = ["Cell", "Busy runtime", "asked", "achieved"]
        .map(str::to_owned)
        .into_iter();
    let expected = ["expected p50", "expected p95"].map(str::to_owned);
    out.section_of_table(
        "Beside neighbours that keep the runtime busy (ms)",
        head.chain(quantiles).chain(expected),
        2..6 + Quantile::COMPARED.len(),
        rows,
    );
    if let Some(row) = report.neighbours.iter().find(|row| !row.busy.is_idle()) {
        let place = if row.achieved.apart {
            "a process of its own"
        } else {
            "the place that all other calls reach, too"
        };
        out.paragraph(format!(
            "A neighbour calls the runtime in a closed loop of calls and pauses; its share is measured: {}. The runtime is in {place}. Expected is what a simulated queue with one server gives, direct excepted, which calls no runtime.",
            row.achieved.text
        ));
    }
}

pub(super) fn analysis(out: &mut Document, report: &Report) {
    if report.analysis.is_empty() {
        return;
    }
    out.section("Analysis");
    out.items(
        report
            .analysis
            .iter()
            .map(|statement| plain(&statement.text)),
    );
}

pub(super) fn warnings(out: &mut Document, report: &Report) {
    out.section("Warnings");
    if report.warnings.is_empty() {
        out.paragraph("None found.");
    }
    out.items(report.warnings.iter().map(|warning| {
        let cell = warning
            .cell
            .map_or_else(String::new, |cell| format!(" in {cell}"));
        vec![
            Span::Strong(warning.kind.to_string()),
            Span::Plain(format!("{cell}: {}", warning.text)),
        ]
    }));
}
