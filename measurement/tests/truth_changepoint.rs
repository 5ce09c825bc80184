//! Are steps in a series of runs found soon, and do quiet series stay quiet?
//!
//! The figures of runs waver by 5 % (lognormal), and one run in a hundred is off by up to half. A series is looked at
//! after every run, as the orchestrator does; an alarm is a change point that was not there, within three runs, before.

mod trials;

use measurement::changepoint::{ChangePoint, change_points};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use trials::Table;

const RUNS: usize = 60;
const WAVER: f64 = 0.05;
const STEP: f64 = 1.2;
const SERIES: u64 = 200;

/// The step must be found within this many runs.
const SOON: usize = 3;

/// A series whose level is multiplied by `step` from the run `at` on.
fn series(rng: &mut ChaCha8Rng, runs: usize, at: usize, step: f64) -> Vec<f64> {
    (0..runs)
        .map(|run| {
            let level = if run < at { 100.0 } else { 100.0 * step };
            let odd = if rng.random_bool(0.01) {
                rng.random_range(1.0..1.5)
            } else {
                1.0
            };
            let z: f64 = rng.sample(StandardNormal);
            level * odd * (WAVER * z).exp()
        })
        .collect()
}

/// Alarms while a series grows: the number of runs there were, and the change point that was new.
fn alarms(series: &[f64]) -> Vec<(usize, ChangePoint)> {
    let mut known: Vec<usize> = Vec::new();
    let mut alarms = Vec::new();
    for runs in 1..=series.len() {
        for point in change_points(&series[..runs]) {
            if !known
                .iter()
                .any(|index| index.abs_diff(point.index) <= SOON)
            {
                known.push(point.index);
                alarms.push((runs, point));
            }
        }
    }
    alarms
}

#[test]
fn a_step_of_a_fifth_is_found_within_three_runs_and_quiet_runs_raise_no_alarm() {
    let (mut found, mut false_before, mut quiet_runs) = (0, 0, 0);
    for seed in 0..SERIES {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let at = rng.random_range(20..RUNS - SOON);
        let alarms = alarms(&series(&mut rng, RUNS, at, STEP));
        // known once the third run after the step is in, and located within three runs of it
        let soon = |(runs, point): &&(usize, ChangePoint)| {
            *runs <= at + SOON && point.index.abs_diff(at) <= SOON
        };
        found += u32::from(alarms.iter().any(|alarm| soon(&alarm)));
        false_before += alarms.iter().filter(|(runs, _)| *runs <= at).count();
        quiet_runs += at;
    }
    let (mut false_alarms, mut more_quiet_runs) = (0, 0);
    for seed in 0..SERIES {
        let mut rng = ChaCha8Rng::seed_from_u64(10_000 + seed);
        false_alarms += alarms(&series(&mut rng, RUNS, RUNS, 1.0)).len();
        more_quiet_runs += RUNS;
    }
    let share = f64::from(found) / SERIES as f64;
    let rate =
        1_000.0 * (false_alarms + false_before) as f64 / (quiet_runs + more_quiet_runs) as f64;
    let mut table = Table::new(
        &format!(
            "Change points in {SERIES} series of {RUNS} runs, waver {WAVER}, 1 % odd runs, step {STEP}"
        ),
        &[
            "found within 3 runs",
            "false alarms",
            "quiet runs",
            "false alarms per 1,000 quiet runs",
        ],
    );
    table.row(&[
        format!("{:.1} %", share * 100.0),
        (false_alarms + false_before).to_string(),
        (quiet_runs + more_quiet_runs).to_string(),
        format!("{rate:.2}"),
    ]);
    table.require(share >= 0.9, || format!("found {share}"));
    table.require(rate <= 1.0, || format!("false alarms {rate}"));
    table.finish();
}
