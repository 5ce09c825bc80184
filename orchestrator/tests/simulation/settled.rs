//! Runs until they are settled: which rounds follow, when they end, and that no crash changes either.

#![allow(
    clippy::print_stdout,
    reason = "how many crash points were tried is part of the result"
)]

use crate::simulated;

use orchestrator::store::RunRow;
use protocol::{
    Function, Plan, Quantile, Report, RoundKind, RunId, RunState, Transport, Until,
    measure::MeasureResponse,
    report::{Condition, Outcome, Verdict},
    slice::{Measured, SliceRecord, Work},
};
use simulated::{process::Process, settings};

/// One judged cell and `direct`.
fn plan() -> Plan {
    Plan {
        transports: vec![Transport::Direct, Transport::ServiceBinding],
        functions: vec![Function::Echo],
        payload_bytes: vec![100],
        breakdown: false,
        ..Plan::default()
    }
}

struct Ended {
    process: Process,
    run: RunId,
}

impl Ended {
    /// A run of a world in which so many of a thousand delegated calls are slow.
    fn of(plan: &Plan, slow_per_mille: u64) -> Self {
        Self::with(plan, slow_per_mille, None, false)
    }

    fn with(plan: &Plan, slow_per_mille: u64, crash_at: Option<u64>, frozen: bool) -> Self {
        let mut process = Process::new(settings(&[("LIMITS", "local")]));
        process.world.slow_per_mille.set(slow_per_mille);
        process.world.frozen.set(frozen);
        process.world.crashes.steps.set(0);
        process.world.crashes.at.set(crash_at);
        let run = process.start(plan);
        process.wake_until_idle();
        Self { process, run }
    }

    fn row(&self) -> RunRow {
        let store = self.process.coordinator();
        store.store().run(&self.run).unwrap().unwrap()
    }

    fn records(&self) -> Vec<SliceRecord> {
        self.process
            .coordinator()
            .store()
            .records(&self.run)
            .unwrap()
    }

    /// Kind, cells and blocks of each round.
    fn rounds(&self) -> Vec<(RoundKind, u32, u32)> {
        let row = self.row();
        let rounds = row.rounds.iter();
        rounds
            .map(|round| (round.kind, round.cells(), round.blocks))
            .collect()
    }

    fn report(&mut self) -> Report {
        self.process.report(&self.run.clone())
    }
}

fn verdict(report: &Report, metric: Quantile) -> &Verdict {
    let mut all = report.verdicts.iter();
    all.find(|verdict| verdict.metric == metric)
        .expect("judged")
}

const ISOLATED: (RoundKind, u32, u32) = (RoundKind::Isolated, 2, 22);
const BACK_TO_BACK: (RoundKind, u32, u32) = (RoundKind::BackToBack, 1, 22);

#[test]
fn what_two_rounds_settle_gets_no_more_of_them() {
    let mut ended = Ended::of(&plan(), 0);
    assert_eq!(ended.rounds(), [ISOLATED, BACK_TO_BACK]);
    let report = ended.report();
    assert_eq!(report.summary.outcome, Outcome::Pass);
    // a tick is as long as the threshold of the median, so only isolated calls can tell
    let conditions = [Quantile::P50, Quantile::P95, Quantile::P99]
        .map(|metric| verdict(&report, metric).condition.unwrap());
    let back_to_back = Condition::BackToBack;
    assert_eq!(
        conditions,
        [Condition::Isolated, back_to_back, back_to_back]
    );
    let share = verdict(&report, Quantile::P99).share_above.clone().unwrap();
    assert_eq!(share.n, 440);
    // half of the error at the first look: 1 - 0.0125^(1/440)
    assert!((share.upper - 0.009_91).abs() < 1e-5, "{share:?}");
    // the latencies are those of isolated calls, the mean of back-to-back ones is of both
    let cell = report
        .cells
        .iter()
        .find(|c| c.transport.delegates())
        .unwrap();
    assert_eq!(
        (cell.count, cell.chain_mean_us.n),
        (440, Some(22 * (8 + 20)))
    );
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
}

