//! Whole runs of runtimes beside the native one: Python delegated and inlined, a runtime of another's making, functions that fail.

use cli::{
    client::Client,
    local::{Build, LocalWorkers},
};
use e2e::{python::PythonWorker, stage};
use protocol::{ErrorKind, Report, Runtime, Transport, report::CellReport};
use serde_json::{Value, json};
use std::path::PathBuf;

fn runtime(name: &str) -> Runtime {
    name.parse().unwrap()
}

/// Workers with one more runtime: the project's own of that name, or one that is configured elsewhere.
fn with(name: &str, configuration: Option<PathBuf>) -> LocalWorkers {
    stage::start(Build::Release, |options| {
        options.runtimes.push(runtime(name));
        if let Some(file) = configuration {
            options.runtime_configurations.insert(runtime(name), file);
        }
    })
}

fn cell<'a>(report: &'a Report, id: &str) -> &'a CellReport {
    let mut cells = report.cells.iter();
    cells
        .find(|cell| cell.id.to_string() == id)
        .unwrap_or_else(|| panic!("no cell {id}"))
}

fn assert_no_failed_calls(report: &Report, samples: u64) {
    for cell in &report.cells {
        assert!(cell.errors.is_empty(), "{}: {:?}", cell.id, cell.errors);
        assert_eq!(cell.count + cell.lost, samples, "{}", cell.id);
    }
}

fn chain_mean_us(report: &Report, id: &str) -> f64 {
    let mean = &cell(report, id).chain_mean_us;
    mean.value.unwrap_or_else(|| panic!("{id}: {mean:?}"))
}

/// Fields of a plan that was refused, with what is wrong with each.
fn refused(client: &Client, plan: &Value) -> String {
    client
        .start(plan.to_string().as_bytes())
        .unwrap_err()
        .to_string()
}

#[test]
fn python_is_measured_delegated_and_inlined_beside_the_native_runtime() {
    let _turn = stage::my_turn();
    let workers = with("pyodide", None);
    let client = stage::client(&workers);
    let plan = json!({"runtimes": ["native", "pyodide"], "transports": ["direct", "service-binding", "raw-fetch", "rpc"],
        "functions": ["echo", "compute"], "payload_bytes": [1000], "samples_per_cell": 80, "breakdown": false});
    let report = stage::run_to_completion(&client, &plan);
    assert_eq!(report.cells.len(), 2 * 4 * 2);
    assert_no_failed_calls(&report, 80);
    for cell in report
        .cells
        .iter()
        .filter(|cell| cell.transport.delegates())
    {
        let mut overheads = report.overheads.iter();
        assert!(
            overheads.any(|overhead| overhead.id == cell.id),
            "{}",
            cell.id
        );
    }
    // A thousand square roots: in Rust some microseconds, in Python a hundred. So it is Python that `direct` executes.
    let inlined = chain_mean_us(&report, "pyodide.direct.compute.1000");
    let native = chain_mean_us(&report, "direct.compute.1000");
    assert!(inlined > 3.0 * native, "{inlined} us against {native} us");
    let delegated = chain_mean_us(&report, "pyodide.rpc.compute.1000");
    assert!(delegated > inlined, "{delegated} us against {inlined} us");
    stage::tell(&format!(
        "compute on 1 KB: native inlined {native:.0} us, Python inlined {inlined:.0} us, delegated {delegated:.0} us"
    ));
}

#[test]
fn a_plan_that_asks_a_runtime_for_more_than_it_can_is_refused_field_by_field() {
    let worker = PythonWorker::with(&[]);
    let workers = with("pyodide", Some(worker.configuration()));
    let client = stage::client(&workers);
    let why = refused(
        &client,
        &json!({"runtimes": ["pyodide", "none"], "transports": ["direct", "rpc"], "functions": ["echo", "walk"], "samples_per_cell": 20}),
    );
    for part in [
        "runtimes[1]",
        "no service binding RUNTIME_NONE",
        "transports[0]",
        "CALLER_PYODIDE",
        "functions[1]",
        "it has compute, echo, spin, transform, counter,",
    ] {
        assert!(why.contains(part), "{part} is not in: {why}");
    }
}

