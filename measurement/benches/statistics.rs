//! How long recording, merging and intervals take: `cargo bench -p measurement`.

use divan::{Bencher, black_box};
use measurement::{
    cell_samples::{Block, CellSamples},
    histogram::LatencyHistogram,
    mean::mean,
    overhead::Overhead,
    quantile::quantile,
    simulation::Latencies,
};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

const SAMPLES: usize = 3_000;
const BLOCKS: u32 = 150;

fn main() {
    divan::main();
}

fn blocks(seed: u64) -> Vec<Block> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let latencies = Latencies::heavy_tail().block_correlated(0.3);
    let per_block = SAMPLES / BLOCKS as usize;
    let block = |index| {
        let block = latencies.block(&mut rng);
        Block {
            index,
            samples_ns: (0..per_block).map(|_| block.sample(&mut rng).0).collect(),
        }
    };
    (0..BLOCKS).map(block).collect()
}

fn histogram(seed: u64) -> LatencyHistogram {
    CellSamples::new(blocks(seed)).histogram().clone()
}

#[divan::bench]
fn record_3000_samples(bencher: Bencher) {
    let samples: Vec<u64> = blocks(1)
        .into_iter()
        .flat_map(|block| block.samples_ns)
        .collect();
    bencher.bench(|| {
        let mut histogram = LatencyHistogram::new();
        for &ns in &samples {
            histogram.record(black_box(ns));
        }
        histogram
    });
}

#[divan::bench]
fn merge_two_histograms(bencher: Bencher) {
    let (left, right) = (histogram(1), histogram(2));
    bencher
        .with_inputs(|| left.clone())
        .bench_refs(|left| left.merge(black_box(&right)));
}

#[divan::bench]
fn encode_a_histogram(bencher: Bencher) {
    let histogram = histogram(1);
    bencher.bench(|| black_box(&histogram).encode());
}

#[divan::bench]
fn sort_a_cell(bencher: Bencher) {
    bencher
        .with_inputs(|| blocks(1))
        .bench_values(CellSamples::new);
}

#[divan::bench(args = [0.5, 0.95, 0.99])]
fn quantile_with_interval(bencher: Bencher, q: f64) {
    let cell = CellSamples::new(blocks(1));
    bencher.bench(|| quantile(black_box(&cell), q));
}

#[divan::bench]
fn mean_with_interval(bencher: Bencher) {
    let cell = CellSamples::new(blocks(1));
    bencher.bench(|| mean(black_box(&cell)));
}

#[divan::bench]
fn paired_overhead_of_a_p99(bencher: Bencher) {
    let (transport, direct) = (CellSamples::new(blocks(1)), CellSamples::new(blocks(2)));
    bencher.bench(|| Overhead::new(black_box(&transport), &direct).and_then(|o| o.quantile(0.99)));
}
