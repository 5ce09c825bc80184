//! The answer in short.

use crate::format::percent;
use measurement::{holm, verdict::overall};
use protocol::{
    Cell, Plan, Transport,
    report::{FailedCalls, Outcome, Share, Summary, TransportSummary, Verdict},
};

/// The answer "no" errs with this probability at most, over all the verdicts that it could rest on.
const FAMILY_ERROR: f64 = 0.05;

/// The answer for each transport, and over all that is judged.
pub(super) fn summary(plan: &Plan, verdicts: &[Verdict], failed: &[FailedCalls]) -> Summary {
    let judged = plan.judged();
    let of = |transport: Transport| Own {
        transport,
        judged: judged.contains(&transport),
        verdicts: verdicts
            .iter()
            .filter(|verdict| verdict.id.transport == transport)
            .collect(),
        failed: failed
            .iter()
            .filter(|row| row.transport == transport)
            .collect(),
    };
    let all: Vec<Own> = plan.transports.iter().copied().map(of).collect();
    let in_answer = all.iter().flat_map(|own| {
        let latencies = own.verdicts.iter().filter(|_| own.judged);
        let latencies = latencies.map(|verdict| Claim::of_verdict(verdict));
        latencies.chain(own.failed.iter().map(|row| Claim::of_failed(row)))
    });
    let in_answer: Vec<Claim> = in_answer.collect();
    let has_verdicts = all.iter().any(|own| own.judged && !own.verdicts.is_empty());
    Summary {
        outcome: match family_outcome(&in_answer, &in_answer) {
            Outcome::Pass if !has_verdicts => Outcome::Inconclusive,
            outcome => outcome,
        },
        text: String::new(),
        transports: all
            .iter()
            .map(|own| own.summary(&in_answer))
            // of `direct` there is nothing to say but that its calls fail
            .filter(|summary| summary.transport.delegates() || summary.outcome != Outcome::Pass)
            .collect(),
    }
}

/// One verdict, as far as the answer is concerned.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Claim {
    outcome: Outcome,
    /// Of "it is in order".
    p_value: f64,
}

impl Claim {
    fn of_verdict(verdict: &Verdict) -> Self {
        Self::new(verdict.outcome, verdict.share_above.as_ref())
    }

    fn of_failed(row: &FailedCalls) -> Self {
        Self::new(row.outcome, row.share.as_ref())
    }

    /// Reports of before p-values were written down say no more than that a verdict fails.
    fn new(outcome: Outcome, share: Option<&Share>) -> Self {
        let unstated = if outcome == Outcome::Fail { 0.0 } else { 1.0 };
        Self {
            outcome,
            p_value: share.and_then(|share| share.p_value).unwrap_or(unstated),
        }
    }
}

/// The outcome of `some` claims: pass if all of them pass, fail if one of them fails that `family`, which they are part of, cannot have made fail by its number.
fn family_outcome(some: &[Claim], family: &[Claim]) -> Outcome {
    let p_values: Vec<f64> = family.iter().map(|claim| claim.p_value).collect();
    let rejected = holm::rejected(&p_values, FAMILY_ERROR);
    // equal p-values are rejected alike, or the first of them alone: any of them stands for it
    let largest = family
        .iter()
        .zip(rejected)
        .filter(|(_, rejected)| *rejected);
    let largest = largest.map(|(claim, _)| claim.p_value).reduce(f64::max);
    let is_significant = |claim: &Claim| largest.is_some_and(|largest| claim.p_value <= largest);
    overall(some.iter().map(|claim| match claim.outcome {
        Outcome::Fail if !is_significant(claim) => Outcome::Inconclusive,
        outcome => outcome,
    }))
}

/// What there is of one transport.
struct Own<'a> {
    transport: Transport,
    judged: bool,
    verdicts: Vec<&'a Verdict>,
    failed: Vec<&'a FailedCalls>,
}

