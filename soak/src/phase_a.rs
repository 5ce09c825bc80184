//! Phase A: kills, cron firings, runs by hand, fuzzed requests and readers, all at once; then the account of every sample.

use crate::{
    audit,
    fuzz::Generator,
    ledger::{self, Account},
    listener::Listener,
    load::{self, Load},
    progress,
    service::{Service, Tally},
};
use anyhow::Context as _;
use cli::{
    client::Client,
    local::{Build, LocalOptions, LocalWorkers},
};
use e2e::stage::{TOKEN, Wrapped};
use protocol::{RunId, RunState};
use rand::Rng as _;
use serde_json::json;
use std::{
    collections::BTreeSet,
    fmt,
    path::Path,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The Workers live this long between two kills, in ms.
const LIFE_MS: core::ops::Range<u64> = 300..8_000;
/// How long the Workers may take to answer again.
const START_DEADLINE: Duration = Duration::from_mins(3);
/// How long the last runs may take to end when nobody starts any more.
const IDLE_PATIENCE: Duration = Duration::from_mins(3);
/// Between two lines about how far it is.
const PROGRESS_MS: u64 = 10_000;
/// More runs than any soak makes: nothing expires before the audit.
const KEEP_RUNS: &str = "10000";
/// Who asks at once.
const READERS: u64 = 6;
const FUZZERS: u64 = 3;
/// The description of the API that fuzzed requests are made from.
const OPENAPI: &str = include_str!("../../orchestrator/openapi.json");

/// Streams of the seed.
mod stream {
    pub(super) const KILLS: u64 = 0;
    pub(super) const RUNS: u64 = 1;
    pub(super) const CRON: u64 = 2;
    pub(super) const READERS: u64 = 100;
    pub(super) const FUZZERS: u64 = 200;
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    seed: u64,
    seconds: u64,
    kills: u64,
    firings: u64,
    fuzzed: u64,
    /// Runs by how they ended.
    runs: [(RunState, usize); 3],
    /// Runs that were accepted and are not there.
    lost_runs: Vec<String>,
    /// Runs that failed, with their reasons; entries of the log that cannot be read; reports that count too little.
    other: Vec<String>,
    account: Account,
    tally: Tally,
}

/// Soaks for `lasts`.
///
/// # Errors
/// The Workers do not start, or what is stored cannot be read.
pub fn soak(lasts: Duration, seed: u64) -> anyhow::Result<Outcome> {
    let listener = Listener::start()?;
    let stub = listener.stub();
    let wrapped = Wrapped::new(&[("caller-worker", &stub)]);
    let state = TempDir::new().context("a folder for what the Workers store")?;
    let (service, began) = (Service::default(), Instant::now());
    let load = Load::new(&service, TOKEN, began + lasts);
    let mut outcome = Outcome::new(lasts, seed);
    let last = thread::scope(|scope| {
        let ended = AtTheEnd(&load);
        scope.spawn(|| load.start_runs(load::chance(seed, stream::RUNS)));
        scope.spawn(|| load.fire_cron(load::chance(seed, stream::CRON)));
        scope.spawn(|| load.watch());
        for number in 0..READERS {
            let (load, chance) = (&load, load::chance(seed, stream::READERS + number));
            scope.spawn(move || load.read(chance));
        }
        for number in 0..FUZZERS {
            let stream = stream::FUZZERS + 2 * number;
            let generator = Generator::new(OPENAPI, TOKEN, load::chance(seed, stream))?;
            let (load, chance) = (&load, load::chance(seed, stream + 1));
            scope.spawn(move || load.fuzz(generator, chance));
        }
        scope.spawn(|| tell(&load, began, lasts));
        let last = kill_and_start(&wrapped, state.path(), &load, &mut outcome);
        drop(ended);
        last
    })?;
    outcome.firings = load.firings();
    outcome.fuzzed = load.fuzzed();
    outcome.tally = service.tally();
    settle(&last, &listener, &load.accepted(), &mut outcome)?;
    Ok(outcome)
}

/// Ends the load however the scope is left: its threads are waited for.
struct AtTheEnd<'a>(&'a Load<'a>);

impl Drop for AtTheEnd<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Starts the Workers and kills them until time is up. Returns those that live then.
fn kill_and_start(
    wrapped: &Wrapped,
    state: &Path,
    load: &Load,
    outcome: &mut Outcome,
) -> anyhow::Result<LocalWorkers> {
    let mut chance = load::chance(outcome.seed, stream::KILLS);
    loop {
        let workers = start(wrapped, state, outcome.kills)
            .with_context(|| format!("after kill {}", outcome.kills))?;
        load.service.is_up(workers.url());
        let life = Duration::from_millis(chance.random_range(LIFE_MS));
        thread::sleep(life.min(load.until.saturating_duration_since(Instant::now())));
        if Instant::now() >= load.until {
            return Ok(workers);
        }
        load.service.is_down();
        // Dropping them is kill -9 of both process groups.
        drop(workers);
        outcome.kills += 1;
    }
}

fn start(wrapped: &Wrapped, state: &Path, kills: u64) -> anyhow::Result<LocalWorkers> {
    let mut options = LocalOptions::new(wrapped.project());
    options.build = Build::Release;
    options.state = Some(state.to_owned());
    options.deadline = START_DEADLINE;
    TOKEN.clone_into(&mut options.api_token);
    // Another seed after each kill: the slices of scheduled runs are then told apart by it, too.
    let scheduled = json!({"transports": ["direct", "service-binding"], "functions": ["echo"], "payload_bytes": [100],
        "samples_per_cell": 80, "breakdown": false, "seed": 1_000_000 + kills});
    for (name, value) in [
        ("KEEP_RUNS", KEEP_RUNS.to_owned()),
        ("KEEP_SAMPLES_OF_RUNS", KEEP_RUNS.to_owned()),
        ("SCHEDULED_PLAN", scheduled.to_string()),
    ] {
        options
            .orchestrator_variables
            .insert(name.to_owned(), value);
    }
    Ok(LocalWorkers::start(&options)?)
}

/// Says how far it is.
fn tell(load: &Load, began: Instant, lasts: Duration) {
    while load.goes_on() {
        load.pause(PROGRESS_MS);
        let tally = load.service.tally();
        progress(&format!(
            "soak a: {} s of {}: {} requests ({} interrupted by kills), {} runs accepted, {} cron firings, {} faults",
            began.elapsed().as_secs(),
            lasts.as_secs(),
            tally.requests,
            tally.interrupted,
            load.accepted().len(),
            load.firings(),
            tally.failures + tally.misanswers
        ));
    }
}

/// Holds everything that is stored against the log.
fn settle(
    workers: &LocalWorkers,
    listener: &Listener,
    accepted: &BTreeSet<String>,
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
    progress("soak a: waiting for the last runs, then reading everything that is stored");
    let client = Client::new(workers.url(), Some(TOKEN.to_owned()));
    audit::wait_until_idle(&client, IDLE_PATIENCE)?;
    let stored = audit::read_all(&client)?;
    let log = listener.log();
    outcome.account = ledger::settle(
        &log.made,
        &stored.slices,
        &stored.ended(),
        orchestrator::coordinator::order::slice_seed,
    );
    let ids: BTreeSet<&str> = stored
        .runs
        .iter()
        .map(|run| RunId::as_str(&run.id))
        .collect();
    let lost = accepted.iter().filter(|id| !ids.contains(id.as_str()));
    outcome.lost_runs = lost.cloned().collect();
    for (state, count) in &mut outcome.runs {
        *count = stored.runs.iter().filter(|run| run.state == *state).count();
    }
    let failed = stored
        .runs
        .iter()
        .filter(|run| run.state == RunState::Failed);
    outcome.other.extend(failed.map(|run| {
        let reason = run.reason.as_deref().unwrap_or("without a reason");
        format!("run {} failed: {reason}", run.id)
    }));
    outcome.other.extend(log.unreadable);
    outcome.other.extend(stored.miscounts);
    Ok(())
}

impl Outcome {
    fn new(lasts: Duration, seed: u64) -> Self {
        Self {
            seed,
            seconds: lasts.as_secs(),
            kills: 0,
            firings: 0,
            fuzzed: 0,
            runs: [RunState::Completed, RunState::Cancelled, RunState::Failed]
                .map(|state| (state, 0)),
            lost_runs: Vec::new(),
            other: Vec::new(),
            account: Account::default(),
            tally: Tally::default(),
        }
    }

    /// Whether nothing was lost, doubled or answered wrongly.
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.account.is_clean()
            && self.lost_runs.is_empty()
            && self.other.is_empty()
            && self.tally.failures == 0
            && self.tally.misanswers == 0
    }

    /// Each fault in words.
    pub fn faults(&self) -> impl Iterator<Item = &String> {
        let lists = [&self.account.findings, &self.other, &self.tally.faults];
        self.lost_runs.iter().chain(lists.into_iter().flatten())
    }
}

/// The line at the end.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (account, tally) = (&self.account, &self.tally);
        let verdict = if self.passed() { "passed" } else { "FAILED" };
        let runs = self.runs.map(|(state, count)| format!("{count} {state}"));
        write!(
            f,
            "soak a: {verdict}: {} s, seed {}, {} kills, {} cron firings, runs: {}, {} lost; {} requests ({} fuzzed, {} interrupted); \
             samples: {} made, {} found, {} in flight, {} lost, {} doubled, {} unknown; {} contradictions; \
             5xx or no answer while ready: {}, misanswers: {}",
            self.seconds,
            self.seed,
            self.kills,
            self.firings,
            runs.join(", "),
            self.lost_runs.len(),
            tally.requests,
            self.fuzzed,
            tally.interrupted,
            account.made,
            account.found,
            account.in_flight,
            account.lost,
            account.doubled,
            account.unknown,
            account.contradictions,
            tally.failures,
            tally.misanswers
        )
    }
}
