//! Whether what a call brought back is what the function returns.
//!
//! Of the native runtime it is known to the byte: the same code, executed here, says so. Another runtime may write the same JSON in another way, and
//! may have functions that nobody else knows. So its first answer is learnt; where the function is known here, it must be the same JSON. From then on the
//! same bytes are right, and so is the same JSON written otherwise, at the price of decoding it within the timed call.

use core::cell::OnceCell;
use protocol::{Function, msgpack};
use serde_json::{Value, value::RawValue};
use std::borrow::Cow;
use stub::{Answer, transport::Encoding};

/// Decodes a result in the transport's encoding; `None` of what is not in it.
pub(crate) type Decode<'a> = &'a dyn Fn(&[u8]) -> Option<Value>;

/// What every answer of a slice must be.
pub(crate) struct Expected {
    /// Its bytes, once they are known.
    result: OnceCell<Vec<u8>>,
    /// Whether the same JSON may be written otherwise.
    of_others: bool,
    /// What the first answer must be, where that is known and its bytes are not.
    wanted: Option<Value>,
    invocations: usize,
}

/// Length of the windows that are compared in every call.
const WINDOW_BYTES: usize = 8;
/// Windows compared in every call.
const WINDOWS: usize = 16;

impl Expected {
    /// What `function` returns for `payload`, by executing it here, in the transport's encoding; once for each of `invocations`.
    ///
    /// A function that only tests call and that the runtime itself carries out returns what `echo` does, if it returns.
    pub(crate) fn of(
        function: Function,
        payload: &RawValue,
        encoding: Encoding,
        invocations: u32,
    ) -> Self {
        let result = match encoding {
            Encoding::Json => function.execute(payload).map_or_else(
                |_| payload.get().as_bytes().to_vec(),
                |result| result.get().as_bytes().to_vec(),
            ),
            Encoding::Msgpack => {
                let payload = msgpack::from_json(payload);
                msgpack::execute(function, &payload)
                    .map_or_else(|_| payload.clone(), Cow::into_owned)
            }
        };
        Self::new(result, invocations)
    }

    /// What a runtime other than the native one returns: what its first answer says.
    pub(crate) fn of_others(function: Function, payload: &RawValue, invocations: u32) -> Self {
        let known = function.execute(payload).ok();
        Self {
            result: OnceCell::new(),
            of_others: true,
            wanted: known.and_then(|result| serde_json::from_slice(result.get().as_bytes()).ok()),
            invocations: invocations as usize,
        }
    }

    /// Answers that carry `result` for each of `invocations`.
    fn new(result: Vec<u8>, invocations: u32) -> Self {
        Self {
            result: result.into(),
            of_others: false,
            wanted: None,
            invocations: invocations as usize,
        }
    }

    /// Whether `answer` is right, by comparing all of it. For warmup calls: in wasm this takes a tenth of a millisecond for 100 KB.
    pub(crate) fn is(&self, answer: &Answer, decode: Decode) -> bool {
        let results = answer.results();
        let Some(known) = self.result.get() else {
            return self.learn(results, decode);
        };
        self.repeats(results, known) || self.is_same_json(results, known, decode)
    }

    /// Takes the first answer for right, if it is what is wanted.
    fn learn(&self, results: &[u8], decode: Decode) -> bool {
        let first = &results[..results.len() / self.invocations.max(1)];
        let value = decode(first);
        let is_wanted = self.wanted.is_none() || self.wanted == value;
        value.is_some()
            && is_wanted
            && self.repeats(results, first)
            && self.result.set(first.to_vec()).is_ok()
    }

    /// Whether `results` are `known`, once for each invocation.
    fn repeats(&self, results: &[u8], known: &[u8]) -> bool {
        results.len() == known.len() * self.invocations
            && (known.is_empty()
                || results
                    .chunks_exact(known.len())
                    .all(|result| result == known))
    }

    /// Whether another runtime's result is what is known, written otherwise. Results of several invocations cannot be told apart then.
    fn is_same_json(&self, results: &[u8], known: &[u8], decode: Decode) -> bool {
        self.of_others
            && self.invocations == 1
            && decode(results).is_some_and(|value| decode(known) == Some(value))
    }

