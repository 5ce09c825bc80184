//! A runtime that others keep busy: what a plan asks for, what a slice is told and what it reports.
//!
//! A runtime is one thread. While it serves a neighbour's call of 50 ms, every call that comes waits. A plan names shares of the time; for
//! each of them the latency of some cells is measured while a *neighbour*, a closed loop of calls and pauses, keeps the runtime busy for that share.
//!
//! Out of scope: the loop itself (`measurement::driver`), and what a queue makes one expect (`measurement::busy_server`).

use crate::{Cell, Runtime};
use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The function that neighbours call: it works as many strokes as its payload says, a whole number, and returns that number. A stroke is some
/// microseconds to some hundred of work without a clock, which may stand still. No plan can measure it.
pub const SPIN: &str = "spin";

/// Strokes of one call, at most: some seconds of work.
pub const MAX_STROKES: u32 = 1_000_000;

/// A neighbour's call is to take this long, in ms: that of a heavy function, and fifty ticks of the clock.
pub const NEIGHBOUR_CALL_MS: u32 = 50;

/// The largest share, in percent.
pub const MAX_PERCENT: u8 = 90;

/// Pause before a timed call, at most, in ms: a neighbour's cycle at the smallest share.
pub const MAX_PAUSE_MS: u32 = 1_000;

/// Shares in one plan, at most.
pub const MAX_SHARES: usize = 6;

/// Calls of a neighbour in one slice, at most: what a slice of 20 calls at the largest share makes, three times over, and far below the subrequests of an event.
pub const MAX_NEIGHBOUR_CALLS: u32 = 200;

/// The share of the time that neighbours keep a runtime busy, in whole percent: 0, or 5 to 90. Written as a number, 0.1 for 10 %.
///
/// Below 5 % the pause between two calls would be longer than a second, and a run would take hours to meet enough of them. Above 90 % there is next to
/// no pause that a clock of whole milliseconds could keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BusyShare(u8);

impl BusyShare {
    /// Nobody else calls.
    pub const IDLE: Self = Self(0);

    /// The share, in [0, 1].
    #[must_use]
    pub fn share(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    /// The share as a whole number of percent.
    #[must_use]
    pub const fn percent(self) -> u8 {
        self.0
    }

    /// Whether nobody else calls.
    #[must_use]
    pub const fn is_idle(self) -> bool {
        self.0 == 0
    }

    /// A share as a number; `None` of one that cannot be kept.
    #[must_use]
    pub fn of(share: f64) -> Option<Self> {
        let percent = (share * 100.0).round();
        let is_whole = (share * 100.0 - percent).abs() < 1e-6;
        let is_kept = percent == 0.0 || (5.0..=90.0).contains(&percent);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number from 0 to 90, checked here"
        )]
        (is_whole && is_kept).then_some(Self(percent as u8))
    }

    /// What [`BusyShare::of`] accepts, for error messages.
    pub const ACCEPTED: &'static str = "0, or a share from 0.05 to 0.9 in whole percent";

    /// A call and the pause after it, in ms. `None` where nobody else calls.
    #[must_use]
    pub fn cycle_ms(self) -> Option<u32> {
        (!self.is_idle()).then(|| NEIGHBOUR_CALL_MS * 100 / u32::from(self.0))
    }
}

impl fmt::Display for BusyShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} %", self.0))
    }
}

impl Serialize for BusyShare {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_idle() {
            serializer.serialize_u8(0)
        } else {
            serializer.serialize_f64(self.share())
        }
    }
}

impl<'de> Deserialize<'de> for BusyShare {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let share = f64::deserialize(deserializer)?;
        Self::of(share)
            .ok_or_else(|| serde::de::Error::custom(format!("{share} is not {}", Self::ACCEPTED)))
    }
}

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for BusyShare {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "BusyShare".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The share of the time that neighbours keep a runtime busy: 0, or 0.05 to 0.9 in steps of 0.01.",
            "type": "number",
            "enum": shares(),
        })
    }
}

/// Every share that there is.
#[cfg(feature = "openapi")]
fn shares() -> Vec<BusyShare> {
    (0..=90)
        .map(BusyShare)
        .filter(|share| BusyShare::of(share.share()).is_some())
        .collect()
}

/// A cell that is measured while a runtime is kept busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BusyCell {
    /// The cell. Of `direct`, the control, it is the native function in the stub, whatever runtime is busy.
    pub cell: Cell,
    /// The runtime that is kept busy.
    pub runtime: Runtime,
    /// For which share of the time.
    pub share: BusyShare,
    /// The longest pause before each call, in ms: a cycle of the neighbour, so that calls come at any moment of it.
    pub pause_ms: u32,
}

impl fmt::Display for BusyCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} while {} is {} busy",
            self.cell, self.runtime, self.share
        )
    }
}

/// What a slice is told of neighbours; fields of a [`MeasureRequest`](crate::measure::MeasureRequest). Whole numbers: reading others makes a stub larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Neighbour {
    /// The runtime to keep busy.
    #[serde(rename = "busy_runtime")]
    pub runtime: Runtime,
    /// For which share of the time, in percent from 0 to [`MAX_PERCENT`].
    #[serde(rename = "busy_percent")]
    pub percent: u8,
    /// Before each timed call there is a random pause, shorter than this, in ms.
    pub pause_ms: u32,
    /// Strokes of [`SPIN`] that take [`NEIGHBOUR_CALL_MS`]; 0 where they are to be found out.
    pub strokes: u32,
}

/// What a slice reports of its neighbour. All by the stub's own clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Calls that the neighbour made while the slice was measured, failed ones and those to find the strokes out included.
    pub calls: u32,
    /// Those that failed.
    pub failed: u32,
    /// Time that its calls were under way, in ms.
    pub busy_ms: u64,
    /// Time from the beginning of its loop to the end of the last timed call, in ms.
    pub elapsed_ms: u64,
    /// Calls that the loop completed, and their time together in ms: what one takes.
    pub completed: u32,
    /// See `completed`.
    pub completed_ms: u64,
    /// Strokes that the calls of the next slice are to work; 0 where nobody else calls.
    pub strokes: u32,
    /// Whether the runtime is one that only such slices call, in a process of its own.
    #[serde(default)]
    pub apart: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_whole_percent_and_read_back() {
        let shares: Vec<BusyShare> = serde_json::from_str("[0,0.05,0.1,0.29,0.9]").unwrap();
        let percent: Vec<u8> = shares.iter().map(|share| share.percent()).collect();
        assert_eq!(percent, [0, 5, 10, 29, 90]);
        assert_eq!(
            serde_json::to_string(&shares).unwrap(),
            "[0,0.05,0.1,0.29,0.9]"
        );
        for refused in ["0.04", "0.91", "0.105", "-0.1", "1", "\"0.1\""] {
            assert!(
                serde_json::from_str::<BusyShare>(refused).is_err(),
                "{refused}"
            );
        }
    }

    #[test]
    fn a_cycle_is_a_call_and_its_pause() {
        let cycle = |share| BusyShare::of(share).unwrap().cycle_ms();
        assert_eq!(
            [cycle(0.0), cycle(0.1), cycle(0.5), cycle(0.05)],
            [None, Some(500), Some(100), Some(1_000)]
        );
    }
}
