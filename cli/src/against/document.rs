//! The comparison as people and programs read it.

use super::{
    Conditions,
    comparison::{Compared, Found},
};
use report::{
    document::Document,
    format::{self, Unit},
};
use serde_json::{Value, json};

/// The answer in one sentence.
pub(super) fn headline(of: &Conditions, rows: &[Compared]) -> String {
    let found: Vec<String> = rows
        .iter()
        .filter(|row| row.is_significant())
        .map(|row| format!("{} {}", row.cell, row.figure))
        .collect();
    let tolerance = of.tolerance;
    match found.as_slice() {
        [] => format!(
            "No regression beyond {tolerance} is significant in any of {} figures.",
            rows.len()
        ),
        [one] => format!("Regression beyond {tolerance}: {one}."),
        all => format!(
            "Regression beyond {tolerance} in {} of {} figures: {}.",
            all.len(),
            rows.len(),
            all.join(", ")
        ),
    }
}

/// For a terminal, or as Markdown.
pub(super) fn document(of: &Conditions, rows: &[Compared]) -> Document {
    let mut out = Document::new();
    out.title("This checkout against its baseline");
    out.paragraph(headline(of, rows));
    let head = [
        "Cell",
        "Figure",
        "Baseline",
        "This checkout",
        "Difference",
        "Finding",
    ];
    out.table(head, 2..5, rows.iter().map(row));
    out.paragraph(format!(
        "Times in ms. {} rounds measured both sides in random order (seed {}), {} samples of each cell in a round. Intervals are of 95 % for each figure \
         alone; a regression is claimed where its adjusted p-value is at most 0.05, so that any wrong claim among all {} figures has a probability of 5 % at most.",
        of.rounds,
        of.seed,
        of.samples_per_round,
        rows.len()
    ));
    out
}

fn row(row: &Compared) -> [String; 6] {
    let [baseline, now, difference, finding] = match &row.found {
        Found::Latency(latencies) => [
            format::value(&latencies.baseline, Unit::Milliseconds),
            format::value(&latencies.now, Unit::Milliseconds),
            latencies.difference.to_string(),
            latencies.difference.finding().to_string(),
        ],
        Found::Failed { baseline, now } => {
            let counts = |(failed, of): (u64, u64)| format!("{failed} of {of}");
            let more = share(*now) - share(*baseline);
            let difference = format!("{:+.1} %", more * 100.0);
            [counts(*baseline), counts(*now), difference, String::new()]
        }
    };
    let finding = if row.is_significant() {
        "regression".to_owned()
    } else {
        finding
    };
    [
        row.cell.to_string(),
        row.figure.to_string(),
        baseline,
        now,
        difference,
        finding,
    ]
}

fn share((failed, of): (u64, u64)) -> f64 {
    failed as f64 / of.max(1) as f64
}

/// For programs.
pub(super) fn json(of: &Conditions, rows: &[Compared]) -> Value {
    let figures = rows.iter().map(|row| {
        let mut figure = json!({"cell": row.cell, "figure": row.figure.to_string(), "p_adjusted": row.p_adjusted,
            "regression": row.is_significant()});
        let found = match &row.found {
            Found::Latency(latencies) => json!({"baseline_us": latencies.baseline, "now_us": latencies.now,
                "difference_us": latencies.difference.us, "difference_percent": latencies.difference.percent}),
            Found::Failed { baseline, now } => json!({"baseline_failed": baseline.0, "baseline_calls": baseline.1,
                "now_failed": now.0, "now_calls": now.1}),
        };
        if let (Some(figure), Value::Object(found)) = (figure.as_object_mut(), found) {
            figure.extend(found);
        }
        figure
    });
    json!({"baseline": of.baseline, "tolerance": of.tolerance.to_string(), "rounds": of.rounds, "seed": of.seed,
        "samples_per_round": of.samples_per_round, "regression": rows.iter().any(Compared::is_significant),
        "text": headline(of, rows), "figures": figures.collect::<Vec<_>>()})
}
