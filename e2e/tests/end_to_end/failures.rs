//! A runtime whose calls fail or hang does not pass, however fast the rest of its calls are.

use cli::local::Build;
use e2e::stage;
use protocol::{Cell, ErrorKind, Quantile, Report, report::Outcome};
use serde_json::json;

/// The runtime, answering status 500 to three calls of five, and with `HANG` never answering one of 10.
const FAILING_RUNTIME: &str = r#"
import Original, { Runtime as Bound } from "./original.js";
let calls = 0;
const failing = (Entrypoint) => class extends Entrypoint {
  async fetch(request) {
    calls += 1;
    if (this.env.HANG && calls % 10 === 0) return new Promise((resolve) => setTimeout(() => resolve(new Response("late")), 60000));
    if (!this.env.HANG && calls % 5 < 3) return new Response("out of order", { status: 500 });
    return super.fetch(request);
  }
};
export default failing(Original);
export const Runtime = failing(Bound);
"#;

/// The report of a run of one cell and its `direct` on that runtime.
fn measured(variables: &[(&str, &str)]) -> Report {
    let wrapped = stage::Wrapped::new(&[("runtime-worker", FAILING_RUNTIME)]);
    let workers = stage::start(Build::Release, |options| {
        options.project = wrapped.project();
        for &(name, value) in variables {
            let variables = &mut options.runtime_variables;
            variables.insert(name.to_owned(), value.to_owned());
        }
    });
    let plan = json!({"transports": ["direct", "service-binding"], "functions": ["echo"], "payload_bytes": [100],
        "samples_per_cell": 440, "call_timeout_ms": 100, "breakdown": false});
    stage::run_to_completion(&stage::client(&workers), &plan)
}

fn cell() -> Cell {
    "service-binding.echo.100".parse().unwrap()
}

#[test]
fn a_runtime_that_answers_500_to_three_calls_of_five_fails_and_the_reason_says_so() {
    let _turn = stage::my_turn();
    let report = measured(&[]);
    assert_eq!(report.summary.outcome, Outcome::Fail);
    let reason = &report.summary.transports[0].reason;
    assert!(reason.contains("failed"), "{reason}");
    let mut rows = report.failed_calls.iter();
    let row = rows.find(|row| row.id == Some(cell())).unwrap();
    let share = row.share.as_ref().unwrap();
    assert!(share.lower > 0.4 && share.upper < 0.8, "{row:?}");
    stage::tell(&format!("status 500 to 60 % of the calls: {reason}"));
}

#[test]
fn a_runtime_that_hangs_in_one_call_of_10_fails_its_p99_and_not_its_p50() {
    let _turn = stage::my_turn();
    let report = measured(&[("HANG", "1")]);
    let outcome = |metric| {
        let mut verdicts = report.verdicts.iter();
        let verdict = verdicts.find(|v| v.id == cell() && v.metric == metric);
        verdict.unwrap().outcome
    };
    assert_eq!(
        outcome(Quantile::P99),
        Outcome::Fail,
        "{:?}",
        report.verdicts
    );
    assert_eq!(
        outcome(Quantile::P50),
        Outcome::Pass,
        "{:?}",
        report.verdicts
    );
    assert_eq!(report.summary.outcome, Outcome::Fail);
    let measured = report.cells.iter().find(|one| one.id == cell()).unwrap();
    assert!(measured.errors[&ErrorKind::Timeout] > 0);
    // known from below: the p99 is among the calls that hang
    let p99 = &measured.quantiles[Quantile::P99];
    assert!(p99.value.is_none() && p99.upper.is_none(), "{p99:?}");
    stage::tell(&format!(
        "a hang in 1 call of 10: {}",
        report.summary.transports[0].reason
    ));
}
