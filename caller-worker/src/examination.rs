//! `GET /health?probe=clock`: what this Worker's clock does, and how many calls one request of it may make.

use crate::{clock::WorkerClock, polls::Polls, repeat::EmptyHop};
use measurement::probe::{Probe, ProbeLimits, io::IoProbe};
use protocol::{
    Problem,
    examination::{CallerFindings, ClockFindings, Probing, SEQUENTIAL_CALLS, SequentialCalls},
};
use stub::{platform::Env, watchdog::Watchdog};

/// Time for one poll over a socket, in ms.
const POLL_TIMEOUT_MS: u32 = 10_000;

/// Finds out what was asked for.
///
/// # Errors
/// There is no binding to a runtime.
pub(crate) async fn examine(probing: Probing, env: &Env) -> Result<CallerFindings, Problem> {
    let clock = match probing {
        Probing::Clock => Some(look_at_the_clock(env).await?),
        Probing::Calls => None,
    };
    Ok(CallerFindings {
        clock,
        sequential_calls: call_again_and_again(env).await?,
        has_runtime_url: env.setting("RUNTIME_URL").is_ok(),
        has_runtime_token: env.setting("RUNTIME_TOKEN").is_ok(),
    })
}

/// As a slice does it, so that nothing may wait on a timer meanwhile.
async fn look_at_the_clock(env: &Env) -> Result<ClockFindings, Problem> {
    let clock = WorkerClock::default();
    let found = Probe::run(&clock, ProbeLimits::default());
    let mut polls = Vec::new();
    if !found.advances_during_cpu {
        let watchdog = Watchdog::new(POLL_TIMEOUT_MS, 1);
        polls = IoProbe::run(&clock, &Polls::new(env, &watchdog)?)
            .await
            .facts;
    }
    let tick_ms = polls.iter().find(|rung| rung.unfit.is_none());
    Ok(ClockFindings {
        advances_during_cpu: found.advances_during_cpu,
        tick_ms: tick_ms.map_or(found.tick_ms, |rung| rung.tick_ms),
        polls,
        readings: clock.readings(),
    })
}

async fn call_again_and_again(env: &Env) -> Result<SequentialCalls, Problem> {
    let call = EmptyHop::new(env)?;
    let (mut made, mut refused) = (0, None);
    while made < SEQUENTIAL_CALLS && refused.is_none() {
        match call.hop().await {
            Ok(()) => made += 1,
            Err(error) => refused = Some(error.detail),
        }
    }
    Ok(SequentialCalls {
        made,
        wanted: SEQUENTIAL_CALLS,
        refused,
    })
}
