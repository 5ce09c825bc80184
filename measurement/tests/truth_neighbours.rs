//! Do the quantiles beside one that is refused enclose the truth as often as an interval of its own would have to?
//!
//! Quantiles are refused where the samples of a block are much alike. Here the blocks differ by a lognormal factor of sigma 0.6, 1 and 2: two blocks in
//! three lie within factors of 1.8, 2.7 and 7.4 of the middle.

mod trials;

use measurement::{
    cell_samples::CellSamples, interval::Known, neighbours::enclosed, quantile::quantile,
    simulation::Latencies,
};
use protocol::{ByQuantile, Quantile};
use trials::{LAYOUTS, Table, Tallies, Tally, cell, run, trials};

/// What bounds must cover, as an interval must.
const REQUIRED: f64 = 0.95;

/// Fewer than these say nothing of a coverage.
const WORTH_JUDGING: u64 = 20;

/// What is known of the reported quantiles of `cell`.
fn known(cell: &CellSamples) -> ByQuantile<Known> {
    enclosed(&ByQuantile::of_all(|q| {
        Known::from(quantile(cell, q.order()))
    }))
}

/// The bounds of what has no value.
fn bounds(known: &Known) -> Option<(f64, f64)> {
    matches!(known, Known::Bounded { .. }).then(|| {
        (
            known.lower_ns().unwrap_or(0.0),
            known.upper_ns().unwrap_or(f64::INFINITY),
        )
    })
}

/// Required of `stated` trials: less three standard errors.
fn required(stated: u64) -> f64 {
    REQUIRED - 3.0 * (REQUIRED * (1.0 - REQUIRED) / stated as f64).sqrt()
}

#[test]
fn the_quantiles_beside_one_that_is_refused_enclose_the_truth() {
    let trials = trials();
    let mut table = Table::new(
        &format!(
            "Quantiles that are refused, 20 x 20, {trials} trials: how many, and the share of those whose bounds hold; for p95 with both bounds, too, and less the p95 of a direct of its own"
        ),
        &[
            "latencies",
            "sigma of blocks",
            "p95",
            "p95, both bounds",
            "p95 less direct",
            "p99",
            "p99.9",
        ],
    );
    let mut enclosed_on_both_sides = 0;
    for sigma in [0.6, 1.0, 2.0] {
        for shape in Latencies::all() {
            let latencies = shape.block_correlated(sigma);
            let direct = Latencies::lognormal();
            let truths = ByQuantile::of_all(|q| latencies.quantile_ns(q.order()));
            let tallies: Tallies<5> = run(trials, |rng| {
                let known = known(&cell(latencies, LAYOUTS[0], rng));
                let baseline = Known::from(quantile(&cell(direct, LAYOUTS[0], rng), 0.95));
                let [p95, p99, p99_9] =
                    [Quantile::P95, Quantile::P99, Quantile::P99_9].map(|q| bounds(&known[q]));
                let both = p95.filter(|(_, upper)| upper.is_finite());
                Tallies([
                    Tally::of(p95, truths[Quantile::P95]),
                    Tally::of(both, truths[Quantile::P95]),
                    Tally::of(
                        both.and(bounds(&known[Quantile::P95].minus(&baseline))),
                        truths[Quantile::P95] - direct.quantile_ns(0.95),
                    ),
                    Tally::of(p99, truths[Quantile::P99]),
                    Tally::of(p99_9, truths[Quantile::P99_9]),
                ])
            });
            let mut row = vec![shape.name().to_owned(), sigma.to_string()];
            row.extend(tallies.0.map(|t| match t.stated {
                0 => "0".to_owned(),
                stated => format!("{stated}: {:.3}", t.coverage()),
            }));
            table.row(&row);
            enclosed_on_both_sides += tallies.0[1].stated;
            for (tally, what) in
                tallies
                    .0
                    .into_iter()
                    .zip(["p95", "p95 both", "p95 less direct", "p99", "p99.9"])
            {
                let judged = tally.stated >= WORTH_JUDGING;
                table.require(
                    !judged || tally.coverage() >= required(tally.stated),
                    || format!("{}, sigma {sigma}: {what} {tally:?}", shape.name()),
                );
            }
        }
    }
    table.require(enclosed_on_both_sides >= trials / 10, || {
        format!("only {enclosed_on_both_sides} were enclosed: nothing is shown")
    });
    table.finish();
}
