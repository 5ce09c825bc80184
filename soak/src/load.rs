//! Everyone who uses the service at once: who starts and cancels runs, the cron, who sends nonsense, who reads.

use crate::{
    fuzz::Generator,
    service::{Asked, Service},
};
use rand::{Rng as _, SeedableRng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use ureq::http::Method;

/// The path that fires the cron of the local Workers.
const CRON: &str = "/cdn-cgi/handler/scheduled?cron=17+*/6+*+*+*";
/// A run that is active for longer is cancelled, so that others come to be measured.
const LONGEST_RUN: Duration = Duration::from_secs(20);
/// Runs whose ids fuzzed requests and readers know.
const KNOWN_RUNS: usize = 20;
/// How soon somebody who pauses sees that it is over.
const STEP: Duration = Duration::from_millis(200);
/// Of the runs by hand so many in a hundred are cancelled on their way.
const CANCELLED_PERCENT: u32 = 15;

/// What everyone shares.
#[derive(Debug)]
pub struct Load<'a> {
    /// Whom they ask.
    pub service: &'a Service,
    /// What starts and cancels runs.
    pub token: &'a str,
    /// When they end.
    pub until: Instant,
    over: AtomicBool,
    runs: Mutex<Vec<String>>,
    accepted: Mutex<BTreeSet<String>>,
    firings: AtomicU64,
    fuzzed: AtomicU64,
}

impl<'a> Load<'a> {
    /// Nobody asks yet.
    #[must_use]
    pub const fn new(service: &'a Service, token: &'a str, until: Instant) -> Self {
        Self {
            service,
            token,
            until,
            over: AtomicBool::new(false),
            runs: Mutex::new(Vec::new()),
            accepted: Mutex::new(BTreeSet::new()),
            firings: AtomicU64::new(0),
            fuzzed: AtomicU64::new(0),
        }
    }

