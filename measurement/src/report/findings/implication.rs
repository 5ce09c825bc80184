//! What follows for the architecture.

use super::Reader;
use crate::report::wording::{at_least, at_most};
use protocol::{
    Transport,
    report::{Figure, Finding, Outcome},
};

/// Below this, in ms, the design calls delegation viable for any function.
const VIABLE_MS: f64 = 1.0;

/// Above this, in ms, it asks for other architectures.
const UNVIABLE_MS: f64 = 5.0;

const US_PER_MS: f64 = 1e3;

impl Reader<'_> {
    /// What follows for the architecture, from the overhead of all cells of a transport at the median.
    pub(super) fn implication(&self, transport: Transport) -> Option<Finding> {
        let own = || {
            self.report
                .overheads
                .iter()
                .filter(|o| o.id.transport == transport)
        };
        let upper = own()
            .map(|o| o.p50_us.upper.map(|us| (o, us)))
            .collect::<Option<Vec<_>>>();
        let worst_upper = upper.and_then(|all| all.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)));
        let worst_lower = own()
            .filter_map(|o| o.p50_us.lower.map(|us| (o, us)))
            .max_by(|a, b| a.1.total_cmp(&b.1));
        let outcome = self
            .report
            .summary
            .transports
            .iter()
            .find(|s| s.transport == transport)?
            .outcome;
        let (sentence, cited) = match (worst_upper, worst_lower) {
            (Some((o, us)), _) if us <= VIABLE_MS * US_PER_MS => (
                format!(
                    "By {transport} the median overhead is {} in every cell, within {VIABLE_MS} ms: thin stubs can delegate to a shared runtime.",
                    at_most(&o.p50_us)?
                ),
                Figure {
                    path: format!("overheads/{}/p50_us/upper", o.id),
                    value: us,
                    resolution: o.p50_us.resolution,
                },
            ),
            (_, Some((o, us))) if us > UNVIABLE_MS * US_PER_MS => (
                format!(
                    "By {transport} the median overhead of {} is at least {}, above {UNVIABLE_MS} ms: consider inline WASM runtimes, caching of runtime state, or batching.",
                    o.id,
                    at_least(&o.p50_us)?
                ),
                Figure {
                    path: format!("overheads/{}/p50_us/lower", o.id),
                    value: us,
                    resolution: o.p50_us.resolution,
                },
            ),
            (Some((o, us)), _) => (
                format!(
                    "By {transport} the median overhead of {} is {}, above {VIABLE_MS} ms: delegate where the payload is small, and measure the rest in place.",
                    o.id,
                    at_most(&o.p50_us)?
                ),
                Figure {
                    path: format!("overheads/{}/p50_us/upper", o.id),
                    value: us,
                    resolution: o.p50_us.resolution,
                },
            ),
            _ => return None,
        };
        let tail = match outcome {
            Outcome::Pass => "",
            Outcome::Fail => " A threshold of the plan is exceeded.",
            Outcome::Inconclusive => " The thresholds of the plan are not all settled.",
        };
        Some(Finding {
            topic: "implication".to_owned(),
            sentence: format!("{sentence}{tail}"),
            figures: vec![cited],
        })
    }
}