    /// Whether `answer` looks right: the length, and [`WINDOWS`] windows at places that move from call to call. For timed calls: it takes
    /// well under a microsecond whatever the size, unless another runtime writes the same JSON in different ways.
    pub(crate) fn looks_like(&self, answer: &Answer, call: u32, decode: Decode) -> bool {
        let results = answer.results();
        let known = self.result.get().map_or(&[][..], Vec::as_slice);
        let size = known.len();
        if size < WINDOW_BYTES * WINDOWS {
            return self.is(answer, decode);
        }
        if results.len() != size * self.invocations {
            return self.is_same_json(results, known, decode);
        }
        let stride = (size - WINDOW_BYTES) / WINDOWS;
        let shift = call as usize * WINDOW_BYTES % stride;
        let looks_right = results.chunks_exact(size).all(|result| {
            (0..WINDOWS).all(|window| {
                let at = window * stride + shift;
                result[at..at + WINDOW_BYTES] == known[at..at + WINDOW_BYTES]
            })
        });
        looks_right || self.is_same_json(results, known, decode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(result: &[u8]) -> Option<Value> {
        serde_json::from_slice(result).ok()
    }

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[test]
    fn another_runtimes_answer_is_learnt_if_it_is_the_right_json_and_may_be_written_otherwise() {
        let expected = Expected::of_others(Function::Transform, &raw("{\"b\":1.5,\"a\":[1,2]}"), 1);
        assert!(
            !expected.is(&answer(b"{\"b\":1.5}"), &json),
            "wrong, and not learnt"
        );
        assert!(!expected.looks_like(&answer(b"not json"), 0, &json));
        assert!(expected.is(&answer(b"{\"b\": 1.5, \"a\": [1, 2]}"), &json));
        for same in ["{\"b\": 1.5, \"a\": [1, 2]}", "{\"a\":[1,2],\"b\":1.50}"] {
            assert!(
                expected.looks_like(&answer(same.as_bytes()), 3, &json),
                "{same}"
            );
        }
        assert!(!expected.looks_like(&answer(b"{\"b\": 1.5, \"a\": [2, 1]}"), 3, &json));
    }

    #[test]
    fn whatever_a_function_of_others_returns_first_is_right_from_then_on() {
        let expected = Expected::of_others("word-count".parse().unwrap(), &raw("\"a b\""), 2);
        assert!(
            !expected.is(&answer(b"2x"), &json),
            "two answers that differ"
        );
        assert!(expected.is(&answer(b"22"), &json));
        assert!(expected.looks_like(&answer(b"22"), 1, &json));
        assert!(!expected.looks_like(&answer(b"33"), 1, &json));
    }

    fn answer(bytes: &[u8]) -> Answer<'static> {
        Answer::bare(bytes.to_vec())
    }

    #[test]
    fn a_right_answer_is_right_at_every_size() {
        for size in [0, 1, 8, 127, 128, 129, 1_000, 100_000] {
            let result: Vec<u8> = (b'a'..=b'z').cycle().take(size).collect();
            let expected = Expected::new(result.clone(), 1);
            assert!(expected.is(&answer(&result), &json));
            for call in 0..300 {
                assert!(
                    expected.looks_like(&answer(&result), call, &json),
                    "{size} {call}"
                );
            }
        }
    }

    #[test]
    fn another_length_is_wrong() {
        let expected = Expected::new(vec![b'a'; 200], 1);
        for size in [0, 199, 201, 400] {
            assert!(!expected.is(&answer(&vec![b'a'; size]), &json));
            assert!(!expected.looks_like(&answer(&vec![b'a'; size]), 0, &json));
        }
    }

    #[test]
    fn one_wrong_byte_is_found_by_the_full_comparison_and_within_some_calls_by_the_windows() {
        let result = vec![b'a'; 1_000];
        let expected = Expected::new(result.clone(), 1);
        for at in [0, 1, 499, 990] {
            let mut wrong = result.clone();
            wrong[at] = b'b';
            let wrong = answer(&wrong);
            assert!(!expected.is(&wrong, &json));
            assert!(
                (0..20).any(|call| !expected.looks_like(&wrong, call, &json)),
                "{at}"
            );
        }
    }

    #[test]
    fn every_result_of_a_batch_is_looked_at() {
        let expected = Expected::new(vec![b'a'; 300], 3);
        let mut results = vec![b'a'; 900];
        assert!(
            expected.is(&answer(&results), &json)
                && expected.looks_like(&answer(&results), 5, &json)
        );
        results[600] = b'b';
        assert!(
            !expected.is(&answer(&results), &json)
                && !expected.looks_like(&answer(&results), 0, &json)
        );
    }
}
