//! Scheduled runs that do not come are reported: each once, with nobody asking, across restarts.

use crate::{alerts::alerts, simulated};

use chrono::{DateTime, Utc};
use core::str::FromStr as _;
use orchestrator::{
    coordinator::Question,
    settings::{Settings, Variable},
};
use protocol::{Function, Plan, RunId, Transport, alert::AlertKind, run::Trigger};
use simulated::{process::Process, settings};

const MINUTE_MS: i64 = 60_000;
const INTERVAL_MS: i64 = 360 * MINUTE_MS;

const VARIABLES: [(&str, &str); 3] = [
    ("LIMITS", "local"),
    ("ALERT_WEBHOOK_URL", "https://hooks.example/x"),
    ("SCHEDULE_INTERVAL_MINUTES", "360"),
];

fn plan() -> Plan {
    Plan {
        transports: vec![Transport::ServiceBinding],
        functions: vec![Function::Echo],
        payload_bytes: vec![100],
        samples_per_cell: 20,
        breakdown: false,
        ..Plan::of_fixed_size()
    }
}

fn process() -> Process {
    Process::new(settings(&VARIABLES))
}

/// The schedule fires now. Returns the run that it asks for, and when that was.
fn fire(process: &mut Process) -> (RunId, i64) {
    let now = process.world.now.get();
    let start = process.start_of(&plan(), Trigger::Cron, 5);
    let run = start.id.clone();
    // A firing that is refused has come all the same.
    let _ = process.ask(&Question::Start(Box::new(start)));
    (run, now)
}

/// Lets alarms fire up to an instant, and no others.
fn wake_until(process: &mut Process, instant: i64) {
    while process.alarm.is_some_and(|at| at <= instant) {
        process.wake();
    }
    process.world.now.set(instant);
}

fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap()
}

#[test]
fn a_scheduled_run_that_is_overdue_by_half_its_interval_is_reported_with_nobody_asking() {
    let mut process = process();
    let (run, fired) = fire(&mut process);
    wake_until(&mut process, fired + INTERVAL_MS + INTERVAL_MS / 2 - 1);
    assert_eq!(alerts(&process), []);
    wake_until(
        &mut process,
        fired + INTERVAL_MS + INTERVAL_MS / 2 + MINUTE_MS,
    );
    let told = alerts(&process);
    assert_eq!(told.len(), 1, "{told:?}");
    let alert = &told[0];
    assert_eq!(
        (alert.kind, alert.location.as_str()),
        (AlertKind::Overdue, "default")
    );
    assert_eq!(alert.run, Some(run.clone()));
    let overdue = alert.overdue.clone().unwrap();
    assert_eq!(
        (
            overdue.interval_minutes,
            overdue.missed,
            overdue.last_fired_at,
            overdue.expected_at
        ),
        (360, 1, Some(at(fired)), at(fired + INTERVAL_MS))
    );
    assert!(
        alert.text.contains(run.as_str()) && alert.text.contains("360 min"),
        "{}",
        alert.text
    );
}

#[test]
fn each_missed_run_is_reported_once_and_the_next_firing_ends_it() {
    let mut process = process();
    let (_, fired) = fire(&mut process);
    let mut counts = Vec::new();
    for period in 1..=4 {
        wake_until(
            &mut process,
            fired + period * INTERVAL_MS + INTERVAL_MS / 2 + MINUTE_MS,
        );
        counts.push(alerts(&process).len());
    }
    assert_eq!(counts, [1, 2, 3, 4]);
    let ids: std::collections::BTreeSet<String> =
        alerts(&process).into_iter().map(|alert| alert.id).collect();
    assert_eq!(ids.len(), 4);
    let (_, fired) = fire(&mut process);
    for period in 1..=3 {
        wake_until(&mut process, fired + period * INTERVAL_MS);
        fire(&mut process);
    }
    assert_eq!(
        alerts(&process).len(),
        4,
        "told although the schedule fires"
    );
    let last = process.world.now.get();
    wake_until(&mut process, last + 2 * INTERVAL_MS);
    assert_eq!(alerts(&process).len(), 5);
}

#[test]
fn it_is_reported_once_across_restarts_and_what_lies_in_between_in_one_alert() {
    let mut process = process();
    let (_, fired) = fire(&mut process);
    wake_until(&mut process, fired + INTERVAL_MS);
    process.restart();
    // Nothing runs for three and a half intervals; the platform's alarm then fires late.
    process
        .world
        .now
        .set(fired + 3 * INTERVAL_MS + INTERVAL_MS / 2 + MINUTE_MS);
    process.wake();
    process.restart();
    let now = process.world.now.get();
    wake_until(&mut process, now + MINUTE_MS);
    let told = alerts(&process);
    assert_eq!(told.len(), 1, "{told:?}");
    let overdue = told[0].overdue.clone().unwrap();
    assert_eq!(
        (overdue.missed, overdue.expected_at),
        (3, at(fired + 3 * INTERVAL_MS))
    );
}

#[test]
fn no_crash_reports_a_missed_run_twice_or_forgets_it() {
    let until = |process: &mut Process, fired: i64| {
        wake_until(process, fired + INTERVAL_MS + INTERVAL_MS / 2 + MINUTE_MS);
    };
    let steps = {
        let mut process = process();
        let (_, fired) = fire(&mut process);
        wake_until(&mut process, fired + INTERVAL_MS);
        process.world.crashes.steps.set(0);
        until(&mut process, fired);
        process.world.crashes.steps.get()
    };
    assert!(steps > 10, "{steps}");
    let mut lost = 0;
    for step in 1..=steps {
        let mut process = process();
        let (_, fired) = fire(&mut process);
        wake_until(&mut process, fired + INTERVAL_MS);
        process.world.crashes.steps.set(0);
        process.world.crashes.at.set(Some(step));
        until(&mut process, fired);
        assert_eq!(process.restarts, 1, "step {step}");
        let told = alerts(&process).len();
        assert!(told <= 1, "crash at step {step}");
        lost += 1 - told;
    }
    assert!(
        lost <= 3,
        "only a crash during the delivery itself may lose it: {lost} of {steps}"
    );
}

