//! The answer in short.

use crate::format::percent;
use measurement::verdict::overall;
use protocol::{
    Plan, Transport,
    report::{FailedCalls, Outcome, Share, Summary, TransportSummary, Verdict},
};

/// The answer for each transport, and over all verdicts.
pub(super) fn summary(plan: &Plan, verdicts: &[Verdict], failed: &[FailedCalls]) -> Summary {
    let all = plan.transports.iter();
    let transports: Vec<TransportSummary> = all
        .map(|&transport| of_transport(transport, verdicts, failed))
        // of `direct` there is nothing to say but that its calls fail
        .filter(|summary| summary.transport.delegates() || summary.outcome != Outcome::Pass)
        .collect();
    let has_verdicts = transports.iter().any(|s| s.transport.delegates());
    let outcome = overall(transports.iter().map(|summary| summary.outcome));
    Summary {
        outcome: match outcome {
            Outcome::Pass if !has_verdicts => Outcome::Inconclusive,
            outcome => outcome,
        },
        transports,
    }
}

fn of_transport(
    transport: Transport,
    verdicts: &[Verdict],
    failed: &[FailedCalls],
) -> TransportSummary {
    let own: Vec<&Verdict> = verdicts
        .iter()
        .filter(|verdict| verdict.id.transport == transport)
        .collect();
    let failed: Vec<&FailedCalls> = failed
        .iter()
        .filter(|row| row.transport == transport)
        .collect();
    let outcome = overall(
        own.iter()
            .map(|verdict| verdict.outcome)
            .chain(failed.iter().map(|row| row.outcome)),
    );
    let calls = deciding(&failed, outcome, |row| {
        (row.outcome, row.share.as_ref(), row.allowed_share)
    });
    let latency = deciding(&own, outcome, |verdict| {
        (
            verdict.outcome,
            verdict.share_above.as_ref(),
            verdict.allowed_share,
        )
    });
    let reason = match (latency, calls) {
        // calls that fail are the greater evil; an open question on latencies is the likelier one
        (_, Some(row)) if outcome == Outcome::Fail => failures(row),
        (Some(verdict), _) if outcome == Outcome::Pass => {
            format!(
                "all {} verdicts pass; the closest: {}",
                own.len(),
                reason(verdict)
            )
        }
        (Some(verdict), _) => reason(verdict),
        (None, Some(row)) => failures(row),
        (None, None) => "nothing was measured".to_owned(),
    };
    TransportSummary {
        transport,
        outcome,
        reason,
    }
}

/// The one that decides: of those with the transport's outcome, the one furthest over what is allowed, or nearest to it.
fn deciding<'a, T>(
    all: &[&'a T],
    outcome: Outcome,
    facts: impl Fn(&T) -> (Outcome, Option<&Share>, f64),
) -> Option<&'a T> {
    let of_allowed = |one: &T| {
        let (outcome, share, allowed) = facts(one);
        let end = share.map(|share| match outcome {
            Outcome::Fail => share.lower,
            Outcome::Pass | Outcome::Inconclusive => share.upper,
        });
        end.map_or(f64::INFINITY, |end| end / allowed)
    };
    all.iter()
        .copied()
        .filter(|one| facts(one).0 == outcome)
        .max_by(|a, b| of_allowed(a).total_cmp(&of_allowed(b)))
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
    let advice = verdict.samples_needed.map_or_else(String::new, |n| {
        format!("; about {n} samples per cell would settle it")
    });
    format!(
        "{what}: {} of calls at {threshold_ms} ms or above, {} allowed{advice}",
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
        format!("; about {n} calls would settle it")
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
