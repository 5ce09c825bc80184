//! Calls that fail or hang, and a caller that is gone: the answer, the exit status, the sentence that says why, and one alert each.

use crate::{alerts::GONE_CALLER, command_line::built_command_line, receiver::Receiver};
use cli::local::Build;
use e2e::stage;
use protocol::{
    Cell, ErrorKind, Quantile, Report,
    alert::AlertKind,
    report::{Condition, Outcome},
};
use std::process::Command;

/// The runtime, answering status 500 to three calls of five, or never answering one of `HANG`.
const FAILING_RUNTIME: &str = r#"
import { WorkerEntrypoint } from "cloudflare:workers";
import Original from "./original.js";
let calls = 0;
export default class extends WorkerEntrypoint {
  async fetch(request) {
    calls += 1;
    if (this.env.HANG && calls % this.env.HANG === 0) return new Promise((resolve) => setTimeout(() => resolve(new Response("late")), 60000));
    if (!this.env.HANG && calls % 5 < 3) return new Response("out of order", { status: 500 });
    return new Original(this.ctx, this.env).fetch(request);
  }
}
"#;

/// What the command line made of a run of one cell and its `direct`, until it was settled.
struct Ended {
    status: Option<i32>,
    out: String,
    errors: String,
    report: Option<Report>,
    alerts: Vec<protocol::alert::Alert>,
}

fn measured(worker: &str, code: &str, variables: &[(&str, &str)]) -> Ended {
    let wrapped = stage::Wrapped::new(&[(worker, code)]);
    let (receiver, results) = (Receiver::start(), stage::temporary_folder());
    let workers = stage::start(Build::Release, |options| {
        options.project = wrapped.project();
        for &(name, value) in variables {
            let variables = &mut options.runtime_variables;
            variables.insert(name.to_owned(), value.to_owned());
        }
        let variables = &mut options.orchestrator_variables;
        variables.insert("ALERT_WEBHOOK_URL".to_owned(), receiver.url.clone());
    });
    let run = "run --transports direct,service-binding --functions echo --payloads 100 --call-timeout-ms 100 --breakdown false";
    let output = Command::new(built_command_line())
        .args(run.split(' '))
        .args(["--url", workers.url(), "--output"])
        .arg(results.path())
        .env("API_TOKEN", stage::TOKEN)
        .output()
        .unwrap();
    stage::eventually("the alert", || {
        (!receiver.alerts().is_empty()).then_some(())
    });
    Ended {
        status: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        report: stage::client(&workers).get("/results").ok(),
        alerts: receiver.alerts(),
    }
}

impl Ended {
    fn report(&self) -> &Report {
        self.report
            .as_ref()
            .unwrap_or_else(|| panic!("no report: {}", self.errors))
    }

    /// It was no, for a reason that the answer's sentence and the one alert name.
    fn assert_no(&self, because: &str) {
        assert_eq!(self.status, Some(1), "{}", self.errors);
        let text = &self.report().summary.text;
        assert!(text.starts_with("No: ") && text.contains(because), "{text}");
        assert!(self.out.contains("No: "), "{}", self.out);
        assert_eq!(self.alerts.len(), 1, "{:#?}", self.alerts);
    }
}

fn cell() -> Cell {
    "service-binding.echo.100".parse().unwrap()
}

#[test]
fn a_runtime_that_answers_500_to_three_calls_of_five_fails_and_the_reason_says_so() {
    let _turn = stage::my_turn();
    let ended = measured("runtime-worker", FAILING_RUNTIME, &[]);
    ended.assert_no("of the calls of Service Binding failed");
    let mut rows = ended.report().failed_calls.iter();
    let row = rows.find(|row| row.id == Some(cell())).unwrap();
    let share = row.share.as_ref().unwrap();
    assert!(share.lower > 0.4 && share.upper < 0.8, "{row:?}");
    stage::tell(&format!("60 % status 500: {}", ended.report().summary.text));
}

#[test]
fn a_runtime_that_hangs_in_one_call_of_50_fails_its_p99_and_not_its_p50() {
    let _turn = stage::my_turn();
    let ended = measured("runtime-worker", FAILING_RUNTIME, &[("HANG", "50")]);
    ended.assert_no("p99 of Service Binding");
    let report = ended.report();
    let verdict = |metric| {
        let mut verdicts = report.verdicts.iter();
        let verdict = verdicts.find(|v| v.id == cell() && v.metric == metric);
        verdict.unwrap()
    };
    let p99 = verdict(Quantile::P99);
    assert_eq!(
        (p99.outcome, p99.condition),
        (Outcome::Fail, Some(Condition::BackToBack)),
        "{p99:?}"
    );
    assert_eq!(
        verdict(Quantile::P50).outcome,
        Outcome::Pass,
        "{:?}",
        report.verdicts
    );
    let measured = report.cells.iter().find(|one| one.id == cell()).unwrap();
    assert!(measured.errors[&ErrorKind::Timeout] > 0);
    stage::tell(&format!("a hang in 1 call of 50: {}", report.summary.text));
}

#[test]
fn a_caller_that_is_gone_is_a_failure_and_no_answer() {
    let _turn = stage::my_turn();
    let ended = measured("caller-worker", GONE_CALLER, &[]);
    assert_eq!(ended.status, Some(2), "{}", ended.errors);
    assert!(
        ended.errors.contains("there is no caller here"),
        "{}",
        ended.errors
    );
    let kinds: Vec<AlertKind> = ended.alerts.iter().map(|alert| alert.kind).collect();
    assert_eq!(kinds, [AlertKind::Failure]);
    stage::tell(&format!(
        "a caller that is gone: {}",
        ended.errors.lines().last().unwrap_or_default()
    ));
}
