//! The interpolated timer: finer than a tick, where the clock moves while it is polled. One engine for both kinds of polls: by computing, on a clock that
//! runs, and by I/O, on one that moves whenever I/O completes ([`crate::clock::ladder`]).
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
//! # The lead
//!
//! Polls by I/O are few and of unequal length: counted over a whole tick, their deviations add up to more than most latencies. Computing is
//! steadier. So most of the stretch after a call is not polled but spun away (the *lead*, of a length that the probe finds), and only the last part before the
//! edge is polled. How long the lead takes need not be known: from edge to edge, with the lead in between, there are `w` polls, so after a call with `c` polls
//!
//! `d = (edge - start) - 1 + (w - c) / r` ticks.
//!
//! A call that ends shortly before an edge is followed by a lead over that edge: it shows, because the first poll reads the next tick, and polling goes on to the edge after it.
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
        ladder::{Ladder, Polls},
    },
    duration::Nanoseconds,
    probe::{Probe, io::Fit},
};

/// Readings of the noise floor in each slice: two ticks each, so a slice of 20 samples spends a sixth of its time on knowing its own error.
pub const NOISE_FLOOR_READINGS: usize = 4;

/// A clock that shows no change over this many ticks' worth of polls has stopped.
const STOPPED_AFTER_TICKS: u32 = 16;
/// Edges tried for an undisturbed start before a call is started without one, and lost.
const START_EDGES: u32 = 64;

/// A stretch after the end of a call: leads that were spun, and polls.
#[derive(Clone, Copy, Debug, Default)]
struct Stretch {
    leads: u32,
    polls: u32,
}

/// What the clock showed about one call, or about the absence of one.
#[derive(Clone, Copy, Debug)]
struct Shown {
    /// The edge at which it started.
    start_ms: u64,
    /// The reading at its end.
    end_ms: u64,
    /// The edge that was polled to.
    edge_ms: u64,
    /// From its end to there; one lead, if any.
    polled: Stretch,
    /// From its end to the first edge that was jumped over, if one was before the next start.
    jumped_after: Option<Stretch>,
}

/// Times a slice by interpolation between ticks. See the [module's text](self) for how, and how well.
#[derive(Clone, Debug)]
pub struct InterpolatedTimer {
    tick_ms: u64,
    /// Steps that are spun after an edge or a call before polling begins; 0 for polls by computing.
    lead_steps: u32,
    /// Polls after which the clock has stopped; 0 once it has.
    poll_limit: u32,
    /// Counts of whole ticks without a lead, where there is one.
    bare_ticks: Vec<u32>,
    /// Counts of whole ticks, the lead in each.
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
    /// A timer for the clock that `probe` describes, or `None` if that clock cannot be interpolated. It must be polled by computing.
    #[must_use]
    pub fn new(probe: &Probe) -> Option<Self> {
        if !probe.can_interpolate() {
            return None;
        }
        Some(Self::polling(
            probe.tick_ms,
            0,
            Vec::new(),
            probe.polls_per_tick.clone(),
        ))
    }

    /// A timer for a clock that I/O was found to move. It must be polled by the same I/O.
    #[must_use]
    pub fn by_io(fit: &Fit) -> Self {
        Self::polling(
            fit.tick_ms,
            fit.lead_steps,
            fit.bare_ticks.clone(),
            fit.tick_polls.clone(),
        )
    }

    fn polling(tick_ms: u64, lead_steps: u32, bare_ticks: Vec<u32>, tick_polls: Vec<u32>) -> Self {
        let longest = bare_ticks.iter().chain(&tick_polls).copied().max();
        Self {
            tick_ms,
            lead_steps,
            poll_limit: longest.unwrap_or(1).saturating_mul(STOPPED_AFTER_TICKS),
            bare_ticks,
            tick_polls,
            start_ms: None,
            calls: Vec::new(),
            nothings: Vec::new(),
            first_ms: None,
            last_ms: 0,
        }
    }

    /// Waits for an edge, reads the noise floor [`NOISE_FLOOR_READINGS`] times, and returns at an edge: the first call must follow at once.
    pub async fn begin(&mut self, polls: Polls<'_, impl Clock, impl Ladder>) {
        self.align(polls).await;
        for _ in 0..NOISE_FLOOR_READINGS {
            let shown = self.show(polls).await;
            self.nothings.push(shown);
        }
        self.first_ms = self.start_ms;
    }

    /// A call has just succeeded. Polls to the next call's start; that call must follow at once.
    pub async fn succeeded(&mut self, polls: Polls<'_, impl Clock, impl Ladder>) -> Counted {
        let shown = self.show(polls).await;
        if let Some(shown) = shown {
            self.last_ms = shown.end_ms;
        }
        self.calls.push(shown);
        Counted::Timed
    }

