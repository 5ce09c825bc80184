//! Changes of level in the series of a figure.

use super::Figures;
use protocol::history::{HistoryChange, SeriesMetric};

/// Where the level of a series changed. `runs` are comparable ones of one cell, oldest first.
#[must_use]
pub fn change_points(_runs: &[Figures], _metric: SeriesMetric) -> Vec<HistoryChange> {
    Vec::new()
}
