//! How fast readers are answered where 500 completed runs are stored: `GET /results` beside `GET /health`.
//!
//! Real Workers on a real workerd, a real database: 499 small runs and, as the latest, one of the default plan, so that `/results` gives a
//! report of full size. Every run is made by the system itself. Then the routes are asked in turn, each round in another random order, so
//! that whatever disturbs the machine disturbs all of them: `/health` is what the way through the local server and the Worker costs anyone.
//!
//! Two kinds of readers: those who ask again and again (answers up to a second old come from the Worker's memory), and a monitoring system
//! that asks now and then (each answer comes from the coordinator's database).
//!
//! Run it with `cargo bench -p e2e --bench results` after `scripts/build`; it takes some ten minutes, most of them for making the runs.

use cli::{
    client::Client,
    local::{Build, LocalWorkers},
};
use e2e::stage::{self, tell};
use protocol::{RunId, RunState, run::RunList};
use rand::{SeedableRng as _, seq::SliceRandom as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};
use ureq::http::Method;

/// Completed runs that are stored.
const RUNS: usize = 500;

/// Rounds of the busy reader. A p99 needs 368.
const BUSY_ROUNDS: usize = 500;

/// Rounds of the reader who asks now and then. A p95 needs 72.
const SPACED_ROUNDS: usize = 100;

/// What the Worker remembers is older than this after it (`FRESH_MS` of the orchestrator, and some).
const SPACE: Duration = Duration::from_millis(1_200);

/// Pause before a coordinator is asked again whether it takes the next run.
const PAUSE: Duration = Duration::from_millis(20);

/// The least that a run can measure: one cell, one call a block.
fn smallest_plan() -> Value {
    json!({"transports": ["direct"], "functions": ["echo"], "payload_bytes": [32], "samples_per_cell": 1,
        "warmup_per_slice": 0, "breakdown": false})
}

fn main() {
    let workers = stage::start(Build::Release, |options| {
        let variables = &mut options.orchestrator_variables;
        variables.insert("KEEP_RUNS".to_owned(), "10000".to_owned());
    });
    let client = stage::client(&workers);
    make_runs(&client);
    let stored = completed_runs(&client);
    assert!(
        stored.len() >= RUNS,
        "only {} runs are stored",
        stored.len()
    );
    describe(&client, &workers, stored.len());
    let oldest = stored.last().expect("runs are stored");
    let paths = [
        "/health".to_owned(),
        "/results".to_owned(),
        "/runs".to_owned(),
        format!("/runs/{oldest}"),
    ];
    let mut chance = ChaCha8Rng::seed_from_u64(6);
    // Connections and compiled code are there before anything is timed.
    ask_rounds(&client, &paths, 20, Duration::ZERO, &mut chance);
    tell("\none request after the other: answers up to a second old come from the Worker's memory");
    table(
        &paths,
        &ask_rounds(&client, &paths, BUSY_ROUNDS, Duration::ZERO, &mut chance),
    );
    tell("\na round every 1.2 s: every answer comes from the coordinator's database");
    table(
        &paths,
        &ask_rounds(&client, &paths, SPACED_ROUNDS, SPACE, &mut chance),
    );
}

/// Makes the runs, each as soon as the one before has ended.
fn make_runs(client: &Client) {
    let began = Instant::now();
    let small = smallest_plan();
    for number in 1..=RUNS {
        let plan = if number == RUNS {
            json!({})
        } else {
            small.clone()
        };
        start_next(client, &plan);
        if number % 50 == 0 {
            tell(&format!(
                "{number} of {RUNS} runs started after {:.0} s",
                began.elapsed().as_secs_f64()
            ));
        }
    }
    let latest = client
        .runs(None)
        .expect("the list of runs")
        .runs
        .swap_remove(0);
    let ended = stage::wait(client, &latest.id, |run| run.state.is_final());
    assert_eq!(ended.state, RunState::Completed, "{ended:?}");
    tell(&format!("made in {:.0} s", began.elapsed().as_secs_f64()));
}

/// Starts a run when the coordinator takes it. Asking for its status would give answers that are up to a second old.
fn start_next(client: &Client, plan: &Value) {
    loop {
        match client.start(plan.to_string().as_bytes()) {
            Ok(_) => return,
            Err(error) if error.status() == Some(409) => thread::sleep(PAUSE),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Completed runs, newest first, page by page.
fn completed_runs(client: &Client) -> Vec<RunId> {
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page: RunList = client.runs(before.as_ref()).expect("the list of runs");
        let completed = page
            .runs
            .iter()
            .filter(|run| run.state == RunState::Completed);
        found.extend(completed.map(|run| run.id.clone()));
        before = page.next_before;
        if before.is_none() {
            return found;
        }
    }
}

fn describe(client: &Client, workers: &LocalWorkers, stored: usize) {
    let report = client.text("/results").expect("the latest report");
    let cells = client
        .get::<protocol::Report>("/results")
        .expect("the latest report")
        .cells
        .len();
    let cpus = thread::available_parallelism().map_or(0, usize::from);
    tell(&format!(
        "\n{stored} completed runs stored; the latest report has {cells} cells and {} KB; {cpus} CPUs; {}",
        report.len() / 1_000,
        workers.url(),
    ));
}

/// Asks every path once a round, in random order. Milliseconds by path, in the order of the rounds.
fn ask_rounds(
    client: &Client,
    paths: &[String],
    rounds: usize,
    space: Duration,
    chance: &mut ChaCha8Rng,
) -> Vec<Vec<f64>> {
    let mut took_ms = vec![Vec::with_capacity(rounds); paths.len()];
    let mut order: Vec<usize> = (0..paths.len()).collect();
    for _ in 0..rounds {
        thread::sleep(space);
        order.shuffle(chance);
        for &path in &order {
            let asked = Instant::now();
            let answer = client
                .request(&Method::GET, &paths[path], b"")
                .expect("an answer");
            took_ms[path].push(asked.elapsed().as_secs_f64() * 1_000.0);
            assert_eq!(answer.status, 200, "{}: {}", paths[path], answer.body);
        }
    }
    took_ms
}

/// Prints a row for each path; the first is what the others are held against.
fn table(paths: &[String], took_ms: &[Vec<f64>]) {
    tell(&format!(
        "{:<32} {:>5} {:>9} {:>9} {:>9} {:>15}",
        "GET", "n", "p50 ms", "p95 ms", "p99 ms", "p50 to /health"
    ));
    let sorted = |figures: &Vec<f64>| {
        let mut figures = figures.clone();
        figures.sort_by(f64::total_cmp);
        figures
    };
    let median_of_health = sorted(&took_ms[0])[took_ms[0].len() / 2];
    for (path, figures) in paths.iter().zip(took_ms) {
        let figures = sorted(figures);
        // Too few samples give the largest one in disguise.
        let quantile = |percent: usize, least: usize| {
            let at = (figures.len() * percent).div_ceil(100) - 1;
            if figures.len() < least {
                "n/a".to_owned()
            } else {
                format!("{:.2}", figures[at])
            }
        };
        let ratio = figures[figures.len() / 2] / median_of_health;
        tell(&format!(
            "{path:<32} {:>5} {:>9} {:>9} {:>9} {ratio:>15.2}",
            figures.len(),
            quantile(50, 1),
            quantile(95, 72),
            quantile(99, 368)
        ));
    }
}
