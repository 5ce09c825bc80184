//! What a clock can do, found out before it is relied on: whether it advances during CPU work, and in what steps.

pub mod io;

use crate::clock::{
    Clock,
    edge::{Edge, compute_past},
};

/// The tick that is assumed of a clock that stands still, whose steps cannot be watched: workerd counts whole milliseconds.
pub const PLATFORM_TICK_MS: u64 = 1;

/// Bounds of a probe's CPU work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeLimits {
    /// A clock that shows no change over this many polls stands still.
    ///
    /// The polls must outlast one tick on the fastest machine, and their CPU time is lost to every slice under a clock that stands still.
    pub polls: u32,
    /// Whole ticks to count on a running clock.
    pub ticks: u32,
}

impl Default for ProbeLimits {
    /// 3,000 polls: 4.5 ms at the 1.5 us per poll measured on workerd (docs/methodology.md), so over one tick on a machine four times as fast,
    /// over three on this one, and under half of the free plan's 10 ms of CPU. Five ticks: the timer goes on counting them during the slice.
    fn default() -> Self {
        Self {
            polls: 3_000,
            ticks: 5,
        }
    }
}

/// What was learnt about a clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Whether the clock advances while the Worker computes.
    pub advances_during_cpu: bool,
    /// One step of the clock in ms; [`PLATFORM_TICK_MS`] if it stands still.
    pub tick_ms: u64,
    /// Polls in each whole tick that was watched undisturbed. Fewer than [`Probe::ENOUGH_TICKS`] when the machine stalls all the time.
    pub polls_per_tick: Vec<u32>,
}

impl Probe {
    /// Ticks that must have been watched undisturbed before one may be interpolated.
    pub const ENOUGH_TICKS: usize = 3;

    /// Watches `clock` for a few ticks. Takes `limits.polls` polls if the clock stands still, about `limits.ticks + 1` ticks if it runs undisturbed,
    /// and never more than 16 times that.
    #[must_use]
    pub fn run(clock: &impl Clock, limits: ProbeLimits) -> Self {
        let stands_still = Self {
            advances_during_cpu: false,
            tick_ms: PLATFORM_TICK_MS,
            polls_per_tick: Vec::new(),
        };
        // the reading that the probe came upon, then every edge
        let mut edges = vec![Edge {
            reading_ms: clock.now_ms(),
            polls: 0,
        }];
        let mut tick_ms = 0;
        for _ in 0..=limits.ticks * 16 {
            let last_ms = edges[edges.len() - 1].reading_ms;
            let Some(edge) = compute_past(clock, last_ms, limits.polls) else {
                break;
            };
            tick_ms = greatest_common_divisor(edge.reading_ms.saturating_sub(last_ms), tick_ms);
            edges.push(edge);
            if whole_ticks(&edges, tick_ms).count() >= limits.ticks as usize {
                break;
            }
        }
        if edges.len() <= 2 || tick_ms == 0 {
            // it never moved, or moved once and stopped, or only backwards: nothing to interpolate with
            return stands_still;
        }
        Self {
            advances_during_cpu: true,
            tick_ms,
            polls_per_tick: whole_ticks(&edges, tick_ms).collect(),
        }
    }

    /// Whether ticks of this clock can be interpolated.
    #[must_use]
    pub fn can_interpolate(&self) -> bool {
        self.advances_during_cpu && self.polls_per_tick.len() >= Self::ENOUGH_TICKS
    }
}

/// The polls from edge to edge where both edges were seen when they came: one that is more than a tick after the reading before it was jumped over
/// in a stall, and the polls before and after it are those of part of a tick.
fn whole_ticks(edges: &[Edge], tick_ms: u64) -> impl Iterator<Item = u32> {
    let follows =
        move |from: Edge, to: Edge| to.reading_ms.checked_sub(from.reading_ms) == Some(tick_ms);
    edges
        .windows(3)
        .filter(move |three| follows(three[0], three[1]) && follows(three[1], three[2]))
        .map(|three| three[2].polls)
}

/// The step that two differences of readings have in common. With the smallest difference instead, one reading off the grid would go unnoticed.
pub(crate) fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}
