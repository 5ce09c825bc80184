//! Phase B: runs and readers, no kills. What grows is found: the heap of each isolate, judged by its trend; the memory of each process; rows of a run.

mod outcome;

pub use outcome::Outcome;

use crate::{
    load::{self, Load},
    processes::{self, Process},
    progress,
    service::Service,
    trend::Reading,
};
use anyhow::{Context as _, bail};
use cli::local::{Build, LocalOptions, LocalWorkers};
use e2e::stage::{self, TOKEN, Wrapped};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// Readings of memory in one soak, and how far apart they are at least and at most.
const READINGS: u32 = 60;
const LEAST_APART: Duration = Duration::from_secs(5);
const MOST_APART: Duration = Duration::from_mins(1);
/// What runs and readers leave behind at first is no growth: caches fill, code is compiled. Of the whole time, and at most.
const WARM_UP_SHARE: u32 = 3;
const MOST_WARM_UP: Duration = Duration::from_mins(10);
/// A growth in an hour is not judged by less than this.
const LEAST_JUDGED: Duration = Duration::from_mins(10);
/// Runs before any reader comes, whose rows are counted.
const COUNTED_RUNS: u32 = 3;
/// Few runs are kept, so that what is stored does not grow either.
const KEEP_RUNS: &str = "20";
const KEEP_SAMPLES: &str = "5";
/// Who reads at once.
const READERS: u64 = 4;
/// The orchestrator that counts rows, and where it says how many.
const COUNTING_ORCHESTRATOR: &str = include_str!("counting_orchestrator.js");
const ROWS: &str = "/soak/rows";

/// Rows that the database counted, as the platform bills them.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Rows {
    read: u64,
    written: u64,
}

/// The memory of one isolate, in bytes.
#[derive(Clone, Debug, Deserialize)]
struct Memory {
    isolate: String,
    /// JavaScript's heap.
    heap: u64,
    /// Buffers, as far as the debugger counts them.
    buffers: u64,
}

/// Readings of one thing over time, in bytes.
type Series = BTreeMap<String, Vec<Reading>>;

/// Soaks for `lasts`.
///
/// # Errors
/// The Workers do not start, or the debugger cannot be found.
pub fn soak(lasts: Duration, seed: u64) -> anyhow::Result<Outcome> {
    let wrapped = Wrapped::new(&[("orchestrator", COUNTING_ORCHESTRATOR)]);
    let workers = start(&wrapped)?;
    let rows_per_run = count_rows(&workers)?;
    let (service, began) = (Service::default(), Instant::now());
    service.is_up(workers.url());
    let load = Load::new(&service, TOKEN, began + lasts);
    let apart = (lasts / READINGS).clamp(LEAST_APART, MOST_APART);
    let warm_up = (lasts / WARM_UP_SHARE).min(MOST_WARM_UP);
    let (mut heaps, mut resident) = (Series::new(), Series::new());
    thread::scope(|scope| {
        scope.spawn(|| load.start_runs(load::chance(seed, 1)));
        scope.spawn(|| load.watch());
        for number in 0..READERS {
            let (load, chance) = (&load, load::chance(seed, 100 + number));
            scope.spawn(move || load.read(chance));
        }
        let read = read_memory(&workers, &load, apart, &mut heaps, &mut resident);
        load.end();
        read
    })?;
    // The last minutes are held against those after the warm-up.
    let from_hours = warm_up.as_secs_f64() / 3_600.0;
    for series in [&mut heaps, &mut resident] {
        for readings in series.values_mut() {
            readings.retain(|reading| reading.0 >= from_hours);
        }
        series.retain(|_, readings| !readings.is_empty());
    }
    Ok(Outcome {
        seed,
        seconds: lasts.as_secs(),
        judged: lasts.saturating_sub(warm_up) >= LEAST_JUDGED,
        heaps,
        resident,
        rows_per_run,
        runs: load.accepted().len(),
        tally: service.tally(),
    })
}

