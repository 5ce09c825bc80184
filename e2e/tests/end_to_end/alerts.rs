//! A runtime that becomes slower is told of once: not before another run has confirmed it, and never again. So are runs that fail, and runs that do not come.

use crate::receiver::Receiver;
use cli::local::{Build, LocalWorkers};
use e2e::stage;
use protocol::{RunState, alert::AlertKind, run::Trigger};
use serde_json::json;
use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};
use ureq::http::Method;

/// The runtime, waiting a few ms before each answer: so long that the machine's own noise is small beside it.
const SLOW_RUNTIME: &str = r#"
import { WorkerEntrypoint } from "cloudflare:workers";
import Original from "./original.js";
export default class extends WorkerEntrypoint {
  async fetch(request) {
    const ready = Date.now() + Number(this.env.WAIT_MS);
    const response = await new Original(this.ctx, this.env).fetch(request);
    while (Date.now() < ready);
    return response;
  }
}
"#;

/// A caller that is gone: another Worker answers in its place.
pub(crate) const GONE_CALLER: &str = r#"
export default { fetch: () => Response.json({ detail: "there is no caller here" }, { status: 404 }) };
"#;

/// Runs before the change.
const BEFORE: u32 = 8;
/// Runs after it, at most, until the alert must have come.
const AFTER: u32 = 8;
/// Runs after the alert, which must not bring another.
const LATER: u32 = 2;

/// The Workers with a runtime that waits.
fn start(
    wrapped: &stage::Wrapped,
    state: &Path,
    receiver: &Receiver,
    wait_ms: u32,
) -> LocalWorkers {
    stage::start(Build::Release, |options| {
        options.project = wrapped.project();
        options.state = Some(state.to_owned());
        options
            .runtime_variables
            .insert("WAIT_MS".to_owned(), wait_ms.to_string());
        options
            .orchestrator_variables
            .insert("ALERT_WEBHOOK_URL".to_owned(), receiver.url.clone());
    })
}

/// Runs the plan once, and whatever run follows from it by itself.
fn measure(workers: &LocalWorkers) {
    let client = stage::client(workers);
    // No threshold is ever breached: what is told is the change.
    let plan = json!({"transports": ["direct", "service-binding"], "functions": ["echo"], "payload_bytes": [100],
        "samples_per_cell": 80, "breakdown": false, "thresholds": {"p50_ms": 1000, "p95_ms": 1000, "p99_ms": 1000}});
    let _ = stage::run_to_completion(&client, &plan);
    stage::eventually("the end of every run", || {
        let runs = client.runs(None).unwrap().runs;
        runs.iter().all(|run| run.state.is_final()).then_some(())
    });
}

#[test]
fn a_runtime_that_becomes_slower_leads_to_exactly_one_webhook_call_after_one_confirming_run() {
    let _turn = stage::my_turn();
    let wrapped = stage::Wrapped::new(&[("runtime-worker", SLOW_RUNTIME)]);
    let (state, receiver) = (stage::temporary_folder(), Receiver::start());
    let quick = start(&wrapped, state.path(), &receiver, 3);
    for _ in 0..BEFORE {
        measure(&quick);
    }
    assert_eq!(
        receiver.alerts(),
        [],
        "told of a change where there was none"
    );
    drop(quick);
    let slow = start(&wrapped, state.path(), &receiver, 6);
    let mut runs = 0;
    while receiver.alerts().is_empty() && runs < AFTER {
        measure(&slow);
        runs += 1;
    }
    for _ in 0..LATER {
        measure(&slow);
    }
    let alerts = receiver.alerts();
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    let (alert, regression) = (&alerts[0], &alerts[0].regressions[0]);
    assert_eq!(alert.kind, AlertKind::Regression);
    assert_eq!(regression.cell.to_string(), "service-binding.echo.100");
    // How much slower depends on what else the machine does; that it is slower must be proven.
    assert!(regression.change_percent_lower > 0.0, "{alert:#?}");
    let confirming = stage::client(&slow)
        .run(alert.run.as_ref().unwrap())
        .unwrap();
    assert_eq!(
        (confirming.trigger, confirming.state),
        (Trigger::Confirmation, RunState::Completed)
    );
    stage::tell(&format!(
        "slower from 3 to 6 ms: {} call after {runs} runs: {}",
        alerts.len(),
        alert.text
    ));
}

