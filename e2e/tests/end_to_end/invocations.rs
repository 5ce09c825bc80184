//! Each request to the caller makes no more calls than a slice may have, counted and not computed, whatever the timer: the caller-worker is
//! wrapped in a few lines of JavaScript that count what leaves it.

use cli::local::Build;
use e2e::{machine, stage};
use protocol::{Transport, limits::DELEGATED_CALLS_PER_SLICE};
use serde_json::json;

/// Counts calls on the binding and of the global fetch during each dispatch, and logs their number.
const COUNTING_CALLER: &str = r#"
import { WorkerEntrypoint } from "cloudflare:workers";
import Original from "./original.js";

let calls = 0;
const fetchPublic = globalThis.fetch;
globalThis.fetch = (...parts) => { calls += 1; return fetchPublic(...parts); };

const counted = (binding) => new Proxy(binding, {
  get(target, name) {
    const found = target[name];
    if (name === "constructor" || typeof found !== "function") return found;
    return (...parts) => { calls += 1; return target[name](...parts); };
  },
});

export default class extends WorkerEntrypoint {
  async fetch(request) {
    calls = 0;
    const env = { ...this.env, RUNTIME: counted(this.env.RUNTIME) };
    const response = await Original.fetch(request, env, this.ctx);
    console.log(`counted ${calls} calls`);
    return response;
  }
}
"#;

/// Where polls within the process do not move the clock regularly, a socket is opened to poll it.
const SOCKET_THAT_POLLS: u32 = 1;

#[test]
fn no_request_makes_more_calls_than_a_slice_may_have_whatever_the_timer() {
    let _turn = stage::my_turn();
    let wrapped = stage::Wrapped::new(&[("caller-worker", COUNTING_CALLER)]);
    let workers = stage::start(Build::Release, |options| {
        options.project = wrapped.project();
    });
    let client = stage::client(&workers);
    for (timer, rounds) in [
        // with the rounds of back-to-back calls that settle it
        ("auto", json!({"max_seconds": 30})),
        ("ticked", json!({"samples_per_cell": 440})),
        ("io-interpolated", json!({"samples_per_cell": 440})),
    ] {
        let mut plan = json!({"transports": Transport::ALL, "functions": ["echo"], "payload_bytes": [100], "timer": timer});
        let fields = plan.as_object_mut().expect("an object");
        fields.extend(rounds.as_object().cloned().unwrap_or_default());
        machine::undisturbed(timer, || {
            let report = stage::run_if_possible(&client, &plan)?;
            assert!(
                report.cells.iter().all(|cell| cell.errors.is_empty()),
                "{:?}",
                report.cells
            );
            Ok(())
        });
    }
    let log = workers.log();
    let counts: Vec<u32> = log
        .lines()
        .filter_map(|line| {
            line.split_once("counted ")?
                .1
                .strip_suffix(" calls")?
                .parse()
                .ok()
        })
        .collect();
    let most = counts.iter().copied().max().unwrap_or_default();
    assert!(most > 20, "nothing was counted: {counts:?}");
    assert!(
        most <= DELEGATED_CALLS_PER_SLICE + SOCKET_THAT_POLLS,
        "a request made {most} calls"
    );
    stage::tell(&format!(
        "events: {}, most calls of one: {most} of {DELEGATED_CALLS_PER_SLICE}",
        counts.len()
    ));
}
