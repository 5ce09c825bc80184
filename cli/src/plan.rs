//! `plan`: what a plan asks for and what it would take, without running it.

use crate::{api_options::ApiOptions, arguments::PlanArguments, exit::Exit, output};
use anyhow::Context as _;
use core::fmt::Write as _;
use indicatif::HumanDuration;
use protocol::{Limits, Plan, Round, RoundKind, Rounds, run::Usage, usage};
use serde_json::json;
use std::time::Duration;

/// `rpc-latency plan`
pub(crate) fn plan(api: &ApiOptions, options: &PlanArguments) -> anyhow::Result<Exit> {
    let limits = Limits::of(options.limits);
    let plan = options.plan.plan(&limits)?;
    let first = Round::first(&plan, &limits);
    let rounds = Rounds::new(first.clone()).context("the plan makes no run")?;
    let usage = usage::estimate_of_run(&plan, &rounds);
    let mut coming = rounds.yet_to_come(&plan).into_iter();
    let beside = coming.find(|round| round.kind == RoundKind::Busy);
    let at_most = usage::at_most(&plan, &first);
    if api.json {
        let mut document = json!({"plan": plan, "limits": limits.profile, "estimated": usage,
            "first_round": {"blocks": first.blocks, "slices_per_block": first.slices_per_block(),
                "samples_per_slice": first.samples_per_slice, "chain_calls": first.chain_calls}});
        if let Some(beside) = &beside {
            document["beside_neighbours"] = json!({"blocks": beside.blocks, "slices_per_block": beside.slices_per_block(),
                "samples_per_slice": beside.samples_per_slice, "estimated": usage::estimate([beside])});
        }
        if let Some(at_most) = at_most {
            document["at_most"] = json!(at_most);
        }
        output::document(&document)?;
    } else {
        output::result(&in_words(&plan, &first, &usage, at_most.as_ref()))?;
        if let Some(beside) = &beside {
            output::result(&in_words_beside(beside))?;
        }
    }
    Ok(Exit::Pass)
}

fn in_words(plan: &Plan, first: &Round, usage: &Usage, at_most: Option<&Usage>) -> String {
    let samples = u64::from(first.blocks) * u64::from(first.samples_per_slice);
    let round = at_most.map_or("", |_| " in the first round");
    let mut text = format!(
        "{} cells, {samples} samples each{round}: {} blocks of {} slices\n{}",
        plan.cells().len(),
        first.blocks,
        first.slices_per_block(),
        amount("about", usage)
    );
    if let Some(cold) = &plan.cold_starts {
        let _ = writeln!(
            text,
            "with {} cold starts of each scenario after the latencies: {} isolates loaded (time of heavy runtimes comes on top)",
            cold.samples, usage.isolates_loaded
        );
    }
    if let Some(most) = at_most {
        let _ = write!(
            text,
            "then back-to-back calls of every cell, and more of those whose verdict is open, until all are settled:\n{}",
            amount("at most", most)
        );
    }
    text
}

/// What is measured beside neighbours, which is part of what was said before.
fn in_words_beside(round: &Round) -> String {
    let samples = u64::from(round.blocks) * u64::from(round.samples_per_slice);
    format!(
        "of these beside neighbours, after all else: {} cells and shares, {samples} samples each\n{}",
        round.slices_per_block(),
        amount("about", &usage::estimate([round]))
    )
}

fn amount(about: &str, usage: &Usage) -> String {
    format!(
        "{about} {}; {} wakes, {} delegated calls, {} rows written\n\
         {about} ${:.4} on a paid plan, before any free allowance\n",
        HumanDuration(Duration::try_from_secs_f64(usage.active_seconds).unwrap_or_default()),
        usage.wakes,
        usage.delegated_calls,
        usage.rows_written,
        usage.cost_usd,
    )
}
