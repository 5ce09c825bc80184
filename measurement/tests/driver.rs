//! The driver of a slice, over a simulated platform: which call is made when, and what is counted as what.

mod slices;

use measurement::{
    driver::{TIMEOUTS_TO_GIVE_UP, repeat_calls, repeat_work},
    duration::Nanoseconds,
    simulation::{Latencies, Made, Outcome, SimCall, SimPlatform, Stalls},
};
use protocol::{
    ErrorCounts, ErrorKind, Transport,
    measure::{MeasureRequest, TimerChoice},
};
use slices::{driven, request, timed};

const WARMUP: u32 = 3;
const CHAIN: u32 = 8;
const SAMPLES: u32 = 20;
/// CPU time of 2 ticks: the noise floor takes more, a start edge less.
const TWO_TICKS: Nanoseconds = Nanoseconds(2_000_000);

/// A request as a default run makes it.
fn usual(timer: TimerChoice) -> MeasureRequest {
    MeasureRequest {
        warmup: WARMUP,
        chain: CHAIN,
        ..request(timer, SAMPLES as usize)
    }
}

fn takes(us: u64) -> Outcome {
    Outcome::Takes(Nanoseconds(us * 1_000))
}

/// CPU time spent between the calls, each with the one before it; before the first it is unknown.
fn spun_between(made: &[Made]) -> Vec<Nanoseconds> {
    made.windows(2)
        .map(|two| two[1].call.spun_before - two[0].call.spun_before)
        .collect()
}

#[test]
fn an_interpolated_slice_is_warmup_then_chain_then_preparation_then_one_warmup_call_then_samples() {
    let platform = SimPlatform::running(1, 1);
    let (measured, made) = driven(&platform, &usual(TimerChoice::Auto), |_| takes(100));
    let kinds: Vec<bool> = made.iter().map(|made| made.call.timed).collect();
    let expected = [
        vec![false; WARMUP as usize - 1],
        vec![true; CHAIN as usize],
        vec![false],
        vec![true; SAMPLES as usize],
    ]
    .concat();
    assert_eq!(kinds, expected);
    assert_eq!(measured.warmup_calls, WARMUP);
    assert_eq!(measured.chain.unwrap().calls, CHAIN);
    // Where the CPU is busy between two calls: at the random phase (sometimes), before the warmup call that is kept back, and by polls after that.
    let spun = spun_between(&made);
    let of_chain = WARMUP as usize - 1..WARMUP as usize + CHAIN as usize - 2;
    for between in &spun[of_chain.clone()] {
        assert!(
            *between < Nanoseconds(1_000),
            "a chain is back to back: {spun:?}"
        );
    }
    let preparation = spun[of_chain.end];
    assert!(
        preparation > Nanoseconds(8_000_000),
        "the noise floor is read before the kept-back call: {spun:?}"
    );
    for between in &spun[of_chain.end + 1..] {
        assert!(
            *between > Nanoseconds(500_000) && *between < TWO_TICKS,
            "each timed call is polled for: {spun:?}"
        );
    }
}

#[test]
fn every_timed_call_starts_at_an_edge_and_none_other_does() {
    for seed in 0..50 {
        let platform = SimPlatform::running(1, seed);
        // Without warmup there is no call between the preparation and the first sample to hide what else would be there.
        let request = MeasureRequest {
            warmup: 0,
            ..usual(TimerChoice::Interpolated)
        };
        let (measured, made) = driven(&platform, &request, |_| takes(130));
        let (chain, samples) = made.split_at(CHAIN as usize);
        for sample in samples {
            let into_tick_ns = sample.call.start_ns % 1e6;
            assert!(
                into_tick_ns < 2_000.0,
                "seed {seed}: {into_tick_ns} ns after its edge"
            );
        }
        let first = chain[0].call.start_ns % 1e6;
        assert!(
            (measured.chain.unwrap().elapsed_ms as f64 - (first + 8.0 * 130_000.0) / 1e6).abs()
                < 1.0
        );
        for (sample, truth) in measured.samples.iter().zip(timed(samples)) {
            assert!(
                sample.abs_diff(truth.0) < 4_000,
                "seed {seed}: {measured:?}"
            );
        }
    }
}

