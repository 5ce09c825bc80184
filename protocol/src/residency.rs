//! Which isolate of a runtime answered: how long isolates live, and how many calls each serves.
//!
//! A platform starts an isolate of a Worker when it likes, and ends it when it likes, and tells neither. So a runtime says in its answers which isolate
//! gave them ([`Isolate`]), and the caller counts what it met ([`SliceResidency`]). What does not say so is counted as silent.

use crate::raw_object::RawObject;
use core::{fmt::Write as _, ops::Range};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The name of the field of an answer that has it.
pub(crate) const ISOLATE: &str = "isolate";

/// The isolate of a runtime that gave an answer: the field `isolate` of that answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Isolate {
    /// Drawn at random in its first call, below 2^53: at module scope a Worker may draw nothing.
    pub id: u64,
    /// What it has been asked, this call included: calls, health checks, empty hops, sockets opened. 1 in the answer of a call that met a fresh isolate.
    pub calls_served: u64,
    /// Time since its first call, in ms, by its own clock.
    pub age_ms: u64,
}

impl Isolate {
    /// Reads the field. `None` of anything else than the three whole numbers: who answers so is silent.
    #[must_use]
    pub fn of(field: &RawValue) -> Option<Self> {
        let mut numbers = RawObject::of(field.get().as_bytes()).ok()??;
        let mut number = |name: &str| numbers.take(name)?.get().parse().ok();
        Some(Self {
            id: number("id")?,
            calls_served: number("callsServed")?,
            age_ms: number("ageMs")?,
        })
    }

    /// Reads it out of an answer whose result, anything up to 1 MiB, lies at `result`, without reading that again.
    #[must_use]
    pub fn in_envelope(answer: &[u8], result: &Range<usize>) -> Option<Self> {
        let (head, tail) = (answer.get(..result.start)?, answer.get(result.end..)?);
        let envelope = [head, b"0", tail].concat();
        Self::of(RawObject::of(&envelope).ok()??.take(ISOLATE)?)
    }

    /// Writes it behind a result, for methods that return nothing else than that ([`Isolate::behind`]).
    pub fn write_behind(self, result: &mut String) {
        let Self {
            id,
            calls_served,
            age_ms,
        } = self;
        // a String takes everything
        let _ = write!(result, "{END_OF_RESULT}{id} {calls_served} {age_ms}");
    }

    /// Reads it behind a result: after a NUL, which no JSON text has, its three numbers with a space between. With the length of the result itself. A list of the
    /// four would be dearer by a tenth of a call.
    #[must_use]
    pub fn behind(returned: &[u8]) -> Option<(usize, Self)> {
        let tail = returned.len().saturating_sub(MOST_BEHIND_BYTES);
        let end = tail + returned.get(tail..)?.iter().rposition(|&byte| byte == 0)?;
        let mut numbers = core::str::from_utf8(returned.get(end + 1..)?)
            .ok()?
            .split(' ');
        let mut number = || numbers.next()?.parse().ok();
        let isolate = Self {
            id: number()?,
            calls_served: number()?,
            age_ms: number()?,
        };
        numbers.next().is_none().then_some((end, isolate))
    }
}

/// Between a result and its isolate.
const END_OF_RESULT: char = '\0';

/// The NUL, three numbers of at most 20 digits, two spaces.
const MOST_BEHIND_BYTES: usize = 1 + 3 * 20 + 2;

/// Isolates that one slice lists, at most: more would make its record too long to be stored.
pub const MAX_ISOLATES_OF_SLICE: usize = 256;

/// The isolates that the calls of one slice met, warmup included.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceResidency {
    /// Each of them, in the order in which they were met; at most [`MAX_ISOLATES_OF_SLICE`].
    pub isolates: Vec<IsolateMet>,
    /// Answers that are counted with none of them: they did not say which isolate gave them, or it was one too many.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub silent: u64,
    /// The calls that met a fresh isolate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cold: Vec<ColdCall>,
}

/// What the calls of one slice saw of one isolate.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IsolateMet {
    /// [`Isolate::id`].
    pub id: u64,
    /// Calls of the slice that it answered.
    pub calls: u64,
    /// Its lowest [`Isolate::calls_served`]: 1 if a call of the slice was its first.
    pub first_served: u64,
    /// Its highest. `last_served - first_served + 1` is what it served in that time, to whomever.
    pub last_served: u64,
    /// Its highest [`Isolate::age_ms`].
    pub age_ms: u64,
}

/// A call that met a fresh isolate.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColdCall {
    /// From its sending to its answer in whole ms of the caller's clock: off by a tick either way.
    pub ms: u64,
    /// Whether it was one of the timed calls. Then it is in their latencies, too.
    pub timed: bool,
}

