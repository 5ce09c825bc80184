//! A quantile that its samples are too few for, or too much alike, is bounded by the quantiles beside it. Verdicts need no quantile.

use crate::runs;

use ::report::markdown;
use ::report::merge;
use measurement::{
    cell_samples::{Block, CellSamples},
    quantile::quantile,
    simulation::Latencies,
};
use protocol::{Cell, Function, Plan, Quantile, Report, Thresholds, Transport, report::Outcome};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use runs::{BLOCKS, Platform, cell, find, records, records_of, report, samples_of, small_plan};

const ID: Cell = Cell::native(Transport::ServiceBinding, Function::Echo, 100);

/// Blocks that differ so much that a p95 cannot be stated, while rare slow calls in all of them make an ordinary p99.
fn alike_at_p95() -> Vec<Block> {
    let blocks = |seed| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let latencies = Latencies::bimodal().block_correlated(1.0);
        let block = |index| {
            let block = latencies.block(&mut rng);
            let samples_ns = (0..20).map(|_| block.sample(&mut rng).0).collect();
            Block { index, samples_ns }
        };
        (0..BLOCKS).map(block).collect::<Vec<_>>()
    };
    let refused = |blocks: &Vec<Block>| {
        let cell = CellSamples::new(blocks.iter().cloned());
        quantile(&cell, 0.95).is_err() && quantile(&cell, 0.99).is_ok()
    };
    (0..1_000)
        .map(blocks)
        .find(refused)
        .expect("a tenth of the seeds do")
}

/// A run whose cell [`ID`] has those samples.
fn run(thresholds: Thresholds) -> Report {
    let plan = Plan {
        thresholds,
        ..small_plan()
    };
    let mut records = records(&plan, Platform::RUNNING);
    for ((_, answer), block) in samples_of(&mut records, ID).zip(alike_at_p95()) {
        answer.samples = block.samples_ns;
    }
    report(&plan, &records)
}

fn outcome_of_p95(thresholds: Thresholds) -> Outcome {
    let report = run(thresholds);
    let verdict = report
        .verdicts
        .iter()
        .find(|verdict| verdict.id == ID && verdict.metric == Quantile::P95);
    verdict.unwrap().outcome
}

#[test]
fn a_p95_that_is_refused_lies_between_the_lower_end_of_the_p50_and_the_upper_end_of_the_p99() {
    let report = run(Thresholds::default());
    let cell = find(&report, ID);
    assert_eq!(cell.quantiles[Quantile::P95].value, None);
    assert!(
        cell.quantiles[Quantile::P50].value.is_some()
            && cell.quantiles[Quantile::P99].value.is_some()
    );
    assert_eq!(
        (
            cell.quantiles[Quantile::P95].lower,
            cell.quantiles[Quantile::P95].upper
        ),
        (
            cell.quantiles[Quantile::P50].lower,
            cell.quantiles[Quantile::P99].upper
        )
    );
    let reason = &cell.quantiles[Quantile::P95].reason.as_ref().unwrap().text;
    assert!(
        reason.contains("correlated within blocks") && reason.contains("adjacent quantiles"),
        "{reason}"
    );
    let text = markdown::latency_table(&report, Function::Echo);
    let row = text
        .lines()
        .find(|line| line.starts_with("| Service Binding | 100 B"));
    assert!(!row.unwrap().contains("n/a"), "{text}");
}

#[test]
fn a_verdict_is_settled_where_the_quantile_itself_is_refused() {
    let report = run(Thresholds::default());
    let overhead = report.overheads.iter().find(|o| o.id == ID).unwrap();
    let (lower, upper) = (
        overhead.quantiles[Quantile::P95].lower.unwrap(),
        overhead.quantiles[Quantile::P95].upper.unwrap(),
    );
    let p95_ms = |p95_ms| Thresholds {
        p95_ms,
        ..Thresholds::default()
    };
    assert_eq!(outcome_of_p95(p95_ms(upper / 1e3 + 0.001)), Outcome::Pass);
    assert_eq!(outcome_of_p95(p95_ms(lower / 1e3 - 0.001)), Outcome::Fail);
    let samples = CellSamples::new(alike_at_p95());
    let (n, sorted) = (samples.pooled_ns().len(), samples.pooled_ns());
    let own_ms = sorted[n * 95 / 100] as f64 / 1e6;
    assert_eq!(outcome_of_p95(p95_ms(own_ms)), Outcome::Inconclusive);
}

#[test]
fn of_too_few_samples_a_p99_is_at_least_the_p95() {
    let id = cell(Transport::RawFetch, Function::Echo, 100_000);
    let few = |p99_ms| {
        let plan = Plan {
            transports: vec![Transport::RawFetch],
            thresholds: Thresholds {
                p99_ms,
                ..Thresholds::default()
            },
            ..small_plan()
        };
        report(&plan, &records_of(&plan, Platform::RUNNING, 10))
    };
    let report = few(5.0);
    let (p95, p99) = (
        &find(&report, id).quantiles[Quantile::P95],
        &find(&report, id).quantiles[Quantile::P99],
    );
    assert_eq!((p99.value, p99.lower, p99.upper), (None, p95.lower, None));
    assert!(p99.reason.as_ref().unwrap().text.contains("368"));
    // a lower bound fails a threshold, and passes none
    let outcome = |p99_ms| {
        let mut p99 = few(p99_ms).verdicts.into_iter();
        let p99 = p99.find(|v| v.id == id && v.metric == Quantile::P99);
        p99.unwrap().outcome
    };
    assert_eq!(outcome(p95.lower.unwrap() / 1e3 - 0.001), Outcome::Fail);
    assert_eq!(outcome(100.0), Outcome::Inconclusive);
}

#[test]
fn several_places_state_what_one_alone_must_refuse() {
    // the place with unlike blocks counts with the few independent samples that it is worth
    let mut places = [run(Thresholds::default()), run(Thresholds::default())];
    places[1] = report(
        &places[1].plan,
        &records(&places[1].plan, Platform::RUNNING),
    );
    places[1].run.location = "elsewhere".to_owned();
    let worth = find(&places[0], ID).quantiles[Quantile::P95]
        .effective_n
        .unwrap();
    assert!(worth < 72.0, "{worth}");
    let merged = merge(&places).unwrap();
    let p95 = &find(&merged, ID).quantiles[Quantile::P95];
    assert!(p95.value.is_some(), "{p95:?}");
    assert!(p95.effective_n.unwrap() < 4.0 * worth, "{p95:?}");
}
