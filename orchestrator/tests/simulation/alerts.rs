//! Production tells by itself when the hop gets slower: once, and only when it is confirmed.

use crate::simulated;

use orchestrator::{
    coordinator::{DeliveryError, DispatchError, Question},
    store::sql::Value,
};
use protocol::{
    Plan, Report, RunId, Thresholds,
    alert::{Alert, AlertKind},
};
use simulated::{process::Process, settings, small_plan};

/// Percent of the usual latency, run after run, without a change: what a quiet series looks like.
const QUIET: [u64; 12] = [100, 103, 98, 101, 97, 102, 100, 99, 104, 96, 101, 100];

fn plan() -> Plan {
    Plan {
        samples_per_cell: 400,
        ..small_plan()
    }
}

fn process() -> Process {
    Process::new(settings(&[
        ("LIMITS", "local"),
        ("ALERT_WEBHOOK_URL", "https://hooks.example/x"),
    ]))
}

/// One run, and all that follows from it.
fn run(process: &mut Process, percent: u64, plan: &Plan) {
    process
        .world
        .now
        .set(process.world.now.get() + 6 * 3_600_000);
    process.world.slowness_percent.set(percent);
    process.start(plan);
    process.wake_until_idle();
}

/// The plan with a threshold that no run of it meets.
fn strict() -> Plan {
    Plan {
        thresholds: Thresholds {
            p50_ms: 0.01,
            ..Thresholds::default()
        },
        ..plan()
    }
}

/// What the receiver of alerts was sent.
pub(crate) fn alerts(process: &Process) -> Vec<Alert> {
    let posted = process.world.alerts.borrow();
    posted
        .iter()
        .map(|(_, body)| serde_json::from_str(body).unwrap())
        .collect()
}

fn confirming_runs(process: &Process) -> usize {
    let rows = process.database.execute(
        "SELECT id FROM runs WHERE json_extract(request, '$.trigger') = 'confirmation'",
        &[],
    );
    rows.unwrap().len()
}

#[test]
fn a_lasting_rise_is_confirmed_by_another_run_and_told_exactly_once() {
    let mut process = process();
    for percent in QUIET {
        run(&mut process, percent, &plan());
    }
    assert_eq!((confirming_runs(&process), alerts(&process).len()), (0, 0));
    for percent in [140, 143, 138, 141, 139, 142, 140, 144, 137, 141] {
        run(&mut process, percent, &plan());
    }
    assert_eq!(confirming_runs(&process), 1);
    let told = alerts(&process);
    assert_eq!(told.len(), 1, "{told:?}");
    let alert = &told[0];
    assert_eq!(
        (alert.kind, alert.regressions.len(), alert.breaches.len()),
        (AlertKind::Regression, 1, 0)
    );
    let found = &alert.regressions[0];
    assert_eq!(found.cell.to_string(), "service-binding.echo.100");
    assert!((25.0..40.0).contains(&found.change_percent), "{found:?}");
    assert!(
        found.change_percent_lower < found.change_percent
            && found.change_percent < found.change_percent_upper
    );
    assert!(
        alert.text.contains("service-binding.echo.100 p50: 0.1")
            && alert.text.contains("(95 % CI +")
            && alert.regressions[0].resolution_us.is_some(),
        "{}",
        alert.text
    );
}

#[test]
fn a_rise_that_the_confirming_run_does_not_show_is_not_told() {
    let mut process = process();
    for percent in QUIET {
        run(&mut process, percent, &plan());
    }
    // Slow runs until one raises the suspicion; by the time of the confirming run all is well again.
    for percent in [140, 143, 138, 141] {
        process
            .world
            .now
            .set(process.world.now.get() + 6 * 3_600_000);
        process.world.slowness_percent.set(percent);
        process.start(&plan());
        while confirming_runs(&process) == 0 && process.wake() {}
        if confirming_runs(&process) == 1 {
            break;
        }
    }
    assert_eq!(confirming_runs(&process), 1);
    process.world.slowness_percent.set(100);
    process.wake_until_idle();
    assert_eq!(alerts(&process), []);
}

#[test]
fn a_drop_is_good_news_and_not_told() {
    let mut process = process();
    for percent in QUIET.into_iter().chain([70, 72, 69, 71, 70]) {
        run(&mut process, percent, &plan());
    }
    assert_eq!((confirming_runs(&process), alerts(&process).len()), (0, 0));
}

