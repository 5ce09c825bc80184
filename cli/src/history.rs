//! `history`: one figure of one cell, or kind of cold start, over the runs, and where its level changed.

use crate::{api_options::ApiOptions, arguments::HistoryOptions, exit::Exit, output, tables};
use core::fmt::Write as _;
use protocol::history::{History, HistoryPoint};
use report::{document::Document, format::UNSTATED};

/// `rpc-latency history`
pub(crate) fn history(api: &ApiOptions, options: &HistoryOptions) -> anyhow::Result<Exit> {
    let mut path = format!("/history?cell={}&metric={}", options.cell, options.metric);
    if let Some(location) = &options.location {
        let _ = write!(path, "&location={location}");
    }
    let client = api.client();
    if api.json {
        output::result(&(client.text(&path)? + "\n"))?;
    } else {
        let history: History = client.get(&path)?;
        output::result(&tables::render(&document(&history)))?;
    }
    Ok(Exit::Pass)
}

fn document(history: &History) -> Document {
    let mut out = Document::new();
    out.title(format!(
        "{} of {} at {} ({})",
        history.metric, history.cell, history.location, history.conditions.text
    ));
    let rows = history.points.iter().map(|point| {
        [
            point.run.to_string(),
            point.version.as_deref().unwrap_or("local").to_owned(),
            point.text.clone(),
            cold(point),
            change(history, point),
        ]
    });
    out.table(
        [
            "Run",
            "Version",
            "ms",
            "Met a fresh isolate",
            "Change of level",
        ],
        2..4,
        rows,
    );
    if history.change_points.is_empty() {
        out.paragraph(format!(
            "No change of level is shown in {} run(s).",
            history.points.len()
        ));
    }
    out
}

/// The share of the run's calls that met a fresh isolate, where it was counted.
fn cold(point: &HistoryPoint) -> String {
    let met = point.residency.as_ref();
    met.map_or_else(|| UNSTATED.to_owned(), |met| met.cold_share.text.clone())
}

/// Never 0: what three decimals cannot show is less than the least that they can.
fn p_value(p: f64) -> String {
    if p < 0.001 {
        "p < 0.001".to_owned()
    } else {
        format!("p = {p:.3}")
    }
}

/// How the level changed with this run, if it did.
fn change(history: &History, point: &HistoryPoint) -> String {
    let mut changes = history.change_points.iter();
    changes
        .find(|change| change.run == point.run)
        .map_or_else(String::new, |change| {
            format!("{}, {}", change.text, p_value(change.p_value))
        })
}
