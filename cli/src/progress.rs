//! How far a run is: on a terminal the latencies as they stand and a bar, elsewhere a line at each tenth. Both go to standard error.

mod words;

use crate::{live_table, output, screen};
use console::truncate_str;
use indicatif::{ProgressBar, ProgressStyle};
use protocol::{Report, run::RunStatus};
use std::io::IsTerminal as _;
use words::{line, times, what};

/// Lines that are written for one round, at most.
const LINES: u32 = 10;

/// Columns of the bar and its percentage.
const BAR_COLUMNS: usize = 29;

/// Shows how far a run is.
pub(crate) enum Progress {
    /// On a terminal.
    Screen {
        /// What draws.
        bar: ProgressBar,
        /// The run's report as it stood last.
        report: Option<Box<Report>>,
        /// The run's status.
        status: Option<Box<RunStatus>>,
    },
    /// Elsewhere.
    Lines(Tenths),
}

impl Progress {
    /// A screen if standard error is a terminal, else lines.
    pub(crate) fn new() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Lines(Tenths::default());
        }
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{prefix}{bar:20} {percent:>3} %  {msg}") {
            bar.set_style(style);
        }
        Self::Screen {
            bar,
            report: None,
            status: None,
        }
    }

    /// Whether it shows latencies.
    pub(crate) const fn shows_latencies(&self) -> bool {
        matches!(self, Self::Screen { .. })
    }

    /// Shows a status.
    pub(crate) fn show(&mut self, run: &RunStatus) {
        match self {
            Self::Screen { status, .. } => *status = Some(Box::new(run.clone())),
            Self::Lines(tenths) => tenths.next(run).into_iter().for_each(output::note),
        }
        self.draw();
    }

    /// Shows the report as it stands.
    pub(crate) fn show_report(&mut self, latest: Box<Report>) {
        if let Self::Screen { report, .. } = self {
            *report = Some(latest);
        }
        self.draw();
    }

    fn draw(&self) {
        let Self::Screen {
            bar,
            report,
            status: Some(run),
        } = self
        else {
            return;
        };
        let (height, width) = screen::size_of_stderr();
        bar.set_length(run.progress.slices_total.into());
        bar.set_position(run.progress.slices_done.into());
        // the bar is the last line, and the cursor may stand below it
        let above = above_the_bar(report.as_deref(), run, width, height.saturating_sub(2));
        let above: String = above.into_iter().map(|line| line + "\n").collect();
        bar.set_prefix(above);
        let room = width.saturating_sub(BAR_COLUMNS);
        bar.set_message(truncate_str(&times(run).join(", "), room, "").into_owned());
    }

    /// Takes the screen away.
    pub(crate) fn finish(self) {
        if let Self::Screen { bar, .. } = self {
            bar.finish_and_clear();
        }
    }
}

/// The latencies as they stand, and what is being measured: at most `height` lines of at most `width` columns.
fn above_the_bar(
    report: Option<&Report>,
    run: &RunStatus,
    width: usize,
    height: usize,
) -> Vec<String> {
    let mut what = screen::wrap(&what(run), width, "", "  ");
    what.truncate(height);
    let room = height.saturating_sub(what.len() + 1);
    let mut lines = report.map_or_else(Vec::new, |report| live_table::lines(report, width, room));
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.append(&mut what);
    lines
}

/// Which tenth of which round has been written.
#[derive(Debug, Default)]
pub(crate) struct Tenths {
    written: Option<(u32, u32)>,
}

impl Tenths {
    /// The line of this status, if it is another tenth or another round than that of the last line.
    fn next(&mut self, run: &RunStatus) -> Option<String> {
        let progress = &run.progress;
        let tenth = (progress.slices_done * LINES)
            .checked_div(progress.slices_total)
            .unwrap_or(0);
        let now = Some((progress.round, tenth));
        if self.written == now {
            return None;
        }
        self.written = now;
        Some(line(run))
    }
}

#[cfg(test)]
mod tests;