    /// A call has just failed. Polls to the next call's start; that call must follow at once.
    pub async fn failed(&mut self, polls: Polls<'_, impl Clock, impl Ladder>) {
        self.align(polls).await;
    }

    /// The slice's samples.
    #[must_use]
    #[expect(
        clippy::missing_panics_doc,
        reason = "`new` and `by_io` take no probe without counted ticks"
    )]
    pub fn finish(self) -> InterpolatedReadings {
        let calibration = Calibration::with_lead(self.tick_ms, &self.bare_ticks, &self.tick_polls)
            .expect("the probe counted ticks");
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
    async fn align(&mut self, polls: Polls<'_, impl Clock, impl Ladder>) {
        self.start_ms = None;
        let now_ms = polls.now_ms();
        if let Some(edge) = self.poll_past(polls, now_ms).await {
            let in_time = self.is_next(now_ms, edge.reading_ms);
            self.start_after(polls, edge.reading_ms, in_time).await;
        }
    }

    /// Takes the end of a call, polls to the next edge, and on to the next start. `None` if the clock has not shown what happened.
    async fn show(&mut self, polls: Polls<'_, impl Clock, impl Ladder>) -> Option<Shown> {
        let end_ms = polls.now_ms();
        let start_ms = self.start_ms.take();
        polls.spin(self.lead_steps);
        let mut edge = self.poll_past(polls, end_ms).await?;
        let mut in_time = self.is_next(end_ms, edge.reading_ms);
        if self.lead_steps > 0 && in_time && edge.polls == 1 {
            // the edge came during the lead, or so soon after it that this cannot be told
            let next = self.poll_past(polls, edge.reading_ms).await?;
            in_time = self.is_next(edge.reading_ms, next.reading_ms);
            edge = Edge {
                reading_ms: next.reading_ms,
                polls: 1 + next.polls,
            };
        }
        let polled = Stretch {
            leads: 1,
            polls: edge.polls,
        };
        let jumped_later = self.start_after(polls, edge.reading_ms, in_time).await;
        let jumped_after = if in_time {
            jumped_later.map(|later| Stretch {
                leads: polled.leads + later.leads,
                polls: polled.polls + later.polls,
            })
        } else {
            Some(polled)
        };
        Some(Shown {
            start_ms: start_ms?,
            end_ms,
            edge_ms: edge.reading_ms,
            polled,
            jumped_after,
        })
    }

    /// Polls from an edge on to the next start, an edge that was seen when it came; from an edge that was seen `in_time` to the next one is a whole tick, and is counted.
    /// Returns how far it is to the first edge that was jumped over, if one was.
    async fn start_after(
        &mut self,
        polls: Polls<'_, impl Clock, impl Ladder>,
        mut edge_ms: u64,
        mut in_time: bool,
    ) -> Option<Stretch> {
        let (mut passed, mut jumped_after) = (Stretch::default(), None);
        for _ in 0..START_EDGES {
            polls.spin(self.lead_steps);
            let next = self.poll_past(polls, edge_ms).await?;
            passed.leads += 1;
            passed.polls += next.polls;
            if self.is_next(edge_ms, next.reading_ms) {
                if in_time {
                    self.tick_polls.push(next.polls);
                }
                self.start_ms = Some(next.reading_ms);
                break;
            }
            in_time = false;
            jumped_after = jumped_after.or(Some(passed));
            edge_ms = next.reading_ms;
        }
        jumped_after
    }

    /// Polls to the next edge, and remembers if the clock has stopped, so that this is waited for only once.
    async fn poll_past(
        &mut self,
        polls: Polls<'_, impl Clock, impl Ladder>,
        from_ms: u64,
    ) -> Option<Edge> {
        let edge = poll_past(polls, from_ms, self.poll_limit).await;
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
    let length = |stretch: Stretch| {
        f64::from(stretch.polls) + f64::from(stretch.leads) * calibration.lead_polls()
    };
    let window = calibration.polls_per_tick.max(length(shown.polled));
    if shown
        .jumped_after
        .is_some_and(|stretch| length(stretch) <= window)
    {
        return None;
    }
    let least = Nanoseconds::from_ms(shown.end_ms.checked_sub(shown.start_ms)?);
    let most = least + Nanoseconds::from_ms(calibration.tick_ms);
    let to_edge = Nanoseconds::from_ms(shown.edge_ms.checked_sub(shown.start_ms)?);
    let after = calibration.time_after(shown.polled.polls).min(to_edge);
    Some((to_edge - after).clamp(least, most))
}
