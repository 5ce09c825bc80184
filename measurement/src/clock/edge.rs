//! Polling the clock until its reading changes.

use super::{
    Clock,
    ladder::{Ladder, Polls},
};

/// Steps of arithmetic between two polls of a clock that runs: 650 polls per ms on workerd, 1.5 us each.
///
/// Chosen by measurement (docs/methodology.md, "Choosing the poll spacing"). Every reading allocates a JavaScript number: at 18,500 per ms the call that
/// follows takes some 16 us longer, and the noise floor's p99 is four times as high. From 200 steps (1,260 per ms) on, more spacing changes nothing but the width of one
/// poll. 400 keeps twice that distance, and one poll still far below the spread that the machine itself makes.
pub const POLL_SPACING_STEPS: u32 = 400;

/// What polling came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    /// The first reading that differs from the one before.
    pub(crate) reading_ms: u64,
    /// Polls made, the one that saw the new reading included.
    pub(crate) polls: u32,
}

/// Polls by computing until `clock` no longer reads `from_ms`; `None` when it still does after `limit` polls.
pub(crate) fn compute_past(clock: &impl Clock, from_ms: u64, limit: u32) -> Option<Edge> {
    for polls in 1..=limit {
        clock.spin(POLL_SPACING_STEPS);
        let reading_ms = clock.now_ms();
        if reading_ms != from_ms {
            return Some(Edge { reading_ms, polls });
        }
    }
    None
}

/// The same by polls of any kind.
pub(crate) async fn poll_past(
    polls: Polls<'_, impl Clock, impl Ladder>,
    from_ms: u64,
    limit: u32,
) -> Option<Edge> {
    for made in 1..=limit {
        let reading_ms = polls.poll().await;
        if reading_ms != from_ms {
            return Some(Edge {
                reading_ms,
                polls: made,
            });
        }
    }
    None
}
