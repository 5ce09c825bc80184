//! The answer in short.

mod sentences;

pub(crate) use sentences::{answer, failures, reason};

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
    let of = |transport| Own::of(transport, judged.contains(&transport), verdicts, failed);
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

impl<'a> Own<'a> {
    fn of(
        transport: Transport,
        judged: bool,
        verdicts: &'a [Verdict],
        failed: &'a [FailedCalls],
    ) -> Self {
        let verdicts = verdicts.iter();
        let failed = failed.iter();
        Self {
            transport,
            judged,
            verdicts: verdicts.filter(|v| v.id.transport == transport).collect(),
            failed: failed.filter(|row| row.transport == transport).collect(),
        }
    }

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
        match self.decisive(outcome) {
            None => "nothing was measured".to_owned(),
            Some(Decisive::Calls(row)) => failures(row) + by_chance(outcome, row.outcome),
            Some(Decisive::Latency(verdict)) if outcome == Outcome::Pass => format!(
                "all {} verdicts pass; the closest: {}",
                self.verdicts.len(),
                reason(verdict)
            ),
            Some(Decisive::Latency(verdict)) => {
                reason(verdict) + by_chance(outcome, verdict.outcome)
            }
        }
    }

    /// What decides its `outcome`.
    fn decisive(&self, outcome: Outcome) -> Option<Decisive<'_>> {
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
            (_, Some(row)) if outcome == Outcome::Fail => Some(Decisive::Calls(row)),
            (Some(verdict), _) => Some(Decisive::Latency(verdict)),
            (None, row) => row.map(Decisive::Calls),
        }
    }
}

/// The verdict, or the failed calls, that an outcome rests on most.
enum Decisive<'a> {
    Latency(&'a Verdict),
    Calls(&'a FailedCalls),
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