#[test]
fn the_chain_begins_at_any_phase_so_its_mean_is_unbiased() {
    // A chain of 8 calls of 0.13 ms that began at an edge would read 1 ms each time, and 0.125 ms as its mean.
    let mut phases = Vec::new();
    let mut total_ms = 0;
    for seed in 0..600 {
        let platform = SimPlatform::running(1, seed);
        platform.wake_at_tick();
        let request = MeasureRequest {
            warmup: 2,
            samples: 1,
            ..usual(TimerChoice::Auto)
        };
        let (measured, made) = driven(&platform, &request, |_| takes(130));
        total_ms += measured.chain.unwrap().elapsed_ms;
        phases.push(made[1].call.start_ns % 1e6 / 1e6);
    }
    let mean_ms = total_ms as f64 / 600.0;
    // four standard deviations of the mean of values that are 1 or 2
    assert!(
        (mean_ms - 1.04).abs() < 4.0 * 0.2 / 600_f64.sqrt(),
        "{mean_ms} ms"
    );
    for quarter in 0..4 {
        let from = f64::from(quarter) / 4.0;
        let there = phases
            .iter()
            .filter(|p| (from..from + 0.25).contains(*p))
            .count();
        assert!(
            (100..200).contains(&there),
            "{there} of 600 begin in [{from}, +0.25)"
        );
    }
}

#[test]
fn the_call_after_the_preparation_is_no_sample() {
    // As measured on workerd: a call after some ten milliseconds of computing takes half as long again.
    let platform = SimPlatform::running(1, 4);
    let mut spun_before = Nanoseconds(0);
    let cold_after_computing = |call: SimCall| {
        let computed = call.spun_before - spun_before;
        spun_before = call.spun_before;
        takes(if computed > Nanoseconds(5_000_000) {
            150
        } else {
            100
        })
    };
    let (measured, made) = driven(&platform, &usual(TimerChoice::Auto), cold_after_computing);
    assert!(
        made.iter().any(|made| made.took > Nanoseconds(140_000)),
        "no call was made after computing"
    );
    for sample in measured.samples {
        assert!(sample < 110_000, "{sample} ns");
    }
}

#[test]
fn a_lost_sample_is_counted_as_lost_and_is_no_sample() {
    for seed in 0..50 {
        let platform = SimPlatform::running(1, seed);
        let mut calls = 0;
        let (measured, _) = driven(&platform, &usual(TimerChoice::Interpolated), |call| {
            calls += u32::from(call.timed);
            if calls == CHAIN + 5 {
                // After its fifth call the machine stalls, 0.2 ms into the polls to the next edge: that would read 0.8 ms.
                platform.stall_in(Nanoseconds(300_000), Nanoseconds(5_000_000));
            }
            takes(100)
        });
        assert_eq!((measured.lost, measured.samples.len()), (1, 19));
        for sample in measured.samples {
            assert!(sample.abs_diff(100_000) < 4_000, "seed {seed}: {sample} ns");
        }
    }
}

#[test]
fn every_planned_call_is_a_sample_or_lost_or_failed() {
    let stalls = Stalls {
        per_ms: 0.1,
        mean_ns: 2_500_000.0,
    };
    let (mut lost, mut failed) = (0, 0);
    for seed in 0..200 {
        let platform = SimPlatform::running(1, seed).with_stalls(stalls);
        let request = MeasureRequest {
            chain: 0,
            ..usual(TimerChoice::Interpolated)
        };
        let mut calls = 0;
        let (measured, made) = driven(&platform, &request, |call| {
            calls += u64::from(call.timed);
            if call.timed && calls % 7 == 0 {
                Outcome::Fails(ErrorKind::Status, Nanoseconds(80_000))
            } else {
                takes(300)
            }
        });
        assert_eq!(timed(&made).len(), SAMPLES as usize);
        let (samples, errors) = (measured.samples.len() as u64, measured.errors.total());
        assert_eq!(samples + measured.lost + errors, u64::from(SAMPLES));
        assert_eq!(measured.warmup_calls, WARMUP);
        lost += measured.lost;
        failed += errors;
    }
    assert!(
        lost > 50 && failed == 400,
        "{lost} lost, {failed} failed: the test says nothing"
    );
}

