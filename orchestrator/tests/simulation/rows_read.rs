//! No query's effort grows with the number of runs that are stored: reading is billed by the row, and a coordinator has one thread.

#![allow(
    clippy::print_stdout,
    reason = "what each statement took is part of the result"
)]

use crate::simulated;

use orchestrator::{
    api::Reply,
    coordinator::{DeliveryError, DispatchError, Question},
};
use protocol::{Function, Plan, RunId, Thresholds, Transport, run::Trigger};
use simulated::{
    TOKEN,
    database::Effort,
    http::{Places, TestRequest},
    process::Process,
    settings,
};
use std::collections::BTreeMap;

/// Steps of the virtual machine that a row may take that is returned: its columns, or its place in a sort.
const STEPS_PER_ROW: i32 = 40;

/// Steps that may come and go with the values themselves.
const SLACK: i32 = 40;

/// A plan of one cell whose threshold is breached; every other number is a plan of its own, whose breach is news.
fn plan(seed: u64) -> Plan {
    let own = if seed.is_multiple_of(2) { 0 } else { seed };
    Plan {
        transports: vec![Transport::ServiceBinding],
        functions: vec![Function::Echo],
        payload_bytes: vec![100],
        samples_per_cell: 20,
        breakdown: false,
        seed,
        thresholds: Thresholds {
            p50_ms: 0.001 + own as f64 * 1e-6,
            ..Thresholds::default()
        },
        ..Plan::of_fixed_size()
    }
}

fn refused() -> DispatchError {
    DispatchError::Refused {
        status: 400,
        detail: "no".to_owned(),
    }
}

/// One run and what follows from it; `fails` at its first slice.
fn run(process: &mut Process, seed: u64, fails: bool) -> RunId {
    process.world.now.set(process.world.now.get() + 2_000);
    if fails {
        process.world.failures.borrow_mut().push(refused());
    }
    let run = process.start(&plan(seed));
    wake_until_quiet(process);
    run
}

/// Wakes until nothing is left but to watch the schedule.
fn wake_until_quiet(process: &mut Process) {
    let minute = process.world.now.get() + 60_000;
    while process.alarm.is_some_and(|at| at < minute) {
        process.wake();
    }
}

/// A place with `stored` runs of one hour: the older half completed, the others failed.
fn place(stored: u32) -> (Places, RunId) {
    let keep = stored.to_string();
    let places = Places::new(settings(&[
        ("LIMITS", "local"),
        ("KEEP_RUNS", &keep),
        ("KEEP_SAMPLES_OF_RUNS", "8"),
        ("ALERT_WEBHOOK_URL", "https://hooks.example/x"),
        ("SCHEDULE_INTERVAL_MINUTES", "360"),
    ]));
    let mut completed = None;
    for number in 0..stored {
        let fails = number >= stored / 2;
        let mut processes = places.processes.borrow_mut();
        let run = run(
            processes.get_mut("default").unwrap(),
            u64::from(number),
            fails,
        );
        if !fails {
            completed = Some(run);
        }
    }
    (places, completed.unwrap())
}

/// Every route, then every kind of alarm.
fn use_everything(places: &Places, completed: &RunId) {
    let cell = "service-binding.echo.100";
    for url in [
        "/runs".to_owned(),
        format!("/runs?limit=5&before={completed}"),
        format!("/runs/{completed}"),
        "/results".to_owned(),
        format!("/results/{completed}"),
        format!("/results/{completed}.md"),
        format!("/results/{completed}/cells/{cell}.hgrm"),
        format!("/results/{completed}/cells/{cell}.hlog"),
        format!("/results/{completed}/cells/{cell}.csv"),
        format!("/history?cell={cell}"),
        "/metrics".to_owned(),
    ] {
        let response = places.get(&url);
        assert!(matches!(response.status, 200 | 410), "{url}: {response:?}");
    }
    let events = TestRequest::new("GET", &format!("/runs/{completed}/events"));
    assert!(matches!(places.reply(&events), Reply::Events { .. }));
    let cancel = TestRequest::new("DELETE", &format!("/runs/{completed}")).with_token(TOKEN);
    assert_eq!(places.send(&cancel).status, 409);
    let start = TestRequest::new("POST", "/runs")
        .with_token(TOKEN)
        .with_body(serde_json::to_vec(&plan(1_000)).unwrap());
    assert_eq!(places.send(&start).status, 202);

    let mut processes = places.processes.borrow_mut();
    let process = processes.get_mut("default").unwrap();
    // A scheduled run waits behind the one just started; then one that fails, and an alert that is refused once.
    process.world.now.set(process.world.now.get() + 1_000);
    let scheduled = process.start_of(&plan(1_001), Trigger::Cron, 7);
    process
        .ask(&Question::Start(Box::new(scheduled)))
        .expect("it waits");
    let refusal = DeliveryError::Refused(500);
    process.world.refusals.borrow_mut().push(refusal);
    wake_until_quiet(process);
    process.restart();
    run(process, 1_002, true);
    run(process, 1_003, false);
    // One that is cancelled, with a report of what it measured.
    process.world.now.set(process.world.now.get() + 2_000);
    let cancelled = process.start(&plan(1_004));
    for _ in 0..3 {
        process.wake();
    }
    process
        .ask(&Question::Cancel { run: cancelled })
        .expect("it is running");
    wake_until_quiet(process);
    // The first question after a start.
    process.restart();
    process.ask(&Question::MayStart).expect("nothing is active");
    wake_until_quiet(process);
    // Then nobody asks: scheduled runs that do not come are reported.
    let alerts = process.world.alerts.borrow().len();
    while process.world.alerts.borrow().len() < alerts + 2 {
        assert!(process.wake());
    }
}

fn efforts(stored: u32) -> BTreeMap<String, Effort> {
    let (places, completed) = place(stored);
    let database = places.processes.borrow()["default"].database.clone();
    database.count_efforts();
    use_everything(&places, &completed);
    let counted = database.efforts();
    let runs = database.execute("SELECT COUNT(*) FROM runs", &[]).unwrap();
    assert_eq!(runs[0][0], i64::from(stored).into());
    counted
}

#[test]
fn no_query_takes_more_with_two_hundred_stored_runs_than_with_twenty() {
    let (few, many) = (efforts(20), efforts(200));
    let mut grown = Vec::new();
    for (statement, at_many) in &many {
        let Some(at_few) = few.get(statement) else {
            panic!("only with many runs: {statement}");
        };
        let more_rows = (at_many.rows - at_few.rows).max(0);
        let line = format!("{at_few:?} -> {at_many:?}: {statement}");
        println!("{line}");
        if at_many.steps > at_few.steps + STEPS_PER_ROW * more_rows + SLACK {
            grown.push(line);
        }
    }
    assert!(many.len() > 30, "only {} statements", many.len());
    assert!(grown.is_empty(), "{}", grown.join("\n"));
}
