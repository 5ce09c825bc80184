//! What is to be known of the tables, below them.

use super::line;
use crate::format::Scale;
use core::fmt::Write as _;
use protocol::{
    Estimate, Report,
    report::{CellReport, Stretch},
};
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

/// Most slices that are named of those that dominate a mean.
const NAMED_STRETCHES: usize = 5;

/// Means that are mostly about one slice, the worst first: means of isolated calls stand in the table above, those of calls in a row in the tables below.
pub(super) fn dominated(out: &mut String, report: &Report) {
    let of = |cell: &CellReport| {
        let chain = cell.chain_dominated_by.clone();
        let isolated = cell.mean_dominated_by.clone();
        // where samples are a chain themselves, the two are one
        let isolated = isolated.filter(|stretch| Some(stretch) != chain.as_ref());
        let named = |what: &'static str, stretch: Option<Stretch>, mean: &Estimate| {
            let scale = Scale::milliseconds(mean.resolution);
            stretch.map(|stretch| (format!("{} {what}", cell.id), stretch, scale))
        };
        [
            named("alone", isolated, &cell.mean_us),
            named("in a row", chain, &cell.chain_mean_us),
        ]
    };
    let found = report.cells.iter().flat_map(of).flatten();
    let mut found: Vec<(String, Stretch, Scale)> = found.collect();
    if found.is_empty() {
        return;
    }
    found.sort_by(|a, b| b.1.share.total_cmp(&a.1.share));
    line!(
        out,
        "Means that are mostly about one slice (no verdict rests on a mean):"
    );
    line!(out);
    for (name, stretch, scale) in found.iter().take(NAMED_STRETCHES) {
        line!(
            out,
            "- {name}: {:.0} % of the time in block {}, {} calls; {} ms without it",
            stretch.share * 100.0,
            stretch.block,
            stretch.calls,
            scale.reading(stretch.mean_without_us)
        );
    }
    let more = found.len().saturating_sub(NAMED_STRETCHES);
    if more > 0 {
        line!(out, "- and {more} more");
    }
    line!(out);
}
