//! Changes of level in the series of a figure.

use super::{Figures, status::instant};
use measurement::changepoint;
use protocol::history::{HistoryChange, SeriesMetric};

/// Where the level of a series changed. `runs` are comparable ones of one cell, oldest first.
#[must_use]
pub fn change_points(runs: &[Figures], metric: SeriesMetric) -> Vec<HistoryChange> {
    // What a run cannot state is no number, which leaves it out.
    let value = |run: &Figures| run.figures.get(&metric).and_then(|estimate| estimate.value);
    let series: Vec<f64> = runs
        .iter()
        .map(|run| value(run).unwrap_or(f64::NAN))
        .collect();
    let published = |change: changepoint::ChangePoint| {
        let first = runs.get(change.index)?;
        Some(HistoryChange {
            run: first.run.clone(),
            finished_at: instant(first.finished_ms),
            version: first.version.clone(),
            before_us: change.before,
            after_us: change.after,
            change_percent: percent(change.ratio()),
            change_percent_lower: percent(change.ratio_lower),
            change_percent_upper: percent(change.ratio_upper),
            p_value: change.p_value,
            text: String::new(),
        })
    };
    let resolution_us = runs
        .last()
        .and_then(|run| run.figures.get(&metric)?.resolution);
    let told = |change: HistoryChange| HistoryChange {
        text: report::series::change(&change, resolution_us),
        ..change
    };
    changepoint::change_points(&series)
        .into_iter()
        .filter_map(published)
        .map(told)
        .collect()
}

fn percent(ratio: f64) -> f64 {
    (ratio - 1.0) * 100.0
}
