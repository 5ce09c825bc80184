//! `plan`: what a plan asks for and what it would take, without running it.

use crate::{api_options::ApiOptions, arguments::PlanArguments, exit::Exit, output};
use indicatif::HumanDuration;
use protocol::{Limits, Plan, Round, plan::Geometry, run::Usage, usage};
use serde_json::json;
use std::time::Duration;

/// `rpc-latency plan`
pub(crate) fn plan(api: &ApiOptions, options: &PlanArguments) -> anyhow::Result<Exit> {
    let limits = Limits::of(options.limits);
    let plan = options.plan.plan(&limits)?;
    let geometry = plan.geometry(&limits);
    let usage = usage::estimate([&Round::first(&plan, &limits)]);
    if api.json {
        let document = json!({"plan": plan, "geometry": geometry, "limits": limits.profile, "estimated": usage});
        output::document(&document)?;
    } else {
        output::result(&in_words(&plan, &geometry, &usage))?;
    }
    Ok(Exit::Pass)
}

fn in_words(plan: &Plan, geometry: &Geometry, usage: &Usage) -> String {
    let samples = u64::from(geometry.blocks) * u64::from(geometry.samples_per_slice);
    format!(
        "{} cells, {samples} samples each: {} blocks of {} slices\n\
         about {}; {} wakes, {} delegated calls, {} rows written\n\
         about ${:.4} on a paid plan, before any free allowance\n",
        plan.cells().len(),
        geometry.blocks,
        geometry.slices_per_block,
        HumanDuration(Duration::try_from_secs_f64(usage.active_seconds).unwrap_or_default()),
        usage.wakes,
        usage.delegated_calls,
        usage.rows_written,
        usage.cost_usd,
    )
}
