//! `run --local --against FOLDER`: whether this checkout's Workers are slower than those that another checkout has built.
//!
//! Both are served at once on this machine, each by servers of its own. Rounds measure both, one after the other in random order: a short run of
//! each side, of the same plan and seed. What disturbs the machine for longer than a round is in both sides and cancels. Nothing is
//! built; the same workerd serves both, so that what differs is the Workers.

mod comparison;
mod document;
mod side;

use crate::{
    api_options::ApiOptions, arguments::RunOptions, exit::Exit, interrupt::Interrupt,
    local_options::local_options, output, saved, tables, tolerance::Tolerance,
};
use anyhow::{Context as _, bail};
use cli::{
    client::Client,
    local::{LocalOptions, LocalWorkers, Project},
};
use comparison::{Compared, Figure};
use indicatif::HumanDuration;
use measurement::duration::Nanoseconds;
use protocol::{Limits, Plan, RunState, Runtime, limits::LimitsProfile};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};
use side::Side;
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Pause between two looks at a run: so rare that looking does not show in it.
const PAUSE: Duration = Duration::from_millis(250);

/// Fields of plans that run until they are settled.
const UNTIL_SETTLED: [&str; 3] = ["until", "max_seconds", "max_calls"];

/// What a comparison was made of.
pub(crate) struct Conditions {
    baseline: PathBuf,
    tolerance: Tolerance,
    rounds: u32,
    samples_per_round: u32,
    seed: u64,
}

/// The Workers of one checkout, being served.
struct Served {
    /// What to call it in errors.
    name: String,
    workers: LocalWorkers,
    client: Client,
    found: Side,
}

/// The plan that both sides measure, a part in each round.
struct Rounds {
    fields: Map<String, Value>,
    plan: Plan,
    figures: Vec<Figure>,
}

/// `rpc-latency run --local --against FOLDER`
pub(crate) fn run(api: &ApiOptions, options: &RunOptions, baseline: &Path) -> anyhow::Result<Exit> {
    let rounds = Rounds::of(options)?;
    if rounds.plan.cold_starts.is_some() {
        bail!("cold starts are not compared: leave --cold-starts out with --against");
    }
    if !rounds.plan.busy_shares().is_empty() {
        bail!("calls beside neighbours are not compared: leave --busy out with --against");
    }
    saved::prepare(&options.output)?;
    let conditions = rounds.conditions(options, baseline);
    let interrupt = Interrupt::listen()?;
    let mut sides = start(api, options, &rounds.plan.runtimes, baseline)?;
    output::note(format_args!(
        "{} rounds of both sides, {} samples of each of {} cells in a round",
        conditions.rounds,
        conditions.samples_per_round,
        rounds.plan.cells().len()
    ));
    measure(&rounds, &conditions, &mut sides, &interrupt)?;
    let [before, now] = &sides;
    let timeout_ns = Nanoseconds::from_ms(rounds.plan.call_timeout_ms.into()).0;
    let rows = comparison::compare(
        &before.found,
        &now.found,
        &rounds.figures,
        conditions.tolerance,
        timeout_ns,
    );
    tell(api, options, &conditions, &rows)?;
    Ok(if rows.iter().any(Compared::is_significant) {
        Exit::Fail
    } else {
        Exit::Pass
    })
}

impl Rounds {
    fn of(options: &RunOptions) -> anyhow::Result<Self> {
        let limits = Limits::of(LimitsProfile::Paid);
        let (mut fields, plan) = options.plan.fields_and_plan(&limits)?;
        // The other checkout's defaults may be others.
        fields.insert("transports".to_owned(), json!(plan.transports));
        fields.insert("functions".to_owned(), json!(plan.functions));
        fields.insert("payload_bytes".to_owned(), json!(plan.payload_bytes));
        if let Some(field) = UNTIL_SETTLED
            .iter()
            .find(|field| fields.contains_key(**field))
        {
            bail!(
                "{field}: --against measures rounds of equal size in turn; say how many samples each side gets (--samples)"
            );
        }
        // Parts of a call are no figure that is compared.
        fields.insert("breakdown".to_owned(), json!(false));
        Ok(Self {
            figures: comparison::figures(plan.samples_per_cell),
            fields,
            plan,
        })
    }

    fn conditions(&self, options: &RunOptions, baseline: &Path) -> Conditions {
        let rounds = comparison::rounds_for(self.plan.cells().len() * self.figures.len());
        Conditions {
            baseline: baseline.to_owned(),
            tolerance: options.tolerance,
            rounds,
            samples_per_round: self.plan.samples_per_cell.div_ceil(rounds),
            seed: self.plan.seed,
        }
    }

