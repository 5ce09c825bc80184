//! Cold starts in the Prometheus text format.

use super::{Families, seconds, sign, visible};
use protocol::{Estimate, Report, report::ColdScenario};

const COLD_START: &str = "From asking for a fresh isolate to its first answer, in the latest completed run: p50, p95; bound says whether it is the value or an end of its 95 % interval. Local figures are floors.";
const SAMPLES: &str = "Cold starts sampled: proven fresh, or discarded by flaw.";
const VERDICT: &str = "Verdict on a quantile of a cold start: 1 pass, 0 inconclusive, -1 fail.";

/// Adds those of the latest report of a location.
pub(super) fn cold_starts(families: &mut Families, location: &str, report: &Report) {
    for one in &report.cold_starts {
        let runtime = one.runtime.as_str();
        for scenario in &one.scenarios {
            of_scenario(families, location, runtime, scenario);
        }
        for verdict in &one.verdicts {
            let labels = [
                ("location", location),
                ("runtime", runtime),
                ("scenario", verdict.scenario.as_str()),
                ("wasm_bytes", verdict.wasm_bytes.as_str()),
                ("metric", verdict.metric.as_str()),
            ];
            let name = "worker_rpc_cold_start_verdict";
            families.add(name, VERDICT, &labels, sign(verdict.outcome));
        }
    }
}

fn of_scenario(families: &mut Families, location: &str, runtime: &str, of: &ColdScenario) {
    let labels = |key: &'static str, value: &'static str| {
        [
            ("location", location),
            ("runtime", runtime),
            ("scenario", of.scenario.as_str()),
            ("wasm_bytes", of.wasm_bytes.as_str()),
            (key, value),
        ]
    };
    let counted = [("fresh", of.count)].into_iter();
    let discarded = of.discarded.iter().map(|(flaw, &n)| (flaw.as_str(), n));
    for (state, n) in counted.chain(discarded) {
        let name = "worker_rpc_cold_start_samples";
        families.add(name, SAMPLES, &labels("state", state), n as f64);
    }
    for (quantile, estimate) in [("0.5", &of.p50_us), ("0.95", &of.p95_us)] {
        for (bound, us) in bounds(estimate) {
            let mut all = labels("quantile", quantile).to_vec();
            all.push(("bound", bound));
            let name = "worker_rpc_cold_start_seconds";
            families.add(name, COLD_START, &all, seconds(us));
        }
    }
}

fn bounds(estimate: &Estimate) -> impl Iterator<Item = (&'static str, f64)> {
    let all = [
        ("value", visible(estimate)),
        ("lower", estimate.lower),
        ("upper", estimate.upper),
    ];
    all.into_iter().filter_map(|(bound, us)| Some((bound, us?)))
}
