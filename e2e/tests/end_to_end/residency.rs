//! Which isolates of the runtime a run meets: as many as there were, and as many calls as they counted themselves.

use cli::local::{Build, LocalWorkers};
use e2e::stage;
use protocol::{
    ErrorKind, Report, RunState, Transport,
    report::{Reach, Residency},
    run::RunStatus,
};
use serde_json::{Value, json};
use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

const TOKEN: &str = "token-of-the-runtime";

/// The native runtime as a process of its own, on a port that it keeps when it is started again.
struct RuntimeProcess {
    port: u16,
    configuration: PathBuf,
    process: Child,
    // Removed last.
    _folder: tempfile::TempDir,
}

impl RuntimeProcess {
    fn start() -> Self {
        let folder = stage::temporary_folder();
        let build = stage::project().root().join("runtime-worker/build");
        for file in ["index.js", "index_bg.wasm"] {
            fs::copy(build.join(file), folder.path().join(file)).expect("scripts/build has run");
        }
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let configuration = folder.path().join("runtime.capnp");
        let text = format!(
            "using Workerd = import \"/workerd/workerd.capnp\";
const config :Workerd.Config = (
  services = [(name = \"runtime\", worker = .runtime)],
  sockets = [(name = \"http\", address = \"127.0.0.1:{port}\", http = (), service = \"runtime\")],
);
const runtime :Workerd.Worker = (
  modules = [(name = \"index.js\", esModule = embed \"index.js\"), (name = \"index_bg.wasm\", wasm = embed \"index_bg.wasm\")],
  compatibilityDate = \"2026-07-01\",
  bindings = [(name = \"RUNTIME_TOKEN\", text = \"{TOKEN}\")],
);
"
        );
        fs::write(&configuration, text).unwrap();
        Self {
            port,
            process: serve(&configuration, port),
            configuration,
            _folder: folder,
        }
    }

    fn restart(&mut self) {
        self.stop();
        self.process = serve(&self.configuration, self.port);
    }

    fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// One more call by the test itself: what the isolate says of itself in its answer.
    fn call(&self) -> Value {
        let answer = ureq::post(format!("http://127.0.0.1:{}/execute", self.port))
            .header("authorization", format!("Bearer {TOKEN}"))
            .send(r#"{"functionId":"echo","payload":1}"#)
            .unwrap()
            .body_mut()
            .read_to_string()
            .unwrap();
        serde_json::from_str::<Value>(&answer).unwrap()["isolate"].clone()
    }
}

impl Drop for RuntimeProcess {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The server itself: the launcher of its package would be its parent, and would not take it along when it ends.
fn workerd() -> PathBuf {
    let project = stage::project();
    let found = Command::new(project.root().join("node_modules/.bin/node"))
        .args(["-p", "require('workerd').default"])
        .current_dir(project.root())
        .output()
        .expect("scripts/setup has run");
    PathBuf::from(String::from_utf8(found.stdout).unwrap().trim())
}

/// Starts workerd, and waits until it accepts connections. No request is made: it would be its first.
fn serve(configuration: &Path, port: u16) -> Child {
    let process = Command::new(workerd())
        .arg("serve")
        .arg(configuration)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("scripts/setup has run");
    stage::eventually("the runtime's port", || {
        TcpStream::connect(("127.0.0.1", port)).ok().map(drop)
    });
    process
}

/// The Workers, with `raw-fetch` leading to another process.
fn workers(runtime: &RuntimeProcess) -> (LocalWorkers, stage::Wrapped) {
    let url = format!("http://127.0.0.1:{}", runtime.port);
    let caller = format!(
        "import original from \"./original.js\";
export default {{ fetch: (request, env) => original.fetch(request, {{ ...env, RUNTIME_URL: {url:?}, RUNTIME_TOKEN: {TOKEN:?} }}) }};"
    );
    let wrapped = stage::Wrapped::new(&[("caller-worker", &caller)]);
    let workers = stage::start(Build::Release, |options| {
        options.project = wrapped.project();
    });
    (workers, wrapped)
}

fn met(report: &Report, reach: Reach) -> &Residency {
    let found = report.residency.iter().find(|found| found.reach == reach);
    found.unwrap_or_else(|| panic!("no residency by {reach}: {:?}", report.residency))
}

#[test]
fn raw_fetch_meets_as_many_fresh_isolates_as_the_runtime_was_started_and_counts_what_it_counts() {
    let mut runtime = RuntimeProcess::start();
    let (workers, _wrapped) = workers(&runtime);
    let client = stage::client(&workers);
    let plan = json!({"transports": ["service-binding", "raw-fetch"], "functions": ["echo"], "payload_bytes": [100, 10000],
        "samples_per_cell": 800, "breakdown": false, "seed": 3});
    let _turn = stage::my_turn();
    let run = stage::begin(&client, &plan);
    let done = |run: &RunStatus, percent: u32| {
        run.state.is_final()
            || run.progress.slices_done * 100 >= run.progress.slices_total * percent
    };
    // Early, so that the last process serves the most.
    for percent in [10, 25] {
        let at = stage::wait(&client, &run.id, |run| done(run, percent));
        assert!(!at.state.is_final(), "the run was over too soon: {at:?}");
        runtime.restart();
    }
    let ended = stage::wait(&client, &run.id, |run| run.state.is_final());
    assert_eq!(ended.state, RunState::Completed, "{ended:?}");
    let report = client.report(&run.id).unwrap();

    let public = met(&report, Reach::PublicUrl);
    assert_eq!(public.transports, [Transport::RawFetch]);
    assert_eq!((public.isolates, public.cold_calls), (3, 3), "{public:?}");
    assert_eq!(public.silent, 0);
    // Nobody else calls that process: what it counted between two answers to the run are the calls of the run. But for those that failed while it was away.
    assert_eq!(public.calls, public.calls_served, "{public:?}");
    let last = runtime.call();
    assert_eq!(
        last["callsServed"].as_u64(),
        Some(public.most_served + 1),
        "{last} {public:?}"
    );
    let cells = report
        .cells
        .iter()
        .filter(|c| c.transport == Transport::RawFetch);
    let timed: u64 = cells.clone().map(|cell| cell.count + cell.lost).sum();
    assert!(public.calls > timed, "warmup and chains count, too");
    // What failed while the process was away names no isolate, and is a failure of the transport.
    let failed = cells.flat_map(|cell| &cell.errors);
    for (kind, _) in failed {
        assert!(
            matches!(kind, ErrorKind::Transport | ErrorKind::Status),
            "{kind}"
        );
    }
    assert!(public.cold_max_ms.is_some(), "{public:?}");

    // The binding leads to another isolate, of which the run is the only caller since it was started with the other Workers.
    let binding = met(&report, Reach::Binding);
    assert_eq!(
        (binding.isolates, binding.cold_calls),
        (1, 1),
        "{binding:?}"
    );
    assert_eq!(binding.calls, binding.calls_served, "{binding:?}");
    let share = binding.cold_share.as_ref().unwrap();
    assert!(
        share.lower > 0.0 && share.upper < 8.0 / binding.calls as f64,
        "{share:?}"
    );
    stage::tell(&format!(
        "by public URL: {}\nby binding: {}",
        public.text, binding.text
    ));
}

#[test]
fn every_transport_says_which_isolate_answered() {
    let client = stage::client(stage::shared());
    let _turn = stage::my_turn();
    let transports: Vec<&str> = Transport::ALL.iter().map(|t| t.as_str()).collect();
    let report = stage::run_to_completion(
        &client,
        &json!({"transports": transports, "functions": ["echo", "transform"], "payload_bytes": [100, 100_000], "samples_per_cell": 20, "breakdown": false}),
    );
    for met in &report.residency {
        assert_eq!(
            (met.silent, met.isolates, &met.reason),
            (0, 1, &None),
            "{met:?}"
        );
        // More than the timed calls of its cells: warmup and chains, and the calls of other tests.
        let timed: u64 = report
            .cells
            .iter()
            .filter(|cell| met.transports.contains(&cell.transport))
            .map(|cell| cell.count)
            .sum();
        assert!(
            met.calls > timed && met.calls_served >= met.calls,
            "{met:?}"
        );
    }
    let by = |reach| met(&report, reach).transports.len();
    assert_eq!((by(Reach::Binding), by(Reach::PublicUrl)), (6, 1));
}
