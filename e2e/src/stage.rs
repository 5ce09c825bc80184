//! Workers for tests: shared ones, and some of a test's own.

use cli::{
    client::Client,
    local::{Build, LocalOptions, LocalWorkers, Project},
};
use protocol::{Report, RunId, RunState, run::RunStatus};
use serde_json::{Value, json};
use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::symlink,
    path::Path,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// When to give up on something that should have happened. Generous: machines may be busy.
const PATIENCE: Duration = Duration::from_mins(4);

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// Token of every orchestrator in tests.
pub const TOKEN: &str = "token-of-the-tests";

/// This project.
///
/// # Panics
/// When the crate does not lie in it.
#[must_use]
pub fn project() -> Project {
    Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the crate lies in the project")
}

/// Starts Workers of a test's own, configured by `configure`.
///
/// # Panics
/// When they do not start; the message says what to run, or shows the log.
#[must_use]
pub fn start(build: Build, configure: impl FnOnce(&mut LocalOptions)) -> LocalWorkers {
    let mut options = LocalOptions::new(project());
    options.build = build;
    TOKEN.clone_into(&mut options.api_token);
    options.deadline = PATIENCE;
    configure(&mut options);
    LocalWorkers::start(&options).unwrap_or_else(|error| panic!("{error}"))
}

/// A client with the token of the tests.
#[must_use]
pub fn client(workers: &LocalWorkers) -> Client {
    Client::new(workers.url(), Some(TOKEN.to_owned()))
}

/// The Workers that tests share, of the release build. They are stopped by their watchdog when the test binary ends.
pub fn shared() -> &'static LocalWorkers {
    static SHARED: OnceLock<LocalWorkers> = OnceLock::new();
    SHARED.get_or_init(|| {
        start(Build::Release, |options| {
            let plan = json!({"transports": ["direct", "service-binding"], "functions": ["echo"], "payload_bytes": [100],
                "samples_per_cell": 20, "breakdown": false});
            let variables = &mut options.orchestrator_variables;
            variables.insert("SCHEDULED_PLAN".to_owned(), plan.to_string());
        })
    })
}

/// Lets one test at a time measure: a coordinator measures one run at a time, and two of them would be in each other's figures.
/// Take it after [`small_run`], which takes it, too.
pub fn my_turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    // A test that failed in its turn left no state behind that would matter to the next.
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The plan of [`small_run`]: three transports, two payloads, samples enough for an interval of the p99.
#[must_use]
pub fn small_plan() -> Value {
    json!({"functions": ["echo"], "payload_bytes": [100, 1000], "samples_per_cell": 400, "seed": 7})
}

/// The report of one small run on the shared Workers, made once.
///
/// # Panics
/// When the run does not complete.
pub fn small_run() -> &'static Report {
    static REPORT: OnceLock<Report> = OnceLock::new();
    REPORT.get_or_init(|| {
        let _turn = my_turn();
        let report = run_to_completion(&client(shared()), &small_plan());
        // Tests look at every cell there is: without any they would all pass.
        assert_eq!(report.cells.len(), 3 * 2);
        report
    })
}

/// Shows a figure that a test found, also where the test passes: only the macros of printing are captured.
pub fn tell(figure: &str) {
    // Nothing depends on its being seen.
    let _ = writeln!(io::stdout(), "{figure}");
}

/// A folder that is removed with the value.
///
/// # Panics
/// When there is no room for one.
#[must_use]
pub fn temporary_folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// This project with JavaScript of a test's own around, or in place of, some of its Workers.
#[derive(Debug)]
pub struct Wrapped(TempDir);

impl Wrapped {
    /// The release build, with code as the entry of each of these Workers; the Worker itself is `./original.js` beside it.
    ///
    /// # Panics
    /// When a Worker is not built.
    #[must_use]
    pub fn new(workers: &[(&str, &str)]) -> Self {
        Self::of(Build::Release, workers)
    }

    /// The same of a build.
    ///
    /// # Panics
    /// When a Worker is not built.
    #[must_use]
    pub fn of(build: Build, workers: &[(&str, &str)]) -> Self {
        let (folder, project) = (temporary_folder(), project());
        let (root, copy) = (project.root(), folder.path());
        for name in [
            "orchestrator",
            "caller-worker",
            "runtime-worker",
            "cold-worker",
            "dashboard",
            "node_modules",
            "wrangler.toml",
        ] {
            match workers.iter().find(|(worker, _)| *worker == name) {
                None => symlink(root.join(name), copy.join(name)).expect("a link"),
                Some((_, code)) => wrap(&root.join(name), &copy.join(name), build, code),
            }
        }
        Self(folder)
    }

    /// The project of that.
    ///
    /// # Panics
    /// Never for one that could be made.
    #[must_use]
    pub fn project(&self) -> Project {
        Project::at(self.0.path()).expect("a project")
    }
}

/// Copies a Worker's build with `code` as its entry.
fn wrap(worker: &Path, copy: &Path, build: Build, code: &str) {
    let (from, build) = (worker.join(build.folder()), copy.join(build.folder()));
    fs::create_dir_all(&build).expect("a folder");
    if let Ok(configuration) = fs::read_to_string(worker.join("wrangler.toml")) {
        fs::write(copy.join("wrangler.toml"), configuration).expect("a configuration");
    }
    for (file, name) in [
        ("index.js", "original.js"),
        ("index_bg.wasm", "index_bg.wasm"),
    ] {
        let from = from.join(file);
        fs::copy(&from, build.join(name)).unwrap_or_else(|error| {
            panic!(
                "{} is not built; run scripts/build ({error})",
                from.display()
            )
        });
    }
    fs::write(build.join("index.js"), code).expect("the wrapping code");
}

/// Starts a run and waits for its report.
///
/// # Panics
/// When it does not complete.
#[must_use]
pub fn run_to_completion(client: &Client, plan: &Value) -> Report {
    run_if_possible(client, plan).unwrap_or_else(|reason| panic!("{reason}"))
}

/// Starts a run and waits for its report, if it completes.
///
/// # Errors
/// How a run stands that has ended otherwise, its reason included.
///
/// # Panics
/// When the API fails.
pub fn run_if_possible(client: &Client, plan: &Value) -> Result<Report, String> {
    let started = begin(client, plan);
    let ended = wait(client, &started.id, |run| run.state.is_final());
    if ended.state != RunState::Completed {
        return Err(format!("{ended:?}"));
    }
    client
        .report(&started.id)
        .map_err(|error| error.to_string())
}

/// Starts a run.
///
/// # Panics
/// When it is refused.
#[must_use]
pub fn begin(client: &Client, plan: &Value) -> RunStatus {
    client
        .start(plan.to_string().as_bytes())
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Looks at a run until `enough` of it.
///
/// # Panics
/// When the API fails, or the tests' patience ends.
pub fn wait(client: &Client, run: &RunId, enough: impl Fn(&RunStatus) -> bool) -> RunStatus {
    let expires = Instant::now() + PATIENCE;
    loop {
        let status = client.run(run).unwrap_or_else(|error| panic!("{error}"));
        if enough(&status) {
            return status;
        }
        assert!(Instant::now() < expires, "gave up waiting: {status:?}");
        thread::sleep(PAUSE);
    }
}

/// Asks until there is an answer.
///
/// # Panics
/// When the tests' patience ends.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let expires = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(Instant::now() < expires, "gave up waiting: {what}");
        thread::sleep(PAUSE);
    }
}
