//! The ticked timer and the chain against latencies that are known.

mod slices;

use measurement::{
    clock::Clock,
    duration::Nanoseconds,
    probe::{Probe, ProbeLimits},
    simulation::{Latencies, Outcome, SimPlatform},
    timer::{Chain, Counted, TickedTimer, randomise_phase},
};
use protocol::measure::{MeasureRequest, TimerChoice};
use slices::{CALLS_PER_SLICE, driven, request, timed};

const TICK_NS: f64 = 1e6;

/// A timer as far as the first timed call: random spin, one call that is not timed, first reading.
fn begun(platform: &SimPlatform, lead_in: Nanoseconds) -> TickedTimer {
    let mut timer = TickedTimer::new(&Probe::run(platform, ProbeLimits::default()));
    randomise_phase(platform, &mut platform.generator());
    platform.call(lead_in);
    timer.begin(platform);
    timer
}

/// What a ticked slice came to.
struct TickedSlice {
    tick_ms: u64,
    /// In ticks.
    samples: Vec<u64>,
    elapsed_ms: u64,
}

/// A slice that starts as slices do in production, on the edge of a tick; returns what was measured and what was true.
fn slice(platform: &SimPlatform, latencies: &[Nanoseconds]) -> (TickedSlice, Vec<Nanoseconds>) {
    platform.wake_at_tick();
    let request = MeasureRequest {
        warmup: 1,
        ..request(TimerChoice::Ticked, latencies.len())
    };
    // The warmup call is as long as the first timed one.
    let mut next = latencies[..1].iter().chain(latencies);
    let (measured, made) = driven(platform, &request, |_| {
        Outcome::Takes(*next.next().expect("one latency for each call"))
    });
    assert_eq!(measured.samples.len(), latencies.len());
    let ticked = TickedSlice {
        tick_ms: measured.clock.unwrap().tick_ms,
        samples: measured.samples,
        elapsed_ms: measured.elapsed_ms,
    };
    (ticked, timed(&made))
}

fn drawn(latencies: Latencies, platform: &SimPlatform) -> Vec<Nanoseconds> {
    let mut rng = platform.generator();
    let block = latencies.block(&mut rng);
    (0..CALLS_PER_SLICE)
        .map(|_| block.sample(&mut rng))
        .collect()
}

fn platforms(seed: u64) -> [SimPlatform; 3] {
    [
        SimPlatform::frozen(seed),
        SimPlatform::running(1, seed),
        SimPlatform::running(3, seed),
    ]
}

#[test]
fn the_samples_add_up_to_the_elapsed_time_exactly() {
    for seed in 0..200 {
        for platform in platforms(seed) {
            let latencies = drawn(Latencies::bimodal(), &platform);
            platform.wake_at_tick();
            let mut timer = begun(&platform, latencies[0]);
            let first_ms = platform.now_ms();
            for &latency in &latencies {
                platform.call(latency);
                let _ = timer.succeeded(&platform);
            }
            let elapsed_ms = platform.now_ms() - first_ms;
            let readings = timer.finish();
            assert_eq!(readings.elapsed_ms, elapsed_ms);
            assert_eq!(
                readings.samples.iter().sum::<u64>() * readings.tick_ms,
                elapsed_ms
            );
        }
    }
}

#[test]
fn the_elapsed_time_is_good_to_one_tick_whatever_the_number_of_calls() {
    for seed in 0..500 {
        for platform in platforms(seed) {
            let (readings, truth) = slice(&platform, &drawn(Latencies::heavy_tail(), &platform));
            let truth_ms: f64 = truth.iter().map(|ns| ns.0 as f64 / 1e6).sum();
            let error = readings.elapsed_ms as f64 - truth_ms;
            assert!(
                error.abs() < readings.tick_ms as f64 + 0.01,
                "seed {seed}: {error} ms"
            );
        }
    }
}

#[test]
fn the_mean_is_unbiased_on_a_clock_that_stands_still() {
    for latencies in [
        Latencies::lognormal(),
        Latencies::bimodal().block_correlated(0.3),
        Latencies::heavy_tail(),
    ] {
        // the error of a slice's total is that of two readings with one uniform phase: below a tick, and 0 on average
        let errors: Vec<f64> = (0..6_000)
            .map(|seed| {
                let platform = SimPlatform::frozen(seed);
                let (readings, truth) = slice(&platform, &drawn(latencies, &platform));
                readings.elapsed_ms as f64 - truth.iter().map(|ns| ns.0 as f64 / 1e6).sum::<f64>()
            })
            .collect();
        let n = errors.len() as f64;
        let mean = errors.iter().sum::<f64>() / n;
        let sigma = (errors.iter().map(|error| error.powi(2)).sum::<f64>() / n).sqrt();
        assert!(
            mean.abs() < 4.0 * sigma / n.sqrt(),
            "{}: the totals are off by {mean} ms on average",
            latencies.name()
        );
    }
}

