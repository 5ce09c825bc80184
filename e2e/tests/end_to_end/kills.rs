//! Twenty kills of the whole process tree at random moments of a run: it goes on after each, and counts every sample once.

use cli::local::Build;
use e2e::stage;
use protocol::RunState;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use std::{thread, time::Duration};

const KILLS: u32 = 20;

/// Samples asked for of each cell, more than are measured before the last kill.
const SAMPLES: u32 = 6_000;

#[test]
fn twenty_kills_lose_no_committed_sample_and_double_none() {
    let _turn = stage::my_turn();
    let state = stage::temporary_folder();
    let start = || {
        stage::start(Build::Release, |options| {
            options.state = Some(state.path().to_owned());
        })
    };
    let mut chance = ChaCha8Rng::seed_from_u64(5);
    let mut workers = start();
    let plan = json!({"transports": ["direct", "service-binding"], "functions": ["echo"], "payload_bytes": [100, 1000],
        "samples_per_cell": SAMPLES, "breakdown": false});
    let run = stage::begin(&stage::client(&workers), &plan).id;
    let mut committed = 0;
    let mut in_mid_run = 0;
    for kill in 0..KILLS {
        let client = stage::client(&workers);
        // It goes on by itself; a kill that always fell into the same phase would prove less.
        let going = stage::wait(&client, &run, |run| {
            run.progress.slices_done > committed || run.state.is_final()
        });
        thread::sleep(Duration::from_millis(chance.random_range(0..700)));
        let status = client.run(&run).unwrap();
        assert!(
            status.progress.slices_done >= going.progress.slices_done,
            "kill {kill}: slices were lost"
        );
        committed = status.progress.slices_done;
        in_mid_run += u32::from(!status.state.is_final());
        // Dropping them is kill -9 of both process groups.
        drop(workers);
        workers = start();
        let after = stage::client(&workers).run(&run).unwrap();
        assert!(
            after.progress.slices_done >= committed,
            "kill {kill}: {committed} slices before, {after:?} after"
        );
    }
    let client = stage::client(&workers);
    let ended = stage::wait(&client, &run, |run| run.state.is_final());
    assert_eq!(ended.state, RunState::Completed, "{ended:?}");
    assert_eq!(
        in_mid_run, KILLS,
        "the run was over too soon to be killed {KILLS} times"
    );
    let report = client.report(&run).unwrap();
    let (mut lost, mut doubled) = (0, 0);
    for cell in &report.cells {
        let counted = cell.count + cell.lost + cell.skipped + cell.errors.values().sum::<u64>();
        let asked = u64::from(SAMPLES);
        lost += asked.saturating_sub(counted);
        doubled += counted.saturating_sub(asked);
    }
    stage::tell(&format!(
        "kills: {KILLS}, samples: {}, lost: {lost}, doubled: {doubled}",
        ended.progress.samples
    ));
    assert_eq!((lost, doubled), (0, 0));
}
