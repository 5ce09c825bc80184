//! Cold starts against their thresholds, and what they make of the answer.

use protocol::{
    Plan, Quantile, Report,
    cold_start::{Scenario, WasmBytes},
    report::{ColdScenario, ColdVerdict, Outcome},
    units::US_PER_MS,
};

/// Each threshold against each scenario that loads something. What the architecture promises is that of `cold-stub`: the runtime is shared, and warm.
pub(super) fn verdicts(
    plan: &Plan,
    is_floor: bool,
    scenarios: &[ColdScenario],
) -> Vec<ColdVerdict> {
    let mut verdicts = Vec::new();
    for one in scenarios.iter().filter(|one| one.scenario.loads() > 0) {
        for (metric, threshold_ms) in plan.thresholds.cold_limits_ms() {
            let estimate_us = match metric {
                Quantile::P50 => &one.p50_us,
                _ => &one.p95_us,
            };
            verdicts.push(ColdVerdict {
                scenario: one.scenario,
                wasm_bytes: one.wasm_bytes,
                metric,
                threshold_ms,
                estimate_us: estimate_us.clone(),
                judged: plan.judges_cold_starts()
                    && one.scenario == Scenario::ColdStub
                    && one.wasm_bytes == WasmBytes::New,
                outcome: outcome(estimate_us, threshold_ms * US_PER_MS, is_floor),
                text: String::new(),
            });
        }
    }
    verdicts
}

/// A limit that must not be reached. A floor can be above it, and proves nothing where it is below.
fn outcome(estimate_us: &protocol::Estimate, threshold_us: f64, is_floor: bool) -> Outcome {
    match (estimate_us.lower, estimate_us.upper) {
        (Some(lower), _) if lower >= threshold_us => Outcome::Fail,
        (Some(_), Some(upper)) if upper < threshold_us && !is_floor => Outcome::Pass,
        _ => Outcome::Inconclusive,
    }
}

/// Makes the cold starts part of the answer, where the plan judges them.
pub(crate) fn decide(report: &mut Report) {
    if !report.plan.judges_cold_starts() {
        return;
    }
    let all = report.cold_starts.iter().flat_map(|one| &one.verdicts);
    let judged: Vec<Outcome> = all
        .filter(|verdict| verdict.judged)
        .map(|verdict| verdict.outcome)
        .collect();
    report.summary.outcome = with(report.summary.outcome, &judged);
}

/// Fail if one fails; pass only if there are some and all pass.
fn with(answer: Outcome, judged: &[Outcome]) -> Outcome {
    if answer == Outcome::Fail || judged.contains(&Outcome::Fail) {
        return Outcome::Fail;
    }
    let all_pass = !judged.is_empty() && judged.iter().all(|&one| one == Outcome::Pass);
    if all_pass {
        answer
    } else {
        Outcome::Inconclusive
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Estimate;

    fn estimate(lower: Option<f64>, upper: Option<f64>) -> Estimate {
        Estimate {
            lower,
            upper,
            ..Estimate::default()
        }
    }

    #[test]
    fn a_floor_can_fail_a_threshold_and_never_pass_it() {
        let below = estimate(Some(10.0), Some(20.0));
        assert_eq!(outcome(&below, 100.0, true), Outcome::Inconclusive);
        assert_eq!(outcome(&below, 100.0, false), Outcome::Pass);
        let above = estimate(Some(100.0), Some(200.0));
        assert_eq!(outcome(&above, 100.0, true), Outcome::Fail);
        assert_eq!(outcome(&above, 100.0, false), Outcome::Fail);
        for open in [
            estimate(Some(90.0), Some(110.0)),
            estimate(Some(90.0), None),
            estimate(None, None),
        ] {
            assert_eq!(outcome(&open, 100.0, false), Outcome::Inconclusive);
        }
        // one on the threshold has reached it
        let on = estimate(Some(10.0), Some(100.0));
        assert_eq!(outcome(&on, 100.0, false), Outcome::Inconclusive);
    }

    #[test]
    fn cold_starts_that_are_judged_can_only_make_an_answer_worse() {
        use Outcome::{Fail, Inconclusive, Pass};
        assert_eq!(with(Pass, &[Pass, Pass]), Pass);
        assert_eq!(with(Pass, &[Pass, Inconclusive]), Inconclusive);
        assert_eq!(with(Pass, &[Fail, Inconclusive]), Fail);
        assert_eq!(with(Fail, &[Pass]), Fail);
        assert_eq!(with(Inconclusive, &[Pass]), Inconclusive);
        assert_eq!(with(Pass, &[]), Inconclusive, "none was sampled");
    }
}
