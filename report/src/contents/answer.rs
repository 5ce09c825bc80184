//! The answer: yes, no or open, by which transport, how sure, and what to do next.

use super::latencies::latencies;
use crate::document::{Document, Span};
use chrono::TimeDelta;
use protocol::{
    Report,
    limits::LimitsProfile,
    plan::MAX_SECONDS,
    report::{Outcome, TransportSummary},
};

/// A run that left its answer open is advised to take so many times as long.
const LONGER: u32 = 5;

/// What most readers want: the tables of latency, and the answer below them, where a terminal leaves it in sight.
#[must_use]
pub fn brief(report: &Report) -> Document {
    let mut out = Document::new();
    out.title(format!("Run {}", report.run.id));
    for &function in &report.plan.functions {
        out.section(format!("{function} (ms, 95 % intervals in brackets)"));
        latencies(&mut out, report, function);
    }
    out.section(sentence(report));
    transports(&mut out, report);
    out.paragraph(format!("{}.", effort(report)));
    out.paragraph(format!("Next: {}.", next(report)));
    out
}

/// The answer. Reports of before it was written in words have the outcome alone.
pub(super) fn sentence(report: &Report) -> String {
    let summary = &report.summary;
    if summary.text.is_empty() {
        format!("Run {}: {}", report.run.id, summary.outcome)
    } else {
        summary.text.clone()
    }
}

/// What an outcome answers.
const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "yes",
        Outcome::Fail => "no",
        Outcome::Inconclusive => "open",
    }
}

/// A line of outcome and reason for each transport, and one of figures.
pub(super) fn transports(out: &mut Document, report: &Report) {
    let line = |transport: &TransportSummary| {
        let judged = if transport.judged {
            ""
        } else {
            " (not judged)"
        };
        let outcome = [
            Span::Plain(format!("{}{judged}: ", transport.transport.title())),
            Span::Strong(word(transport.outcome).to_owned()),
            Span::Plain(format!(". {}.", transport.reason)),
        ];
        let figures = Some(&transport.figures).filter(|figures| !figures.is_empty());
        let figures = figures.map(|figures| Span::Plain(format!(" The {figures}.")));
        outcome.into_iter().chain(figures).collect()
    };
    out.items(report.summary.transports.iter().map(line));
}

/// `440 samples a cell in 36 cells, measured in 2 min 12 s`.
fn effort(report: &Report) -> String {
    let counts = || report.cells.iter().map(|cell| cell.count);
    let samples = match (counts().min(), counts().max()) {
        (Some(least), Some(most)) if least < most => format!("{least} to {most} samples"),
        (Some(same), _) => format!("{same} samples"),
        _ => "No samples".to_owned(),
    };
    let run = &report.run;
    let took = run.started_at.zip(run.finished_at);
    let took = took.map_or_else(String::new, |(from, to)| {
        format!(", measured in {}", duration(to - from))
    });
    format!("{samples} a cell in {} cells{took}", report.cells.len())
}

fn duration(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

/// What the answer leads to.
fn next(report: &Report) -> String {
    match report.summary.outcome {
        Outcome::Pass if report.environment.limits == LimitsProfile::Local => {
            "measure where it will run: scripts/deploy, then the same command with --url".to_owned()
        }
        Outcome::Pass => "let the cron watch it; /history and alerts show what changes".to_owned(),
        Outcome::Fail => {
            "the whole report says which cells fail and where their time goes (--full)".to_owned()
        }
        Outcome::Inconclusive => to_settle(report),
    }
}

/// What would probably settle an open answer.
fn to_settle(report: &Report) -> String {
    let judged = report.plan.judged();
    let open = report.verdicts.iter().filter(|verdict| {
        verdict.outcome == Outcome::Inconclusive && judged.contains(&verdict.id.transport)
    });
    let samples = open.filter_map(|verdict| verdict.samples_needed).max();
    match (samples, report.plan.max_seconds) {
        (None, _) => "the whole report says what is missing (--full)".to_owned(),
        (Some(samples), None) => format!("--samples {samples} would probably settle it"),
        (Some(samples), Some(seconds)) => format!(
            "about {samples} samples of a cell would settle it; --max-seconds {} leaves more time",
            seconds.saturating_mul(LONGER).min(MAX_SECONDS)
        ),
    }
}
