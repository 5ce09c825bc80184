//! The isolates of the runtimes that the latest completed run met.

use super::{Families, seconds, visible};
use protocol::{report::Residency, units::MS_PER_SECOND};

/// Adds what is known of one runtime, reached by one way.
pub(super) fn residency(families: &mut Families, location: &str, found: &Residency) {
    if found.reason.is_some() {
        return;
    }
    let mut labels = vec![("location", location), ("reach", found.reach.as_str())];
    // an empty label is as none
    if !found.runtime.is_native() {
        labels.push(("runtime", found.runtime.as_str()));
    }
    let mut add = |name, help, more: &[(&str, &str)], value: f64| {
        let all: Vec<_> = labels.iter().chain(more).copied().collect();
        families.add(name, help, &all, value);
    };
    add(
        "worker_rpc_isolates",
        "Isolates of the runtime that the latest completed run met.",
        &[],
        found.isolates as f64,
    );
    add(
        "worker_rpc_isolate_calls",
        "Answers, warmup included, that said which isolate gave them.",
        &[],
        found.calls as f64,
    );
    add(
        "worker_rpc_isolate_age_seconds",
        "The longest that one of these isolates has lived since its first call.",
        &[],
        found.oldest_ms as f64 / MS_PER_SECOND,
    );
    add(
        "worker_rpc_cold_calls",
        "Calls that met a fresh isolate, warmup included.",
        &[],
        found.cold_calls as f64,
    );
    let share = found.cold_share.iter().flat_map(|share| {
        let ends = [("lower", Some(share.lower)), ("upper", Some(share.upper))];
        [("value", share.value)].into_iter().chain(ends)
    });
    for (bound, share) in share {
        if let Some(share) = share {
            add(COLD_RATIO, COLD_RATIO_HELP, &[("bound", bound)], share);
        }
    }
    let cold = &found.cold_us;
    for (bound, us) in [
        ("value", visible(cold)),
        ("lower", cold.lower),
        ("upper", cold.upper),
        ("resolution", cold.resolution),
    ] {
        if let Some(us) = us {
            add(
                COLD_LATENCY,
                COLD_LATENCY_HELP,
                &[("bound", bound)],
                seconds(us),
            );
        }
    }
}

const COLD_RATIO: &str = "worker_rpc_cold_ratio";
const COLD_RATIO_HELP: &str = "Share of calls that met a fresh isolate, at the rate of calls of a run; bound says whether it is the value or an end of its 95 % interval.";
const COLD_LATENCY: &str = "worker_rpc_cold_latency_seconds";
const COLD_LATENCY_HELP: &str = "Median latency of calls that met a fresh isolate, from whole milliseconds; bound as in worker_rpc_latency_seconds.";
