//! What a clock can do, found out before it is relied on: whether it advances during CPU work, and in what steps.

use crate::clock::{Clock, edge::poll_past};

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
        let Some(mut edge) = poll_past(clock, clock.now_ms(), limits.polls) else {
            return stands_still;
        };

        // (advance in ms, polls) from edge to edge
        let mut advances: Vec<(u64, u32)> = Vec::new();
        let mut tick_ms = 0;
        for _ in 0..limits.ticks * 16 {
            let Some(next) = poll_past(clock, edge.reading_ms, limits.polls) else {
                break;
            };
            if let Some(advance) = next.reading_ms.checked_sub(edge.reading_ms) {
                tick_ms = greatest_common_divisor(advance, tick_ms);
                advances.push((advance, next.polls));
            }
            edge = next;
            if undisturbed(&advances, tick_ms).count() >= limits.ticks as usize {
                break;
            }
        }
        if advances.is_empty() {
            // it moved once and stopped, or only backwards: nothing to interpolate with
            return stands_still;
        }
        Self {
            advances_during_cpu: true,
            tick_ms,
            polls_per_tick: undisturbed(&advances, tick_ms).collect(),
        }
    }

    /// Whether ticks of this clock can be interpolated.
    #[must_use]
    pub fn can_interpolate(&self) -> bool {
        self.advances_during_cpu && self.polls_per_tick.len() >= Self::ENOUGH_TICKS
    }
}

/// The counts of those advances that were one tick: a longer one jumped over an edge because the machine stalled.
fn undisturbed(advances: &[(u64, u32)], tick_ms: u64) -> impl Iterator<Item = u32> {
    advances
        .iter()
        .filter(move |(advance, _)| *advance == tick_ms)
        .map(|(_, polls)| *polls)
}

/// The step that two differences of readings have in common. With the smallest difference instead, one reading off the grid would go unnoticed.
pub(crate) fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}
