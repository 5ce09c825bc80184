//! The interpolated timer when things go wrong: stalls, failed calls, clocks that stop or are set back.

mod slices;

use measurement::{
    clock::ladder::Polls,
    duration::Nanoseconds,
    probe::{Probe, ProbeLimits},
    simulation::{Latencies, SimPlatform, Stalls},
    timer::InterpolatedTimer,
};
use rand::Rng;
use slices::{CALLS_PER_SLICE, slice, timer_for};

#[test]
fn no_sample_leaves_the_bracket_that_the_clock_proves() {
    // long and frequent stalls: every sample may be wrong, but never by more than a tick, beyond what passed between the start edge and the call
    let stalls = Stalls {
        per_ms: 0.2,
        mean_ns: 600_000.0,
    };
    let mut samples = 0;
    for tick_ms in [1, 3] {
        let tick_us = 1e3 * tick_ms as f64;
        for seed in 0..400 {
            let platform = SimPlatform::running(tick_ms, seed).with_stalls(stalls);
            let mut rng = platform.generator();
            let mut timer = timer_for(&platform);
            platform.run(timer.begin(Polls::computing(&platform)));
            // one call a slice, so that each sample is known to belong to its call
            let late_us = platform.phase() * tick_us;
            let truth = platform
                .call(Latencies::heavy_tail().sample(&mut rng))
                .as_us();
            let _ = platform.run(timer.succeeded(Polls::computing(&platform)));
            for sample in timer.finish().samples {
                let error = sample.as_us() - truth;
                assert!(
                    error >= late_us - tick_us - 0.1,
                    "seed {seed}: {error} us, started {late_us} us late"
                );
                assert!(
                    error <= late_us + tick_us + 0.1,
                    "seed {seed}: {error} us, started {late_us} us late"
                );
                samples += 1;
            }
        }
    }
    assert!(samples > 500, "only {samples} samples survived");
}

#[test]
fn only_whole_ticks_calibrate_however_often_edges_are_jumped_over() {
    // a stall in every third tick, long enough to jump over edges; the ticks that it cuts short are no ticks
    let stalls = Stalls {
        per_ms: 0.3,
        mean_ns: 20_000_000.0,
    };
    for seed in 0..50 {
        let platform = SimPlatform::running(1, seed).with_stalls(stalls);
        let polls_per_tick = slice(&platform, [Nanoseconds(100_000); CALLS_PER_SLICE])
            .0
            .polls_per_tick;
        assert!(
            (polls_per_tick - 652.3).abs() < 7.0,
            "seed {seed}: {polls_per_tick}"
        );
    }
}

#[test]
fn a_stall_during_the_call_is_latency() {
    for seed in 0..100 {
        let platform = SimPlatform::running(1, seed);
        // as if the scheduler had taken 7 ms out of a call of 0.1 ms
        let (readings, truth) = slice(
            &platform,
            [
                Nanoseconds(100_000),
                Nanoseconds(7_100_000),
                Nanoseconds(100_000),
            ],
        );
        assert_eq!((readings.lost, readings.samples.len()), (0, 3));
        assert!((readings.samples[1].as_us() - truth[1].as_us()).abs() < 4.0);
    }
}

/// The share of lost samples of calls that take `latency_us`, over `samples` of them, under stalls that often jump over an edge.
fn lost_share(latency_us: u64, samples: usize) -> f64 {
    let stalls = Stalls {
        per_ms: 0.1,
        mean_ns: 2_500_000.0,
    };
    let (mut lost, mut calls) = (0, 0);
    for seed in 0..(samples / CALLS_PER_SLICE) as u64 {
        let platform = SimPlatform::running(1, seed ^ (latency_us << 32)).with_stalls(stalls);
        let (readings, truth) = slice(
            &platform,
            [Nanoseconds(latency_us * 1_000); CALLS_PER_SLICE],
        );
        lost += readings.lost;
        calls += truth.len();
    }
    lost as f64 / calls as f64
}

#[test]
fn whether_a_sample_is_lost_does_not_depend_on_its_latency() {
    const SAMPLES: usize = 40_000;
    let shares =
        [10, 300, 600, 900, 1_300, 2_800].map(|latency_us| lost_share(latency_us, SAMPLES));
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    assert!(
        mean > 0.03,
        "so few are lost ({shares:?}) that the test says nothing"
    );
    let four_sigma = 4.0 * (mean * (1.0 - mean) / SAMPLES as f64).sqrt();
    for share in shares {
        assert!(
            (share - mean).abs() < four_sigma,
            "{shares:?} differ by more than {four_sigma}"
        );
    }
}

#[test]
fn a_failed_call_leaves_no_sample_and_spoils_none() {
    for seed in 0..50 {
        let platform = SimPlatform::running(1, seed);
        let mut timer = timer_for(&platform);
        platform.run(timer.begin(Polls::computing(&platform)));
        let mut truth = Vec::new();
        for call in 0..12 {
            if call % 3 == 1 {
                platform.call(Nanoseconds(2_345_678));
                platform.run(timer.failed(Polls::computing(&platform)));
            } else {
                truth.push(platform.call(Nanoseconds(100_000 * (call + 1))));
                let _ = platform.run(timer.succeeded(Polls::computing(&platform)));
            }
        }
        let readings = timer.finish();
        assert_eq!((readings.samples.len(), readings.lost), (8, 0));
        for (sample, truth) in readings.samples.iter().zip(truth) {
            assert!((sample.as_us() - truth.as_us()).abs() < 4.0);
        }
    }
}

#[test]
fn a_clock_that_stops_in_mid_slice_costs_one_bounded_wait_and_the_remaining_samples() {
    let running = SimPlatform::running(1, 3);
    let probe = Probe::run(&running, ProbeLimits::default());
    let frozen = SimPlatform::frozen(4);
    let mut timer = InterpolatedTimer::new(&probe).unwrap();
    frozen.run(timer.begin(Polls::computing(&frozen)));
    for _ in 0..CALLS_PER_SLICE {
        frozen.call(Nanoseconds(100_000));
        let _ = frozen.run(timer.succeeded(Polls::computing(&frozen)));
    }
    let readings = timer.finish();
    assert_eq!(
        (readings.samples.len(), readings.lost),
        (0, CALLS_PER_SLICE as u64)
    );
    assert!(
        frozen.spun() < Nanoseconds::from_ms(20),
        "{:?} of CPU",
        frozen.spun()
    );
}

#[test]
fn a_clock_that_is_set_back_gives_lost_samples_and_no_wrong_ones() {
    // two platforms whose clocks disagree by hours: the calls alternate between them
    let platforms = [SimPlatform::running(1, 5), SimPlatform::running(1, 6)];
    platforms[1].compute(Nanoseconds::from_ms(3_600_000));
    let mut timer = timer_for(&platforms[0]);
    platforms[0].run(timer.begin(Polls::computing(&platforms[0])));
    let mut rng = platforms[0].generator();
    for _ in 0..40 {
        let platform = &platforms[usize::from(rng.random_bool(0.5))];
        platform.call(Nanoseconds(100_000));
        let _ = platform.run(timer.succeeded(Polls::computing(platform)));
    }
    let readings = timer.finish();
    assert!(readings.lost > 0);
    assert_eq!(readings.samples.len() as u64 + readings.lost, 40);
}