    /// Ends it before its time.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        self.service.is_over();
    }

    /// Runs that were accepted with 202, by their ids.
    #[must_use]
    pub fn accepted(&self) -> BTreeSet<String> {
        let accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.clone()
    }

    /// Firings of the cron that were taken.
    #[must_use]
    pub fn firings(&self) -> u64 {
        self.firings.load(Ordering::Relaxed)
    }

    /// Fuzzed requests that were answered.
    #[must_use]
    pub fn fuzzed(&self) -> u64 {
        self.fuzzed.load(Ordering::Relaxed)
    }

    /// Whether it is to go on.
    pub(crate) fn goes_on(&self) -> bool {
        !self.over.load(Ordering::Relaxed) && Instant::now() < self.until
    }

    /// Waits, but not beyond the end.
    pub(crate) fn pause(&self, ms: u64) {
        let expires = Instant::now() + Duration::from_millis(ms);
        while self.goes_on() && Instant::now() < expires {
            thread::sleep(STEP.min(expires.saturating_duration_since(Instant::now())));
        }
    }

    fn known(&self) -> Vec<String> {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.clone()
    }

    fn ask(&self, asked: &Asked) -> Option<crate::service::Answered> {
        self.service.ask(asked, self.until)
    }

    /// Notes a run that was accepted.
    fn accept(&self, id: &str) {
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.insert(id.to_owned());
    }

    /// Starts runs one after the other, and cancels some.
    pub fn start_runs(&self, mut chance: ChaCha8Rng) {
        while self.goes_on() {
            let asked = Asked {
                method: Method::POST,
                body: Some(plan(&mut chance).to_string().into_bytes()),
                ..Asked::get("/runs").with_token(self.token)
            };
            let Some(answered) = self.ask(&asked) else {
                continue;
            };
            if answered.status != 202 {
                self.pause(chance.random_range(100..400));
                continue;
            }
            let id = answered.json()["id"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            self.accept(&id);
            if chance.random_ratio(CANCELLED_PERCENT, 100) {
                self.pause(chance.random_range(0..2_000));
                self.cancel(&id);
            }
            self.pause(chance.random_range(0..300));
        }
    }

    fn cancel(&self, run: &str) {
        // It may have ended meanwhile, which is answered with 409.
        let _ = self.ask(&Asked {
            method: Method::DELETE,
            ..Asked::get(format!("/runs/{run}")).with_token(self.token)
        });
    }

    /// Fires the cron now and then.
    pub fn fire_cron(&self, mut chance: ChaCha8Rng) {
        while self.goes_on() {
            self.pause(chance.random_range(2_000..15_000));
            if self.ask(&Asked::get(CRON)).is_some_and(|a| a.status == 200) {
                self.firings.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Sends fuzzed requests.
    pub fn fuzz(&self, mut generator: Generator, mut chance: ChaCha8Rng) {
        while self.goes_on() {
            let fuzzed = generator.next(&self.known());
            let Some(answered) = self.ask(&fuzzed.asked) else {
                continue;
            };
            self.fuzzed.fetch_add(1, Ordering::Relaxed);
            if answered.status == 202 {
                self.accept(answered.json()["id"].as_str().unwrap_or_default());
            }
            self.pause(chance.random_range(0..20));
        }
    }

    /// Reads lists, reports, figures, exports, as pages and monitoring do.
    pub fn read(&self, mut chance: ChaCha8Rng) {
        while self.goes_on() {
            let known = self.known();
            let run = known.choose(&mut chance).cloned();
            let run = run.unwrap_or_else(|| "20000101T000000Z-00000000".to_owned());
            let path = match chance.random_range(0..12) {
                0 | 1 => "/results".to_owned(),
                2 => "/metrics".to_owned(),
                3 => "/history?cell=service-binding.echo.100".to_owned(),
                4 => format!("/runs/{run}"),
                5 => format!("/results/{run}"),
                6 => format!("/results/{run}.md"),
                7 => format!("/results/{run}/cells/service-binding.echo.100.csv"),
                8 => "/".to_owned(),
                9 => "/health".to_owned(),
                _ => "/runs".to_owned(),
            };
            self.ask(&Asked::get(path));
            self.pause(chance.random_range(0..60));
        }
    }

    /// Looks at the list: so that everyone knows some runs, and cancels one that takes too long.
    pub fn watch(&self) {
        let (mut active, mut since) = (String::new(), Instant::now());
        while self.goes_on() {
            self.pause(1_000);
            let Some(answered) = self.ask(&Asked::get("/runs")) else {
                continue;
            };
            let list = answered.json();
            let runs = list["runs"].as_array().cloned().unwrap_or_default();
            let id = |run: &Value| run["id"].as_str().unwrap_or_default().to_owned();
            let known = runs.iter().take(KNOWN_RUNS).map(id).collect();
            *self.runs.lock().unwrap_or_else(PoisonError::into_inner) = known;
            let running = runs.iter().find(|run| run["state"] == "running");
            let running = running.map(id).unwrap_or_default();
            if running != active {
                (active, since) = (running, Instant::now());
            } else if !active.is_empty() && since.elapsed() > LONGEST_RUN {
                self.cancel(&active);
            }
        }
    }
}

/// A plan of a few seconds, unlike any other by its seed.
fn plan(chance: &mut ChaCha8Rng) -> Value {
    let transports = [
        json!(["direct", "service-binding"]),
        json!(["direct", "service-binding", "rpc"]),
        json!(["service-binding"]),
        json!(["direct", "service-binding", "raw-fetch", "msgpack"]),
    ];
    json!({
        "transports": transports.choose(chance),
        "functions": ["echo"],
        "payload_bytes": [100],
        "samples_per_cell": chance.random_range(40..800),
        "breakdown": chance.random_ratio(1, 8),
        "seed": chance.random::<u32>(),
    })
}

/// The chance of one of those who take part, from the soak's seed: each has a stream of its own.
#[must_use]
pub fn chance(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    chance.set_stream(stream);
    chance
}
