//! Cold starts on a real workerd, by its Worker Loader.

use cli::local::{Build, LocalWorkers, Project};
use e2e::stage;
use protocol::{
    Report,
    cold_start::{Flaw, Scenario, WasmBytes},
    report::{ColdScenario, ColdStarts},
};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Samples of each scenario: enough for the interval of a median.
const SAMPLES: u64 = 20;

fn plan(runtimes: &[&str], cold_starts: &Value) -> Value {
    json!({"runtimes": runtimes, "transports": ["service-binding"], "functions": ["echo"], "payload_bytes": [100], "samples_per_cell": 20,
        "breakdown": false, "cold_starts": cold_starts})
}

fn of(report: &Report, runtime: &str) -> ColdStarts {
    let all = report.cold_starts.iter();
    let mut own = all.filter(|one| one.runtime.as_str() == runtime);
    own.next().unwrap().clone()
}

fn scenario(cold: &ColdStarts, scenario: Scenario, wasm_bytes: WasmBytes) -> ColdScenario {
    let all = cold.scenarios.iter();
    let mut own = all.filter(|one| (one.scenario, one.wasm_bytes) == (scenario, wasm_bytes));
    own.next().unwrap().clone()
}

/// SHA-256 of the files of a folder, one after the other in the order of their names, as anyone can find it out.
fn sha256_of(folder: &Path) -> String {
    let hashed = Command::new("sh")
        .args(["-c", "cat * | sha256sum"])
        .current_dir(folder)
        .output()
        .unwrap();
    let text = String::from_utf8(hashed.stdout).unwrap();
    text.split(' ').next().unwrap().to_owned()
}

#[test]
fn every_isolate_is_as_fresh_as_its_scenario_wants_and_made_of_what_was_built() {
    let workers = stage::start(Build::Release, |options| options.cold_starts = true);
    let _turn = stage::my_turn();
    let client = stage::client(&workers);
    let report =
        stage::run_to_completion(&client, &plan(&["native"], &json!({"samples": SAMPLES})));
    let cold = of(&report, "native");
    assert!(cold.is_floor);
    assert_eq!(cold.scenarios.len(), 10);
    for one in &cold.scenarios {
        let discarded: u64 = one.discarded.values().sum();
        assert_eq!(one.count + discarded, SAMPLES, "{one:?}");
        // what the machine spoils is no isolate's fault
        let flaws = one.discarded.keys();
        assert!(flaws.copied().all(|flaw| flaw == Flaw::Stalled), "{one:?}");
        assert!(one.count >= SAMPLES / 2, "{one:?}");
        assert!(one.p95_us.value.is_none() && one.p95_us.reason.is_some());
    }
    let median = |which, wasm| scenario(&cold, which, wasm).p50_us.value.unwrap();
    let (known, new) = (WasmBytes::Known, WasmBytes::New);
    assert!(median(Scenario::ColdStub, new) > 2.0 * median(Scenario::Warm, known));
    assert!(median(Scenario::ColdBoth, new) > median(Scenario::ColdStub, new));
    assert_eq!(cold.saved.len(), 2);
    let root = stage::project().root().to_owned();
    for (name, folder) in [
        ("stub", "stub/build/rpc"),
        ("native.monolith", "stub/build/monolith"),
        ("native.runtime", "runtime-worker/build"),
    ] {
        let found = cold.artefacts.iter().find(|one| one.name == name).unwrap();
        assert_eq!(found.sha256, sha256_of(&root.join(folder)), "{name}");
    }
    stage::tell(&format!("cold starts: {}", cold.text));
}

#[test]
fn a_plan_with_cold_starts_is_refused_where_there_is_no_worker_for_them() {
    let client = stage::client(stage::shared());
    let plan = plan(&["native"], &json!({}));
    let refused = client.start(plan.to_string().as_bytes()).unwrap_err();
    let words = refused.to_string();
    assert!(
        words.contains("cold_starts") && words.contains("COLD"),
        "{words}"
    );
}

/// This project, its Worker for cold starts with the artefacts of tests inside.
struct WithTestArtefacts(TempDir);

