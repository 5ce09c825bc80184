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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_found_in_its_envelope() {
        let received = b"{\"result\":123}";
        assert_eq!(Answer::in_envelope(received, &received[10..13]), 10..13);
    }
}
