//! The neighbour of a slice. It runs in the request that measures, and to the runtime its calls are those of any other stub: it calls `spin` over the
//! service binding. When it calls is in `measurement::driver`.

use crate::runtimes::busy_environment;
use core::{cell::RefCell, future::Future, pin::Pin};
use measurement::driver::{self, Neighbourly, keep_busy};
use protocol::{
    ErrorKind, Problem, Transport,
    busy::{Kept, Neighbour, SPIN},
    measure::{MAX_FAILURE_CHARS, MeasureRequest, MeasureResponse},
};
use rand::{SeedableRng as _, rngs::SmallRng};
use stub::{
    CallError,
    platform::{Env, delay},
    transport::{self, Invocation},
    watchdog::Watchdog,
};

/// A slice being measured. Boxed, so that its code is in the Worker once.
pub(crate) type Slice<'a> = Pin<Box<dyn Future<Output = Result<MeasureResponse, Problem>> + 'a>>;

/// The watchdog's lanes: the slice's calls have the first, the neighbour the second.
const LANES: [usize; 2] = [0, 1];

struct OtherStub<'a> {
    env: Env,
    watchdog: &'a Watchdog,
    failure: RefCell<Option<Box<str>>>,
}

impl OtherStub<'_> {
    /// One call of each lane at a time, whose outcome counts for nothing. The server of another process closes a connection that was idle for 5 s, perhaps
    /// just as it is used again: after these calls there are as many connections as a slice uses, all of them new to idleness.
    async fn connect(&self) {
        driver::all(LANES.into_iter().map(|lane| self.call(lane, 0))).await;
    }

    async fn call(&self, lane: usize, strokes: u32) -> Result<(), CallError> {
        let payload = strokes.to_string();
        let invocation = Invocation {
            function_id: SPIN.to_owned(),
            payload: payload.clone(),
            batch_size: 1,
        };
        let opened = transport::open(Transport::ServiceBinding, invocation, &self.env)
            .map_err(|problem| CallError::new(ErrorKind::Transport, problem.detail))?;
        let answer = self.watchdog.guard(lane, opened.call()).await?;
        if answer.results() == payload.as_bytes() {
            return Ok(());
        }
        Err(CallError::bad_response("spin does not return its strokes"))
    }
}

impl Neighbourly for OtherStub<'_> {
    async fn spin(&self, strokes: u32) -> Result<(), ErrorKind> {
        let called = self.call(LANES[1], strokes).await;
        called.map_err(|error| {
            let words = format!("the neighbour: {}", error.detail);
            let words = words.chars().take(MAX_FAILURE_CHARS).collect();
            self.failure.borrow_mut().get_or_insert(words);
            error.kind
        })
    }

    fn pause(&self, ms: u64) -> impl Future<Output = ()> {
        delay(ms)
    }
}

/// Measures `slice` while a runtime is kept busy.
///
/// # Errors
/// Those of the slice, and 404 when this Worker has no binding to the runtime.
pub(crate) async fn beside(
    asked: &Neighbour,
    request: &MeasureRequest,
    env: &Env,
    watchdog: &Watchdog,
    slice: Slice<'_>,
) -> Result<MeasureResponse, Problem> {
    let (env, apart) = busy_environment(asked.runtime, env)?;
    let neighbour = OtherStub {
        env,
        watchdog,
        failure: RefCell::new(None),
    };
    // Another sequence than that of the slice, which begins with the seed itself.
    let mut random = SmallRng::seed_from_u64(!request.seed);
    let clock = crate::clock::WorkerClock::default();
    let kept = async {
        if apart {
            neighbour.connect().await;
        }
        keep_busy(&clock, &neighbour, asked, &mut random, slice).await
    };
    let (measured, kept) = watchdog.over(kept).await;
    let mut response = measured?;
    response.kept = Some(Box::new(Kept { apart, ..kept }));
    // What the slice's own calls said comes first.
    response.failure = response.failure.or(neighbour.failure.into_inner());
    Ok(response)
}