#[test]
fn what_is_open_is_measured_on_until_a_planned_look_settles_it() {
    let mut ended = Ended::of(&plan(), 4);
    let rounds = ended.rounds();
    assert_eq!(rounds[..2], [ISOLATED, BACK_TO_BACK]);
    let later: Vec<u32> = rounds[2..].iter().map(|&(_, _, blocks)| blocks).collect();
    assert!(!later.is_empty());
    // looks at half as many samples again
    assert_eq!(later, [11, 16, 24, 36, 54, 81, 122, 134][..later.len()]);
    assert!(
        rounds[2..]
            .iter()
            .all(|&(kind, cells, _)| (kind, cells) == (RoundKind::BackToBack, 1))
    );
    let report = ended.report();
    let p99 = verdict(&report, Quantile::P99);
    assert_eq!(
        (p99.outcome, p99.condition),
        (Outcome::Pass, Some(Condition::BackToBack))
    );
    let samples = 440 + later.iter().sum::<u32>() * 20;
    assert_eq!(p99.share_above.as_ref().unwrap().n, u64::from(samples));
    assert_eq!(
        report.summary.outcome,
        Outcome::Pass,
        "{}",
        report.summary.text
    );
    // p95 was settled by the first look: what came later is not in its limits
    assert_eq!(
        verdict(&report, Quantile::P95)
            .share_above
            .as_ref()
            .unwrap()
            .n,
        440
    );
}

#[test]
fn too_many_slow_calls_are_a_no_as_soon_as_chance_is_excluded() {
    let mut ended = Ended::of(&plan(), 60);
    let report = ended.report();
    assert_eq!(report.summary.outcome, Outcome::Fail);
    assert_eq!(verdict(&report, Quantile::P99).outcome, Outcome::Fail);
    // 6 % of the calls: the p95 cannot be told from 5 % so soon, and what is open is measured on
    assert!(ended.rounds().len() > 2, "{:?}", ended.rounds());
    let seconds = (ended.row().progress_ms - ended.row().started_ms.unwrap()) / 1_000;
    assert!(seconds <= 120, "{seconds}");
}

#[test]
fn what_cannot_be_settled_within_the_limits_ends_open_and_says_what_it_would_take() {
    // as many as are allowed, give or take
    let mut ended = Ended::of(&plan(), 10);
    let report = ended.report();
    assert_eq!(report.summary.outcome, Outcome::Inconclusive);
    assert_eq!(
        verdict(&report, Quantile::P99).outcome,
        Outcome::Inconclusive
    );
    let row = ended.row();
    assert!(row.progress_ms - row.started_ms.unwrap() < 121_000);
    assert_eq!(row.state, RunState::Completed);
    // settled with more calls than these
    let samples = |max_calls| {
        let short = Plan {
            max_calls: Some(max_calls),
            ..plan()
        };
        let mut ended = Ended::of(&short, 4);
        let most = ended.row().tally.usage.delegated_calls;
        assert!(most <= max_calls, "{most} of {max_calls}");
        let report = ended.report();
        (
            verdict(&report, Quantile::P99).outcome,
            verdict(&report, Quantile::P99).samples_needed,
        )
    };
    assert_eq!(samples(100_000), (Outcome::Pass, None));
    let (outcome, needed) = samples(1_300);
    assert_eq!(outcome, Outcome::Inconclusive);
    assert!(needed.is_some_and(|n| n > 440), "{needed:?}");
    let hasty = Plan {
        max_seconds: Some(1),
        ..plan()
    };
    let mut ended = Ended::of(&hasty, 4);
    assert_eq!(
        ended.rounds(),
        [ISOLATED, BACK_TO_BACK],
        "the first two are measured though the first, 22 slices of 2 cells, takes more than the second that it may; no third is"
    );
    let report = ended.report();
    let p99 = verdict(&report, Quantile::P99);
    assert_eq!(
        (p99.outcome, p99.condition),
        (Outcome::Inconclusive, Some(Condition::BackToBack))
    );
}