impl WithTestArtefacts {
    fn new() -> Self {
        let (folder, project) = (stage::temporary_folder(), stage::project());
        let (root, copy) = (project.root(), folder.path());
        for name in [
            "orchestrator",
            "caller-worker",
            "runtime-worker",
            "dashboard",
            "node_modules",
            "wrangler.toml",
        ] {
            symlink(root.join(name), copy.join(name)).unwrap();
        }
        let cold = copy.join("cold-worker");
        fs::create_dir(&cold).unwrap();
        let built = root.join("cold-worker/build-test");
        assert!(
            built.is_dir(),
            "run scripts/build --test-functions cold-worker"
        );
        symlink(built, cold.join("build")).unwrap();
        let file = "cold-worker/wrangler.toml";
        symlink(root.join(file), copy.join(file)).unwrap();
        // The latencies of a runtime by that name are those of any other; its cold starts are what is looked at.
        let foreign = root.join("e2e/workers/foreign-runtime");
        for name in ["slow", "named"] {
            let its = copy.join(name);
            fs::create_dir(&its).unwrap();
            fs::copy(foreign.join("index.js"), its.join("index.js")).unwrap();
            let text = fs::read_to_string(foreign.join("wrangler.toml")).unwrap();
            let text = text.replace("\"foreign-runtime\"", &format!("\"{name}-runtime\""));
            fs::write(its.join("wrangler.toml"), text).unwrap();
        }
        Self(folder)
    }

    fn start(&self) -> LocalWorkers {
        stage::start(Build::Release, |options| {
            let tools = options.project.clone();
            options.project = Project::at(self.0.path()).unwrap().with_tools_of(&tools);
            options.cold_starts = true;
            for name in ["slow", "named"] {
                let runtime = name.parse().unwrap();
                options.runtimes.push(runtime);
                let file = self.0.path().join(name).join("wrangler.toml");
                options.runtime_configurations.insert(runtime, file);
            }
        })
    }
}

/// How long the loop of the slow stub takes here, in us: the median of five processes, in the JavaScript engine that workerd has, too.
fn spin_us() -> f64 {
    let root = stage::project().root().to_owned();
    let stub = fs::read_to_string(root.join("e2e/artefacts/slow-stub.js")).unwrap();
    let spin = stub.split("export default").next().unwrap();
    let script = format!(
        "const began = performance.now();\n{spin}\nconsole.log(performance.now() - began, state);"
    );
    let node = root.join("node_modules/.bin/node");
    let mut all: Vec<f64> = (0..5)
        .map(|_| {
            let arguments = ["--input-type=module", "-e", &script];
            let ran = Command::new(&node).args(arguments).output().unwrap();
            let text = String::from_utf8(ran.stdout).unwrap();
            text.split(' ').next().unwrap().parse().unwrap()
        })
        .collect();
    all.sort_by(f64::total_cmp);
    1_000.0 * all[2]
}

#[test]
fn a_spin_at_start_up_and_a_sleep_in_the_first_request_are_read_as_so_much_more() {
    let project = WithTestArtefacts::new();
    let workers = project.start();
    let _turn = stage::my_turn();
    let client = stage::client(&workers);
    let scenarios = json!({"samples": SAMPLES, "scenarios": ["cold-javascript-stub", "cold-stub", "cold-runtime"]});
    let before_us = spin_us();
    let report = stage::run_to_completion(&client, &plan(&["slow"], &scenarios));
    let after_us = spin_us();
    let slow = of(&report, "slow");
    let median = |which, wasm| scenario(&slow, which, wasm).p50_us;
    let plain = median(Scenario::ColdJavascriptStub, WasmBytes::Known);
    let spun = median(Scenario::ColdStub, WasmBytes::New);
    let [least, most] = [
        spun.lower.unwrap() - plain.upper.unwrap(),
        spun.upper.unwrap() - plain.lower.unwrap(),
    ];
    // what the loop takes depends on who else has the machine
    let [low, high] = [0.6 * before_us.min(after_us), 1.6 * before_us.max(after_us)];
    assert!(
        least <= high && most >= low,
        "the spin takes {before_us} to {after_us} us; found {least} to {most} us more"
    );
    assert!(least > 10_000.0, "{least} us");
    let slept = median(Scenario::ColdRuntime, WasmBytes::Known);
    let [lower, upper] = [slept.lower.unwrap(), slept.upper.unwrap()];
    // the sleep, and on top of it what loading a small module takes
    assert!((200_000.0..260_000.0).contains(&lower), "{slept:?}");
    stage::tell(&format!(
        "spin {before_us:.0} to {after_us:.0} us, read {least:.0} to {most:.0}; sleep 200,000 us, read {lower:.0} to {upper:.0}"
    ));
}

