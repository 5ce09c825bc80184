//! What came of phase B, in words.

use super::{Rows, Series, megabytes};
use crate::{
    service::Tally,
    trend::{MOST_PER_HOUR, Reading, Trend, Verdict},
};
use std::fmt;

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub(super) seed: u64,
    pub(super) seconds: u64,
    /// Whether it lasted long enough to judge growth.
    pub(super) judged: bool,
    pub(super) heaps: Series,
    pub(super) resident: Series,
    /// Of one run of the plan that is counted, without readers.
    pub(super) rows_per_run: Rows,
    pub(super) runs: usize,
    pub(super) tally: Tally,
}

impl Outcome {
    /// Whether nothing grows too much, and nothing was answered wrongly.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.growing().is_empty() && self.tally.failures == 0 && self.tally.misanswers == 0
    }

    /// Isolates that grow too much.
    fn growing(&self) -> Vec<&str> {
        let trends = self
            .heaps
            .iter()
            .map(|(name, readings)| (name, Trend::of(readings)));
        trends
            .filter(|(_, trend)| {
                self.judged && trend.is_some_and(|trend| trend.verdict() == Verdict::Grows)
            })
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// Each fault in words.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let percent = MOST_PER_HOUR * 100.0;
        let growing = self.growing().into_iter();
        growing
            .map(|name| format!("{name} grows by more than {percent} % an hour"))
            .chain(self.tally.faults.iter().cloned())
            .collect()
    }

    /// The memory of each isolate and process, a line each.
    #[must_use]
    pub fn table(&self) -> String {
        let mut lines = Vec::new();
        for (what, series) in [("isolate", &self.heaps), ("process", &self.resident)] {
            for (name, readings) in series {
                lines.push(self.row(what, name, readings));
            }
        }
        lines.join("\n")
    }

    fn row(&self, what: &str, name: &str, readings: &[Reading]) -> String {
        let at = |reading: Option<&Reading>| megabytes(reading.map_or(0.0, |reading| reading.1));
        let trend = Trend::of(readings).map_or("too few readings".to_owned(), |trend| {
            if self.judged && what == "isolate" {
                format!("{trend}: {}", trend.verdict())
            } else {
                trend.to_string()
            }
        });
        let (first, last) = (at(readings.first()), at(readings.last()));
        format!("{what} {name:<48} {first:>8} MB -> {last:>8} MB  {trend}")
    }
}

/// The line at the end.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.passed() { "passed" } else { "FAILED" };
        let growing = self.growing();
        let growth = match (self.judged, growing.is_empty()) {
            (false, _) => "growth not judged (it takes 10 minutes after the warm-up)".to_owned(),
            (true, true) => format!("none of {} isolates grows too much", self.heaps.len()),
            (true, false) => format!("growing: {}", growing.join(", ")),
        };
        write!(
            f,
            "soak b: {verdict}: {} s, seed {}, {} runs, {} requests; {growth}; a run of 44 slices reads {} rows and writes {}; \
             5xx or no answer: {}, misanswers: {}",
            self.seconds,
            self.seed,
            self.runs,
            self.tally.requests,
            self.rows_per_run.read,
            self.rows_per_run.written,
            self.tally.failures,
            self.tally.misanswers
        )
    }
}
