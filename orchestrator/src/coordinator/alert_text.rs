//! Alerts in words.

use super::status::instant;
use crate::store::{Millis, RunRow, Schedule};
use protocol::{
    Report,
    alert::{Breach, Regression},
    report::Outcome,
};

/// Findings that an alert's text spells out; its facts hold all of them.
const SPELT_OUT: usize = 3;

pub(super) fn regression_text(run: &RunRow, regressions: &[Regression]) -> String {
    let lines: Vec<String> = regressions.iter().map(|found| found.text.clone()).collect();
    let (place, id) = (&run.request.location, &run.id);
    format!(
        "worker-rpc-latency at {place}: delegation has become slower, confirmed by run {id}. {}",
        listed(&lines)
    )
}

pub(super) fn breach_text(run: &RunRow, breaches: &[Breach]) -> String {
    let lines: Vec<String> = breaches.iter().map(|found| found.text.clone()).collect();
    let (place, id) = (&run.request.location, &run.id);
    format!(
        "worker-rpc-latency at {place}: a threshold is breached that was kept before, in run {id}. {}",
        listed(&lines)
    )
}

/// A run that fails without a verdict that does, in the words of its report.
pub(super) fn outcome_text(run: &RunRow, report: &Report) -> String {
    let failing = report.summary.transports.iter();
    let lines: Vec<String> = failing
        .filter(|transport| transport.outcome == Outcome::Fail)
        .map(|transport| format!("{}: {}", transport.transport, transport.reason))
        .collect();
    let (place, id) = (&run.request.location, &run.id);
    format!(
        "worker-rpc-latency at {place}: run {id} failed its thresholds, which the run before did not. {}",
        listed(&lines)
    )
}

/// The first findings, and how many more there are.
fn listed(lines: &[String]) -> String {
    let (spelt_out, more) = lines.split_at(lines.len().min(SPELT_OUT));
    let rest = if more.is_empty() {
        String::new()
    } else {
        format!("; and {} more", more.len())
    };
    format!("{}{rest}", spelt_out.join("; "))
}

/// A run that failed.
pub(super) fn failure_text(run: &RunRow, reason: &str) -> String {
    let (place, id) = (&run.request.location, &run.id);
    format!("worker-rpc-latency at {place}: run {id} failed: {reason}")
}

/// A scheduled run that has not come, `expected_ms` being when it should have.
pub(super) fn overdue_text(
    location: &str,
    schedule: &Schedule,
    minutes: u32,
    expected_ms: Millis,
) -> String {
    let time = |ms| instant(ms).format("%FT%TZ");
    let since = time(schedule.since_ms);
    let last = match &schedule.fired {
        Some(run) => format!("The schedule last fired at {since}, for run {run}."),
        None => format!("The schedule has not fired since {since}, from when on it is watched."),
    };
    format!(
        "worker-rpc-latency at {location}: the scheduled run of {} is overdue by half its interval of {minutes} min. {last} \
         Check that the crons are deployed and that SCHEDULE_INTERVAL_MINUTES fits them.",
        time(expected_ms),
    )
}
