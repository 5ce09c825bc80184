//! Writes a message: a map of named fields, around values that are encoded already.

use rmp::encode;

/// Longest envelope: the names of the fields and a number or two.
const ENVELOPE_BYTES: usize = 96;

/// A message being written. Writing to a Vec cannot fail, so the results of `rmp` are dropped.
pub(super) struct Message(pub(super) Vec<u8>);

impl Message {
    pub(super) fn new(fields: u32, raw_bytes: usize) -> Self {
        let mut bytes = Vec::with_capacity(raw_bytes + ENVELOPE_BYTES);
        let _ = encode::write_map_len(&mut bytes, fields);
        Self(bytes)
    }

    pub(super) fn text(&mut self, text: &str) {
        let _ = encode::write_str(&mut self.0, text);
    }

    pub(super) fn number(&mut self, number: f64) {
        let _ = encode::write_f64(&mut self.0, number);
    }

    pub(super) fn raw(&mut self, encoded: &[u8]) {
        self.0.extend_from_slice(encoded);
    }
}
