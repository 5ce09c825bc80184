//! The interpolated timer: finer than a tick, where the clock runs while the Worker computes.
//!
//! # One sample
//!
//! The call starts at an edge of the clock, `start`. When it has returned, the clock reads `end`, which proves the bracket
//! `end - start <= d < end - start + 1` (in ticks). Polls are counted to the next edge: with `c` of them, and `r` to a whole tick,
//!
//! `d = (end + 1 - start) - c / r`, clamped to the bracket.
//!
//! Polling sees an edge late, by half a poll on average, and it does so at both ends: the call starts half a poll after its edge, and the last
//! poll ends half a poll after the next one. In the difference the two cancel, and `c`, counted with the poll that saw the edge, needs no
//! correction; what is left is an error of at most one poll either way, triangular about zero. One reading of the clock (0.05 us on workerd) is part of
//! every sample, as with any timer. Nothing else is subtracted: the noise floor, the same procedure around no call at all,
//! is reported beside the samples and not taken from them.
//!
//! Then polling goes on for one whole tick, to the edge at which the next call starts. Its count is one more calibration: `r` is a robust mean over all
//! the slice's whole ticks, taken where and when the samples are. (Seven ticks before the slice left a quarter more spread on workerd.)
//!
//! # What stalls do
//!
//! When the scheduler takes the CPU away *during* a call, that is latency, and stays. So does a stall between the start edge and the call, which nothing can
//! tell apart from one in the call. *After* the call, polls are missed and the sample reads too long, though never beyond its bracket.
//! If a stall is so long that an edge is jumped over, this shows: the next reading is more than a tick later. Such a sample is lost, and counted.
//!
//! Losing samples must not depend on their latency, or the rest would be a biased choice. Up to the next edge a short call leaves
//! more time to stall in than a long one does, so not only that stretch is watched, but one tick's worth of polls after the end of each call: a sample is lost if an edge
//! is jumped over by a stall that begins anywhere in it. That window meets each phase of the tick once, whatever the latency was.
//! A start edge that was itself jumped to is no edge: polling then goes on to the next one before a call is started.
//!
//! # The clamp
//!
//! A call far shorter than the resolution can come out with `c > r`, and is clamped to 0: the bracket allows no less. Such a sample's
//! expectation is up to 0.4 of the resolution too high. The mean of calls this short is the chain's to tell.

use super::{Calibration, Counted};
use crate::{
    clock::{
        Clock,
        edge::{Edge, poll_past},
    },
    duration::Nanoseconds,
    probe::Probe,
};

/// Readings of the noise floor in each slice: two ticks each, so a slice of 20 samples spends a sixth of its time on knowing its own error.
pub const NOISE_FLOOR_READINGS: usize = 4;

/// A clock that shows no change over this many ticks' worth of polls has stopped.
const STOPPED_AFTER_TICKS: u32 = 16;
/// Edges tried for an undisturbed start before a call is started without one, and lost.
const START_EDGES: u32 = 64;

/// What the clock showed about one call, or about the absence of one.
#[derive(Clone, Copy, Debug)]
struct Shown {
    /// The edge at which it started.
    start_ms: u64,
    /// The reading at its end.
    end_ms: u64,
    /// Polls from there to the next edge.
    polls: u32,
    /// Polls from its end to the first edge that was jumped over, if one was before the next start.
    jumped_after: Option<u32>,
}

/// Times a slice by interpolation between ticks. See the [module's text](self) for how, and how well.
#[derive(Clone, Debug)]
pub struct InterpolatedTimer {
    tick_ms: u64,
    /// Polls after which the clock has stopped; 0 once it has.
    poll_limit: u32,
    /// Counts of whole ticks.
    tick_polls: Vec<u32>,
    /// The edge that the next call starts at, if there is one.
    start_ms: Option<u64>,
    calls: Vec<Option<Shown>>,
    nothings: Vec<Option<Shown>>,
    first_ms: Option<u64>,
    last_ms: u64,
}

/// What an interpolated slice came to.
#[derive(Clone, Debug, PartialEq)]
pub struct InterpolatedReadings {
    /// Latencies in call order, in nanoseconds, without the lost ones.
    pub samples: Vec<Nanoseconds>,
    /// Calls that succeeded but whose interpolation was lost.
    pub lost: u64,
    /// The timer around no call at all, in nanoseconds.
    pub noise_floor: Vec<Nanoseconds>,
    /// From the first call's start to the last one's end, in ms, the polling between them included.
    pub elapsed_ms: u64,
    /// Polls per tick over the whole slice.
    pub calibration: Calibration,
}

