//! An alarm that fires while the coordinator cannot be opened is not used up: what is due is done, with nobody asking, once it can be.

use crate::simulated;

use orchestrator::{
    coordinator::{DeliveryError, Question, REOPEN_PAUSE_MS},
    settings::SettingsError,
    store::sql::Value,
};
use protocol::{Plan, RunState, Thresholds, run::Trigger};
use simulated::{process::Process, settings, small_plan};

const WEBHOOK: (&str, &str) = ("ALERT_WEBHOOK_URL", "https://hooks.example/x");

/// A bad deployment lasts this long: its alarm fires many times.
const BAD_MS: i64 = 20 * 60_000;

/// A plan whose threshold is breached, so that its review has something to say.
fn plan() -> Plan {
    Plan {
        thresholds: Thresholds {
            p50_ms: 0.001,
            ..Thresholds::default()
        },
        ..small_plan()
    }
}

fn process(more: &[(&str, &str)]) -> Process {
    Process::new(settings(&[&[("LIMITS", "local"), WEBHOOK], more].concat()))
}

fn count(process: &Process, statement: &str) -> i64 {
    match process.database.execute(statement, &[]).unwrap()[0][0] {
        Value::Integer(number) => number,
        ref other => panic!("{other:?}"),
    }
}

/// What keeps a coordinator from being opened, and what ends that.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// A deployment with a variable that cannot be used, and one with a good one.
    Variable,
    /// The storage fails when the instance starts, and passes without another start.
    Storage,
    /// A release that does not know the schema, and one that does.
    Rollback,
}

const TROUBLES: [Trouble; 3] = [Trouble::Variable, Trouble::Storage, Trouble::Rollback];

impl Trouble {
    fn begin(self, process: &mut Process) {
        match self {
            Self::Variable => process.misconfigured = Some(bad_variable()),
            Self::Storage => process.world.crashes.storage_fails.set(true),
            Self::Rollback => set_schema_version(process, 99),
        }
        process.restart();
    }

    fn end(self, process: &mut Process) {
        match self {
            Self::Variable => process.misconfigured = None,
            Self::Storage => process.world.crashes.storage_fails.set(false),
            Self::Rollback => {
                let version = orchestrator::store::schema::SCHEMA_VERSION;
                set_schema_version(process, i64::try_from(version).unwrap());
            }
        }
        if !matches!(self, Self::Storage) {
            process.restart();
        }
    }
}

fn bad_variable() -> SettingsError {
    SettingsError::Number {
        name: "KEEP_RUNS",
        min: 1,
        max: 10_000,
    }
}

fn set_schema_version(process: &Process, version: i64) {
    let statement = "UPDATE meta SET value = CAST(? AS TEXT) WHERE key = 'schema_version'";
    process
        .database
        .execute(statement, &[version.into()])
        .unwrap();
}

/// The trouble lasts while the alarms fire, then ends; from then on nobody asks. Returns when it ended.
fn through(process: &mut Process, trouble: Trouble) -> i64 {
    trouble.begin(process);
    let began = process.world.now.get();
    let mut wakes = 0;
    while process.world.now.get() < began + BAD_MS {
        assert!(process.wake(), "{trouble:?}: the alarm is used up");
        wakes += 1;
    }
    assert!(wakes > 10, "{trouble:?}: {wakes} alarms in {BAD_MS} ms");
    trouble.end(process);
    process.world.now.get()
}

/// Wakes until `done`, and says how long that took from the end of the trouble.
fn until(process: &mut Process, ended: i64, done: impl Fn(&Process) -> bool) -> i64 {
    for _ in 0..1_000 {
        if done(process) {
            return process.world.now.get() - ended;
        }
        assert!(process.wake(), "the alarm is used up");
    }
    panic!("it was never done; {:?}", process.lines.last());
}

#[test]
fn an_unfinished_run_goes_on() {
    for trouble in TROUBLES {
        let mut process = process(&[]);
        let run = process.start(&plan());
        for _ in 0..7 {
            process.wake();
        }
        // It lasts longer than a run may get nowhere; but there was no coordinator that could have driven it.
        let ended = through(&mut process, trouble);
        let slices = |process: &Process| count(process, "SELECT COUNT(*) FROM slices");
        let took = until(&mut process, ended, |process| slices(process) == 8);
        assert!(took <= 60_000, "{trouble:?}: {took} ms");
        process.wake_until_idle();
        let status = process.status(&run);
        assert_eq!(
            (status.state, status.progress.samples),
            (RunState::Completed, 80),
            "{trouble:?}"
        );
    }
}

#[test]
fn a_run_that_crashes_its_coordinator_again_and_again_fails_in_the_end() {
    let mut process = process(&[]);
    let run = process.start(&plan());
    let began = process.world.now.get();
    for _ in 0..7 {
        process.wake();
    }
    let mut minutes = 0;
    while count(&process, "SELECT COUNT(*) FROM runs WHERE state = 'failed'") == 0 {
        minutes += 1;
        assert!(minutes < 60, "it goes on for ever");
        process.world.now.set(began + minutes * 60_000);
        process.world.crashing.set(true);
        process.wake();
    }
    assert_eq!(process.status(&run).state, RunState::Failed);
    assert!((16..=33).contains(&minutes), "{minutes}");
}