#[test]
fn under_the_ticked_timer_what_follows_a_failure_is_a_warmup_call() {
    for seed in 0..50 {
        let platform = SimPlatform::frozen(seed);
        let mut calls = 0;
        let (measured, made) = driven(&platform, &usual(TimerChoice::Auto), |call| {
            calls += u32::from(call.timed);
            match calls {
                5 if call.timed => Outcome::TimesOut(10_000, Nanoseconds(700_000)),
                // The one after it is long: as a sample it would be seen.
                6 if call.timed => takes(9_000),
                _ => takes(300),
            }
        });
        assert_eq!(measured.chain, None, "a ticked slice is itself a chain");
        assert_eq!(
            measured.errors,
            ErrorCounts::from_iter([(ErrorKind::Timeout, 1)])
        );
        assert_eq!(measured.warmup_calls, WARMUP + 1);
        assert_eq!(measured.samples.len(), SAMPLES as usize - 2);
        assert!(
            measured.samples.iter().all(|&ticks| ticks <= 1),
            "{measured:?}"
        );
        assert_eq!(measured.samples.iter().sum::<u64>(), measured.elapsed_ms);
        assert_eq!(made.len(), (WARMUP + SAMPLES) as usize);
    }
}

#[test]
fn a_slice_is_given_up_after_three_timeouts_in_a_row_and_says_how_much_was_skipped() {
    for timer in [TimerChoice::Ticked, TimerChoice::Interpolated] {
        let platform = SimPlatform::running(1, 2);
        let request = MeasureRequest {
            chain: 0,
            ..usual(timer)
        };
        let mut calls = 0;
        let (measured, _) = driven(&platform, &request, |call| {
            calls += u32::from(call.timed);
            // Two in a row are forgiven.
            if call.timed && (calls == 2 || calls == 3 || calls > 6) {
                Outcome::TimesOut(50, Nanoseconds(0))
            } else {
                takes(100)
            }
        });
        assert_eq!(measured.errors.total(), u64::from(2 + TIMEOUTS_TO_GIVE_UP));
        assert_eq!(
            measured.skipped,
            u64::from(SAMPLES - 6 - TIMEOUTS_TO_GIVE_UP)
        );
    }
}

#[test]
fn the_chain_ends_with_its_first_failure_and_the_connection_is_made_again() {
    let platform = SimPlatform::running(1, 2);
    let request = usual(TimerChoice::Auto);
    let mut calls = 0;
    let (measured, _) = driven(&platform, &request, |call| {
        calls += u32::from(call.timed);
        if call.timed && calls == 4 {
            Outcome::Fails(ErrorKind::Transport, Nanoseconds(5_000_000))
        } else {
            takes(100)
        }
    });
    let chain = measured.chain.unwrap();
    assert_eq!(chain.calls, 3);
    assert!(
        chain.elapsed_ms <= 1,
        "the failed call is not in it: {chain:?}"
    );
    assert_eq!(
        measured.errors,
        ErrorCounts::from_iter([(ErrorKind::Transport, 1)])
    );
    assert_eq!(measured.samples.len(), SAMPLES as usize);
}

#[test]
fn a_failed_warmup_call_ends_the_warmup_and_is_no_error() {
    let platform = SimPlatform::running(1, 2);
    let (measured, made) = driven(&platform, &usual(TimerChoice::Ticked), |call| {
        if call.timed {
            takes(100)
        } else {
            Outcome::Fails(ErrorKind::Status, Nanoseconds(1))
        }
    });
    assert_eq!(measured.warmup_calls, 1);
    assert_eq!(measured.errors, ErrorCounts::default());
    assert_eq!(made.len(), 1 + SAMPLES as usize);
}

