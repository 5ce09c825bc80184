use super::*;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Rounds of a simulated cell: about 100 us with a tail, drifting from round to round and alike within one.
fn rounds(rng: &mut ChaCha8Rng, drifts: &[f64], more_ns: u64) -> Vec<Round> {
    let mut round = |drift: &f64| {
        let of_the_round = rng.random_range(0.97..1.03);
        let mut sample = || {
            let tail = if rng.random_bool(0.05) { 5.0 } else { 1.0 };
            let us: f64 = 100.0 * drift * of_the_round * rng.random_range(0.9..1.2) * tail;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "small and positive"
            )]
            let ns = (us * 1e3) as u64;
            ns + more_ns
        };
        Round {
            samples_ns: (0..40).map(|_| sample()).collect(),
            resolution_ns: 100.0,
            ..Round::default()
        }
    };
    drifts.iter().map(&mut round).collect()
}

fn cell(number: u32) -> Cell {
    format!("service-binding.echo.{number}00").parse().unwrap()
}

/// Both sides of `count` cells over 12 rounds; the first cell of this checkout takes `more_ns` longer.
fn sides(rng: &mut ChaCha8Rng, count: u32, more_ns: u64) -> (Side, Side) {
    let (mut before, mut now) = (Side::new(), Side::new());
    for number in 1..=count {
        let drifts: Vec<f64> = (0..12).map(|_| rng.random_range(0.7..1.6)).collect();
        let more_ns = if number == 1 { more_ns } else { 0 };
        before.insert(cell(number), rounds(rng, &drifts, 0));
        now.insert(cell(number), rounds(rng, &drifts, more_ns));
    }
    (before, now)
}

fn compared(sides: &(Side, Side), tolerance: Tolerance) -> Vec<Compared> {
    compare(&sides.0, &sides.1, &figures(480), tolerance, 1_000_000)
}

fn proven(rows: &[Compared]) -> Vec<String> {
    let proven = rows.iter().filter(|row| row.is_significant());
    proven
        .map(|row| format!("{} {}", row.cell, row.figure))
        .collect()
}

#[test]
fn the_same_on_both_sides_alarms_in_at_most_one_run_of_twenty_over_all_cells() {
    let (mut rng, mut alarms) = (ChaCha8Rng::seed_from_u64(1), 0);
    for _ in 0..200 {
        let rows = compared(&sides(&mut rng, 6, 0), Tolerance::Share(0.0));
        assert_eq!(rows.len(), 6 * 4);
        alarms += usize::from(!proven(&rows).is_empty());
    }
    // 5 % of 200 and three standard errors
    assert!(alarms <= 10 + 9, "{alarms} of 200");
}

#[test]
fn a_cell_that_became_slower_by_more_than_the_tolerance_is_named_and_no_other() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for _ in 0..20 {
        let rows = compared(&sides(&mut rng, 6, 300_000), Tolerance::Share(0.05));
        let proven = proven(&rows);
        assert!(proven.contains(&format!("{} p50", cell(1))), "{proven:?}");
        let of_the_cell = format!("{} ", cell(1));
        assert!(
            proven.iter().all(|name| name.starts_with(&of_the_cell)),
            "{proven:?}"
        );
        let Found::Latency(latencies) = &rows[0].found else {
            panic!("the first figure is a latency")
        };
        let (lower, upper) = (
            latencies.difference.us.lower.unwrap(),
            latencies.difference.us.upper.unwrap(),
        );
        assert!(lower > 200.0 && upper < 400.0, "{latencies:?}");
    }
}

#[test]
fn a_growth_within_the_tolerance_is_no_regression() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for tolerance in ["400us", "500%"] {
        let rows = compared(&sides(&mut rng, 2, 300_000), tolerance.parse().unwrap());
        assert_eq!(proven(&rows), [""; 0], "{tolerance}");
    }
}

#[test]
fn calls_that_time_out_or_fail_on_this_side_alone_are_a_regression() {
    let mut sides = sides(&mut ChaCha8Rng::seed_from_u64(4), 2, 0);
    for round in sides.1.get_mut(&cell(1)).unwrap() {
        round.samples_ns.truncate(20);
        (round.timeouts, round.failed) = (20, 20);
    }
    let found = proven(&compared(&sides, Tolerance::Share(0.05)));
    for figure in ["p95", "failed calls"] {
        assert!(
            found.contains(&format!("{} {figure}", cell(1))),
            "{found:?}"
        );
    }
    for round in sides.1.get_mut(&cell(1)).unwrap() {
        (round.timeouts, round.failed) = (0, 20);
    }
    let rows = compared(&sides, Tolerance::Share(0.05));
    assert_eq!(proven(&rows), [format!("{} failed calls", cell(1))]);
    let Found::Failed { baseline, now } = rows[3].found else {
        panic!("the last figure is of failed calls")
    };
    assert_eq!((baseline, now), ((0, 480), (240, 480)));
}

#[test]
fn there_are_rounds_enough_to_prove_one_figure_among_all() {
    for hypotheses in [1, 8, 48, 144, 500] {
        let smallest = 0.5_f64.powi(i32::try_from(rounds_for(hypotheses)).unwrap());
        assert!(
            smallest * hypotheses as f64 <= FAMILY_WISE / 8.0,
            "{hypotheses}"
        );
    }
    assert_eq!(rounds_for(144), 15);
}

#[test]
fn which_figures_are_compared_hangs_on_the_plan_alone() {
    let names = |samples| {
        let figures = figures(samples);
        figures.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(names(440), ["p50", "p95", "p99", "failed calls"]);
    assert_eq!(names(100), ["p50", "p95", "failed calls"]);
}

#[test]
fn one_round_on_a_disturbed_machine_does_not_hide_a_difference_as_too_small_to_see() {
    let mut sides = sides(&mut ChaCha8Rng::seed_from_u64(5), 1, 300_000);
    sides.0.get_mut(&cell(1)).unwrap()[3].resolution_ns = 940_000.0;
    let rows = compared(&sides, Tolerance::Share(0.05));
    let Found::Latency(latencies) = &rows[0].found else {
        panic!("the first figure is a latency")
    };
    assert!(
        !latencies.difference.us.is_below_resolution(),
        "{latencies:?}"
    );
}

#[test]
fn a_growth_that_the_timer_does_not_resolve_is_no_regression() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let mut sides = sides(&mut rng, 2, 15_000);
    let alarms = |sides: &(Side, Side)| proven(&compared(sides, Tolerance::Share(0.05)));
    assert!(!alarms(&sides).is_empty(), "15 us of 100 are found");
    let rounds = sides.0.values_mut().chain(sides.1.values_mut()).flatten();
    rounds.for_each(|round| round.resolution_ns = 30_000.0);
    assert_eq!(alarms(&sides), [""; 0]);
}