#[test]
fn a_cold_start_that_is_warm_in_truth_is_discarded_and_not_reported() {
    let project = WithTestArtefacts::new();
    let workers = project.start();
    let _turn = stage::my_turn();
    let client = stage::client(&workers);
    let scenarios =
        json!({"samples": 5, "scenarios": ["cold-javascript-stub", "cold-stub", "cold-runtime"]});
    let report = stage::run_to_completion(&client, &plan(&["named"], &scenarios));
    let named = of(&report, "named");
    // loaded by name, stub and runtime are the isolates that are kept
    for (which, wasm) in [
        (Scenario::ColdStub, WasmBytes::Known),
        (Scenario::ColdRuntime, WasmBytes::Known),
    ] {
        let found = scenario(&named, which, wasm);
        assert_eq!(found.count, 0, "{found:?}");
        assert_eq!(found.discarded[&Flaw::NotFresh], 5, "{found:?}");
        assert_eq!(found.p50_us.value, None);
    }
    let fresh = scenario(&named, Scenario::ColdJavascriptStub, WasmBytes::Known);
    assert_eq!(fresh.count, 5, "{fresh:?}");
}

/// Resident memory of these Workers in kB: of the process in which isolates are loaded, and of all of them.
fn memory_kb(workers: &LocalWorkers) -> (u64, u64) {
    let mark = workers.directory().to_string_lossy().into_owned();
    let (mut of_loader, mut of_all) = (0, 0);
    for process in fs::read_dir("/proc").unwrap().flatten() {
        let read = |file| fs::read(process.path().join(file)).unwrap_or_default();
        let text = |file| String::from_utf8_lossy(&read(file)).into_owned();
        if text("comm").trim() != "workerd" || !text("environ").contains(&mark) {
            continue;
        }
        let status = text("status");
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kb = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
        let kb: u64 = kb.unwrap_or(0);
        of_all += kb;
        if text("cmdline").contains("/cold.capnp") {
            of_loader += kb;
        }
    }
    (of_loader, of_all)
}

#[test]
fn isolates_are_freed_over_400_loads_and_other_routes_answer_meanwhile() {
    let workers = stage::start(Build::Release, |options| options.cold_starts = true);
    let _turn = stage::my_turn();
    let client = stage::client(&workers);
    let cold = json!({"samples": 200, "scenarios": ["cold-stub"]});
    let run = stage::begin(&client, &plan(&["native"], &cold)).id;
    let (mut early, mut late, mut slowest) = (Vec::new(), Vec::new(), Duration::ZERO);
    loop {
        let asked = Instant::now();
        let status = client.run(&run).unwrap();
        slowest = slowest.max(asked.elapsed());
        match status.usage.actual.isolates_loaded {
            100..200 => early.push(memory_kb(&workers)),
            300..400 => late.push(memory_kb(&workers)),
            _ => {}
        }
        if status.state.is_final() {
            break;
        }
        thread::sleep(Duration::from_millis(200));
    }
    let mean = |all: &[(u64, u64)], which: fn(&(u64, u64)) -> u64| {
        all.iter().map(which).sum::<u64>() as f64 / all.len() as f64
    };
    let (early_kb, late_kb) = (mean(&early, |kb| kb.0), mean(&late, |kb| kb.0));
    stage::tell(&format!(
        "memory of the process that loads: {early_kb:.0} kB at loads 100 to 200, {late_kb:.0} kB at 300 to 400; of all: {:.0} and {:.0} kB; slowest other answer {slowest:?}",
        mean(&early, |kb| kb.1),
        mean(&late, |kb| kb.1)
    ));
    // An isolate that is never freed holds over 2 MB: 200 of them would be half as much again.
    assert!(late_kb < 1.2 * early_kb, "{early_kb} kB, {late_kb} kB");
    // a second, and what the runtime takes to start
    assert!(slowest < Duration::from_millis(1_500), "{slowest:?}");
}
