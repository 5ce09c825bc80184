//! What the doctor's run shows: where it ran, every way to the code, how finely it is timed.

use super::{Check, State};
use protocol::{
    ErrorKind, Report, Transport, examination::Examination, measure::Timer, report::Environment,
};
use std::collections::BTreeMap;

pub(super) fn checks(examination: &Examination, report: &Report) -> Vec<Check> {
    let mut checks = vec![place(examination, report)];
    checks.extend(
        report
            .cells
            .iter()
            .map(|cell| way(cell.transport, cell.count, &cell.errors)),
    );
    checks.push(clock(&report.environment));
    checks
}

fn place(examination: &Examination, report: &Report) -> Check {
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
        found: format!(
            "colo {colo}, locations {}",
            examination.locations.join(", ")
        ),
        advice,
    }
}

/// One way to the code.
fn way(transport: Transport, count: u64, errors: &BTreeMap<ErrorKind, u64>) -> Check {
    let what = transport.as_str();
    let failed: u64 = errors.values().sum();
    if failed == 0 && count > 0 {
        return Check::ok(what, format!("{count} calls, none failed"));
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

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{
        ByQuantile, PACKAGE_VERSION,
        measure::{Rung, Unfit},
        report::{NoiseFloor, PolledClock},
    };

    fn environment(timers: &[Timer], clock: Vec<PolledClock>) -> Environment {
        Environment {
            package_version: PACKAGE_VERSION.to_owned(),
            deployed_version_id: None,
            workerd_version: None,
            compatibility_date: "2026-07-01".to_owned(),
            limits: protocol::limits::LimitsProfile::Paid,
            timers: timers.to_vec(),
            tick_ms: Some(1),
            clock_advances_during_cpu: Some(false),
            polls_per_tick: None,
            polls_per_tick_mad: None,
            clock_readings_per_request: None,
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
        let words = super::super::in_words(&[refused]);
        assert!(words.starts_with("FAILED  raw-fetch  60 of 60"), "{words}");
    }
}