#[test]
fn the_share_of_samples_above_k_ticks_bounds_the_tail() {
    const SLICES: u64 = 6_000;
    for latencies in Latencies::all().map(|latencies| latencies.block_correlated(0.3)) {
        let slices: Vec<Vec<u64>> = (0..SLICES)
            .map(|seed| {
                let platform = SimPlatform::frozen(seed);
                slice(&platform, &drawn(latencies, &platform)).0.samples
            })
            .collect();
        for k in 0..5 {
            let shares: Vec<f64> = slices
                .iter()
                .map(|samples| {
                    samples.iter().filter(|&&ticks| ticks > k).count() as f64
                        / CALLS_PER_SLICE as f64
                })
                .collect();
            let share = shares.iter().sum::<f64>() / SLICES as f64;
            // slices are independent of each other, the samples of one are not; where next to none are seen, ten are no surprise
            let variance = shares.iter().map(|s| (s - share).powi(2)).sum::<f64>() / SLICES as f64;
            let four_sigma = 4.0 * (variance / SLICES as f64).sqrt()
                + 10.0 / (SLICES as f64 * CALLS_PER_SLICE as f64);
            let (lower, upper) = (
                latencies.survival((k + 1) as f64 * TICK_NS),
                latencies.survival(k as f64 * TICK_NS),
            );
            assert!(
                share + four_sigma >= lower,
                "{}: A_{k} = {share} is below S({}) = {lower}",
                latencies.name(),
                k + 1
            );
            assert!(
                share - four_sigma <= upper,
                "{}: A_{k} = {share} is above S({k}) = {upper}",
                latencies.name()
            );
        }
    }
}

#[test]
fn every_call_of_a_slice_meets_every_phase_alike() {
    // a latency of 0.4 ticks makes a tick visible in 40 % of the calls, wherever the call stands in its slice
    const SLICES: u64 = 4_000;
    let mut seen = [0_u32; CALLS_PER_SLICE];
    for seed in 0..SLICES {
        let platform = SimPlatform::frozen(seed);
        let (readings, _) = slice(&platform, &[Nanoseconds(400_000); CALLS_PER_SLICE]);
        for (total, ticks) in seen.iter_mut().zip(readings.samples) {
            *total += u32::try_from(ticks).unwrap();
        }
    }
    for (place, ticks_seen) in seen.into_iter().enumerate() {
        let share = f64::from(ticks_seen) / SLICES as f64;
        // four standard deviations, and what the spin leaves of the phase it started from
        assert!(
            (share - 0.4).abs() < 0.031 + 0.02,
            "call {place} of the slice: {share}"
        );
    }
}

#[test]
fn a_failed_call_and_the_lead_in_after_it_are_left_out() {
    for seed in 0..300 {
        for platform in platforms(seed) {
            let mut timer = begun(&platform, Nanoseconds(150_000));
            let (mut truth_ms, mut calls_timed) = (0.0, 0);
            for call in 0..CALLS_PER_SLICE {
                if call == 7 {
                    platform.time_out(10_000, Nanoseconds(700_000));
                    timer.failed();
                    continue;
                }
                let took = platform.call(Nanoseconds(150_000));
                let counted = timer.succeeded(&platform);
                assert_eq!(counted == Counted::LeadIn, call == 8, "call {call}");
                if counted == Counted::Timed {
                    truth_ms += took.0 as f64 / 1e6;
                    calls_timed += 1;
                }
            }
            let readings = timer.finish();
            assert_eq!(readings.samples.len(), calls_timed);
            assert_eq!(
                readings.samples.iter().sum::<u64>() * readings.tick_ms,
                readings.elapsed_ms
            );
            // one tick for each of the two stretches
            assert!(
                (readings.elapsed_ms as f64 - truth_ms).abs()
                    < 2.0 * readings.tick_ms as f64 + 0.01
            );
        }
    }
}

#[test]
fn a_chain_mean_is_good_to_one_tick_over_its_calls_and_unbiased() {
    const CALLS: u32 = 8;
    let mut errors = Vec::new();
    for seed in 0..4_000 {
        let [platform, ..] = platforms(seed);
        let mut rng = platform.generator();
        platform.wake_at_tick();
        randomise_phase(&platform, &mut rng);
        platform.call(Nanoseconds(100_000));
        let mut chain = Chain::new();
        chain.begin(&platform);
        let mut truth_ms = 0.0;
        for _ in 0..CALLS {
            truth_ms += platform.call(Latencies::lognormal().sample(&mut rng)).0 as f64 / 1e6;
            let _ = chain.succeeded(&platform);
        }
        assert_eq!(chain.calls(), CALLS);
        let error = (chain.elapsed_ms() as f64 - truth_ms) / f64::from(CALLS);
        assert!(
            error.abs() < 1.0 / f64::from(CALLS) + 0.001,
            "seed {seed}: {error} ms"
        );
        errors.push(error);
    }
    let n = errors.len() as f64;
    let mean = errors.iter().sum::<f64>() / n;
    let sigma = (errors.iter().map(|error| error.powi(2)).sum::<f64>() / n).sqrt();
    assert!(
        mean.abs() < 4.0 * sigma / n.sqrt(),
        "chain means are off by {mean} ms on average"
    );
}

#[test]
fn a_clock_that_is_set_back_leaves_a_call_out_and_never_counts_below_zero() {
    let (ahead, behind) = (SimPlatform::running(1, 1), SimPlatform::running(1, 2));
    ahead.compute(Nanoseconds::from_ms(5_000));
    let mut timer = begun(&ahead, Nanoseconds(100_000));
    assert_eq!(timer.succeeded(&behind), Counted::LeadIn);
    behind.call(Nanoseconds(2_000_000));
    assert_eq!(timer.succeeded(&behind), Counted::Timed);
    assert_eq!(timer.finish().samples, [2]);
}
