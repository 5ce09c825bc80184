//! `POST /measure`: one slice.
//!
//! The caller learns about its clock, warms up, runs the chain that anchors the slice's mean, then makes the timed calls. The timers
//! themselves are in crate `measurement`; here they are driven around calls that are awaited.

mod lanes;

use crate::{
    clock::WorkerClock,
    platform::Env,
    slice::Slice,
    transport::{self, Invocation},
    watchdog::Watchdog,
};
use measurement::{
    probe::{Probe, ProbeLimits},
    timer::{self, Counted, SliceReadings, SliceTimer, randomise_phase},
};
use protocol::{
    Payload, Problem,
    measure::{Chain, ClockFacts, MeasureRequest, MeasureResponse, Timer},
    problem::FieldError,
};
use rand::{SeedableRng as _, rngs::SmallRng};

/// Measures one slice.
///
/// # Errors
/// 400 when the timer that was asked for cannot be had, 503 when this Worker lacks what the transport needs.
pub(crate) async fn measure(
    request: &MeasureRequest,
    env: &Env,
) -> Result<MeasureResponse, Problem> {
    let batch_size = if request.transport.batches() {
        request.batch_size
    } else {
        1
    };
    let payload = Payload::new(request.payload_shape, request.payload_bytes)
        .map_err(|error| bad_field("payload_bytes", error.to_string()))?;
    let invocation = Invocation {
        function: request.function,
        payload: payload.json().to_owned(),
        batch_size,
    };
    let transport = transport::open(request.transport, invocation, env)?;
    let probe = Probe::run(&WorkerClock, ProbeLimits::default());
    let timer = SliceTimer::new(request.timer, &probe)
        .map_err(|error| bad_field("timer", error.to_string()))?;

    let watchdog = Watchdog::new(request.call_timeout_ms, request.concurrency);
    let slice = Slice::new(&*transport, &watchdog, batch_size);
    let response = watchdog
        .over(async {
            slice.connect(0).await;
            let isolated = request.concurrency == 1 && timer.timer() == Timer::Interpolated;
            let kept_back = u32::from(isolated && request.warmup > 0);
            let warmup_calls = warm_up(&slice, request, request.warmup - kept_back).await;
            let response = if request.concurrency > 1 {
                lanes::measure(&slice, request, &probe).await
            } else {
                one_by_one(&slice, request, timer, kept_back).await
            };
            MeasureResponse {
                warmup_calls: response.warmup_calls + warmup_calls,
                ..response
            }
        })
        .await;
    Ok(per_invocation(
        MeasureResponse {
            errors: slice.into_errors(),
            ..response
        },
        batch_size,
    ))
}

fn bad_field(field: &str, detail: String) -> Problem {
    Problem::new(400, format!("bad field: {field}")).with_errors(vec![FieldError {
        field: field.to_owned(),
        detail,
    }])
}

/// Makes `calls` warmup calls, up to the first that fails, and returns how many.
///
/// Before the last one a random time is spun away, which makes the phase uniform in which the clock is when timing starts
/// (see [`randomise_phase`]); that call carries the phase into a clock that stands still. Without warmup calls there is none to carry it.
async fn warm_up(slice: &Slice<'_>, request: &MeasureRequest, calls: u32) -> u32 {
    let mut rng = SmallRng::seed_from_u64(request.seed);
    for made in 0..calls {
        if made + 1 == calls {
            randomise_phase(&WorkerClock, &mut rng);
        }
        if slice.warm_up(0).await.is_err() {
            slice.connect(0).await;
            return made + 1;
        }
    }
    calls
}