#[test]
fn a_threshold_is_told_when_it_is_breached_and_not_while_it_stays_so() {
    let mut process = process();
    let strict = Plan {
        thresholds: Thresholds {
            p50_ms: 0.1,
            ..Thresholds::default()
        },
        ..plan()
    };
    let mut counts = Vec::new();
    for percent in [80, 150, 150, 80, 150] {
        run(&mut process, percent, &strict);
        counts.push(alerts(&process).len());
    }
    assert_eq!(counts, [0, 1, 1, 1, 2]);
    let alert = &alerts(&process)[0];
    assert_eq!(
        (alert.kind, alert.breaches[0].metric.as_str()),
        (AlertKind::Threshold, "p50")
    );
    let breach = &alert.breaches[0];
    let report = process.report(alert.run.as_ref().expect("a run"));
    let mut verdicts = report.verdicts.iter();
    let verdict = verdicts.find(|v| v.id == breach.cell && v.metric == breach.metric);
    assert_eq!(breach.text, verdict.unwrap().text);
    assert!(
        breach.text.contains("of isolated calls at 0.1 ms or above")
            && alert.text.contains(&breach.text),
        "{}",
        alert.text
    );
}

/// One run that the caller-worker refuses, so that it fails at once.
fn failing_run(process: &mut Process) {
    let refusal = DispatchError::Refused {
        status: 400,
        detail: "no such function".to_owned(),
    };
    process.world.failures.borrow_mut().push(refusal);
    run(process, 100, &plan());
}

#[test]
fn a_run_that_fails_is_told_once_and_not_while_runs_go_on_failing() {
    let mut process = process();
    let mut counts = Vec::new();
    for fails in [false, true, true, false, true] {
        if fails {
            failing_run(&mut process);
        } else {
            run(&mut process, 100, &plan());
        }
        counts.push(alerts(&process).len());
    }
    assert_eq!(counts, [0, 1, 1, 1, 2]);
    let alert = &alerts(&process)[0];
    assert_eq!((alert.kind, alert.breaches.len()), (AlertKind::Failure, 0));
    let run = alert.run.clone().unwrap();
    assert_eq!(process.status(&run).state, protocol::RunState::Failed);
    let reason = alert.failure.clone().unwrap();
    assert!(
        reason.contains("no such function") && alert.text.contains(&reason),
        "{alert:?}"
    );
    assert!(alert.text.contains(run.as_str()), "{alert:?}");
}

#[test]
fn a_run_that_fails_after_some_slices_is_told_once_though_it_has_a_report() {
    let mut process = process();
    process.start(&plan());
    for _ in 0..5 {
        process.wake();
    }
    process.world.now.set(process.world.now.get() + 3_600_000);
    process.wake_until_idle();
    let told = alerts(&process);
    assert!(
        matches!(told.as_slice(), [alert] if alert.kind == AlertKind::Failure && alert.text.contains("15 minutes")),
        "{told:?}"
    );
}

#[test]
fn a_run_that_is_cancelled_is_no_failure() {
    let mut process = process();
    let run = process.start(&plan());
    process.wake();
    process
        .ask(&Question::Cancel { run })
        .expect("it is running");
    process.wake_until_idle();
    assert_eq!(alerts(&process), []);
}

/// Makes the report of the run that is to be reviewed next fail as a whole, without a verdict that does.
fn fail_as_a_whole(process: &Process) {
    let to_review = "SELECT run, body FROM reports JOIN runs ON id = run WHERE reviewed = 0";
    let rows = process.database.execute(to_review, &[]).unwrap();
    let [Value::Text(run), Value::Text(body)] = rows[0].as_slice() else {
        panic!("{rows:?}");
    };
    let mut report: Report = serde_json::from_str(body).unwrap();
    report.verdicts.clear();
    report.summary.outcome = protocol::report::Outcome::Fail;
    let transport = &mut report.summary.transports[0];
    transport.outcome = protocol::report::Outcome::Fail;
    "62 % of the calls failed".clone_into(&mut transport.reason);
    let body = serde_json::to_string(&report).unwrap();
    let change = "UPDATE reports SET body = ? WHERE run = ?";
    let parameters = [body.into(), run.as_str().into()];
    process.database.execute(change, &parameters).unwrap();
}

/// One run whose report fails as a whole, or passes.
fn judged_run(process: &mut Process, fails: bool) {
    process
        .world
        .now
        .set(process.world.now.get() + 6 * 3_600_000);
    let id: RunId = process.start(&plan());
    let completed = "SELECT COUNT(*) FROM runs WHERE state = 'completed' AND reviewed = 0";
    while process.database.execute(completed, &[]).unwrap()[0][0] == Value::Integer(0) {
        assert!(process.wake(), "{id} was not completed");
    }
    if fails {
        fail_as_a_whole(process);
    }
    process.wake_until_idle();
}

