//! Several calls in flight at once: a closed loop.
//!
//! Each lane makes its next call when its last one has returned, until the slice's calls are used up. Calls that overlap cannot
//! be interpolated: polling the clock after one call would hold up all the others, and would itself be counted as their latency. What is
//! honest is what the clock shows: each lane is a chain of its own, whose samples are whole ticks that add up to the lane's time exactly, so
//! that their mean is as good as any ticked mean. The slice's elapsed time, first call to last, gives the throughput.

use super::{Attempts, Calls};
use crate::{
    clock::Clock,
    duration::Nanoseconds,
    probe::Probe,
    timer::{Counted, TickedTimer},
};
use core::{
    cell::Cell,
    future::{Future, poll_fn},
    task::Poll,
};
use futures_util::future::maybe_done;
use protocol::measure::{ClockFacts, MeasureRequest, MeasureResponse, Timer};

/// What one lane measured.
struct Lane {
    samples_ms: Vec<u64>,
    lead_ins: u32,
}

/// Makes the slice's timed calls in `request.concurrency` lanes. Samples are in call order within a lane, one lane after another.
pub(super) async fn measure(
    clock: &impl Clock,
    attempts: &Attempts<'_, impl Calls>,
    request: &MeasureRequest,
    probe: &Probe,
) -> MeasureResponse {
    let left = Cell::new(request.samples);
    let start_ms = clock.now_ms();
    let lanes =
        (0..request.concurrency as usize).map(|index| lane(clock, attempts, index, &left, probe));
    let lanes = all(lanes).await;
    let elapsed_ms = clock.now_ms().saturating_sub(start_ms);
    MeasureResponse {
        clock: Some(ClockFacts {
            timer: Timer::Ticked,
            advances_during_cpu: probe.advances_during_cpu,
            tick_ms: probe.tick_ms,
            sample_unit_ns: Nanoseconds::from_ms(1).0,
            polls_per_tick: None,
            polls_per_tick_mad: None,
            resolution_ns: Nanoseconds::from_ms(probe.tick_ms).0,
            readings: None,
        }),
        elapsed_ms,
        warmup_calls: lanes.iter().map(|lane| lane.lead_ins).sum(),
        samples: lanes.into_iter().flat_map(|lane| lane.samples_ms).collect(),
        skipped: left.get().into(),
        ..MeasureResponse::default()
    }
}

/// What the lanes come to, each polled when any is woken. `join_all` would serve thousands, and be 2 KB of each stub.
pub async fn all<T>(lanes: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut lanes: Vec<_> = lanes.map(|lane| Box::pin(maybe_done(lane))).collect();
    poll_fn(|context| {
        let mut done = true;
        for lane in &mut lanes {
            done &= lane.as_mut().poll(context).is_ready();
        }
        if done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    lanes
        .iter_mut()
        .filter_map(|lane| lane.as_mut().take_output())
        .collect()
}

/// Makes calls one after another, as long as any are left.
async fn lane(
    clock: &impl Clock,
    attempts: &Attempts<'_, impl Calls>,
    index: usize,
    left: &Cell<u32>,
    probe: &Probe,
) -> Lane {
    let mut timer = TickedTimer::new(probe);
    let mut lead_ins = 0;
    timer.begin(clock);
    while left.get() > 0 && !attempts.given_up() {
        left.set(left.get() - 1);
        if attempts.call(index).await.is_ok() {
            if timer.succeeded(clock) == Counted::LeadIn {
                lead_ins += 1;
            }
        } else {
            attempts.connect(index).await;
            timer.failed();
        }
    }
    let readings = timer.finish();
    Lane {
        samples_ms: readings
            .samples
            .iter()
            .map(|ticks| ticks * readings.tick_ms)
            .collect(),
        lead_ins,
    }
}
