//! Does the interval of a paired overhead contain the truth as often as it says, and does pairing pay?

mod trials;

use measurement::{
    cell_samples::{Block, CellSamples},
    interval::{Estimate, Undefined},
    mean::mean,
    overhead::Overhead,
    simulation::Latencies,
};
use rand_chacha::ChaCha8Rng;
use trials::{LAYOUTS, Layout, Table, Tallies, Tally, distributions, least_coverage, run, trials};

/// `direct` takes a fifth of what the transport takes, with a distribution of its own.
const DIRECT_DIVISOR: u64 = 5;

/// A transport and `direct` over the same blocks: what slows a block slows both by the same factor.
fn pair(
    latencies: Latencies,
    direct: Latencies,
    layout: Layout,
    rng: &mut ChaCha8Rng,
) -> (CellSamples, CellSamples) {
    let (mut transport, mut baseline) = (Vec::new(), Vec::new());
    for index in 0..layout.blocks {
        // the factor is the first thing that a block draws: one state of the generator gives both the same one
        let mut same_factor = rng.clone();
        let (slow, fast) = (latencies.block(rng), direct.block(&mut same_factor));
        let slow = (0..layout.samples).map(|_| slow.sample(rng).0).collect();
        let fast = (0..layout.samples)
            .map(|_| fast.sample(rng).0 / DIRECT_DIVISOR)
            .collect();
        transport.push(Block {
            index,
            samples_ns: slow,
        });
        baseline.push(Block {
            index,
            samples_ns: fast,
        });
    }
    (CellSamples::new(transport), CellSamples::new(baseline))
}

fn ends(estimate: Result<Estimate, Undefined>) -> Option<(f64, f64)> {
    estimate.ok().map(|e| (e.lower_ns, e.upper_ns))
}

#[test]
fn intervals_of_paired_overheads_contain_the_truth() {
    let trials = trials();
    let mut table = Table::new(
        &format!("Coverage of 95 % intervals of the paired overhead, {trials} trials"),
        &["latencies", "blocks x samples", "mean", "p50", "p95", "p99"],
    );
    for layout in LAYOUTS {
        for ((name, latencies), (_, direct)) in distributions().into_iter().zip(directs()) {
            let truth =
                |q| latencies.quantile_ns(q) - direct.quantile_ns(q) / DIRECT_DIVISOR as f64;
            let truths = [0.5, 0.95, 0.99].map(truth);
            let mean_truth = latencies.mean_ns() - direct.mean_ns() / DIRECT_DIVISOR as f64;
            let tallies: Tallies<4> = run(trials, |rng| {
                let (transport, baseline) = pair(latencies, direct, layout, rng);
                let overhead = Overhead::new(&transport, &baseline).unwrap();
                let [p50, p95, p99] = [(0.5, truths[0]), (0.95, truths[1]), (0.99, truths[2])]
                    .map(|(q, truth)| Tally::of(ends(overhead.quantile(q)), truth));
                Tallies([Tally::of(ends(overhead.mean()), mean_truth), p50, p95, p99])
            });
            let mut row = vec![
                name.clone(),
                format!("{} x {}", layout.blocks, layout.samples),
            ];
            row.extend(tallies.0.map(|t| format!("{:.3}", t.coverage())));
            table.row(&row);
            for (tally, what) in tallies.0.into_iter().zip(["mean", "p50", "p95", "p99"]) {
                table.require(tally.coverage() >= least_coverage(trials), || {
                    format!("{name}, {layout:?}: {what} {}", tally.coverage())
                });
            }
        }
    }
    table.finish();
}

/// For `direct`, the lognormal under the same correlation as the transport's distribution.
fn directs() -> Vec<(String, Latencies)> {
    let independent = distributions().into_iter().take(1).cycle().take(3);
    let correlated = distributions().into_iter().skip(3).take(1).cycle().take(3);
    independent.chain(correlated).collect()
}

#[test]
fn pairing_narrows_the_interval_when_blocks_differ() {
    let latencies = Latencies::lognormal().block_correlated(0.3);
    let tallies: Tallies<3> = run(100, |rng| {
        let (transport, direct) = pair(latencies, latencies, LAYOUTS[1], rng);
        let overhead = Overhead::new(&transport, &direct).unwrap();
        Tallies([overhead.mean(), mean(&transport), mean(&direct)].map(|e| Tally::of(ends(e), 0.0)))
    });
    let [paired, transport, direct] = tallies.0.map(|t| t.mean_width());
    let unpaired = transport.hypot(direct);
    assert!(
        paired < 0.85 * unpaired,
        "paired {paired} ns against unpaired {unpaired} ns"
    );
}