#[test]
fn a_schedule_that_never_fires_is_reported_from_the_first_question_on() {
    let mut process = process();
    let manual = process.start(&plan());
    let began = process.world.now.get();
    wake_until(
        &mut process,
        began + INTERVAL_MS + INTERVAL_MS / 2 - MINUTE_MS,
    );
    assert_eq!(alerts(&process), []);
    wake_until(
        &mut process,
        began + INTERVAL_MS + INTERVAL_MS / 2 + MINUTE_MS,
    );
    let told = alerts(&process);
    assert_eq!(told.len(), 1, "{manual} is no scheduled run");
    assert_eq!(told[0].run, None);
    assert_eq!(told[0].overdue.clone().unwrap().last_fired_at, None);
}

#[test]
fn a_firing_that_is_refused_has_come() {
    let mut process = process();
    let (_, fired) = fire(&mut process);
    // Two runs wait already: the third is dropped.
    for minute in 1..=2 {
        process.world.now.set(fired + minute * MINUTE_MS);
        fire(&mut process);
    }
    wake_until(
        &mut process,
        fired + INTERVAL_MS + INTERVAL_MS / 2 + 2 * MINUTE_MS - 1,
    );
    assert_eq!(alerts(&process), []);
    wake_until(
        &mut process,
        fired + INTERVAL_MS + INTERVAL_MS / 2 + 3 * MINUTE_MS,
    );
    assert_eq!(alerts(&process).len(), 1);
}

#[test]
fn nobody_watches_without_the_variable_or_where_the_location_is_no_more() {
    let without = &VARIABLES[..2];
    let elsewhere = [&VARIABLES[..], &[("LOCATIONS", "weur")]].concat();
    for variables in [without, elsewhere.as_slice()] {
        let mut process = process();
        let (_, fired) = fire(&mut process);
        wake_until(&mut process, fired + MINUTE_MS);
        process.settings = settings(variables);
        process.restart();
        wake_until(&mut process, fired + 10 * INTERVAL_MS);
        assert_eq!(alerts(&process), [], "{variables:?}");
        assert_eq!(process.alarm, None, "{variables:?}");
        // Watched again, it is watched from then on, and not from the last firing.
        process.settings = settings(&VARIABLES);
        process.restart();
        process.ask(&Question::MayStart).expect("nothing is active");
        wake_until(&mut process, fired + 11 * INTERVAL_MS);
        assert_eq!(alerts(&process), [], "{variables:?}");
    }
}

#[test]
fn the_log_says_so_where_nobody_is_alerted() {
    let mut process = Process::new(settings(&[VARIABLES[0], VARIABLES[2]]));
    let (_, fired) = fire(&mut process);
    wake_until(&mut process, fired + 2 * INTERVAL_MS);
    let lines: Vec<String> = process
        .lines
        .iter()
        .map(orchestrator::coordinator::LogLine::to_json)
        .filter(|line| line.contains("\"schedule-overdue\""))
        .collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(alerts(&process), []);
}

#[test]
fn old_alerts_of_missed_runs_are_pruned() {
    let mut process = process();
    let (_, fired) = fire(&mut process);
    wake_until(&mut process, fired + 20 * INTERVAL_MS);
    assert_eq!(alerts(&process).len(), 19);
    let rows = process
        .database
        .execute("SELECT id FROM alerts", &[])
        .unwrap();
    assert_eq!(rows.len(), 1);
}

/// The deployment's own configuration, as it is committed.
fn configuration() -> toml::Table {
    include_str!("../../../wrangler.toml").parse().unwrap()
}

#[test]
fn the_interval_of_the_deployment_is_the_longest_between_two_firings_of_its_crons() {
    let configuration = configuration();
    let crons: Vec<cron::Schedule> = configuration["triggers"]["crons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cron| {
            // The library's crons begin with seconds.
            let text = format!("0 {}", cron.as_str().unwrap());
            cron::Schedule::from_str(&text).unwrap()
        })
        .collect();
    let start = at(simulated::START_MS);
    let mut firings: Vec<DateTime<Utc>> = crons
        .iter()
        .flat_map(|schedule| schedule.after(&start).take(5_000))
        .collect();
    firings.sort_unstable();
    let last = crons
        .iter()
        .filter_map(|one| one.after(&start).nth(4_999))
        .min();
    let gaps = firings
        .windows(2)
        .filter(|pair| Some(pair[1]) <= last)
        .map(|pair| (pair[1] - pair[0]).num_minutes());
    let given = |name: &str| {
        let value = configuration["vars"].get(name)?.as_str()?;
        Some(Variable::Text(value.to_owned()))
    };
    let settings = Settings::read(given, None).unwrap();
    let interval = settings.schedule_interval_minutes.map(i64::from);
    assert!(interval.is_some());
    assert_eq!(interval, gaps.max());
}

#[test]
fn the_variables_of_the_deployment_are_all_texts_that_can_be_used() {
    let configuration = configuration();
    for (name, value) in configuration["vars"].as_table().unwrap() {
        assert!(value.is_str(), "{name}");
    }
    let dated = configuration["compatibility_date"].as_str();
    assert_eq!(configuration["vars"]["COMPATIBILITY_DATE"].as_str(), dated);
}
