//! Do the bounds that whole ticks prove exclude the truth no more often than they say, and is the ticked mean right?

mod trials;

use measurement::{
    bounds::{bounds, ticked_mean},
    cell_samples::{Block, CellSamples},
    simulation::Latencies,
};
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use trials::{LAYOUTS, Layout, Table, Tallies, Tally, distributions, least_coverage, run, trials};

const TICK_NS: u64 = 1_000_000;
const QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];

/// Bounds may exclude the truth in this share of trials.
const ALLOWED_EXCLUSIONS: f64 = 0.05;

/// A cell seen through whole ticks: the calls of a slice follow one another from a random phase, and each sample is
/// the number of ticks between two readings.
fn ticked_cell(
    latencies: Latencies,
    factor: f64,
    layout: Layout,
    rng: &mut ChaCha8Rng,
) -> CellSamples {
    CellSamples::new((0..layout.blocks).map(|index| {
        let block = latencies.block(rng);
        let mut now = rng.random_range(0.0..TICK_NS as f64);
        let mut ticks = || {
            let before = (now / TICK_NS as f64).floor();
            now += block.sample(rng).0 as f64 * factor;
            (now / TICK_NS as f64).floor() - before
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small whole number"
        )]
        let samples_ns = (0..layout.samples)
            .map(|_| ticks() as u64 * TICK_NS)
            .collect();
        Block { index, samples_ns }
    }))
}

#[test]
fn bounds_exclude_the_truth_no_more_often_than_they_say() {
    let trials = trials();
    let mut table = Table::new(
        &format!(
            "Whole ticks: share of {trials} trials whose bounds exclude the truth; mean width of the bounds in ticks (over those with an upper bound); coverage of the mean"
        ),
        &[
            "latencies",
            "median in ticks",
            "blocks x samples",
            "p50",
            "p95",
            "p99",
            "mean",
        ],
    );
    for layout in &LAYOUTS[..2] {
        for (name, latencies) in distributions() {
            for factor in [1.0, 8.0, 50.0] {
                let truths = QUANTILES.map(|q| latencies.quantile_ns(q) * factor / TICK_NS as f64);
                let mean_truth = latencies.mean_ns() * factor;
                let tallies: Tallies<4> = run(trials, |rng| {
                    let cell = ticked_cell(latencies, factor, *layout, rng);
                    let [p50, p95, p99] = [0, 1, 2].map(|i| {
                        let found = bounds(&cell, TICK_NS, QUANTILES[i]).unwrap();
                        let upper = found
                            .upper_ticks
                            .map_or(f64::INFINITY, |upper| upper as f64);
                        Tally::of(Some((found.lower_ticks as f64, upper)), truths[i])
                    });
                    let mean = ticked_mean(&cell, TICK_NS, 1).unwrap();
                    Tallies([
                        p50,
                        p95,
                        p99,
                        Tally::of(Some((mean.lower_ns, mean.upper_ns)), mean_truth),
                    ])
                });
                let mut row = vec![
                    name.clone(),
                    format!("{}", factor / 10.0),
                    format!("{} x {}", layout.blocks, layout.samples),
                ];
                row.extend(
                    tallies.0[..3]
                        .iter()
                        .map(|t| format!("{:.3} ({:.1})", 1.0 - t.coverage(), t.mean_width())),
                );
                row.push(format!("{:.3}", tallies.0[3].coverage()));
                table.row(&row);
                for (tally, q) in tallies.0.iter().zip(QUANTILES) {
                    let most = ALLOWED_EXCLUSIONS
                        + 3.0
                            * (ALLOWED_EXCLUSIONS / trials as f64).sqrt()
                            * f64::from(trials < 1_000);
                    table.require(1.0 - tally.coverage() <= most, || {
                        format!("{name} x {factor}, {layout:?}: q {q} {tally:?}")
                    });
                }
                table.require(tallies.0[3].coverage() >= least_coverage(trials), || {
                    format!("{name} x {factor}: mean")
                });
            }
        }
    }
    table.finish();
}

#[test]
fn bounds_that_can_be_proven_are_as_narrow_as_ticks_allow() {
    // 5 ms calls, 400 samples: p50 lies in (4, 6] or better, and p95 has an upper bound
    let stated: Tallies<2> = run(50, |rng| {
        let cell = ticked_cell(Latencies::lognormal(), 50.0, LAYOUTS[0], rng);
        let p50 = bounds(&cell, TICK_NS, 0.5).unwrap();
        let p95 = bounds(&cell, TICK_NS, 0.95).unwrap();
        let width = p50.upper_ticks.unwrap() - p50.lower_ticks;
        Tallies([
            Tally::of(Some((0.0, width as f64)), 0.0),
            Tally::of(p95.upper_ticks.map(|u| (0.0, u as f64)), 0.0),
        ])
    });
    assert!(stated.0[0].mean_width() <= 3.0, "{stated:?}");
    assert_eq!(stated.0[1].stated, 50);
}