#[test]
fn runs_that_fail_lead_to_one_webhook_call() {
    let _turn = stage::my_turn();
    let wrapped = stage::Wrapped::new(&[("caller-worker", GONE_CALLER)]);
    let (state, receiver) = (stage::temporary_folder(), Receiver::start());
    let workers = start(&wrapped, state.path(), &receiver, 0);
    let client = stage::client(&workers);
    for _ in 0..3 {
        let plan = json!({"functions": ["echo"], "payload_bytes": [100]});
        let run = stage::begin(&client, &plan).id;
        stage::wait(&client, &run, |run| run.state == RunState::Failed);
        stage::eventually("the alert", || {
            (!receiver.alerts().is_empty()).then_some(())
        });
    }
    let alerts = receiver.alerts();
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    assert_eq!(alerts[0].kind, AlertKind::Failure);
    assert!(
        alerts[0].text.contains("there is no caller here"),
        "{alerts:#?}"
    );
}

/// The orchestrator with a schedule that should fire every minute; nothing fires it but the test.
fn start_with_schedule(state: &Path, receiver: &Receiver) -> LocalWorkers {
    stage::start(Build::Release, |options| {
        options.state = Some(state.to_owned());
        let plan = json!({"transports": ["service-binding"], "functions": ["echo"], "payload_bytes": [100],
            "samples_per_cell": 20, "breakdown": false, "thresholds": {"p50_ms": 1000, "p95_ms": 1000, "p99_ms": 1000}});
        for (name, value) in [
            ("ALERT_WEBHOOK_URL", receiver.url.clone()),
            ("SCHEDULE_INTERVAL_MINUTES", "1".to_owned()),
            ("SCHEDULED_PLAN", plan.to_string()),
        ] {
            let variables = &mut options.orchestrator_variables;
            variables.insert(name.to_owned(), value);
        }
    })
}

#[test]
fn a_scheduled_run_that_does_not_come_leads_to_one_webhook_call_across_a_restart() {
    let (state, receiver) = (stage::temporary_folder(), Receiver::start());
    let workers = start_with_schedule(state.path(), &receiver);
    let fire = |workers: &LocalWorkers| {
        let path = "/cdn-cgi/handler/scheduled?cron=17+*/6+*+*+*";
        let client = stage::client(workers);
        let fired = client.request(&Method::GET, path, b"").unwrap();
        assert_eq!(fired.status, 200, "{fired:?}");
        Instant::now()
    };
    fire(&workers);
    stage::eventually("the end of the scheduled run", || {
        workers.log().contains("report-stored").then_some(())
    });
    drop(workers);
    // From here on nobody asks.
    let workers = start_with_schedule(state.path(), &receiver);
    stage::eventually("the alert", || {
        (!receiver.alerts().is_empty()).then_some(())
    });
    let fired = fire(&workers);
    let first = receiver.alerts();
    assert_eq!(first.len(), 1, "{first:#?}");
    let overdue = first[0].overdue.clone().unwrap();
    assert_eq!((first[0].kind, overdue.missed), (AlertKind::Overdue, 1));
    // The schedule fires again: nothing is overdue for another minute and a half.
    while fired.elapsed() < Duration::from_secs(80) {
        assert_eq!(receiver.alerts().len(), 1);
        thread::sleep(Duration::from_secs(1));
    }
    stage::eventually("the next alert", || {
        (receiver.alerts().len() == 2).then_some(())
    });
}
