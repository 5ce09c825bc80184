//! How fast readers are answered at the largest scale: 11 places, 84 cells of 3,000 samples, 1,000 stored runs; each route beside a body of the same size
//! that the same Worker holds in its memory.
//!
//! Real Workers on a real workerd, real databases, every run made by the system itself. Only the calls are not made: the caller-worker is wrapped in code that
//! answers each slice at once with made-up samples, as the size of what is stored is what matters here. Slices are large (`DELEGATED_CALLS_PER_SLICE`) for
//! the same reason.
//!
//! Each round asks every route and its static body once, in random order, so that whatever disturbs the machine disturbs both. Readers who ask again
//! and again get answers up to a second old, from the Worker's memory; of those who ask now and then each one makes the Worker ask all eleven
//! coordinators what is new.
//!
//! Run it with `cargo bench -p e2e --bench scale` after `scripts/build`; it takes some ten minutes, most of them for making the runs. `-- --runs 100` makes fewer.

use cli::{client::Client, local::Build};
use e2e::stage::{self, Wrapped, tell};
use protocol::{Report, run::RunStatus};
use rand::{SeedableRng as _, seq::SliceRandom as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::{
    env, thread,
    time::{Duration, Instant},
};
use ureq::{Agent, http::Method};

const LOCATIONS: &str = "wnam,enam,sam,weur,eeur,apac,apac-ne,apac-se,oc,afr,me";
const PLACES: usize = 11;
/// Runs that are stored at all places together.
const RUNS: usize = 1_000;
const BUSY_ROUNDS: usize = 200;
const SPACED_ROUNDS: usize = 60;
/// What the Worker remembers is older than this after it (`FRESH_MS` of the orchestrator, and some).
const SPACE: Duration = Duration::from_millis(1_200);
/// Connections are not used again after this: workerd closes idle ones after 5 s.
const IDLE: Duration = Duration::from_secs(3);
/// No answer is larger.
const MOST_BYTES: u64 = 64 << 20;
/// Pause between two attempts at starting the next run.
const PAUSE: Duration = Duration::from_millis(20);
/// What a median may take at most, as a multiple of the static body's.
const MOST_RATIO: f64 = 1.5;

/// Samples without calls.
const CALLER: &str = r#"
import { WorkerEntrypoint } from "cloudflare:workers";
import Original from "./original.js";

const clock = { timer: "interpolated", advances_during_cpu: true, tick_ms: 1, sample_unit_ns: 1, polls_per_tick: 400, polls_per_tick_mad: 2, resolution_ns: 1000 };

export default class extends WorkerEntrypoint {
  async fetch(request) {
    if (new URL(request.url).pathname !== "/measure") return Original.fetch(request, this.env, this.ctx);
    const { samples: count, transport, payload_bytes, warmup, chain } = await request.json();
    const base = transport === "direct" ? 5_000 : 100_000 + payload_bytes;
    const samples = Array.from({ length: count }, () => Math.round(base * (1 + Math.random() ** 8)));
    const calls = chain ? { calls: chain, elapsed_ms: 1 } : undefined;
    return Response.json({ clock, elapsed_ms: 20, samples, errors: {}, warmup_calls: warmup, chain: calls, noise_floor_ns: [1200, 1500, 1900] });
  }
}
"#;

/// The orchestrator, with bodies of any size beside it.
const ORCHESTRATOR: &str = r#"
import { WorkerEntrypoint } from "cloudflare:workers";
import Original, { Coordinator } from "./original.js";
export { Coordinator };

const bodies = new Map();

export default class extends WorkerEntrypoint {
  constructor(ctx, env) {
    super(ctx, env);
    this.whole = new Original(ctx, env);
  }

  fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/static") return this.whole.fetch(request);
    const bytes = Number(searchParams.get("bytes"));
    if (!bodies.has(bytes)) bodies.set(bytes, new TextEncoder().encode("x".repeat(bytes)));
    return new Response(bodies.get(bytes), { headers: { "content-type": searchParams.get("type") } });
  }
}
"#;

