//! A runtime that panics fails the call that made it, and no other; a coordinator that panics goes on.

use cli::local::Build;
use e2e::stage;
use protocol::{Function, RunState, Transport};
use serde_json::json;
use std::time::{Duration, Instant};

#[test]
fn a_panic_is_a_counted_error_and_the_next_call_is_answered() {
    let _turn = stage::my_turn();
    let workers = stage::start(Build::TestFunctions, |_| {});
    // The cells of both functions take turns: there are echoes after every slice of panics, in the same Worker.
    let plan = json!({"transports": ["service-binding", "raw-fetch", "rpc", "msgpack"], "functions": ["panic", "echo"], "payload_bytes": [100],
        "samples_per_cell": 60, "breakdown": false});
    let report = stage::run_to_completion(&stage::client(&workers), &plan);
    let of = |function| {
        report.cells.iter().filter(move |cell| {
            cell.id.function == function && cell.id.transport != Transport::Direct
        })
    };
    assert_eq!(
        (of(Function::Panic).count(), of(Function::Echo).count()),
        (4, 4)
    );
    for cell in of(Function::Panic) {
        assert_eq!(cell.count, 0, "{}", cell.id);
        assert!(
            cell.errors.values().sum::<u64>() >= 60,
            "{}: {:?}",
            cell.id,
            cell.errors
        );
    }
    for cell in of(Function::Echo) {
        assert!(cell.errors.is_empty(), "{}: {:?}", cell.id, cell.errors);
        assert!(cell.count > 0, "{}", cell.id);
    }
}

/// `/panic` makes the coordinator panic, where it has the functions of tests.
const PANICKING_ORCHESTRATOR: &str = r#"
import Original, { Coordinator } from "./original.js";
export { Coordinator };
export default class extends Original {
  fetch(request) {
    if (new URL(request.url).pathname !== "/panic") return super.fetch(request);
    const { COORDINATOR } = this.env;
    return COORDINATOR.getByName("default").fetch("https://coordinator/", { method: "POST", headers: { "x-panic": "yes" } });
  }
}
"#;

/// A call that waits for an instance that is gone is given up at once; the platform would wait for an alarm for 15 minutes.
const SOON: Duration = Duration::from_secs(30);

#[test]
fn a_coordinator_that_panics_in_mid_run_answers_the_next_request_and_goes_on_with_the_run() {
    let _turn = stage::my_turn();
    let build = Build::TestFunctions;
    let wrapped = stage::Wrapped::of(build, &[("orchestrator", PANICKING_ORCHESTRATOR)]);
    let workers = stage::start(build, |options| options.project = wrapped.project());
    let client = stage::client(&workers);
    let plan = json!({"transports": ["direct", "service-binding"], "functions": ["echo"], "payload_bytes": [100],
        "samples_per_cell": 2000, "breakdown": false});
    let run = stage::begin(&client, &plan).id;
    let mut done = 0;
    for panic in 0..3 {
        let going = stage::wait(&client, &run, |run| run.progress.slices_done > done);
        assert!(!going.state.is_final(), "too short a run: {going:?}");
        let asked = Instant::now();
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let mut answer = agent
            .get(format!("{}/panic", workers.url()))
            .call()
            .unwrap();
        let body = answer.body_mut().read_to_string().unwrap();
        assert_eq!(answer.status(), 500, "{body}");
        assert!(body.contains("instance ended"), "{body}");
        // The same object, in a fresh instance.
        let status = client.run(&run).unwrap();
        assert!(status.progress.slices_done >= going.progress.slices_done);
        done = status.progress.slices_done;
        stage::wait(&client, &run, |run| run.progress.slices_done > done);
        assert!(
            asked.elapsed() < SOON,
            "panic {panic}: the run stood still for {:?}",
            asked.elapsed()
        );
    }
    assert!(workers.log().contains("a test asked for a panic"));
    let ended = stage::wait(&client, &run, |run| run.state.is_final());
    assert_eq!(ended.state, RunState::Completed, "{ended:?}");
    for cell in &client.report(&run).unwrap().cells {
        let counted = cell.count + cell.lost + cell.skipped + cell.errors.values().sum::<u64>();
        assert_eq!(counted, 2000, "{}", cell.id);
    }
}
