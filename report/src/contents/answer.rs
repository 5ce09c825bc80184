//! The answer: yes, no or open, by which transport, how sure, and what to do next.

use super::latencies::latencies;
use crate::{
    document::{Document, Span},
    format::{count, duration, samples_to_settle, size},
};
use protocol::{
    ByQuantile, Cell, Estimate, Quantile, Report, Runtime,
    limits::{LimitsProfile, MOST_SAMPLES_PER_CELL},
    plan::MAX_SECONDS,
    report::{Outcome, Quantity, TransportSummary},
};

/// A run that left its answer open is advised to take so many times as long.
const LONGER: u32 = 5;

/// The answer of a report, in the parts that a reader looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Yes, no or open, and why.
    pub sentence: String,
    /// One for each transport.
    pub transports: Vec<OfTransport>,
    /// Samples, cells, duration.
    pub effort: String,
    /// What it leads to.
    pub next: String,
}

/// The answer of one transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfTransport {
    /// Its name for people.
    pub title: &'static str,
    /// `yes`, `no` or `open`.
    pub word: &'static str,
    /// Whether its latencies are part of the answer.
    pub judged: bool,
    /// What a call by it costs in the cell that is closest to a threshold; absent where nothing was held against one.
    pub cost: Option<Cost>,
    /// Why, with the figure that decides; ends without a full stop.
    pub reason: String,
}

/// What a call costs in one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Overhead over `direct`, or latency where there is none to compare with.
    pub quantity: Quantity,
    /// The cell, without its transport: `transform 100 KB`.
    pub at: String,
    /// Name and text of p50, p95 and p99, in ms.
    pub quantiles: Vec<(String, String)>,
}

/// The tables of latency alone, one for each function.
#[must_use]
pub fn latency_tables(report: &Report) -> Document {
    let mut out = Document::new();
    out.title(format!("Run {}", report.run.id));
    for &function in &report.plan.functions {
        out.section(format!("{function} (ms, 95 % intervals in brackets)"));
        latencies(&mut out, report, function);
    }
    out
}

/// The answer of a report.
#[must_use]
pub fn answer(report: &Report) -> Answer {
    let of_transport = |summary: &TransportSummary| OfTransport {
        title: summary.transport.title(),
        word: word(summary.outcome),
        judged: summary.judged,
        cost: summary.closest.and_then(|cell| cost(report, cell)),
        reason: summary.reason.clone(),
    };
    Answer {
        sentence: sentence(report),
        transports: report.summary.transports.iter().map(of_transport).collect(),
        effort: effort(report),
        next: next(report),
    }
}

/// The answer. Reports of before it was written in words have the outcome alone.
pub(super) fn sentence(report: &Report) -> String {
    let summary = &report.summary;
    if summary.text.is_empty() {
        format!("Run {}: {}", report.run.id, summary.outcome.word())
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

fn cost(report: &Report, id: Cell) -> Option<Cost> {
    let overhead = report.overheads.iter().find(|overhead| overhead.id == id);
    let overhead = overhead.map(|found| (Quantity::Overhead, &found.quantiles));
    let latency = report.cells.iter().find(|cell| cell.id == id);
    let latency = latency.map(|found| (Quantity::Latency, &found.quantiles));
    // by whole ticks, latencies have bounds where differences of them have none
    let stated = overhead.filter(|(_, quantiles)| says_something(quantiles));
    let (quantity, quantiles) = stated.or(latency).or(overhead)?;
    let each = Quantile::COMPARED.iter();
    Some(Cost {
        quantity,
        at: place(id),
        quantiles: each
            .map(|&quantile| (quantile.title(), quantiles[quantile].text.clone()))
            .collect(),
    })
}

fn says_something(quantiles: &ByQuantile<Estimate>) -> bool {
    let each = Quantile::COMPARED.iter();
    each.map(|&quantile| &quantiles[quantile])
        .any(|one| [one.value, one.lower, one.upper] != [None; 3])
}

/// A cell without its transport.
fn place(id: Cell) -> String {
    let at = format!("{} {}", id.function, size(id.payload_bytes));
    if id.runtime == Runtime::NATIVE {
        at
    } else {
        format!("{} {at}", id.runtime)
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
        (Some(least), Some(most)) if least < most => {
            format!("{} to {} samples", count(least), count(most))
        }
        (Some(same), _) => format!("{} samples", count(same)),
        _ => "No samples".to_owned(),
    };
    let run = &report.run;
    let took = run.started_at.zip(run.finished_at);
    let took = took.map_or_else(String::new, |(from, to)| {
        format!(", measured in {}", duration((to - from).as_seconds_f64()))
    });
    format!("{samples} a cell in {} cells{took}", report.cells.len())
}

/// What the answer leads to.
fn next(report: &Report) -> String {
    if !report.run.state.is_final() {
        let id = &report.run.id;
        return format!("`rpc-latency watch {id}` follows it to its end, and then has the answer");
    }
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
        // an option is copied: its number has no separators
        (Some(samples), _) if samples > u64::from(MOST_SAMPLES_PER_CELL) => {
            format!(
                "look at what makes calls slow (--full): the share of them is so close to what is allowed that {}",
                samples_to_settle(samples)
            )
        }
        (Some(samples), None) => format!("--samples {samples} would probably settle it"),
        (Some(samples), Some(seconds)) => format!(
            "about {} samples of a cell would settle it; --max-seconds {} leaves more time",
            count(samples),
            seconds.saturating_mul(LONGER).min(MAX_SECONDS)
        ),
    }
}