fn main() {
    let requests = runs_wanted().div_ceil(PLACES);
    let wrapped = Wrapped::new(&[("caller-worker", CALLER), ("orchestrator", ORCHESTRATOR)]);
    let workers = stage::start(Build::Release, |options| {
        options.project = wrapped.project();
        let variables = &mut options.orchestrator_variables;
        for (name, value) in [
            ("LOCATIONS", LOCATIONS),
            ("LOCATION_STAGGER_MS", "0"),
            ("KEEP_RUNS", "10000"),
            ("DELEGATED_CALLS_PER_SLICE", "1000"),
        ] {
            variables.insert(name.to_owned(), value.to_owned());
        }
        // Slices of that size would not fit into the calls that the configured one allows.
        variables.insert("SCHEDULED_PLAN".to_owned(), smallest_plan().to_string());
    });
    let client = stage::client(&workers);
    make_runs(&client, requests);
    describe(&client, requests * PLACES);
    let routes = [
        "/results",
        "/results?location=weur",
        "/runs",
        "/metrics",
        "/history?cell=service-binding.echo.100",
    ];
    let pairs: Vec<Pair> = routes
        .iter()
        .map(|route| Pair::of(&client, route))
        .collect();
    let mut chance = ChaCha8Rng::seed_from_u64(6);
    // Connections and compiled code are there before anything is timed.
    let reader = Reader::new(workers.url());
    ask_rounds(&reader, &pairs, 20, Duration::ZERO, &mut chance);
    tell("\none request after the other: answers up to a second old come from the Worker's memory");
    let busy = ask_rounds(&reader, &pairs, BUSY_ROUNDS, Duration::ZERO, &mut chance);
    table(&pairs, &busy);
    tell("\na round every 1.2 s: the first of each kind asks the coordinators what is new");
    let spaced = ask_rounds(&reader, &pairs, SPACED_ROUNDS, SPACE, &mut chance);
    table(&pairs, &spaced);
}

fn runs_wanted() -> usize {
    let mut arguments = env::args().skip_while(|argument| argument != "--runs");
    let wanted = arguments.nth(1);
    wanted.map_or(RUNS, |number| {
        number.parse().expect("a number of runs after --runs")
    })
}

/// Reads bytes and makes no text of them: how long that takes depends on the client.
struct Reader {
    agent: Agent,
    url: String,
}

impl Reader {
    fn new(url: &str) -> Self {
        let config = Agent::config_builder()
            .proxy(None)
            .max_idle_age(IDLE)
            .build();
        Self {
            agent: config.into(),
            url: url.to_owned(),
        }
    }

    fn read(&self, path: &str) {
        let answer = self.agent.get(format!("{}{path}", self.url)).call();
        let mut answer = answer.unwrap_or_else(|error| panic!("{path}: {error}"));
        let body = answer.body_mut().with_config().limit(MOST_BYTES);
        let read = body.read_to_vec();
        read.unwrap_or_else(|error| panic!("{path}: {error}"));
    }
}

/// A route, and a static body of its size.
struct Pair {
    route: String,
    bytes: usize,
    /// The media type, percent-encoded: a client reads a text whose encoding is named in another way.
    media_type: String,
}

impl Pair {
    fn of(client: &Client, route: &str) -> Self {
        let answer = client.request(&Method::GET, route, b"");
        let answer = answer.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(answer.status, 200, "{route}: {}", answer.body);
        let media_type = answer.headers["content-type"].to_str().expect("a text");
        Self {
            route: route.to_owned(),
            bytes: answer.body.len(),
            media_type: media_type
                .replace(';', "%3B")
                .replace('=', "%3D")
                .replace(' ', "%20"),
        }
    }

    fn paths(&self) -> [String; 2] {
        [
            self.route.clone(),
            format!("/static?bytes={}&type={}", self.bytes, self.media_type),
        ]
    }
}

/// The least that a run can measure, but for the cell that the series is of.
fn smallest_plan() -> Value {
    json!({"transports": ["service-binding"], "functions": ["echo"], "payload_bytes": [100], "samples_per_cell": 1,
        "warmup_per_slice": 0, "breakdown": false})
}