#[test]
fn a_run_whose_outcome_fails_for_whatever_reason_is_told_once() {
    let mut process = process();
    let mut counts = Vec::new();
    for fails in [false, true, true, false, true] {
        judged_run(&mut process, fails);
        counts.push(alerts(&process).len());
    }
    assert_eq!(counts, [0, 1, 1, 1, 2]);
    let alert = &alerts(&process)[0];
    assert_eq!(alert.kind, AlertKind::Threshold);
    assert!(alert.text.contains("62 % of the calls failed"), "{alert:?}");
}

#[test]
fn a_report_that_cannot_be_read_is_said_in_the_log_and_holds_up_no_other_work() {
    let mut process = process();
    judged_run(&mut process, false);
    let damage = "UPDATE reports SET body = '{'";
    process.database.execute(damage, &[]).unwrap();
    let lines = process.lines.len();
    run(&mut process, 100, &plan());
    run(&mut process, 100, &strict());
    let faults: Vec<String> = process.lines[lines..]
        .iter()
        .map(orchestrator::coordinator::LogLine::to_json)
        .filter(|line| line.contains("\"fault\""))
        .collect();
    assert!(
        matches!(faults.as_slice(), [one] if one.contains("stored report cannot be read")),
        "{faults:?}"
    );
    assert_eq!(alerts(&process).len(), 1);
}

#[test]
fn figures_that_cannot_be_read_are_said_in_the_log_and_in_the_series_and_hold_up_no_other_work() {
    let mut process = process();
    run(&mut process, 100, &plan());
    let damage =
        "UPDATE history SET figures = '{\"p50\":3}' WHERE cell = 'service-binding.echo.100'";
    process.database.execute(damage, &[]).unwrap();
    let lines = process.lines.len();
    run(&mut process, 100, &strict());
    assert_eq!(alerts(&process).len(), 1, "the breach was not told");
    let logged = process.lines[lines..].iter().any(|line| {
        let line = line.to_json();
        line.contains("\"fault\"") && line.contains("service-binding.echo.100")
    });
    assert!(logged, "{:?}", process.lines);
    let series = Question::History {
        cell: "service-binding.echo.100".parse().unwrap(),
        limit: 10,
    };
    assert_eq!(process.ask(&series).unwrap_err().status, 500);
}

#[test]
fn a_receiver_that_refuses_is_asked_again_and_gets_the_alert_once() {
    let mut process = process();
    let refusals = [
        DeliveryError::Unreachable("refused".to_owned()),
        DeliveryError::Refused(500),
    ];
    process.world.refusals.borrow_mut().extend(refusals);
    run(&mut process, 100, &strict());
    assert_eq!(alerts(&process).len(), 1);
    let attempts = process
        .lines
        .iter()
        .filter(|line| line.to_json().contains("alert-sent"))
        .count();
    assert_eq!(attempts, 3);
}

#[test]
fn an_alert_that_may_have_arrived_is_not_sent_again() {
    let mut process = process();
    process
        .world
        .refusals
        .borrow_mut()
        .push(DeliveryError::Unknown);
    run(&mut process, 100, &strict());
    assert_eq!(alerts(&process).len(), 0);
    assert_eq!(process.alarm, None);
}

#[test]
fn a_receiver_that_never_answers_well_is_given_up() {
    let mut process = process();
    process
        .world
        .refusals
        .borrow_mut()
        .extend((0..50).map(|_| DeliveryError::Refused(500)));
    run(&mut process, 100, &strict());
    assert_eq!(process.world.refusals.borrow().len(), 50 - 11);
}

#[test]
fn no_crash_makes_an_alert_come_twice() {
    let strict = Plan {
        thresholds: Thresholds {
            p50_ms: 0.01,
            ..Thresholds::default()
        },
        samples_per_cell: 40,
        ..plan()
    };
    let steps = {
        let mut process = process();
        process.world.crashes.steps.set(0);
        run(&mut process, 100, &strict);
        assert_eq!(alerts(&process).len(), 1);
        process.world.crashes.steps.get()
    };
    let mut told = 0;
    // The end of the run, from its report on.
    for step in steps - 60..=steps {
        let mut process = process();
        process.world.crashes.steps.set(0);
        process.world.crashes.at.set(Some(step));
        run(&mut process, 100, &strict);
        let count = alerts(&process).len();
        assert!(count <= 1, "crash at step {step}");
        told += count;
    }
    assert!(
        told > 50,
        "{told} of 61 told: only a crash during the delivery itself may lose an alert"
    );
}

#[test]
fn nobody_is_told_and_no_run_is_spent_where_no_webhook_is_configured() {
    let mut process = Process::new(settings(&[("LIMITS", "local")]));
    for percent in QUIET.into_iter().chain([140, 143, 138, 141, 139]) {
        run(&mut process, percent, &plan());
    }
    assert_eq!(confirming_runs(&process), 0);
}
