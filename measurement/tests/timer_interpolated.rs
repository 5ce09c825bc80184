//! The interpolated timer against latencies that are known: how right it is.

mod slices;

use measurement::{
    duration::Nanoseconds,
    simulation::{Latencies, SimPlatform, Stalls},
};
use slices::{CALLS_PER_SLICE, slice};

/// 2 stalls in 100 ms, a third of a tick long on average.
const TWO_PERCENT: Stalls = Stalls {
    per_ms: 0.02,
    mean_ns: 300_000.0,
};

/// The value that a share `q` of `values` lies below.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index below the length"
)]
fn quantile(values: &mut [f64], q: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[(q * values.len() as f64) as usize]
}

/// In microseconds.
fn as_us(values: impl IntoIterator<Item = Nanoseconds>) -> Vec<f64> {
    values.into_iter().map(Nanoseconds::as_us).collect()
}

/// The p50 of 500 slices under 2 % stalls, on a machine whose speed varies by 2 %, divided by the true one.
fn p50_over_truth(tick_ms: u64, latencies: Latencies, trial: u64) -> f64 {
    let mut samples = Vec::new();
    for seed in 0..500 {
        let platform = SimPlatform::running(tick_ms, 1_000 * trial + seed)
            .with_stalls(TWO_PERCENT)
            .with_varying_speed(0.02);
        let mut rng = platform.generator();
        let drawn: Vec<_> = (0..CALLS_PER_SLICE)
            .map(|_| latencies.sample(&mut rng))
            .collect();
        samples.extend(as_us(slice(&platform, drawn).0.samples));
    }
    quantile(&mut samples, 0.5) / (latencies.quantile_ns(0.5) / 1e3)
}

#[test]
fn the_median_is_within_5_percent_of_the_truth_under_2_percent_stalls() {
    for latencies in Latencies::all() {
        for trial in 0..4 {
            let ratio = p50_over_truth(1, latencies, trial);
            assert!(
                (ratio - 1.0).abs() < 0.05,
                "{}: {ratio} of the truth",
                latencies.name()
            );
        }
    }
}

#[test]
fn a_tick_of_3_ms_costs_precision_but_works() {
    // three times as much polling after each call: three times the exposure to stalls and to the machine's varying speed
    for latencies in Latencies::all() {
        let ratio = p50_over_truth(3, latencies, 0);
        assert!(
            (ratio - 1.0).abs() < 0.10,
            "{}: {ratio} of the truth",
            latencies.name()
        );
    }
}

#[test]
fn a_sample_is_right_to_two_polls_on_a_quiet_machine() {
    let poll_us = (400.0 * 3.7 + 53.0) / 1e3;
    for tick_ms in [1, 3] {
        for latency_us in [1, 5, 100, 500, 990, 1_000, 1_010, 2_999, 3_001, 12_345] {
            let mut errors = Vec::new();
            for seed in 0..40 {
                let platform = SimPlatform::running(tick_ms, seed);
                let (readings, truth) = slice(
                    &platform,
                    [Nanoseconds(latency_us * 1_000); CALLS_PER_SLICE],
                );
                assert_eq!(readings.lost, 0);
                errors.extend(
                    readings
                        .samples
                        .iter()
                        .zip(&truth)
                        .map(|(sample, truth)| sample.as_us() - truth.as_us()),
                );
            }
            let worst = errors
                .iter()
                .fold(0.0_f64, |worst, error| worst.max(error.abs()));
            let mean = errors.iter().sum::<f64>() / errors.len() as f64;
            assert!(
                worst < 2.0 * poll_us,
                "{latency_us} us at {tick_ms} ms: an error of {worst} us"
            );
            // the half polls at both ends cancel: what is left is one reading of the clock, 0.05 us, and the rounding of the calibration
            // (the shortest are clamped at 0, which raises their mean)
            if latency_us >= 5 {
                assert!(
                    (mean - 0.05).abs() < 0.4,
                    "{latency_us} us at {tick_ms} ms: a mean error of {mean} us"
                );
            }
        }
    }
}

#[test]
fn the_stated_resolution_covers_two_thirds_of_the_errors() {
    for sigma in [0.0, 0.01, 0.05] {
        let (mut within, mut all) = (0, 0);
        for seed in 0..200 {
            let platform = SimPlatform::running(1, seed).with_varying_speed(sigma);
            let mut rng = platform.generator();
            let drawn: Vec<_> = (0..CALLS_PER_SLICE)
                .map(|_| Latencies::lognormal().sample(&mut rng))
                .collect();
            let (readings, truth) = slice(&platform, drawn);
            let resolution = readings.resolution.as_us();
            all += truth.len();
            within += readings
                .samples
                .iter()
                .zip(&truth)
                .filter(|(s, t)| (s.as_us() - t.as_us()).abs() <= resolution)
                .count();
        }
        let share = f64::from(u32::try_from(within).unwrap()) / all as f64;
        assert!(
            share > 0.6,
            "speed varying by {sigma}: only {share} of the errors are within the resolution"
        );
    }
}

#[test]
fn the_noise_floor_is_near_zero_and_states_what_stalls_add() {
    let floor_of = |stalls: Stalls| {
        let mut floor = Vec::new();
        for seed in 0..500 {
            let platform = SimPlatform::running(1, seed)
                .with_stalls(stalls)
                .with_varying_speed(0.005);
            floor.extend(as_us(
                slice(&platform, [Nanoseconds(100_000); 10]).0.noise_floor,
            ));
        }
        floor
    };
    let mut quiet = floor_of(Stalls {
        per_ms: 0.001,
        mean_ns: 300_000.0,
    });
    assert!(
        quantile(&mut quiet, 0.5) <= 5.0,
        "p50 is {} us",
        quantile(&mut quiet, 0.5)
    );
    assert!(
        quantile(&mut quiet, 0.95) <= 20.0,
        "p95 is {} us",
        quantile(&mut quiet, 0.95)
    );
    let mut stalled = floor_of(Stalls {
        per_ms: 0.1,
        mean_ns: 300_000.0,
    });
    assert!(
        quantile(&mut stalled, 0.99) > 200.0,
        "stalls are hidden: p99 is {} us",
        quantile(&mut stalled, 0.99)
    );
}
