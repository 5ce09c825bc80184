//! Whether what a call brought back is what the function returns.

use protocol::{Function, msgpack};
use serde_json::value::RawValue;
use std::borrow::Cow;
use stub::{Answer, transport::Encoding};

/// What every answer of a slice must be: the same code, executed here on the same payload, says so.
pub(crate) struct Expected {
    result: Vec<u8>,
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

    /// Answers that carry `result` for each of `invocations`.
    fn new(result: Vec<u8>, invocations: u32) -> Self {
        Self {
            result,
            invocations: invocations as usize,
        }
    }

    /// Whether `answer` is right, by comparing all of it. For warmup calls: in wasm this takes a tenth of a millisecond for 100 KB.
    pub(crate) fn is(&self, answer: &Answer) -> bool {
        let results = answer.results();
        results.len() == self.result.len() * self.invocations
            && (self.result.is_empty()
                || results
                    .chunks_exact(self.result.len())
                    .all(|result| result == self.result))
    }

    /// Whether `answer` looks right: the length, and [`WINDOWS`] windows at places that move from call to call. For timed calls: it takes
    /// well under a microsecond whatever the size.
    pub(crate) fn looks_like(&self, answer: &Answer, call: u32) -> bool {
        let results = answer.results();
        let size = self.result.len();
        if results.len() != size * self.invocations {
            return false;
        }
        if size < WINDOW_BYTES * WINDOWS {
            return self.is(answer);
        }
        let stride = (size - WINDOW_BYTES) / WINDOWS;
        let shift = call as usize * WINDOW_BYTES % stride;
        results.chunks_exact(size).all(|result| {
            (0..WINDOWS).all(|window| {
                let at = window * stride + shift;
                result[at..at + WINDOW_BYTES] == self.result[at..at + WINDOW_BYTES]
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(bytes: &[u8]) -> Answer<'static> {
        Answer::bare(bytes.to_vec())
    }

    #[test]
    fn a_right_answer_is_right_at_every_size() {
        for size in [0, 1, 8, 127, 128, 129, 1_000, 100_000] {
            let result: Vec<u8> = (b'a'..=b'z').cycle().take(size).collect();
            let expected = Expected::new(result.clone(), 1);
            assert!(expected.is(&answer(&result)));
            for call in 0..300 {
                assert!(expected.looks_like(&answer(&result), call), "{size} {call}");
            }
        }
    }

    #[test]
    fn another_length_is_wrong() {
        let expected = Expected::new(vec![b'a'; 200], 1);
        for size in [0, 199, 201, 400] {
            assert!(!expected.is(&answer(&vec![b'a'; size])));
            assert!(!expected.looks_like(&answer(&vec![b'a'; size]), 0));
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
            assert!(!expected.is(&wrong));
            assert!(
                (0..20).any(|call| !expected.looks_like(&wrong, call)),
                "{at}"
            );
        }
    }

    #[test]
    fn every_result_of_a_batch_is_looked_at() {
        let expected = Expected::new(vec![b'a'; 300], 3);
        let mut results = vec![b'a'; 900];
        assert!(expected.is(&answer(&results)) && expected.looks_like(&answer(&results), 5));
        results[600] = b'b';
        assert!(!expected.is(&answer(&results)) && !expected.looks_like(&answer(&results), 0));
    }
}
