//! `doctor`: what an operator runs after the first deployment. A small run through every part of it, and what each part turned out to be.
//!
//! The run is an ordinary one: it is listed among the others, and its report can be read.

use crate::{
    api_options::ApiOptions,
    exit::Exit,
    follow::{self, Followed},
    interrupt::Interrupt,
    output,
};
use anyhow::{Context as _, bail};
use core::fmt::Write as _;
use protocol::{
    ErrorKind, PACKAGE_VERSION, Report, Transport, measure::Timer, report::Environment,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// Samples of each cell of the doctor's run: 20 slices of 5.
const SAMPLES: u32 = 100;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// As it should be.
    Ok,
    /// It works, but something is worth knowing.
    Notice,
    /// It does not work.
    Failed,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Check {
    what: &'static str,
    state: State,
    found: String,
    /// What to do; empty where there is nothing.
    #[serde(skip_serializing_if = "str::is_empty")]
    advice: &'static str,
}

/// Answer of `GET /health`.
#[derive(Debug, Deserialize)]
struct DeploymentHealth {
    package_version: String,
    deployed_version_id: Option<String>,
    limits: String,
    locations: Vec<String>,
}

/// `rpc-latency doctor`
pub(crate) fn doctor(api: &ApiOptions) -> anyhow::Result<Exit> {
    let interrupt = Interrupt::listen()?;
    let client = api.client();
    let health: DeploymentHealth = client.get("/health")?;
    let plan = json!({"transports": ["direct", "service-binding", "raw-fetch", "rpc"], "functions": ["echo"], "payload_bytes": [100],
        "samples_per_cell": SAMPLES, "breakdown": false});
    let run = client
        .start(plan.to_string().as_bytes())
        .context("the doctor's run could not be started")?;
    output::note(format_args!(
        "run {}, a small one through every part",
        run.id
    ));
    let Followed::Ended(status) = follow::follow(&client, &run.id, &interrupt, || Ok(()))? else {
        bail!("interrupted; run {} goes on", run.id);
    };
    follow::completed(&status)?;
    let checks = checks(&health, &client.report(&run.id)?);
    if api.json {
        output::document(&json!({"url": client.url(), "run": run.id, "checks": checks}))?;
    } else {
        output::result(&in_words(&checks))?;
    }
    let failed = checks.iter().any(|check| check.state == State::Failed);
    Ok(if failed { Exit::Fail } else { Exit::Pass })
}

/// Everything that is looked at, in the order in which it is shown.
fn checks(health: &DeploymentHealth, report: &Report) -> Vec<Check> {
    let mut checks = vec![version(health), token(), place(health, report)];
    checks.extend(
        report
            .cells
            .iter()
            .map(|cell| way(cell.transport, cell.count, &cell.errors)),
    );
    checks.extend([sequential_calls(report), clock(&report.environment)]);
    checks
}

fn version(health: &DeploymentHealth) -> Check {
    let deployed = health.deployed_version_id.as_deref();
    let found = format!(
        "package {}, deployed version {}, limits {}",
        health.package_version,
        deployed.unwrap_or("none (local)"),
        health.limits
    );
    let (state, advice) = if health.package_version == PACKAGE_VERSION {
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

/// The run was started with it.
fn token() -> Check {
    Check {
        what: "API_TOKEN",
        state: State::Ok,
        found: "set, and this command has it".to_owned(),
        advice: "",
    }
}

fn place(health: &DeploymentHealth, report: &Report) -> Check {
    let (state, colo, advice) = match &report.run.colo {
        Some(colo) => (State::Ok, colo.as_str(), ""),
        None => (
            State::Notice,
            "unknown",
            "locally there is none; in production cdn-cgi/trace could not be reached within 3 s",
        ),
    };
    Check {
        what: "place",
        state,
        found: format!("colo {colo}, locations {}", health.locations.join(", ")),
        advice,
    }
}

/// One way to the code.
fn way(transport: Transport, count: u64, errors: &BTreeMap<ErrorKind, u64>) -> Check {
    let what = transport.as_str();
    let failed: u64 = errors.values().sum();
    if failed == 0 && count > 0 {
        let found = format!("{count} calls, none failed");
        return Check {
            what,
            state: State::Ok,
            found,
            advice: "",
        };
    }
    let kinds: Vec<String> = errors
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    let advice = if transport == Transport::RawFetch {
        "RUNTIME_URL of the caller-worker must be the runtime's public address (scripts/deploy sets it), and both need the same RUNTIME_TOKEN: npx wrangler secret put RUNTIME_TOKEN"
    } else {
        "see  npx wrangler tail -c caller-worker/wrangler.toml  for what the runtime answers"
    };
    Check {
        what,
        state: State::Failed,
        found: format!(
            "{failed} of {} calls failed: {}",
            count + failed,
            kinds.join(", ")
        ),
        advice,
    }
}

/// The calls that one request made one after the other, without a limit being reached.
fn sequential_calls(report: &Report) -> Check {
    let limited = report
        .cells
        .iter()
        .any(|cell| cell.errors.contains_key(&ErrorKind::LimitExceeded));
    let (state, found, advice) = if limited {
        (
            State::Failed,
            "a request reached a limit of the platform within one slice",
            "on the free plan a request may make 50 subrequests: set LIMITS=free, or raise the plan",
        )
    } else {
        (
            State::Ok,
            "no request reached a limit of the platform within one slice",
            "",
        )
    };
    Check {
        what: "sequential calls",
        state,
        found: found.to_owned(),
        advice,
    }
}

/// What the clock does, and what can be told by it.
fn clock(environment: &Environment) -> Check {
    let has = |timer| environment.timers.contains(&timer);
    let resolution = environment
        .noise_floor
        .as_ref()
        .and_then(|floor| floor.resolution_us)
        .map_or_else(String::new, |us| format!(", single calls to {us:.0} us"));
    let tried: Vec<String> = environment
        .clock
        .iter()
        .map(|at| format!("{} fit in {} of {} looks", at.rung, at.fit, at.looks))
        .collect();
    let tried = if tried.is_empty() {
        String::new()
    } else {
        format!("; polls: {}", tried.join(", "))
    };
    let (state, found, advice) = if has(Timer::Interpolated) {
        (State::Ok, "runs while a Worker computes", "")
    } else if has(Timer::IoInterpolated) {
        (
            State::Ok,
            "stands still while a Worker computes, and moves when I/O completes",
            "",
        )
    } else {
        (
            State::Notice,
            "stands still while a Worker computes, and no I/O moves it regularly",
            "means are exact to a tick over all calls, quantiles are bounds of whole ticks; docs/methodology.md, \"Polls by I/O\", has what the reasons in environment.clock mean",
        )
    };
    Check {
        what: "clock",
        state,
        found: format!("{found}{resolution}{tried}"),
        advice,
    }
}

fn in_words(checks: &[Check]) -> String {
    let width = checks
        .iter()
        .map(|check| check.what.len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for Check {
        what,
        state,
        found,
        advice,
    } in checks
    {
        let state = match state {
            State::Ok => "ok    ",
            State::Notice => "notice",
            State::Failed => "FAILED",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{state}  {what:width$}  {found}");
        if !advice.is_empty() {
            let _ = writeln!(text, "        {:width$}  {advice}", "");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{
        ByQuantile,
        measure::{Rung, Unfit},
        report::{NoiseFloor, PolledClock},
    };

    fn environment(timers: &[Timer], clock: Vec<PolledClock>) -> Environment {
        Environment {
            package_version: PACKAGE_VERSION.to_owned(),
            deployed_version_id: None,
            compatibility_date: "2026-07-01".to_owned(),
            limits: protocol::limits::LimitsProfile::Paid,
            timers: timers.to_vec(),
            tick_ms: Some(1),
            clock_advances_during_cpu: Some(false),
            polls_per_tick: None,
            polls_per_tick_mad: None,
            noise_floor: (!clock.is_empty()).then(|| NoiseFloor {
                quantiles: ByQuantile::of_compared(|_| 0.0),
                n: 100,
                resolution_us: Some(38.2),
            }),
            isolation_cost_us: None,
            clock,
        }
    }

    fn polled(fit: u64) -> PolledClock {
        PolledClock {
            rung: Rung::Stream,
            looks: 20,
            fit,
            unfit: [(Unfit::StandsStill, 20 - fit)].into(),
            tick_ms: Some(1),
            polls_per_tick: Some(40.0),
            spread_us: Some(50.0),
            set_back: 0,
            polls: 60_000,
        }
    }

    #[test]
    fn the_clock_is_described_with_what_can_be_told_by_it() {
        let by_io = clock(&environment(&[Timer::IoInterpolated], vec![polled(19)]));
        assert_eq!(by_io.state, State::Ok);
        for part in [
            "moves when I/O completes",
            "to 38 us",
            "stream fit in 19 of 20 looks",
        ] {
            assert!(by_io.found.contains(part), "{part}: {by_io:?}");
        }
        let ticked = clock(&environment(&[Timer::Ticked], vec![polled(0)]));
        assert_eq!(ticked.state, State::Notice);
        assert!(ticked.advice.contains("whole ticks"), "{ticked:?}");
    }

    #[test]
    fn failed_calls_are_a_failure_with_what_to_do() {
        let none = BTreeMap::new();
        assert_eq!(way(Transport::Rpc, 100, &none).state, State::Ok);
        assert_eq!(way(Transport::Rpc, 0, &none).state, State::Failed);
        let refused = way(Transport::RawFetch, 0, &[(ErrorKind::Status, 60)].into());
        assert_eq!(refused.state, State::Failed);
        assert!(refused.found.contains("60 of 60 calls failed: 60 status"));
        assert!(refused.advice.contains("RUNTIME_TOKEN"), "{refused:?}");
        let words = in_words(&[refused]);
        assert!(words.starts_with("FAILED  raw-fetch  60 of 60"), "{words}");
    }

    #[test]
    fn a_command_line_of_another_version_is_a_notice() {
        let health = |package_version: &str| DeploymentHealth {
            package_version: package_version.to_owned(),
            deployed_version_id: Some("v1".to_owned()),
            limits: "paid".to_owned(),
            locations: vec!["default".to_owned()],
        };
        assert_eq!(version(&health(PACKAGE_VERSION)).state, State::Ok);
        let other = version(&health("0.0.1"));
        assert!(other.state == State::Notice && other.advice.contains("scripts/deploy"));
    }
}