fn start(wrapped: &Wrapped) -> anyhow::Result<LocalWorkers> {
    let mut options = LocalOptions::new(wrapped.project());
    options.build = Build::Release;
    options.has_debugger = true;
    TOKEN.clone_into(&mut options.api_token);
    for (name, value) in [
        ("KEEP_RUNS", KEEP_RUNS),
        ("KEEP_SAMPLES_OF_RUNS", KEEP_SAMPLES),
    ] {
        options
            .orchestrator_variables
            .insert(name.to_owned(), value.to_owned());
    }
    Ok(LocalWorkers::start(&options)?)
}

/// Rows of one run, all that follows from it included, while nobody else asks.
fn count_rows(workers: &LocalWorkers) -> anyhow::Result<Rows> {
    let client = stage::client(workers);
    let before: Rows = client.get(ROWS)?;
    let plan = counted_plan();
    for _ in 0..COUNTED_RUNS {
        let _ = stage::run_if_possible(&client, &plan).map_err(anyhow::Error::msg)?;
    }
    let after: Rows = client.get(ROWS)?;
    let of_one = |after: u64, before: u64| (after - before) / u64::from(COUNTED_RUNS);
    Ok(Rows {
        read: of_one(after.read, before.read),
        written: of_one(after.written, before.written),
    })
}

/// 44 slices: two cells of 22 blocks.
fn counted_plan() -> Value {
    json!({"transports": ["direct", "service-binding"], "functions": ["echo"], "payload_bytes": [100], "samples_per_cell": 440, "breakdown": false})
}

/// Reads the memory of isolates and processes until the load ends.
fn read_memory(
    workers: &LocalWorkers,
    load: &Load,
    apart: Duration,
    heaps: &mut Series,
    resident: &mut Series,
) -> anyhow::Result<()> {
    let began = Instant::now();
    while Instant::now() < load.until {
        let next = Instant::now() + apart;
        let hours = began.elapsed().as_secs_f64() / 3_600.0;
        let processes = processes::of(workers.directory());
        for process in &processes {
            let name = format!("{} ({})", process.name, process.pid);
            let reading = (hours, process.resident_bytes as f64);
            resident.entry(name).or_default().push(reading);
        }
        for heap in read_heaps(&processes)? {
            let reading = (hours, (heap.heap + heap.buffers) as f64);
            heaps.entry(heap.isolate).or_default().push(reading);
        }
        tell(began, load, heaps, &processes);
        thread::sleep(
            next.min(load.until)
                .saturating_duration_since(Instant::now()),
        );
    }
    Ok(())
}

/// Asks every debugger among the ports of the servers; wrangler's own only passes on.
fn read_heaps(processes: &[Process]) -> anyhow::Result<Vec<Memory>> {
    let servers = processes.iter();
    let servers: Vec<Process> = servers
        .filter(|process| process.name.starts_with("workerd"))
        .cloned()
        .collect();
    let project = stage::project();
    let read = Command::new(project.root().join("node_modules/.bin/node"))
        .arg(project.root().join("soak/heaps.mjs"))
        .args(processes::listening(&servers))
        .output()
        .context("node; scripts/setup installs it")?;
    if !read.status.success() {
        bail!("soak/heaps.mjs: {}", String::from_utf8_lossy(&read.stderr));
    }
    let lines = String::from_utf8(read.stdout)?;
    let heaps: Vec<Memory> = lines
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    if heaps.is_empty() {
        bail!("none of the processes of the Workers has a debugger that lists isolates");
    }
    Ok(heaps)
}

fn tell(began: Instant, load: &Load, heaps: &Series, processes: &[Process]) {
    let tally = load.service.tally();
    let resident: u64 = processes.iter().map(|process| process.resident_bytes).sum();
    let last = heaps.values().filter_map(|readings| readings.last());
    let heap: f64 = last.map(|reading| reading.1).sum();
    progress(&format!(
        "soak b: {} s: {} requests, {} runs accepted, {} faults; isolates {} MB, processes {} MB",
        began.elapsed().as_secs(),
        tally.requests,
        load.accepted().len(),
        tally.failures + tally.misanswers,
        megabytes(heap),
        megabytes(resident as f64)
    ));
}

fn megabytes(bytes: f64) -> String {
    format!("{:.1}", bytes / 1e6)
}