#[test]
fn whole_ticks_are_back_to_back_calls_already() {
    let mut ended = Ended::with(&Plan { seed: 5, ..plan() }, 6, None, true);
    let rounds = ended.rounds();
    assert_eq!(rounds[0], ISOLATED);
    let report = ended.report();
    assert!(rounds.len() > 1, "{:?}", report.verdicts);
    // with `direct`, since a round of this kind is of both
    assert!(
        rounds[1..]
            .iter()
            .all(|&(kind, cells, _)| (kind, cells) == (RoundKind::Isolated, 2))
    );
    let report = ended.report();
    let p99 = verdict(&report, Quantile::P99);
    assert_eq!(
        (p99.outcome, p99.condition),
        (Outcome::Pass, Some(Condition::BackToBack))
    );
}

#[test]
fn a_run_of_fixed_size_has_one_round_and_isolated_calls_judge_all_of_it() {
    let fixed = Plan {
        until: Until::Samples,
        max_seconds: None,
        max_calls: None,
        ..plan()
    };
    let mut ended = Ended::of(&fixed, 4);
    assert_eq!(ended.rounds(), [ISOLATED]);
    let report = ended.report();
    assert!(
        report
            .verdicts
            .iter()
            .all(|v| v.condition == Some(Condition::Isolated))
    );
}

#[test]
fn only_cells_in_doubt_are_measured_on_and_the_status_names_them() {
    let two = Plan {
        payload_bytes: vec![100, 1_000],
        ..plan()
    };
    let mut process = Process::new(settings(&[("LIMITS", "local")]));
    process.world.slow_per_mille.set(4);
    let run = process.start(&two);
    let mut open = Vec::new();
    while process.wake() {
        let status = process.status(&run);
        assert!(status.usage.at_most.is_some());
        if status.progress.round > 2 && !status.state.is_final() {
            assert!(!status.progress.open.is_empty());
            open.push(status.progress.open.len());
            assert!(status.progress.seconds_to_limit.unwrap() <= 120.0);
        } else {
            assert!(status.progress.open.is_empty());
        }
    }
    let ended = Ended { process, run };
    let cells: Vec<u32> = ended.rounds()[2..]
        .iter()
        .map(|&(_, cells, _)| cells)
        .collect();
    assert!(
        cells.is_sorted_by(|a, b| a >= b) && !cells.is_empty(),
        "{cells:?}"
    );
    for round in ended.row().rounds.iter().skip(2) {
        assert!(
            round
                .works
                .iter()
                .all(|work| matches!(work, Work::Cell(cell) if cell.transport.delegates()))
        );
    }
    assert!(!open.is_empty());
}

/// What was measured, without what a retry changes: the runtime has then served more calls.
fn measured(records: Vec<SliceRecord>) -> Vec<(u32, Work, Measured)> {
    let without_age = |measured| match measured {
        Measured::Samples(response) => Measured::Samples(MeasureResponse {
            residency: None,
            ..response
        }),
        other => other,
    };
    records
        .into_iter()
        .map(|record| (record.index, record.work, without_age(record.measured)))
        .collect()
}

#[test]
fn no_crash_changes_the_rounds_or_loses_or_doubles_a_slice() {
    let undisturbed = Ended::of(&plan(), 4);
    let steps = undisturbed.process.world.crashes.steps.get();
    let (rounds, slices) = (undisturbed.row().rounds, undisturbed.records());
    let expected = measured(slices);
    let mut tried = 0;
    for step in (1..=steps).step_by(23) {
        let crashed = Ended::with(&plan(), 4, Some(step), false);
        assert_eq!(crashed.process.restarts, 1, "step {step} of {steps}");
        assert_eq!(crashed.row().rounds, rounds, "crash at step {step}");
        assert!(
            measured(crashed.records()) == expected,
            "crash at step {step}"
        );
        tried += 1;
    }
    println!("crash points tried: {tried} of {steps}");
}
