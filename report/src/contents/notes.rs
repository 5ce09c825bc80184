//! What is to be known of the tables, below them.

use crate::document::{Document, plain};
use crate::format::Scale;
use protocol::{
    Estimate, Quantile, Reason, ReasonCode, Report,
    report::{CellReport, Stretch},
};
use std::collections::BTreeMap;

/// Why some figures of the tables above are not stated, each reason once.
pub(super) fn unstated(out: &mut Document, report: &Report) {
    let mut reasons: BTreeMap<_, Vec<(String, &Reason)>> = BTreeMap::new();
    for cell in &report.cells {
        for &quantile in Quantile::COMPARED {
            if let Some(reason) = &cell.quantiles[quantile].reason {
                // reports of version 1 have only the words to tell reasons apart
                let words = (reason.code == ReasonCode::Legacy).then_some(&reason.text);
                reasons
                    .entry((reason.code, reason.needed, words))
                    .or_default()
                    .push((format!("{} {}", cell.id, quantile.title()), reason));
            }
        }
    }
    if reasons.is_empty() {
        return;
    }
    out.paragraph("Not stated as a point:");
    out.items(reasons.values().filter_map(|figures| {
        let (first, reason) = figures.first()?;
        let more = match figures.len() - 1 {
            0 => String::new(),
            others => format!(" and {others} more"),
        };
        Some(plain(format!("{first}{more}: {}", reason.text)))
    }));
}

/// Most slices that are named of those that dominate a mean.
const NAMED_STRETCHES: usize = 5;

/// Means that are mostly about one slice, the worst first: means of isolated calls stand in the table above, those of back-to-back calls in the tables below.
pub(super) fn dominated(out: &mut Document, report: &Report) {
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
            named("isolated", isolated, &cell.mean_us),
            named("back-to-back", chain, &cell.chain_mean_us),
        ]
    };
    let found = report.cells.iter().flat_map(of).flatten();
    let mut found: Vec<(String, Stretch, Scale)> = found.collect();
    if found.is_empty() {
        return;
    }
    found.sort_by(|a, b| b.1.share.total_cmp(&a.1.share));
    out.paragraph("Means that are mostly about one slice (no verdict rests on a mean):");
    let named = found.iter().take(NAMED_STRETCHES);
    let named = named.map(|(name, stretch, scale)| {
        format!(
            "{name}: {:.0} % of the time in block {}, {} calls; {} ms without it",
            stretch.share * 100.0,
            stretch.block,
            stretch.calls,
            scale.reading(stretch.mean_without_us)
        )
    });
    let others = found.len().saturating_sub(NAMED_STRETCHES);
    let more = (others > 0).then(|| format!("and {others} more"));
    out.items(named.chain(more).map(plain));
}