/// 84 cells of 3,000 samples: seven transports, three functions, four payloads.
fn largest_plan() -> Value {
    json!({"transports": ["direct", "service-binding", "raw-fetch", "rpc", "msgpack", "capnweb-websocket", "websocket"],
        "functions": ["echo", "transform", "compute"], "payload_bytes": [100, 1_000, 10_000, 100_000],
        "samples_per_cell": 3_000, "breakdown": false, "timer": "interpolated"})
}

/// Makes the runs, each as soon as the one before has ended at every place; the last one is the largest.
fn make_runs(client: &Client, requests: usize) {
    let began = Instant::now();
    let mut last = None;
    for number in 1..=requests {
        let plan = if number == requests {
            largest_plan()
        } else {
            smallest_plan()
        };
        last = Some(start_next(client, &plan));
        if number % 10 == 0 {
            let seconds = began.elapsed().as_secs();
            tell(&format!(
                "{number} of {requests} requests for {PLACES} runs each, after {seconds} s"
            ));
        }
    }
    let last = last.expect("one run at least");
    let places = last
        .siblings
        .iter()
        .map(|sibling| &sibling.id)
        .chain([&last.id]);
    for run in places {
        let _ = stage::eventually("the largest run ends", || {
            let status = client.run(run).unwrap_or_else(|error| panic!("{error}"));
            status.state.is_final().then_some(status)
        });
    }
    tell(&format!("made in {} s", began.elapsed().as_secs()));
}

/// Starts a run when every coordinator takes it.
fn start_next(client: &Client, plan: &Value) -> RunStatus {
    loop {
        match client.start(plan.to_string().as_bytes()) {
            Ok(status) => return status,
            Err(error) if error.status() == Some(409) => thread::sleep(PAUSE),
            Err(error) => panic!("{error}"),
        }
    }
}

fn describe(client: &Client, runs: usize) {
    let merged: Report = client.get("/results").expect("the merged report");
    let cells = merged.cells.len();
    let samples = merged.cells.iter().map(|cell| cell.count).max();
    let cpus = thread::available_parallelism().map_or(0, usize::from);
    tell(&format!(
        "\n{runs} runs stored at {} places; the merged report has {cells} cells of {} samples; {cpus} CPUs",
        merged.run.locations.len(),
        samples.unwrap_or_default()
    ));
}

/// Asks every route and its static body once a round, in random order. Milliseconds, by pair: route and body.
fn ask_rounds(
    reader: &Reader,
    pairs: &[Pair],
    rounds: usize,
    space: Duration,
    chance: &mut ChaCha8Rng,
) -> Vec<[Vec<f64>; 2]> {
    let paths: Vec<[String; 2]> = pairs.iter().map(Pair::paths).collect();
    let mut took_ms: Vec<[Vec<f64>; 2]> = vec![[Vec::new(), Vec::new()]; pairs.len()];
    let mut order: Vec<(usize, usize)> = (0..pairs.len())
        .flat_map(|pair| [(pair, 0), (pair, 1)])
        .collect();
    for _ in 0..rounds {
        thread::sleep(space);
        order.shuffle(chance);
        for &(pair, which) in &order {
            let asked = Instant::now();
            reader.read(&paths[pair][which]);
            took_ms[pair][which].push(asked.elapsed().as_secs_f64() * 1_000.0);
        }
    }
    took_ms
}

/// Prints a row for each route.
fn table(pairs: &[Pair], took_ms: &[[Vec<f64>; 2]]) {
    tell(&format!(
        "{:<42} {:>8} {:>5} {:>8} {:>8} {:>10} {:>7}",
        "GET", "KB", "n", "p50 ms", "p95 ms", "static p50", "ratio"
    ));
    for (pair, [route, body]) in pairs.iter().zip(took_ms) {
        let ratio = quantile(route, 50) / quantile(body, 50);
        tell(&format!(
            "{:<42} {:>8.1} {:>5} {:>8.2} {:>8.2} {:>10.2} {ratio:>7.2}{}",
            pair.route,
            pair.bytes as f64 / 1_000.0,
            route.len(),
            quantile(route, 50),
            quantile(route, 95),
            quantile(body, 50),
            if ratio > MOST_RATIO {
                "  above 1.5"
            } else {
                ""
            }
        ));
    }
}

fn quantile(figures: &[f64], percent: usize) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() * percent).div_ceil(100) - 1]
}
