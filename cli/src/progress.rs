//! How far a run is: a bar on a terminal, plain lines elsewhere. Both go to standard error.

use crate::output;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use protocol::run::RunStatus;
use std::{io::IsTerminal as _, time::Duration};

/// Lines that are written for one run, about.
const LINES: u32 = 10;

/// Shows how far a run is.
pub(crate) enum Progress {
    /// On a terminal.
    Bar(ProgressBar),
    /// Elsewhere; with the tenths of the run that have been told.
    Lines {
        /// Of [`LINES`].
        told: Option<u32>,
    },
}

impl Progress {
    /// A bar if standard error is a terminal, else lines.
    pub(crate) fn new() -> Self {
        if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(0);
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}") {
                bar.set_style(style);
            }
            Self::Bar(bar)
        } else {
            Self::Lines { told: None }
        }
    }

    /// Shows it.
    pub(crate) fn show(&mut self, run: &RunStatus) {
        match self {
            Self::Bar(bar) => {
                bar.set_length(run.progress.slices_total.into());
                bar.set_position(run.progress.slices_done.into());
                bar.set_message(line(run));
            }
            Self::Lines { told } => {
                let now = tenths(run);
                if *told != Some(now) {
                    *told = Some(now);
                    output::note(line(run));
                }
            }
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn tenths(run: &RunStatus) -> u32 {
    (run.progress.slices_done * LINES)
        .checked_div(run.progress.slices_total)
        .unwrap_or(0)
}

/// `block 3 of 20, 12 seconds left, service-binding.echo.100`
fn line(run: &RunStatus) -> String {
    let progress = &run.progress;
    let mut parts = vec![format!(
        "block {} of {}",
        (progress.blocks_done + 1).min(progress.blocks_total),
        progress.blocks_total
    )];
    if let Some(left) = progress
        .seconds_left
        .and_then(|left| Duration::try_from_secs_f64(left).ok())
    {
        parts.push(format!("{} left", HumanDuration(left)));
    }
    if progress.errors > 0 {
        parts.push(format!("{} errors", progress.errors));
    }
    parts.extend(progress.current.clone());
    parts.join(", ")
}