    /// The plan of one round.
    fn json(&self, conditions: &Conditions, seed: u32) -> String {
        let mut fields = self.fields.clone();
        fields.insert(
            "samples_per_cell".to_owned(),
            json!(conditions.samples_per_round),
        );
        fields.insert("seed".to_owned(), json!(seed));
        Value::Object(fields).to_string()
    }
}

/// Serves the baseline and this checkout, in this order.
fn start(
    api: &ApiOptions,
    options: &RunOptions,
    runtimes: &[Runtime],
    baseline: &Path,
) -> anyhow::Result<[Served; 2]> {
    let this = local_options(api, &options.local_options, runtimes.to_vec(), None)?;
    let its_name = format!("the baseline in {}", baseline.display());
    let project = Project::at(baseline).with_context(|| {
        format!(
            "--against {} is no checkout of this project",
            baseline.display()
        )
    })?;
    let its = LocalOptions {
        project: project.with_tools_of(&this.project),
        ..this.clone()
    };
    output::note(format_args!(
        "starting this checkout's Workers and those of {its_name}"
    ));
    Ok([
        Served::start(its_name, &its)?,
        Served::start("this checkout".to_owned(), &this)?,
    ])
}

impl Served {
    fn start(name: String, options: &LocalOptions) -> anyhow::Result<Self> {
        let root = options.project.root().display();
        let workers = LocalWorkers::start(options).with_context(|| {
            format!("{name} cannot be served; what is to be run is run in {root}")
        })?;
        Ok(Self {
            client: Client::new(workers.url(), Some(workers.api_token().to_owned())),
            name,
            workers,
            found: Side::new(),
        })
    }

    /// Measures one round.
    fn measure(
        &mut self,
        rounds: &Rounds,
        plan: &str,
        interrupt: &Interrupt,
    ) -> anyhow::Result<()> {
        let result = self.try_measure(rounds, plan, interrupt);
        result.with_context(|| format!("{} could not be measured", self.name))
    }

    fn try_measure(
        &mut self,
        rounds: &Rounds,
        plan: &str,
        interrupt: &Interrupt,
    ) -> anyhow::Result<()> {
        let run = self.client.start(plan.as_bytes())?.id;
        loop {
            interrupt.wait(PAUSE);
            if interrupt.is_asked() {
                bail!("interrupted; the local Workers are stopped, and the run with them");
            }
            self.workers.check()?;
            let status = self.client.run(&run)?;
            if status.state == RunState::Completed {
                return side::add(&mut self.found, &self.client, &run, &rounds.plan.cells());
            }
            if status.state.is_final() {
                let reason = status.reason.unwrap_or_default();
                bail!(
                    "its run {run} {}: {reason}\n\n{}",
                    status.state,
                    self.workers.log_tail()
                );
            }
        }
    }
}

/// All rounds, both sides in each, in random order.
fn measure(
    rounds: &Rounds,
    conditions: &Conditions,
    sides: &mut [Served; 2],
    interrupt: &Interrupt,
) -> anyhow::Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(conditions.seed);
    let began = Instant::now();
    for round in 1..=conditions.rounds {
        let plan = rounds.json(conditions, rng.random());
        let first = usize::from(rng.random_bool(0.5));
        for side in [first, 1 - first] {
            sides[side].measure(rounds, &plan, interrupt)?;
        }
        let left = began.elapsed() / round * (conditions.rounds - round);
        output::note(format_args!(
            "round {round} of {}, {} left",
            conditions.rounds,
            HumanDuration(left)
        ));
    }
    Ok(())
}

/// Saves the comparison, then prints it.
fn tell(
    api: &ApiOptions,
    options: &RunOptions,
    conditions: &Conditions,
    rows: &[Compared],
) -> anyhow::Result<()> {
    let (document, json) = (
        document::document(conditions, rows),
        document::json(conditions, rows),
    );
    let text = serde_json::to_string_pretty(&json)? + "\n";
    for (name, text) in [
        ("against.json", &text),
        ("against.md", &report::markdown::write(&document)),
    ] {
        let path = options.output.join(name);
        fs::write(&path, text).with_context(|| format!("saving {}", path.display()))?;
        output::note(format_args!("saved {}", path.display()));
    }
    if api.json {
        output::result(&text)
    } else {
        output::result(&tables::render(&document))
    }
}