impl Own<'_> {
    /// The transport's answer: within the whole answer if it is judged, else by itself.
    fn summary(&self, in_answer: &[Claim]) -> TransportSummary {
        let latencies = self
            .verdicts
            .iter()
            .map(|verdict| Claim::of_verdict(verdict));
        let calls = self.failed.iter().map(|row| Claim::of_failed(row));
        let own: Vec<Claim> = latencies.chain(calls).collect();
        let is_part = self.judged || self.verdicts.is_empty();
        let outcome = family_outcome(&own, if is_part { in_answer } else { &own });
        TransportSummary {
            transport: self.transport,
            outcome,
            judged: self.judged,
            reason: self.reason(outcome),
            closest: closest(&self.verdicts),
            figures: String::new(),
        }
    }

    fn reason(&self, outcome: Outcome) -> String {
        let calls = deciding(&self.failed, outcome, |row| {
            (row.outcome, row.share.as_ref(), row.allowed_share)
        });
        let latency = deciding(&self.verdicts, outcome, |verdict| {
            (
                verdict.outcome,
                verdict.share_above.as_ref(),
                verdict.allowed_share,
            )
        });
        match (latency, calls) {
            // calls that fail are the greater evil; an open question on latencies is the likelier one
            (_, Some(row)) if outcome == Outcome::Fail => failures(row),
            (Some(verdict), _) if outcome == Outcome::Pass => format!(
                "all {} verdicts pass; the closest: {}",
                self.verdicts.len(),
                reason(verdict)
            ),
            (Some(verdict), _) => reason(verdict) + by_chance(outcome, verdict.outcome),
            (None, Some(row)) => failures(row) + by_chance(outcome, row.outcome),
            (None, None) => "nothing was measured".to_owned(),
        }
    }
}

/// Said of what fails by itself and leaves the answer open.
fn by_chance(answer: Outcome, alone: Outcome) -> &'static str {
    if (answer, alone) == (Outcome::Inconclusive, Outcome::Fail) {
        "; it fails by itself, but one of so many verdicts may by chance"
    } else {
        ""
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
    // an answer that is open without an open verdict is so because of one that fails by itself
    let has_open = all.iter().any(|one| facts(one).0 == Outcome::Inconclusive);
    let wanted = match outcome {
        Outcome::Inconclusive if !has_open => Outcome::Fail,
        outcome => outcome,
    };
    all.iter()
        .copied()
        .filter(|one| facts(one).0 == wanted)
        .max_by(|a, b| of_allowed(a).total_cmp(&of_allowed(b)))
}

/// The cell whose share of calls is nearest to what is allowed, or furthest beyond.
fn closest(verdicts: &[&Verdict]) -> Option<Cell> {
    let reach = |verdict: &Verdict| {
        let share = verdict.share_above.as_ref();
        share.map_or(f64::INFINITY, |share| share.upper / verdict.allowed_share)
    };
    let found = verdicts.iter().max_by(|a, b| reach(a).total_cmp(&reach(b)));
    found.map(|verdict| verdict.id)
}

/// The answer in a sentence: of the transports that are judged.
pub(crate) fn answer(summary: &Summary) -> String {
    let judged = summary.transports.iter().filter(|one| one.judged);
    let names: Vec<&str> = judged.map(|one| one.transport.title()).collect();
    let by = match names[..] {
        [] => return "Open: no transport that delegates was measured".to_owned(),
        [ref first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        [one, ..] => one.to_owned(),
    };
    match summary.outcome {
        Outcome::Pass => format!("Yes: {by} meets every threshold"),
        Outcome::Fail => {
            let failing = summary.transports.iter();
            let failing: Vec<&str> = failing
                .filter(|one| one.outcome == Outcome::Fail)
                .map(|one| one.transport.title())
                .collect();
            format!(
                "No: {} misses a threshold, or its calls fail",
                failing.join(", ")
            )
        }
        Outcome::Inconclusive => format!("Open: whether {by} meets every threshold is not settled"),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const PASS: Claim = Claim {
        outcome: Outcome::Pass,
        p_value: 1.0,
    };

    fn fails(p_value: f64) -> Claim {
        Claim {
            outcome: Outcome::Fail,
            p_value,
        }
    }

    #[test]
    fn one_of_many_that_fails_by_a_little_leaves_the_answer_open() {
        let many = |one: Claim| [vec![PASS; 35], vec![one]].concat();
        let outcome = |claims: &[Claim]| family_outcome(claims, claims);
        assert_eq!(outcome(&many(fails(0.02))), Outcome::Inconclusive);
        assert_eq!(outcome(&many(fails(0.001))), Outcome::Fail);
        assert_eq!(outcome(&[fails(0.02)]), Outcome::Fail);
        assert_eq!(outcome(&many(PASS)), Outcome::Pass);
        assert_eq!(outcome(&[]), Outcome::Inconclusive);
    }

    #[test]
    fn a_transport_fails_with_what_fails_in_the_whole_answer() {
        let family = [vec![PASS; 35], vec![fails(1e-9), fails(0.02)]].concat();
        assert_eq!(family_outcome(&family[35..36], &family), Outcome::Fail);
        assert_eq!(
            family_outcome(&family[36..], &family),
            Outcome::Inconclusive
        );
        assert_eq!(family_outcome(&family[..35], &family), Outcome::Pass);
    }
}