impl InterpolatedTimer {
    /// A timer for the clock that `probe` describes, or `None` if that clock cannot be interpolated.
    #[must_use]
    pub fn new(probe: &Probe) -> Option<Self> {
        let before = Calibration::of(probe.tick_ms, &probe.polls_per_tick)
            .filter(|_| probe.can_interpolate())?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a mean of u32 counts"
        )]
        let polls_per_tick = before.polls_per_tick as u32;
        Some(Self {
            tick_ms: probe.tick_ms,
            poll_limit: polls_per_tick.saturating_mul(STOPPED_AFTER_TICKS),
            tick_polls: probe.polls_per_tick.clone(),
            start_ms: None,
            calls: Vec::new(),
            nothings: Vec::new(),
            first_ms: None,
            last_ms: 0,
        })
    }

    /// Waits for an edge, reads the noise floor [`NOISE_FLOOR_READINGS`] times, and returns at an edge: the first call must follow at once.
    pub fn begin(&mut self, clock: &impl Clock) {
        self.align(clock);
        for _ in 0..NOISE_FLOOR_READINGS {
            let shown = self.show(clock);
            self.nothings.push(shown);
        }
        self.first_ms = self.start_ms;
    }

    /// A call has just succeeded. Polls to the next call's start; that call must follow at once.
    pub fn succeeded(&mut self, clock: &impl Clock) -> Counted {
        let shown = self.show(clock);
        if let Some(shown) = shown {
            self.last_ms = shown.end_ms;
        }
        self.calls.push(shown);
        Counted::Timed
    }

    /// A call has just failed. Polls to the next call's start; that call must follow at once.
    pub fn failed(&mut self, clock: &impl Clock) {
        self.align(clock);
    }

    /// The slice's samples.
    #[must_use]
    #[expect(
        clippy::missing_panics_doc,
        reason = "`new` takes no probe without counted ticks"
    )]
    pub fn finish(self) -> InterpolatedReadings {
        let calibration =
            Calibration::of(self.tick_ms, &self.tick_polls).expect("the probe counted ticks");
        let latencies = |shown: &[Option<Shown>]| {
            shown
                .iter()
                .filter_map(|shown| latency((*shown)?, calibration))
                .collect()
        };
        let samples: Vec<Nanoseconds> = latencies(&self.calls);
        InterpolatedReadings {
            lost: (self.calls.len() - samples.len()) as u64,
            samples,
            noise_floor: latencies(&self.nothings),
            elapsed_ms: self
                .first_ms
                .map_or(0, |first_ms| self.last_ms.saturating_sub(first_ms)),
            calibration,
        }
    }

    /// Polls to an edge from anywhere, then on to a start.
    fn align(&mut self, clock: &impl Clock) {
        self.start_ms = None;
        let now_ms = clock.now_ms();
        if let Some(edge) = self.poll_past(clock, now_ms) {
            self.start_after(clock, edge, self.is_next(now_ms, edge.reading_ms));
        }
    }

    /// Takes the end of a call, polls to the next edge, and on to the next start. `None` if the clock has not shown what happened.
    fn show(&mut self, clock: &impl Clock) -> Option<Shown> {
        let end_ms = clock.now_ms();
        let start_ms = self.start_ms.take();
        let edge = self.poll_past(clock, end_ms)?;
        let in_time = self.is_next(end_ms, edge.reading_ms);
        let jumped_later = self.start_after(clock, edge, in_time);
        let jumped_after = if in_time {
            jumped_later.map(|polls| edge.polls + polls)
        } else {
            Some(edge.polls)
        };
        Some(Shown {
            start_ms: start_ms?,
            end_ms,
            polls: edge.polls,
            jumped_after,
        })
    }

    /// Polls from `edge` on to the next start, an edge that was seen when it came; from an edge that was seen `in_time` to the next one is a whole tick, and is counted.
    /// Returns the polls to the first edge that was jumped over, if one was.
    fn start_after(
        &mut self,
        clock: &impl Clock,
        mut edge: Edge,
        mut in_time: bool,
    ) -> Option<u32> {
        let (mut polls, mut jumped_after) = (0, None);
        for _ in 0..START_EDGES {
            let next = self.poll_past(clock, edge.reading_ms)?;
            polls += next.polls;
            if self.is_next(edge.reading_ms, next.reading_ms) {
                if in_time {
                    self.tick_polls.push(next.polls);
                }
                self.start_ms = Some(next.reading_ms);
                break;
            }
            in_time = false;
            jumped_after = jumped_after.or(Some(polls));
            edge = next;
        }
        jumped_after
    }

    /// Polls to the next edge, and remembers if the clock has stopped, so that this is waited for only once.
    fn poll_past(&mut self, clock: &impl Clock, from_ms: u64) -> Option<Edge> {
        let edge = poll_past(clock, from_ms, self.poll_limit);
        if edge.is_none() {
            self.poll_limit = 0;
        }
        edge
    }

    fn is_next(&self, from_ms: u64, reading_ms: u64) -> bool {
        reading_ms.checked_sub(from_ms) == Some(self.tick_ms)
    }
}

/// The latency that `shown` proves and interpolates; `None` if a stall after the call has spoilt it.
fn latency(shown: Shown, calibration: Calibration) -> Option<Nanoseconds> {
    let window = calibration.polls_per_tick;
    if shown
        .jumped_after
        .is_some_and(|polls| f64::from(polls) <= window.max(f64::from(shown.polls)))
    {
        return None;
    }
    let least = Nanoseconds::from_ms(shown.end_ms.checked_sub(shown.start_ms)?);
    let tick = Nanoseconds::from_ms(calibration.tick_ms);
    Some(least + (tick - calibration.time_of(shown.polls).min(tick)))
}
