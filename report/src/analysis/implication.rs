//! What follows for the architecture.

use super::Reader;
use crate::wording::{at_least, at_most};
use protocol::{
    Quantile, Transport,
    report::{Figure, Outcome, Overhead, Statement, Topic},
    units::US_PER_MS,
};

impl Reader<'_> {
    /// What follows for the architecture, from the overhead of all cells of a transport at the median.
    pub(super) fn implication(&self, transport: Transport) -> Option<Statement> {
        let own = || {
            self.report
                .overheads
                .iter()
                .filter(|o| o.id.transport == transport)
        };
        let upper = own()
            .map(|o| o.quantiles[Quantile::P50].upper.map(|us| (o, us)))
            .collect::<Option<Vec<_>>>();
        let worst_upper = upper.and_then(|all| all.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)));
        let worst_lower = own()
            .filter_map(|o| o.quantiles[Quantile::P50].lower.map(|us| (o, us)))
            .max_by(|a, b| a.1.total_cmp(&b.1));
        let outcome = self
            .report
            .summary
            .transports
            .iter()
            .find(|s| s.transport == transport)?
            .outcome;
        let limits = self.report.plan.thresholds;
        let (viable_ms, unviable_ms) = (limits.p50_ms, limits.p99_ms.max(limits.p50_ms));
        let is_below = |us: f64| us < viable_ms * US_PER_MS;
        let (sentence, figure) = match (worst_upper, worst_lower) {
            (Some((o, us)), _) if is_below(us) && outcome != Outcome::Fail => (
                format!(
                    "By {transport} the median overhead is {} in every cell, within {viable_ms} ms: thin stubs can delegate to a shared runtime.",
                    at_most(&o.quantiles[Quantile::P50])?
                ),
                cited(o, "upper", us),
            ),
            (Some((o, us)), _) if is_below(us) => (
                format!(
                    "By {transport} the median overhead is {} in every cell, within {viable_ms} ms, but not everything is within its threshold: see the verdicts before you delegate.",
                    at_most(&o.quantiles[Quantile::P50])?
                ),
                cited(o, "upper", us),
            ),
            (_, Some((o, us))) if us > unviable_ms * US_PER_MS => (
                format!(
                    "By {transport} the median overhead of {} is at least {}, above {unviable_ms} ms: consider inline WASM runtimes, caching of runtime state, or batching.",
                    o.id,
                    at_least(&o.quantiles[Quantile::P50])?
                ),
                cited(o, "lower", us),
            ),
            (_, Some((o, us))) if us > viable_ms * US_PER_MS => (
                format!(
                    "By {transport} the median overhead of {} is at least {}, above {viable_ms} ms: delegate where the payload is small, and measure the rest in place.",
                    o.id,
                    at_least(&o.quantiles[Quantile::P50])?
                ),
                cited(o, "lower", us),
            ),
            (Some((o, us)), _) => (
                format!(
                    "By {transport} the median overhead of {} is {}, which does not settle whether it is below {viable_ms} ms.",
                    o.id,
                    at_most(&o.quantiles[Quantile::P50])?
                ),
                cited(o, "upper", us),
            ),
            _ => return None,
        };
        let tail = match outcome {
            Outcome::Pass => "",
            Outcome::Fail => " A threshold of the plan is exceeded.",
            Outcome::Inconclusive => " The thresholds of the plan are not all settled.",
        };
        Some(Statement {
            topic: Topic::Implication,
            text: format!("{sentence}{tail}"),
            figures: vec![figure],
        })
    }
}

/// An end of the interval of an overhead's median.
fn cited(overhead: &Overhead, end: &str, us: f64) -> Figure {
    Figure {
        path: format!("overheads/{}/p50_us/{end}", overhead.id),
        value: us,
        resolution: overhead.quantiles[Quantile::P50].resolution,
    }
}
