//! What a call brought back.

use protocol::residency::Isolate;
use std::{borrow::Cow, ops::Range};

/// The result of one message: the raw bytes of what the function returned, once for each invocation that the message carried.
pub struct Answer<'a> {
    /// What was received, envelope and all: taking the result out of it would be a copy more.
    pub received: Cow<'a, [u8]>,
    /// Where in it the results are, one after another.
    pub results: Range<usize>,
    /// Which isolate answered, where that is not in `received`: [`crate::transport::OpenTransport::isolate`] has it of every transport.
    pub isolate: Option<Isolate>,
}

impl<'a> Answer<'a> {
    /// An answer that is nothing but the result.
    pub fn bare(result: impl Into<Cow<'a, [u8]>>) -> Self {
        let received = result.into();
        let results = 0..received.len();
        Self {
            received,
            results,
            isolate: None,
        }
    }

    /// What a method returned that was asked to name its isolate behind the result.
    pub fn of_method(returned: impl Into<Cow<'a, [u8]>>) -> Self {
        let received = returned.into();
        match Isolate::behind(&received) {
            Some((length, isolate)) => Self {
                received,
                results: 0..length,
                isolate: Some(isolate),
            },
            None => Self::bare(received),
        }
    }

    /// An answer that was received in an envelope; `result` is a part of `received`.
    #[must_use]
    pub fn in_envelope(received: &[u8], result: &[u8]) -> Range<usize> {
        let start = result.as_ptr() as usize - received.as_ptr() as usize;
        start..start + result.len()
    }

    /// The results, one after another.
    #[must_use]
    pub fn results(&self) -> &[u8] {
        &self.received[self.results.clone()]
    }

    /// The results alone.
    #[must_use]
    pub fn into_results(self) -> Vec<u8> {
        let mut results = self.received.into_owned();
        results.truncate(self.results.end);
        results.drain(..self.results.start);
        results
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_method_returned_is_its_result_with_or_without_an_isolate_behind_it() {
        let isolate = Isolate {
            id: 7,
            calls_served: 1,
            age_ms: 0,
        };
        let mut named = "{\"a\":1}".to_owned();
        isolate.write_behind(&mut named);
        let answer = Answer::of_method(named.into_bytes());
        assert_eq!(answer.isolate, Some(isolate));
        assert_eq!(answer.results(), b"{\"a\":1}");
        assert_eq!(answer.into_results(), b"{\"a\":1}");
        let bare = Answer::of_method(&b"[2]"[..]);
        assert_eq!((bare.isolate, bare.results()), (None, &b"[2]"[..]));
    }

    #[test]
    fn a_result_is_found_in_its_envelope() {
        let received = b"{\"result\":123}";
        assert_eq!(Answer::in_envelope(received, &received[10..13]), 10..13);
    }
}
