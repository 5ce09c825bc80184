//! `history`: one figure of one cell over the runs, and where its level changed.

use crate::{api_options::ApiOptions, arguments::HistoryOptions, exit::Exit, output, tables};
use core::fmt::Write as _;
use protocol::history::{History, HistoryPoint};

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
        output::result(&tables::render(&markdown(&history)))?;
    }
    Ok(Exit::Pass)
}

fn markdown(history: &History) -> String {
    let mut text = format!(
        "# {} of {} at {} ({})\n\n",
        history.metric, history.cell, history.location, history.conditions
    );
    text.push_str("| Run | Version | ms | Change of level |\n| --- | --- | ---: | --- |\n");
    for point in &history.points {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            point.run,
            point.version.as_deref().unwrap_or("local"),
            point.text,
            change(history, point),
        );
    }
    if history.change_points.is_empty() {
        let _ = writeln!(
            text,
            "\nNo change of level is shown in {} run(s).",
            history.points.len()
        );
    }
    text
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
            format!(
                "{:+.0} % [{:+.0}, {:+.0}], {}",
                change.change_percent,
                change.change_percent_lower,
                change.change_percent_upper,
                p_value(change.p_value)
            )
        })
}
