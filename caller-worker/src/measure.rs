//! `POST /measure`: one slice. Which call is made when, and how it is timed, is in `measurement::driver`.

use crate::{
    busy::{self, Slice},
    calls::Calls,
    clock::WorkerClock,
    expected::Expected,
    polls::Polls,
    runtimes,
};
use measurement::driver::Driver;
use protocol::{
    Payload, Problem,
    measure::{MeasureRequest, MeasureResponse},
    problem::FieldError,
};
use rand::{SeedableRng as _, rngs::SmallRng};
use stub::{
    platform::Env,
    transport::{self, Invocation},
    watchdog::Watchdog,
};

/// Measures one slice.
///
/// # Errors
/// 400 when the timer that was asked for cannot be had, 503 when it cannot be had just now, or this Worker lacks what the transport needs.
pub(crate) async fn measure(
    request: &MeasureRequest,
    env: &Env,
) -> Result<MeasureResponse, Problem> {
    let payload = Payload::new(request.payload_shape, request.payload_bytes)
        .map_err(|error| bad_field("payload_bytes", error.to_string()))?;
    let batch_size = request.invocations_per_message();
    let invocation = Invocation {
        function_id: request.function.as_str().to_owned(),
        payload: payload.json().get().to_owned(),
        batch_size,
    };
    let transport = if request.transport.delegates() {
        let own = if request.neighbour.is_some() {
            runtimes::busy_environment(request.runtime, env)?.0
        } else {
            runtimes::environment(request.runtime, env)?
        };
        transport::open(request.transport, invocation, &own)?
    } else {
        // The stub with a runtime's functions inside has no binding to it.
        transport::open(request.transport, invocation, env)?
    };
    let expected = if request.runtime.is_native() {
        let encoding = transport.encoding();
        Expected::of(request.function, payload.json(), encoding, batch_size)
    } else {
        Expected::of_others(request.function, payload.json(), batch_size)
    };
    let lanes = request.concurrency + u32::from(request.neighbour.is_some());
    let watchdog = Watchdog::new(request.call_timeout_ms, lanes);
    let calls = Calls::new(&*transport, &watchdog, expected);
    let polls = Polls::new(env, &watchdog)?;
    let clock = WorkerClock::default();
    let mut phase = SmallRng::seed_from_u64(request.seed);
    let slice: Slice<'_> = Box::pin(async {
        let driver = Driver::new(&clock, &polls, request).await;
        let driver = driver.map_err(|error| {
            if error.may_pass() {
                Problem::new(503, error.to_string())
            } else {
                bad_field("timer", error.to_string())
            }
        })?;
        Ok(driver.measure(&calls, &mut phase).await)
    });
    let mut response = match &request.neighbour {
        None => watchdog.over(slice).await?,
        Some(asked) => busy::beside(asked, request, env, &watchdog, slice).await?,
    };
    let (failure, residency) = calls.into_findings();
    response.failure = failure.or(response.failure);
    response.residency = request.transport.delegates().then_some(residency);
    if let Some(facts) = &mut response.clock {
        facts.readings = Some(clock.readings());
    }
    Ok(response)
}

pub(crate) fn bad_field(field: &str, detail: String) -> Problem {
    Problem::new(400, format!("bad field: {field}")).with_errors(vec![FieldError {
        field: field.to_owned(),
        detail,
    }])
}
