//! How long the assembly of a large report takes: `cargo bench -p report`.
//!
//! It has 84 cells of 3,000 samples in 150 blocks: 7 transports, 3 functions, 4 payload sizes. What it takes in wasm is in
//! `docs/methodology.md`.

#[path = "../tests/reports/runs/mod.rs"]
mod runs;

use ::report::assemble;
use divan::{Bencher, black_box};
use protocol::{Plan, Rounds, Transport};
use runs::{Platform, deployment, records_of, run_facts};

const BLOCKS: u32 = 150;

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 10)]
fn assemble_84_cells_of_3000_samples(bencher: Bencher) {
    let plan = Plan {
        transports: Transport::ALL[..7].to_vec(),
        samples_per_cell: 3_000,
        ..Plan::of_fixed_size()
    };
    let records = records_of(&plan, Platform::RUNNING, BLOCKS);
    let round = runs::round(&plan, &runs::geometry(&plan), &records);
    let rounds = Rounds::new(round).expect("the first round of a plan");
    bencher.bench(|| {
        assemble(
            run_facts(),
            &plan,
            &rounds,
            deployment(),
            black_box(&records),
        )
    });
}
