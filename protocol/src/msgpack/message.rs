//! Writes a message: a map of named fields, around values that are encoded already.

use rmp::encode::{self, ByteBuf};

/// A message being written. Writing to a buffer cannot fail, so the results of `rmp` are dropped.
pub(super) struct Message(ByteBuf);

impl Message {
    /// A message of about this number of bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self(ByteBuf::with_capacity(bytes))
    }

    pub(super) fn map(&mut self, fields: usize) {
        let _ = encode::write_map_len(&mut self.0, length(fields));
    }

    pub(super) fn list(&mut self, values: usize) {
        let _ = encode::write_array_len(&mut self.0, length(values));
    }

    pub(super) fn text(&mut self, text: &str) {
        let _ = encode::write_str(&mut self.0, text);
    }

    pub(super) fn nil(&mut self) {
        let _ = encode::write_nil(&mut self.0);
    }

    pub(super) fn bool(&mut self, value: bool) {
        let _ = encode::write_bool(&mut self.0, value);
    }

    pub(super) fn unsigned(&mut self, whole: u64) {
        let _ = encode::write_uint(&mut self.0, whole);
    }

    pub(super) fn signed(&mut self, whole: i64) {
        let _ = encode::write_sint(&mut self.0, whole);
    }

    pub(super) fn number(&mut self, number: f64) {
        let _ = encode::write_f64(&mut self.0, number);
    }

    pub(super) fn raw(&mut self, encoded: &[u8]) {
        self.0.as_mut_vec().extend_from_slice(encoded);
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into_vec()
    }
}

/// What is longer does not fit into a Worker's memory.
fn length(values: usize) -> u32 {
    u32::try_from(values).unwrap_or(u32::MAX)
}
