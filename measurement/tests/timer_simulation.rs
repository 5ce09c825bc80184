//! The simulated platform tells the truth about itself: drawn latencies agree with the stated quantiles and means.

use measurement::simulation::Latencies;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const DRAWS: usize = 400_000;

fn every_distribution() -> impl Iterator<Item = Latencies> {
    Latencies::all()
        .into_iter()
        .flat_map(|latencies| [latencies, latencies.block_correlated(0.3)])
}

fn drawn(latencies: &Latencies) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    (0..DRAWS)
        .map(|_| latencies.sample(&mut rng).0 as f64)
        .collect()
}

#[test]
fn the_share_of_draws_below_each_stated_quantile_is_that_quantile() {
    for latencies in every_distribution() {
        let draws = drawn(&latencies);
        for q in [0.01, 0.25, 0.5, 0.95, 0.99, 0.999] {
            let quantile = latencies.quantile_ns(q);
            let share = draws.iter().filter(|&&ns| ns <= quantile).count() as f64 / DRAWS as f64;
            let five_sigma = 5.0 * (q * (1.0 - q) / DRAWS as f64).sqrt();
            assert!(
                (share - q).abs() < five_sigma,
                "{latencies:?}: {share} of the draws are below the {q} quantile"
            );
        }
    }
}

#[test]
fn the_mean_of_draws_is_the_stated_mean() {
    for latencies in every_distribution() {
        let draws = drawn(&latencies);
        let mean = draws.iter().sum::<f64>() / DRAWS as f64;
        let variance = draws.iter().map(|ns| (ns - mean).powi(2)).sum::<f64>() / DRAWS as f64;
        let five_sigma = 5.0 * (variance / DRAWS as f64).sqrt();
        let truth = latencies.mean_ns();
        assert!(
            (mean - truth).abs() < five_sigma,
            "{latencies:?}: drawn mean {mean}, stated {truth}"
        );
    }
}

#[test]
fn quantile_and_survival_are_inverses() {
    for latencies in every_distribution() {
        for q in [0.001, 0.5, 0.9, 0.95, 0.99, 0.9999] {
            let back = 1.0 - latencies.survival(latencies.quantile_ns(q));
            assert!(
                (back - q).abs() < 1e-9,
                "{latencies:?}: {q} came back as {back}"
            );
        }
    }
}

#[test]
fn calls_of_one_block_resemble_each_other_only_when_asked_to() {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    let mut spread_of_block_means = |latencies: Latencies| {
        let means: Vec<f64> = (0..400)
            .map(|_| {
                let block = latencies.block(&mut rng);
                (0..200)
                    .map(|_| (block.sample(&mut rng).0 as f64).ln())
                    .sum::<f64>()
                    / 200.0
            })
            .collect();
        let centre = means.iter().sum::<f64>() / 400.0;
        (means
            .iter()
            .map(|mean| (mean - centre).powi(2))
            .sum::<f64>()
            / 400.0)
            .sqrt()
    };
    assert!(spread_of_block_means(Latencies::lognormal()) < 0.05);
    let correlated = spread_of_block_means(Latencies::lognormal().block_correlated(0.3));
    assert!(
        (correlated - 0.3).abs() < 0.04,
        "sigma of the block factor is {correlated}"
    );
}
