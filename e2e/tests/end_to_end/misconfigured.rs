//! Variables that cannot be used: they are named, and what was going on goes on by itself once they can be.

use cli::{
    client::{Answer, Client},
    local::{Build, LocalWorkers},
};
use e2e::stage;
use protocol::{Problem, RunState};
use serde_json::{Value, json};
use std::fs;
use ureq::http::Method;

/// The orchestrator, in which a request may give variables the types that `wrangler.toml` knows, and in which the coordinators alone may have one that
/// cannot be used. It answers `/health` by itself, so that it counts as started whatever its variables are.
const ORCHESTRATOR: &str = r#"
import { WorkerEntrypoint } from "cloudflare:workers";
import Original, { Coordinator as Whole } from "./original.js";
const overridden = (env, more) => new Proxy(env, { get: (env, name) => (name in more ? more[name] : env[name]) });
export class Coordinator {
  constructor(ctx, env) {
    this.whole = new Whole(ctx, overridden(env, env.BAD ? { KEEP_RUNS: 0 } : { SCHEDULED_PLAN: "" }));
  }
  fetch(request) {
    return this.whole.fetch(request);
  }
  alarm() {
    return this.whole.alarm();
  }
}
export default class extends WorkerEntrypoint {
  async fetch(request) {
    if (new URL(request.url).pathname === "/health") return new Response("up");
    const more = JSON.parse(request.headers.get("x-variables") ?? "{}");
    return new Original(this.ctx, overridden(this.env, more)).fetch(request);
  }
}
"#;

fn problem(answer: &Answer) -> Problem {
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

/// `GET /runs` of a Worker with these variables.
fn runs_with(workers: &LocalWorkers, variables: &Value) -> (u16, String) {
    let url = format!("{}/runs", workers.url());
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let request = agent.get(&url).header("x-variables", variables.to_string());
    let mut response = request.call().unwrap();
    let body = response.body_mut().read_to_string().unwrap();
    (response.status().as_u16(), body)
}

#[test]
fn every_variable_that_is_no_text_is_refused_by_name_and_unquoted_numbers_are_taken() {
    let wrapped = stage::Wrapped::new(&[("orchestrator", ORCHESTRATOR)]);
    let configuration = wrapped.project().root().join("wrangler.toml");
    let text = fs::read_to_string(&configuration).unwrap();
    let text: String = text
        .lines()
        .filter(|line| !line.starts_with("SCHEDULED_PLAN"))
        .map(|line| match line {
            // A table, as somebody might write a plan in TOML.
            "[vars]" => "[vars]\nKEEP_RUNS = 50\nSCHEDULED_PLAN = { functions = [\"echo\"] }\n",
            line => line,
        })
        .collect::<Vec<_>>()
        .join("\n");
    fs::remove_file(&configuration).unwrap();
    fs::write(&configuration, text).unwrap();
    let workers = stage::start(Build::Release, |options| {
        options.project = wrapped.project();
    });
    let (status, body) = runs_with(&workers, &json!({}));
    assert!(
        status == 503 && body.contains("SCHEDULED_PLAN"),
        "{status}: {body}"
    );
    let usable = json!({"SCHEDULED_PLAN": "", "RUNS_PER_HOUR": 5});
    let (status, body) = runs_with(&workers, &usable);
    assert_eq!(status, 200, "{body}");
    let texts = [
        "WORKERD_VERSION",
        "LIMITS",
        "LOCATIONS",
        "COMPATIBILITY_DATE",
        "API_TOKEN",
        "ALERT_WEBHOOK_URL",
    ];
    let numbers = [
        "KEEP_RUNS",
        "KEEP_SAMPLES_OF_RUNS",
        "RUNS_PER_HOUR",
        "LOCATION_STAGGER_MS",
        "DELEGATED_CALLS_PER_SLICE",
        "SCHEDULE_INTERVAL_MINUTES",
    ];
    let cases = texts
        .map(|name| (name, json!(12)))
        .into_iter()
        .chain(numbers.map(|name| (name, json!(-1))))
        .chain(texts.into_iter().chain(numbers).flat_map(|name| {
            [json!(true), json!(["a"]), json!({"a": 1})].map(|value| (name, value))
        }));
    for (name, value) in cases {
        let (status, body) = runs_with(&workers, &json!({"SCHEDULED_PLAN": "", name: value}));
        assert!(
            status == 503 && body.contains(name),
            "{name} {value}: {status}: {body}"
        );
    }
}

/// The Workers on the same state, with a coordinator that can be opened or one that cannot.
fn start(wrapped: &stage::Wrapped, state: &std::path::Path, bad: bool) -> LocalWorkers {
    stage::start(Build::Release, |options| {
        options.project = wrapped.project();
        options.state = Some(state.to_owned());
        let bad = if bad { "yes" } else { "" };
        options
            .orchestrator_variables
            .insert("BAD".to_owned(), bad.to_owned());
    })
}

#[test]
fn a_run_goes_on_by_itself_after_a_deployment_that_could_not_open_its_coordinator() {
    let _turn = stage::my_turn();
    let wrapped = stage::Wrapped::new(&[("orchestrator", ORCHESTRATOR)]);
    let state = stage::temporary_folder();
    let good = start(&wrapped, state.path(), false);
    let plan = json!({"transports": ["direct", "service-binding"], "functions": ["echo"], "payload_bytes": [100],
        "samples_per_cell": 2000, "breakdown": false});
    let run = stage::begin(&stage::client(&good), &plan).id;
    let before = stage::wait(&stage::client(&good), &run, |run| {
        run.progress.slices_done > 5
    });
    drop(good);

    // Its alarm fires with nobody asking, more than once.
    let bad = start(&wrapped, state.path(), true);
    let misconfigured = |log: &str| log.matches("KEEP_RUNS must be a whole number").count();
    stage::eventually("two alarms that find the variable", || {
        (misconfigured(&bad.log()) >= 2).then_some(())
    });
    let client = Client::new(bad.url(), Some(stage::TOKEN.to_owned()));
    let answer = client
        .request(&Method::GET, &format!("/runs/{run}"), b"")
        .unwrap();
    let refused = problem(&answer);
    assert_eq!((answer.status, refused.status), (503, 503), "{refused:?}");
    assert!(refused.detail.contains("KEEP_RUNS"), "{refused:?}");
    drop(bad);

    // Nobody asks until the log says that it is over.
    let good = start(&wrapped, state.path(), false);
    stage::eventually("the end of the run", || {
        good.log().contains("run-finished").then_some(())
    });
    let ended = stage::client(&good).run(&run).unwrap();
    assert_eq!(ended.state, RunState::Completed, "{ended:?}");
    let progress = ended.progress;
    assert_eq!(progress.slices_done, progress.slices_total);
    assert!(progress.slices_done > before.progress.slices_done);
    let samples: u64 = stage::client(&good)
        .report(&run)
        .unwrap()
        .cells
        .iter()
        .map(|cell| cell.count + cell.lost + cell.skipped + cell.errors.values().sum::<u64>())
        .sum();
    assert_eq!(samples, 2 * 2000);
}
