//! Runs until they are settled, on real Workers: killed twenty times, and left alone.

use cli::local::Build;
use e2e::stage;
use protocol::{
    Quantile, RunState,
    report::{Condition, Outcome, WarningKind},
};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
    time::Duration,
};

const KILLS: u32 = 20;

/// A run that is not settled soon: the median is far from its threshold, and the p99 near its own, which lies within what the calls take.
fn plan(p99_ms: f64) -> Value {
    json!({"transports": ["direct", "service-binding"], "functions": ["echo"], "payload_bytes": [100, 1000], "breakdown": false,
        "max_seconds": 3600, "thresholds": {"p50_ms": 1000, "p95_ms": 1000, "p99_ms": p99_ms}})
}

#[test]
fn a_run_that_names_no_size_settles_every_judged_verdict_or_says_what_it_would_take() {
    let _turn = stage::my_turn();
    let client = stage::client(stage::shared());
    let plan = json!({"transports": ["direct", "service-binding"], "functions": ["echo"], "payload_bytes": [100], "breakdown": false});
    let report = stage::run_to_completion(&client, &plan);
    let conditions: BTreeMap<Quantile, Condition> = report
        .verdicts
        .iter()
        .filter_map(|verdict| Some((verdict.metric, verdict.condition?)))
        .collect();
    // the threshold of the median is one tick of this clock, the others are several
    let back_to_back = Condition::BackToBack;
    assert_eq!(
        conditions,
        [
            (Quantile::P50, Condition::Isolated),
            (Quantile::P95, back_to_back),
            (Quantile::P99, back_to_back)
        ]
        .into()
    );
    for verdict in &report.verdicts {
        let is_explained =
            verdict.outcome != Outcome::Inconclusive || verdict.samples_needed.is_some();
        let share = verdict.share_above.as_ref().unwrap();
        // a share that is just what is allowed could not be told from it by any number
        let near = share.lower < verdict.allowed_share && share.upper > verdict.allowed_share;
        assert!(is_explained || near, "{}", verdict.text);
    }
    assert!(
        report
            .warnings
            .iter()
            .all(|warning| warning.kind != WarningKind::TimerChanged),
        "{:?}",
        report.warnings
    );
    stage::tell(&format!("until settled: {}", report.summary.text));
}

#[test]
fn twenty_kills_during_a_run_until_it_is_settled_lose_and_double_nothing() {
    let _turn = stage::my_turn();
    let state = stage::temporary_folder();
    let start = || {
        stage::start(Build::Release, |options| {
            options.state = Some(state.path().to_owned());
        })
    };
    let mut chance = ChaCha8Rng::seed_from_u64(9);
    let mut workers = start();
    let run = stage::begin(&stage::client(&workers), &plan(2.0)).id;
    let (mut committed, mut in_mid_run) = (0, 0);
    for kill in 0..KILLS {
        let client = stage::client(&workers);
        let going = stage::wait(&client, &run, |run| {
            run.progress.slices_done > committed || run.state.is_final()
        });
        thread::sleep(Duration::from_millis(chance.random_range(0..150)));
        let status = client.run(&run).unwrap();
        assert!(
            status.progress.slices_done >= going.progress.slices_done,
            "kill {kill}: slices were lost"
        );
        committed = status.progress.slices_done;
        let round = status.progress.round;
        in_mid_run += u32::from(!status.state.is_final());
        // Dropping them is kill -9 of both process groups.
        drop(workers);
        workers = start();
        let after = stage::client(&workers).run(&run).unwrap();
        assert!(
            after.progress.slices_done >= committed && after.progress.round >= round,
            "kill {kill}: {committed} slices in round {round} before, {after:?} after"
        );
    }
    let client = stage::client(&workers);
    let ended = stage::wait(&client, &run, |run| run.state.is_final());
    assert_eq!(ended.state, RunState::Completed, "{ended:?}");
    let report = client.report(&run).unwrap();
    let mut slices = BTreeSet::new();
    let mut samples = 0;
    for cell in &report.cells {
        let csv = client
            .text(&format!("/results/{run}/cells/{}.csv", cell.id))
            .unwrap();
        let mut of_slice: BTreeMap<u32, u64> = BTreeMap::new();
        for line in csv.lines().skip(1) {
            let slice = line.split(',').nth(3).and_then(|field| field.parse().ok());
            *of_slice
                .entry(slice.expect("the fourth column is the slice"))
                .or_default() += 1;
        }
        for (slice, n) in of_slice {
            assert!(n <= 20, "slice {slice} holds {n} samples of 20");
            assert!(slices.insert(slice), "slice {slice} is of two cells");
            samples += n;
        }
    }
    let total = ended.progress.slices_total;
    assert_eq!(
        slices,
        (0..total).collect(),
        "every slice of the rounds once"
    );
    let failed = ended.progress.errors;
    assert_eq!(
        samples + failed,
        ended.progress.samples,
        "samples in the raw exports, and counted"
    );
    // what is left out of 20 a slice was lost to stalls, which the report counts
    let lost: u64 = report
        .cells
        .iter()
        .map(|cell| cell.lost + cell.skipped)
        .sum();
    assert_eq!(samples + failed + lost, u64::from(total) * 20);
    stage::tell(&format!(
        "kills: {KILLS}, in mid-run: {in_mid_run}, rounds: {}, slices: {total}, samples: {samples}, lost: 0, doubled: 0",
        ended.progress.round
    ));
    assert!(in_mid_run >= KILLS * 3 / 4, "the run was over too soon");
}