#[test]
fn a_runtime_of_anothers_making_is_measured_with_a_function_that_only_it_knows() {
    let _turn = stage::my_turn();
    let foreign = stage::project()
        .root()
        .join("e2e/workers/foreign-runtime/wrangler.toml");
    let workers = with("foreign", Some(foreign));
    let client = stage::client(&workers);
    let plan = json!({"runtimes": ["foreign"], "transports": ["service-binding", "raw-fetch", "rpc"], "functions": ["count-letters"],
        "payload_bytes": [100, 10_000], "samples_per_cell": 80});
    let report = stage::run_to_completion(&client, &plan);
    assert_eq!(report.cells.len(), 6);
    assert_no_failed_calls(&report, 80);
    assert_eq!(report.residency.len(), 2, "by binding and by public URL");
    for met in &report.residency {
        assert!(
            met.cold_share.is_none()
                && met.silent > 0
                && met.text.contains("do not say which isolate"),
            "{met:?}"
        );
    }
    // What it does not say that it can is refused, before anything is measured.
    let msgpack = json!({"runtimes": ["foreign"], "transports": ["msgpack"], "functions": ["count-letters"], "samples_per_cell": 20});
    let why = refused(&client, &msgpack);
    assert!(
        why.contains("transports[0]") && why.contains("it answers service-binding, raw-fetch, rpc"),
        "{why}"
    );
}

#[test]
fn functions_of_python_that_fail_are_counted_and_the_run_completes() {
    let _turn = stage::my_turn();
    let worker = PythonWorker::with(&[
        ("sets.py", "def main(payload):\n    return {1, 2}\n"),
        (
            "transform.py",
            "def main(payload):\n    return {'edited': True}\n",
        ),
    ]);
    let workers = with("pyodide", Some(worker.configuration()));
    let client = stage::client(&workers);
    let plan = json!({"runtimes": ["pyodide"], "transports": ["service-binding", "rpc"],
        "functions": ["echo", "raises", "sets", "transform"], "payload_bytes": [1000], "samples_per_cell": 20});
    let report = stage::run_to_completion(&client, &plan);
    assert_eq!(report.cells.len(), 2 * 4);
    for (function, by_fetch, by_rpc) in [
        // A problem of status 500, and what the method threw.
        ("raises", ErrorKind::Status, ErrorKind::Transport),
        ("sets", ErrorKind::Status, ErrorKind::Transport),
        // `transform` is known: an edited one is not what was asked for.
        ("transform", ErrorKind::BadResponse, ErrorKind::BadResponse),
    ] {
        for (transport, kind) in [
            (Transport::ServiceBinding, by_fetch),
            (Transport::Rpc, by_rpc),
        ] {
            let failed = cell(&report, &format!("pyodide.{transport}.{function}.1000"));
            let kinds: Vec<ErrorKind> = failed.errors.keys().copied().collect();
            assert_eq!((failed.count, kinds), (0, vec![kind]), "{}", failed.id);
        }
    }
    // The report says why, in the words of the runtime: of several cells it cites the worst.
    for (function, words) in [
        ("raises", "raises.py, line 9: KeyError: 'place'"),
        (
            "sets",
            "sets.py: what main returned is no JSON: TypeError: Object of type set",
        ),
        ("transform", "the answer is not what the function returns"),
    ] {
        let alone = json!({"runtimes": ["pyodide"], "transports": ["service-binding"], "functions": [function],
            "payload_bytes": [1000], "samples_per_cell": 20});
        let warnings = stage::run_to_completion(&client, &alone).warnings;
        assert!(
            warnings.iter().any(|warning| warning.text.contains(words)),
            "{words} is not in: {warnings:#?}"
        );
    }
    for transport in ["service-binding", "rpc"] {
        let echoed = cell(&report, &format!("pyodide.{transport}.echo.1000"));
        assert!(
            echoed.errors.is_empty() && echoed.count + echoed.lost == 20,
            "{echoed:?}"
        );
    }
}

#[test]
fn a_megabyte_goes_to_python_and_back_in_a_run() {
    let _turn = stage::my_turn();
    let workers = with("pyodide", None);
    let plan = json!({"runtimes": ["pyodide"], "transports": ["direct", "service-binding", "rpc"], "functions": ["echo", "transform"],
        "payload_bytes": [1_000_000], "samples_per_cell": 20});
    let report = stage::run_to_completion(&stage::client(&workers), &plan);
    assert_eq!(report.cells.len(), 3 * 2);
    assert_no_failed_calls(&report, 20);
}