impl SliceResidency {
    /// Counts an answer, and says whether the call met a fresh isolate.
    pub fn count(&mut self, answered: Option<Isolate>) -> bool {
        let Some(isolate) = answered else {
            self.silent += 1;
            return false;
        };
        let served = isolate.calls_served;
        // The last one met is most often the one.
        let known = self.isolates.iter_mut().rev().find(|m| m.id == isolate.id);
        if let Some(met) = known {
            met.calls += 1;
            met.first_served = met.first_served.min(served);
            met.last_served = met.last_served.max(served);
            met.age_ms = met.age_ms.max(isolate.age_ms);
        } else if self.isolates.len() < MAX_ISOLATES_OF_SLICE {
            self.isolates.push(IsolateMet {
                id: isolate.id,
                calls: 1,
                first_served: served,
                last_served: served,
                age_ms: isolate.age_ms,
            });
        } else {
            self.silent += 1;
            return false;
        }
        served == 1
    }
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde's skip_serializing_if passes a reference; on wasm32 it is no larger than the value"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn isolate(id: u64, calls_served: u64) -> Isolate {
        Isolate {
            id,
            calls_served,
            age_ms: calls_served * 10,
        }
    }

    #[test]
    fn an_isolate_behind_a_result_is_read_and_nothing_else_is_taken_for_one() {
        let isolate = Isolate {
            id: (1 << 53) - 1,
            calls_served: u64::MAX,
            age_ms: u64::MAX,
        };
        let long = format!("\"{}\"", "\u{fc}".repeat(5_000));
        for result in ["", "1", "[1, 2 3]", &long] {
            let mut returned = result.to_owned();
            assert_eq!(Isolate::behind(returned.as_bytes()), None, "{result}");
            isolate.write_behind(&mut returned);
            let read = Isolate::behind(returned.as_bytes());
            assert_eq!(read, Some((result.len(), isolate)));
        }
        for other in [
            "1\0",
            "1\0 7 1 2",
            "1\u{0}7 1",
            "1\u{0}7 1 2 3",
            "1\u{0}7 1 -2",
            "1\u{0}7 1 \u{fc}",
        ] {
            assert_eq!(Isolate::behind(other.as_bytes()), None, "{other:?}");
        }
    }

    #[test]
    fn it_is_found_before_and_after_the_result_which_is_not_read() {
        let told = "\"isolate\":{\"id\":9007199254740991,\"callsServed\":2,\"ageMs\":20}";
        let expected = Some(isolate((1 << 53) - 1, 2));
        for answer in [
            format!("{{\"result\":[1,],{told}}}"),
            format!("{{ {told} , \"result\":[1,],\"executionTimeMs\":0}}"),
        ] {
            let at = answer.find("[1,]").unwrap();
            let found = Isolate::in_envelope(answer.as_bytes(), &(at..at + 4));
            assert_eq!(found, expected, "{answer}");
        }
    }

    #[test]
    fn anything_else_is_silence() {
        for field in [
            "1",
            "null",
            "{}",
            "{\"id\":1.5,\"callsServed\":2,\"ageMs\":20}",
            "{\"id\":\"1\",\"callsServed\":2,\"ageMs\":20}",
            "{\"id\":1,\"callsServed\":-2,\"ageMs\":20}",
            "{\"id\":1,\"callsServed\":2}",
        ] {
            let answer = format!("{{\"result\":0,\"isolate\":{field}}}");
            assert_eq!(
                Isolate::in_envelope(answer.as_bytes(), &(10..11)),
                None,
                "{field}"
            );
        }
        assert_eq!(Isolate::in_envelope(b"{\"result\":0}", &(10..11)), None);
        assert_eq!(Isolate::in_envelope(b"{}", &(10..11)), None);
    }

    #[test]
    fn answers_are_counted_by_isolate_in_whatever_order_they_come() {
        let mut slice = SliceResidency::default();
        let fresh: Vec<bool> = [(7, 3), (7, 2), (8, 1), (7, 4), (8, 2)]
            .into_iter()
            .map(|(id, served)| slice.count(Some(isolate(id, served))))
            .collect();
        assert_eq!(fresh, [false, false, true, false, false]);
        assert!(!slice.count(None));
        let met = |id, calls, first_served, last_served| IsolateMet {
            id,
            calls,
            first_served,
            last_served,
            age_ms: last_served * 10,
        };
        assert_eq!(slice.isolates, [met(7, 3, 2, 4), met(8, 2, 1, 2)]);
        assert_eq!(slice.silent, 1);
    }

    #[test]
    fn what_is_listed_is_bounded_and_what_is_beyond_is_counted() {
        let mut slice = SliceResidency::default();
        for id in 0..MAX_ISOLATES_OF_SLICE as u64 + 5 {
            slice.count(Some(isolate(id, 1)));
        }
        assert_eq!(slice.isolates.len(), MAX_ISOLATES_OF_SLICE);
        assert_eq!(slice.silent, 5);
        assert!(!slice.count(Some(isolate(3, 2))));
        assert_eq!(slice.isolates[3].calls, 2);
    }

    #[test]
    fn the_wire_form_is_pinned() {
        let mut slice = SliceResidency::default();
        slice.count(Some(isolate(7, 1)));
        slice.cold.push(ColdCall {
            ms: 12,
            timed: false,
        });
        slice.count(None);
        assert_eq!(
            serde_json::to_string(&slice).unwrap(),
            "{\"isolates\":[{\"id\":7,\"calls\":1,\"first_served\":1,\"last_served\":1,\"age_ms\":10}],\"silent\":1,\
             \"cold\":[{\"ms\":12,\"timed\":false}]}"
        );
        assert_eq!(
            serde_json::to_string(&isolate(7, 1)).unwrap(),
            "{\"id\":7,\"callsServed\":1,\"ageMs\":10}"
        );
    }
}
