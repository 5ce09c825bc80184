//! The chain and the timed calls of a slice, one after another.

use super::{Attempts, Calls};
use crate::{
    clock::{
        Clock,
        ladder::{Ladder, Polls},
    },
    timer::{self, Counted, SliceReadings, SliceTimer},
};
use protocol::measure::{Chain, MeasureRequest, MeasureResponse};
use rand::RngCore;

/// The chain goes first: it begins at the random phase that the warmup left, and the timed calls follow the timer's preparation directly.
///
/// `kept_back` warmup calls are made between that preparation and the first timed call: it computes for some ten milliseconds, and the call
/// after it takes half as long again as the isolated calls that follow.
pub(super) async fn measure(
    polls: Polls<'_, impl Clock, impl Ladder>,
    attempts: &Attempts<'_, impl Calls>,
    request: &MeasureRequest,
    mut timer: SliceTimer,
    kept_back: u32,
    rng: &mut impl RngCore,
) -> MeasureResponse {
    let mut response = MeasureResponse::default();
    if request.chain > 0 && timer.timer().interpolates() {
        response.chain = Some(chain(polls.clock(), attempts, request.chain).await);
    }
    timer.begin(polls).await;
    for _ in 0..kept_back {
        response.warmup_calls += 1;
        if attempts.warm_up(0).await.is_err() {
            attempts.connect(0).await;
        }
        timer.not_timed(polls).await;
    }
    for made in 0..request.samples {
        if attempts.given_up() {
            response.skipped = (request.samples - made).into();
            break;
        }
        if let Some(neighbour) = request.neighbour {
            attempts.pause(below(neighbour.pause_ms, rng)).await;
            timer.begin_again(polls, rng).await;
        }
        if attempts.call(0).await.is_ok() {
            if timer.succeeded(polls).await == Counted::LeadIn {
                response.warmup_calls += 1;
            }
        } else {
            attempts.connect(0).await;
            timer.not_timed(polls).await;
        }
    }
    with_readings(response, timer.finish())
}

/// A whole number below `bound`; its bias is below `bound / 2^32`.
fn below(bound: u32, rng: &mut impl RngCore) -> u32 {
    let product = u64::from(rng.next_u32()) * u64::from(bound);
    u32::try_from(product >> 32).unwrap_or(0)
}

/// Calls back to back between two readings, up to the first that fails.
async fn chain(clock: &impl Clock, attempts: &Attempts<'_, impl Calls>, calls: u32) -> Chain {
    let mut chain = timer::Chain::new();
    let mut failed = None;
    chain.begin(clock);
    for _ in 0..calls {
        if let Err(kind) = attempts.call(0).await {
            failed = Some(kind);
            attempts.connect(0).await;
            break;
        }
        // Never a lead-in: the chain has begun, and it ends with the first failure.
        let _ = chain.succeeded(clock);
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
