//! The answer, and what it rests on, in sentences.

use super::{Decisive, Own};
use crate::format::{count, method, percent, samples_to_settle};
use protocol::{
    Plan, Runtime,
    report::{FailedCalls, Outcome, Share, Summary, TransportSummary, Verdict},
};

/// The answer in a sentence that says why.
pub(crate) fn answer(
    plan: &Plan,
    summary: &Summary,
    verdicts: &[Verdict],
    failed: &[FailedCalls],
) -> String {
    let judged: Vec<&str> = summary
        .transports
        .iter()
        .filter(|one| one.judged)
        .map(|one| one.transport.title())
        .collect();
    let by = match judged[..] {
        [] => return "Open: no transport that delegates was measured".to_owned(),
        [ref first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        [one, ..] => one.to_owned(),
    };
    match summary.outcome {
        Outcome::Pass => {
            let limits = plan.thresholds.limits_ms();
            let limits = limits.map(|(quantile, ms)| format!("{quantile} < {ms} ms"));
            let limits: Vec<String> = limits.into_iter().collect();
            let meet = if judged.len() > 1 { "meet" } else { "meets" };
            format!("Yes: {by} {meet} {}", limits.join(", "))
        }
        outcome => {
            let word = match outcome {
                Outcome::Fail => "No",
                Outcome::Pass | Outcome::Inconclusive => "Open",
            };
            let because = because(summary, verdicts, failed);
            let take = if judged.len() > 1 { "take" } else { "takes" };
            let because = because.unwrap_or_else(|| format!("what {by} {take} was not measured"));
            format!("{word}: {because}")
        }
    }
}

/// Why an answer is no, or open: by the transport that is judged, or else by the first whose calls fail, or may.
fn because(summary: &Summary, verdicts: &[Verdict], failed: &[FailedCalls]) -> Option<String> {
    let mut same: Vec<&TransportSummary> = summary
        .transports
        .iter()
        .filter(|one| one.outcome == summary.outcome)
        .collect();
    same.sort_by_key(|one| !one.judged);
    same.into_iter().find_map(|one| {
        let own = Own::of(one.transport, one.judged, verdicts, failed);
        match own.decisive(one.outcome)? {
            Decisive::Latency(_) if !one.judged => None,
            Decisive::Latency(verdict) => {
                let Some(above) = &verdict.share_above else {
                    let (what, id) = (verdict.metric, verdict.id);
                    return Some(format!("the {what} of {id} is not known"));
                };
                let title = method(verdict.id.runtime, one.transport);
                Some(format!(
                    "{} of {title}: {} of calls at {} ms or above, {} allowed",
                    verdict.metric,
                    with_interval(above),
                    verdict.threshold_ms,
                    percent(verdict.allowed_share)
                ))
            }
            Decisive::Calls(row) => row.share.as_ref().map(|share| {
                format!(
                    "{} of the calls of {} failed, {} allowed",
                    with_interval(share),
                    method(
                        row.id.map_or(Runtime::NATIVE, |id| id.runtime),
                        one.transport
                    ),
                    percent(row.allowed_share)
                )
            }),
        }
    })
}

/// What a verdict says, in a sentence.
pub(crate) fn reason(verdict: &Verdict) -> String {
    let Verdict {
        id,
        metric,
        quantity,
        threshold_ms,
        ..
    } = verdict;
    let what = format!("{metric} {quantity} of {id}");
    let Some(above) = &verdict.share_above else {
        let why = verdict.estimate_us.reason.as_ref();
        let why = why.map_or("no samples", |reason| reason.text.as_str());
        return format!("{what} is not known: {why}");
    };
    let advice = verdict
        .samples_needed
        .map_or_else(String::new, |n| format!("; {}", samples_to_settle(n)));
    let calls = verdict.condition.map_or_else(
        || "calls".to_owned(),
        |condition| format!("{condition} calls"),
    );
    format!(
        "{what}: {} of {calls} at {threshold_ms} ms or above, {} allowed{advice}",
        with_interval(above),
        percent(verdict.allowed_share)
    )
}

/// What a row of failed calls says, in a sentence.
pub(crate) fn failures(row: &FailedCalls) -> String {
    let what = row.id.map_or_else(
        || "of its calls".to_owned(),
        |cell| format!("of the calls of {cell}"),
    );
    let allowed = percent(row.allowed_share);
    let advice = row.calls_needed.map_or_else(String::new, |n| {
        format!("; about {} calls would settle it", count(n))
    });
    match &row.share {
        None => format!("no calls were made {what}"),
        Some(share) => format!(
            "{} {what} failed, {allowed} allowed{advice}",
            with_interval(share)
        ),
    }
}

/// `0.90 % (95 % CI 0.40 % to 1.7 %)`, or `at most 1.7 %` where the clock leaves the share open.
fn with_interval(share: &Share) -> String {
    let (lower, upper) = (percent(share.lower), percent(share.upper));
    match share.value {
        Some(value) => format!("{} (95 % CI {lower} to {upper})", percent(value)),
        None if share.lower > 0.0 => format!("{lower} to {upper}"),
        None => format!("at most {upper}"),
    }
}
