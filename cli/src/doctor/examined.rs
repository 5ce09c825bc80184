//! What the deployment says of itself.

use super::{Check, State};
use protocol::{
    PACKAGE_VERSION,
    examination::{CallerFindings, ClockFindings, Examination, SequentialCalls},
};

pub(super) fn checks(examination: &Examination) -> Vec<Check> {
    let mut checks = vec![version(examination), token(), caller(examination)];
    if let Some(findings) = &examination.caller {
        checks.extend([
            runtime_url(findings),
            sequential_calls(&findings.sequential_calls),
        ]);
        checks.extend(findings.clock.as_ref().map(polls));
    }
    checks.push(cold_starts(examination.cold_starts));
    checks
}

fn version(examination: &Examination) -> Check {
    let deployed = examination.deployed_version_id.as_deref();
    let found = format!(
        "package {}, deployed version {}, limits {}",
        examination.package_version,
        deployed.unwrap_or("none (local)"),
        examination.limits
    );
    let (state, advice) = if examination.package_version == PACKAGE_VERSION {
        (State::Ok, "")
    } else {
        (
            State::Notice,
            "this command line is of another version: deploy with scripts/deploy, or use the command line of that version",
        )
    };
    Check {
        what: "version",
        state,
        found,
        advice,
    }
}

/// The examination needed it.
fn token() -> Check {
    Check::ok("API_TOKEN", "set, and this command has it")
}

fn caller(examination: &Examination) -> Check {
    examination.caller_problem.as_ref().map_or_else(
        || Check::ok("caller", "answers"),
        |problem| Check {
            what: "caller",
            state: State::Failed,
            found: problem.clone(),
            advice: "see  npx wrangler tail -c caller-worker/wrangler.toml ; scripts/deploy deploys it before the orchestrator",
        },
    )
}

fn runtime_url(findings: &CallerFindings) -> Check {
    let what = "RUNTIME_URL, RUNTIME_TOKEN";
    match (findings.has_runtime_url, findings.has_runtime_token) {
        (true, true) => Check::ok(what, "set in the caller"),
        (true, false) => Check {
            what,
            state: State::Notice,
            found: "the caller has no RUNTIME_TOKEN: calls by raw-fetch are refused wherever the runtime asks for it".to_owned(),
            advice: "npx wrangler secret put RUNTIME_TOKEN -c caller-worker/wrangler.toml , the same as the runtime's",
        },
        (false, _) => Check {
            what,
            state: State::Notice,
            found: "the caller has no RUNTIME_URL: raw-fetch has nowhere to go".to_owned(),
            advice: "set it to the runtime's public address (scripts/deploy does)",
        },
    }
}

/// Calls that one request may make one after the other.
fn sequential_calls(calls: &SequentialCalls) -> Check {
    let what = "sequential calls";
    match &calls.refused {
        None => Check::ok(
            what,
            format!("{} of {} in one request", calls.made, calls.wanted),
        ),
        Some(words) => Check {
            what,
            state: State::Notice,
            found: format!("{} in one request, then: {words}", calls.made),
            advice: "a slice makes 30 (DELEGATED_CALLS_PER_SLICE); a free account may make 50 in all, and needs LIMITS=free",
        },
    }
}

/// What single looks at the clock showed; the run's slices say more.
fn polls(clock: &ClockFindings) -> Check {
    let tried: Vec<String> = clock
        .polls
        .iter()
        .map(|rung| {
            rung.unfit.map_or_else(
                || format!("{} moves it by {} ms", rung.rung, rung.tick_ms),
                |why| format!("{} is refused: {why}", rung.rung),
            )
        })
        .collect();
    let found = if clock.advances_during_cpu {
        format!("advances by {} ms while computing", clock.tick_ms)
    } else {
        format!("stands still while computing; {}", tried.join(", "))
    };
    Check::ok("one look", format!("{found} ({} readings)", clock.readings))
}

fn cold_starts(are_bound: bool) -> Check {
    if are_bound {
        return Check::ok("cold starts", "the Worker for them is bound (COLD)");
    }
    Check {
        what: "cold starts",
        state: State::Notice,
        found: "no Worker for them is bound (COLD), so they are not measured".to_owned(),
        advice: "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::limits::LimitsProfile;

    fn examination() -> Examination {
        Examination {
            package_version: PACKAGE_VERSION.to_owned(),
            deployed_version_id: Some("v1".to_owned()),
            compatibility_date: "2026-07-01".to_owned(),
            limits: LimitsProfile::Paid,
            locations: vec!["default".to_owned()],
            caller: Some(CallerFindings {
                clock: None,
                sequential_calls: SequentialCalls {
                    made: 120,
                    wanted: 120,
                    refused: None,
                },
                has_runtime_url: true,
                has_runtime_token: true,
            }),
            caller_problem: None,
            cold_starts: false,
        }
    }

    fn state_of(examination: &Examination, what: &str) -> State {
        let checks = checks(examination);
        checks
            .iter()
            .find(|check| check.what == what)
            .unwrap()
            .state
    }

    #[test]
    fn a_command_line_of_another_version_is_a_notice() {
        assert_eq!(state_of(&examination(), "version"), State::Ok);
        let other = Examination {
            package_version: "0.0.1".to_owned(),
            ..examination()
        };
        assert_eq!(state_of(&other, "version"), State::Notice);
        assert!(version(&other).advice.contains("scripts/deploy"));
    }

    #[test]
    fn a_caller_that_does_not_answer_has_failed_with_its_reason() {
        let silent = Examination {
            caller: None,
            caller_problem: Some("the caller did not answer".to_owned()),
            ..examination()
        };
        assert_eq!(state_of(&silent, "caller"), State::Failed);
        assert!(
            !checks(&silent)
                .iter()
                .any(|check| check.what == "sequential calls")
        );
        assert_eq!(state_of(&examination(), "caller"), State::Ok);
    }

    #[test]
    fn the_limit_that_calls_met_is_told_in_the_platforms_words() {
        let calls = SequentialCalls {
            made: 50,
            wanted: 120,
            refused: Some("Too many subrequests.".to_owned()),
        };
        let check = sequential_calls(&calls);
        assert_eq!(check.state, State::Notice);
        assert!(
            check
                .found
                .contains("50 in one request, then: Too many subrequests.")
        );
        assert!(check.advice.contains("LIMITS=free"));
    }
}