#[test]
fn a_report_that_is_due_is_assembled() {
    for trouble in TROUBLES {
        let mut process = process(&[]);
        let run = process.start(&plan());
        for _ in 0..7 {
            process.wake();
        }
        process
            .ask(&Question::Cancel { run: run.clone() })
            .expect("it is running");
        let ended = through(&mut process, trouble);
        let stored = "SELECT COUNT(*) FROM runs WHERE report = 'stored'";
        let took = until(&mut process, ended, |process| count(process, stored) == 1);
        assert!(took <= 60_000, "{trouble:?}: {took} ms");
        process.wake_until_idle();
        assert_eq!(process.report(&run).run.state, RunState::Cancelled);
    }
}

#[test]
fn a_completed_run_is_reviewed_and_alerts_once() {
    for trouble in TROUBLES {
        let mut process = process(&[]);
        process.start(&plan());
        let completed = "SELECT COUNT(*) FROM runs WHERE state = 'completed' AND reviewed = 0";
        while count(&process, completed) == 0 {
            process.wake();
        }
        let ended = through(&mut process, trouble);
        let alerted = |process: &Process| process.world.alerts.borrow().len() == 1;
        let took = until(&mut process, ended, alerted);
        assert!(took <= 60_000, "{trouble:?}: {took} ms");
        process.wake_until_idle();
        assert!(alerted(&process), "{trouble:?}: sent again");
    }
}

#[test]
fn an_alert_that_was_refused_is_tried_again_and_delivered_once() {
    for trouble in TROUBLES {
        let mut process = process(&[]);
        let refusals = (0..3).map(|_| DeliveryError::Refused(500));
        process.world.refusals.borrow_mut().extend(refusals);
        process.start(&plan());
        while !process.world.refusals.borrow().is_empty() {
            process.wake();
        }
        assert_eq!(process.world.alerts.borrow().len(), 0);
        let ended = through(&mut process, trouble);
        let delivered = |process: &Process| process.world.alerts.borrow().len() == 1;
        let took = until(&mut process, ended, delivered);
        assert!(took <= 60_000, "{trouble:?}: {took} ms");
        process.wake_until_idle();
        assert!(delivered(&process), "{trouble:?}: sent again");
    }
}

#[test]
fn retention_goes_on() {
    for trouble in TROUBLES {
        let mut process = process(&[("KEEP_RUNS", "2")]);
        for _ in 0..2 {
            process.world.now.set(process.world.now.get() + 60_000);
            process.start(&plan());
            process.wake_until_idle();
        }
        process.world.now.set(process.world.now.get() + 60_000);
        process.start(&plan());
        let reviewed = "SELECT COUNT(*) FROM runs WHERE state = 'completed' AND reviewed = 1";
        while count(&process, reviewed) < 3 {
            process.wake();
        }
        assert_eq!(count(&process, "SELECT COUNT(*) FROM runs"), 3);
        let ended = through(&mut process, trouble);
        let pruned = |process: &Process| count(process, "SELECT COUNT(*) FROM runs") == 2;
        let took = until(&mut process, ended, pruned);
        assert!(took <= 60_000, "{trouble:?}: {took} ms");
        process.wake_until_idle();
        assert!(pruned(&process));
    }
}

#[test]
fn work_that_an_alarm_was_lost_for_is_resumed_by_the_first_question_whatever_it_is() {
    // An earlier release used the alarm up: an alert in retry, a review and old runs wait without one.
    let mut process = process(&[("KEEP_RUNS", "1")]);
    let refusal = DeliveryError::Refused(500);
    process.world.refusals.borrow_mut().push(refusal);
    process.start(&plan());
    while !process.world.refusals.borrow().is_empty() {
        process.wake();
    }
    process.alarm = None;
    process.restart();
    process.ask(&Question::MayStart).expect("nothing is active");
    process.wake_until_idle();
    assert_eq!(process.world.alerts.borrow().len(), 1);
}

#[test]
fn questions_are_answered_with_the_variable_and_put_the_alarm_off_by_nothing() {
    let mut process = process(&[]);
    process.start(&plan());
    Trouble::Variable.begin(&mut process);
    process.alarm = None;
    let lines = process.lines.len();
    let began = process.world.now.get();
    for second in 0..20 {
        process.world.now.set(began + second * 1_000);
        let problem = process.ask(&Question::Overview).unwrap_err();
        assert_eq!(problem.status, 503);
        assert!(problem.detail.contains("KEEP_RUNS"), "{problem:?}");
        assert_eq!(process.alarm, Some(began + REOPEN_PAUSE_MS));
    }
    assert_eq!(process.lines.len() - lines, 1, "one line is enough");
}

#[test]
fn a_storage_error_that_passes_is_over_without_another_start() {
    let mut process = process(&[]);
    Trouble::Storage.begin(&mut process);
    let problem = process.ask(&Question::MayStart).unwrap_err();
    assert_eq!(problem.status, 503);
    assert!(!problem.detail.contains("storage failed"), "{problem:?}");
    process.world.crashes.storage_fails.set(false);
    assert!(process.ask(&Question::MayStart).is_ok());
    // The same where it fails while the coordinator is open.
    let start = process.start_of(&plan(), Trigger::Request, 3);
    process.world.crashes.storage_fails.set(true);
    let question = Question::Start(Box::new(start));
    assert_eq!(process.ask(&question).unwrap_err().status, 500);
    process.world.crashes.storage_fails.set(false);
    assert!(process.ask(&question).is_ok());
    process.world.crashes.storage_fails.set(true);
    for _ in 0..5 {
        assert!(process.wake(), "the alarm is used up");
    }
    process.world.crashes.storage_fails.set(false);
    process.wake_until_idle();
    let completed = "SELECT COUNT(*) FROM runs WHERE state = 'completed'";
    assert_eq!(count(&process, completed), 1);
}