/// The chain and the timed calls, one after another.
///
/// `kept_back` warmup calls are made between the timer's preparation and the first timed call: that preparation computes for some ten
/// milliseconds, and the call after it takes half as long again as the isolated calls that follow.
async fn one_by_one(
    slice: &Slice<'_>,
    request: &MeasureRequest,
    mut timer: SliceTimer,
    kept_back: u32,
) -> MeasureResponse {
    let clock = WorkerClock;
    let mut response = MeasureResponse::default();
    if request.chain > 0 && timer.timer() == Timer::Interpolated {
        response.chain = Some(chain(slice, request.chain).await);
    }
    timer.begin(&clock);
    for _ in 0..kept_back {
        response.warmup_calls += 1;
        if slice.warm_up(0).await.is_err() {
            slice.connect(0).await;
        }
        timer.not_timed(&clock);
    }
    for made in 0..request.samples {
        if slice.given_up() {
            response.skipped = (request.samples - made).into();
            break;
        }
        match slice.call(0).await {
            Ok(()) => {
                if timer.succeeded(&clock) == Counted::LeadIn {
                    response.warmup_calls += 1;
                }
            }
            Err(kind) => {
                slice.count(kind);
                slice.connect(0).await;
                timer.failed(&clock);
            }
        }
    }
    with_readings(response, timer.finish())
}

/// Calls back to back between two readings, up to the first that fails.
async fn chain(slice: &Slice<'_>, calls: u32) -> Chain {
    let mut chain = timer::Chain::new();
    let mut failed = None;
    chain.begin(&WorkerClock);
    for _ in 0..calls {
        match slice.call(0).await {
            // Never a lead-in: the chain has begun, and it ends with the first failure.
            Ok(()) => drop(chain.succeeded(&WorkerClock)),
            Err(kind) => {
                failed = Some(kind);
                slice.count(kind);
                slice.connect(0).await;
                break;
            }
        }
    }
    Chain {
        calls: chain.calls(),
        elapsed_ms: chain.elapsed_ms(),
        failed,
    }
}

fn with_readings(mut response: MeasureResponse, readings: SliceReadings) -> MeasureResponse {
    response.clock = Some(readings.clock);
    response.elapsed_ms = readings.elapsed_ms;
    response.samples = readings.samples;
    response.lost = readings.lost;
    response.noise_floor_ns = readings.noise_floor_ns;
    response
}

/// Turns latencies of messages into latencies of the invocations that each carried.
fn per_invocation(response: MeasureResponse, batch_size: u32) -> MeasureResponse {
    let batch_size = u64::from(batch_size);
    let Some(clock) = response.clock.filter(|_| batch_size > 1) else {
        return response;
    };
    let clock = ClockFacts {
        resolution_ns: clock.resolution_ns.div_ceil(batch_size),
        sample_unit_ns: match clock.timer {
            Timer::Interpolated => clock.sample_unit_ns,
            Timer::Ticked => clock.sample_unit_ns / batch_size,
        },
        ..clock
    };
    let samples = match clock.timer {
        Timer::Interpolated => response
            .samples
            .iter()
            .map(|sample| (sample + batch_size / 2) / batch_size)
            .collect(),
        Timer::Ticked => response.samples,
    };
    MeasureResponse {
        clock: Some(clock),
        samples,
        ..response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(timer: Timer, unit: u64, samples: &[u64]) -> MeasureResponse {
        MeasureResponse {
            clock: Some(ClockFacts {
                timer,
                advances_during_cpu: true,
                tick_ms: 1,
                sample_unit_ns: unit,
                polls_per_tick: None,
                polls_per_tick_mad: None,
                resolution_ns: 1_000,
            }),
            samples: samples.to_vec(),
            ..MeasureResponse::default()
        }
    }

    #[test]
    fn the_latency_of_a_batch_is_shared_by_its_invocations() {
        let interpolated = per_invocation(response(Timer::Interpolated, 1, &[995, 2_000]), 10);
        assert_eq!(interpolated.samples, [100, 200]);
        assert_eq!(interpolated.clock.unwrap().resolution_ns, 100);
        let ticked = per_invocation(response(Timer::Ticked, 1_000_000, &[0, 3]), 10);
        assert_eq!(ticked.samples, [0, 3]);
        assert_eq!(ticked.clock.unwrap().sample_unit_ns, 100_000);
    }

    #[test]
    fn a_message_of_one_invocation_is_left_as_it_is() {
        let one = response(Timer::Ticked, 1_000_000, &[0, 3]);
        assert_eq!(per_invocation(one.clone(), 1), one);
    }
}
