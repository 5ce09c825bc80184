//! From the plan and the records of a run to its report.
//!
//! [`assemble`] is a pure function: it reads no clock, draws no random numbers and does no I/O, so that a report can be
//! assembled anywhere, again, with the same result. [`merge()`] joins the reports of several places without
//! averaging a single quantile.
//!
//! What each figure means is in `docs/methodology.md`; how it is computed, in the module that it comes from.

mod analysis;
mod cells;
mod cold_starts;
pub mod comparison;
mod contents;
mod deployment;
pub mod difference;
pub mod document;
mod doubt;
mod environment;
mod evidence;
mod failed_calls;
pub mod format;
mod interim;
mod looks;
pub mod markdown;
mod merge;
mod neighbours;
mod overheads;
mod parts;
mod reasons;
mod residency;
pub mod series;
mod standing;
mod stored;
mod summary;
mod texts;
mod verdicts;
mod warnings;
mod wire;
mod wording;

pub use contents::{Answer, Cost, OfTransport, answer, document, latency_tables};
pub use deployment::deployment_starts;
pub use doubt::{Doubt, doubts, has_isolated_calls, samples_of_look};
pub use merge::{MergeError, merge};
pub use stored::{ReadError, current, read};

use cells::cell_report;
use evidence::Evidence;
use looks::Series;
use measurement::histogram::EncodeError;
use overheads::OverheadFigures;
use protocol::{
    Plan, Report, Rounds,
    limits::LimitsProfile,
    report::{RunFacts, SCHEMA_VERSION},
    slice::SliceRecord,
};
use standing::Standing;

/// What ran the run: facts for the report's environment that no slice knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// Version of this package.
    pub package_version: String,
    /// Cloudflare's id of the deployed version; `None` locally.
    pub deployed_version_id: Option<String>,
    /// Version of the workerd that served the Workers; `None` in production.
    pub workerd_version: Option<String>,
    /// Compatibility date of the Workers.
    pub compatibility_date: String,
    /// Whose budgets applied.
    pub limits: LimitsProfile,
}

/// Assembles the report of a run from its committed slices, in any order and as far as it got. `rounds` are those that it was measured by: another
/// release, or other limits, would divide the plan in another way. Later rounds may hold fewer cells; what compares cells uses the blocks that
/// they share.
///
/// # Errors
/// [`EncodeError`] when a histogram cannot be encoded, which takes a lack of memory.
pub fn assemble(
    run: RunFacts,
    plan: &Plan,
    rounds: &Rounds,
    deployment: Deployment,
    records: &[SliceRecord],
) -> Result<Report, EncodeError> {
    let cold_starts = cold_starts::cold_starts(plan, &run.location, deployment.limits, records);
    let rounds = &rounds.without_cold_starts();
    let standing = Standing::of(plan, rounds, records);
    let (evidence, overheads, cells) = (
        &standing.evidence,
        &standing.overheads,
        &standing.cells()[..],
    );
    let series = Series::of(plan, rounds, records, standing.tested(plan));
    let environment = environment::environment(deployment, evidence);
    let verdicts = verdicts::verdicts(&verdicts::judged(plan, cells, overheads, &series));
    let failed_calls = failed_calls::failed_calls(plan, rounds, &evidence.cells);
    let mut warnings = warnings::warnings(plan, evidence, cells, &environment);
    let contradictions = verdicts::contradictions(&verdicts, cells, overheads);
    warnings.extend(contradictions.iter().map(warnings::contradiction));
    let beside = Evidence::beside_neighbours(plan, rounds, records);
    let neighbours = neighbours::neighbours(plan, &beside, evidence)?;
    warnings.extend(warnings::of_neighbours(&neighbours, environment.limits));
    warnings.extend(beside.iter().filter_map(warnings::failed_beside));
    let mut report = Report {
        schema_version: SCHEMA_VERSION,
        run,
        plan: plan.clone(),
        environment,
        summary: summary::summary(plan, &verdicts, &failed_calls),
        cells: cells
            .iter()
            .map(|(evidence, figures)| cell_report(evidence, figures))
            .collect::<Result<_, _>>()?,
        overheads: overheads.iter().map(OverheadFigures::published).collect(),
        breakdown: parts::breakdown(plan, evidence),
        slopes: parts::slopes(plan, evidence, cells),
        neighbours,
        verdicts,
        failed_calls,
        residency: residency::residency(plan, evidence),
        deployment_starts: Vec::new(),
        cold_starts,
        analysis: Vec::new(),
        warnings,
    };
    report.analysis = analysis::analysis(&report);
    cold_starts::decide(&mut report);
    texts::complete(&mut report);
    interim::without_answer(&mut report);
    Ok(report)
}