#[test]
fn lanes_overlap_share_the_calls_and_add_up_to_their_own_time() {
    for seed in 0..50 {
        for platform in [SimPlatform::running(1, seed), SimPlatform::frozen(seed)] {
            let mut latencies = platform.generator();
            let request = MeasureRequest {
                concurrency: 4,
                samples: 200,
                ..usual(TimerChoice::Auto)
            };
            let (measured, made) = driven(&platform, &request, |_| {
                Outcome::Takes(Latencies::lognormal().sample(&mut latencies))
            });
            assert_eq!((measured.samples.len(), measured.chain), (200, None));
            let made: Vec<&Made> = made.iter().filter(|made| made.call.timed).collect();
            let truth_ms: f64 = made.iter().map(|made| made.took.0 as f64 / 1e6).sum();
            let sum_ms = measured.samples.iter().sum::<u64>() as f64;
            // one tick for each lane
            assert!(
                (sum_ms - truth_ms).abs() < 4.1,
                "seed {seed}: {sum_ms} against {truth_ms} ms"
            );
            assert!(
                (measured.elapsed_ms as f64) < truth_ms / 3.0,
                "seed {seed}: four at once took {} of {truth_ms} ms",
                measured.elapsed_ms
            );
            for lane in 0..4 {
                let of_lane = made.iter().filter(|made| made.call.lane == lane).count();
                assert!(of_lane > 25, "lane {lane} made {of_lane} of 200 calls");
            }
        }
    }
}

#[test]
fn a_failure_in_one_lane_is_left_out_of_it_and_of_no_other() {
    let platform = SimPlatform::frozen(9);
    let request = MeasureRequest {
        concurrency: 2,
        samples: 40,
        warmup: 1,
        ..usual(TimerChoice::Auto)
    };
    let mut calls_of_first = 0;
    let (measured, made) = driven(&platform, &request, |call| {
        calls_of_first += u32::from(call.timed && call.lane == 0);
        if call.lane == 0 && calls_of_first == 3 {
            Outcome::Fails(ErrorKind::Status, Nanoseconds(30_000_000))
        } else {
            takes(2_000)
        }
    });
    assert_eq!(
        measured.errors,
        ErrorCounts::from_iter([(ErrorKind::Status, 1)])
    );
    // the failed call, and the lead-in after it
    assert_eq!((measured.samples.len(), measured.warmup_calls), (38, 2));
    assert!(measured.samples.iter().all(|&ms| ms <= 3), "{measured:?}");
    assert_eq!(made.len(), 41);
}

#[test]
fn the_invocations_of_a_batch_share_its_latency_where_the_transport_carries_several() {
    let of = |transport| {
        let platform = SimPlatform::running(1, 3);
        let request = MeasureRequest {
            transport,
            batch_size: 10,
            ..usual(TimerChoice::Interpolated)
        };
        driven(&platform, &request, |_| takes(600)).0.samples
    };
    for (transport, expected) in [(Transport::CapnwebBatch, 60_000), (Transport::Rpc, 600_000)] {
        for sample in of(transport) {
            assert!(
                u64::abs_diff(expected, sample) < 4_000,
                "{transport}: {sample} ns"
            );
        }
    }
}

#[test]
fn repeated_work_is_timed_as_a_whole() {
    for platform in [SimPlatform::running(1, 5), SimPlatform::frozen(5)] {
        let mut done = 0;
        let answer = repeat_work(&platform, 1_000, || {
            done += 1;
            platform.compute(Nanoseconds(20_000));
        });
        assert_eq!((done, answer.repetitions), (1_000, 1_000));
        // 20 ms, of which a clock that stands still sees nothing: and says so
        let seen = if answer.advances_during_cpu {
            19..=20
        } else {
            0..=0
        };
        assert!(seen.contains(&answer.elapsed_ms), "{answer:?}");
    }
}

#[test]
fn repeated_calls_count_their_failures_and_end_with_a_timeout() {
    let platform = SimPlatform::running(1, 5);
    let mut made = 0;
    let answer = platform.run(repeat_calls(&platform, 100, async || {
        made += 1;
        platform.call(Nanoseconds(100_000));
        match made {
            10 | 20 => Err(ErrorKind::Status),
            40 => Err(ErrorKind::Timeout),
            _ => Ok(()),
        }
    }));
    assert_eq!((made, answer.repetitions), (40, 100));
    assert_eq!(
        answer.errors,
        ErrorCounts::from_iter([(ErrorKind::Status, 2), (ErrorKind::Timeout, 1)])
    );
    assert!((3..=4).contains(&answer.elapsed_ms), "{answer:?}");
}
