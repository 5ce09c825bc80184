//! Payloads that serialise to exactly the asked number of bytes.

use crate::named::named;
use core::fmt::Write as _;
use serde_json::value::RawValue;

named! {
    /// What a payload is made of: the cost of decoding differs tenfold between the two.
    pub enum PayloadShape ("payload shape") {
        /// One object with one long string.
        Text = "text",
        /// One object with an array of small objects.
        Records = "records",
    }
}

/// The smallest payload that both shapes can be made to fit exactly.
pub const MIN_PAYLOAD_BYTES: u32 = 32;

/// The largest payload: with its envelope it must stay under [`crate::execute::MAX_BODY_BYTES`].
pub const MAX_PAYLOAD_BYTES: u32 = 1_000_000;

/// A JSON document of an exact size.
#[derive(Clone, Debug)]
pub struct Payload(Box<RawValue>);

/// Why no payload could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "payload of {bytes} bytes is out of range; it must be {MIN_PAYLOAD_BYTES} to {MAX_PAYLOAD_BYTES} bytes"
)]
pub struct PayloadSizeError {
    /// The size that was asked for.
    pub bytes: u32,
}

impl Payload {
    /// Makes a payload whose JSON text is exactly `bytes` bytes long.
    ///
    /// # Errors
    /// [`PayloadSizeError`] when `bytes` is outside [`MIN_PAYLOAD_BYTES`]`..=`[`MAX_PAYLOAD_BYTES`].
    pub fn new(shape: PayloadShape, bytes: u32) -> Result<Self, PayloadSizeError> {
        if !(MIN_PAYLOAD_BYTES..=MAX_PAYLOAD_BYTES).contains(&bytes) {
            return Err(PayloadSizeError { bytes });
        }
        let size = bytes as usize;
        let json = match shape {
            PayloadShape::Text => filled(size, "{\"data\":\"", "\"}"),
            PayloadShape::Records => records(size),
        };
        debug_assert_eq!(json.len(), size);
        // From bytes, like all JSON here: a reader of texts beside one of bytes would be 3 KB more of a stub.
        serde_json::from_slice(json.as_bytes())
            .map(Self)
            .map_err(|_| PayloadSizeError { bytes })
    }

    /// The JSON text.
    #[must_use]
    pub fn json(&self) -> &RawValue {
        &self.0
    }
}

/// `before`, then letters that need no escape, then `after`: `size` bytes in all.
fn filled(size: usize, before: &str, after: &str) -> String {
    let fill = size - before.len() - after.len();
    let mut json = String::with_capacity(size);
    json.push_str(before);
    json.extend((b'a'..=b'z').cycle().take(fill).map(char::from));
    json.push_str(after);
    json
}

/// As many small objects as fit, then a padding string that makes up the exact size.
fn records(size: usize) -> String {
    const HEAD: &str = "{\"records\":[";
    const TAIL: &str = "],\"pad\":\"";
    const END: &str = "\"}";
    let mut json = String::with_capacity(size);
    json.push_str(HEAD);
    for id in 0_u32.. {
        let mut record = String::new();
        if id > 0 {
            record.push(',');
        }
        // Writing to a String cannot fail.
        let _ = write!(
            record,
            "{{\"id\":{id},\"name\":\"item-{id}\",\"price\":{}.5,\"active\":{}}}",
            id % 1_000,
            id % 2 == 0
        );
        if json.len() + record.len() + TAIL.len() + END.len() > size {
            break;
        }
        json.push_str(&record);
    }
    json.push_str(TAIL);
    filled(size, &json, END)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_serialises_to_exactly_the_asked_number_of_bytes() {
        for &shape in PayloadShape::ALL {
            for bytes in (MIN_PAYLOAD_BYTES..400).chain([1_000, 10_000, 100_000, MAX_PAYLOAD_BYTES])
            {
                let payload = Payload::new(shape, bytes).unwrap();
                assert_eq!(
                    payload.json().get().len(),
                    bytes as usize,
                    "{shape} {bytes}"
                );
                let value: serde_json::Value = serde_json::from_str(payload.json().get()).unwrap();
                assert!(value.is_object());
            }
        }
    }

    #[test]
    fn records_are_mostly_records() {
        let payload = Payload::new(PayloadShape::Records, 10_000).unwrap();
        let value: serde_json::Value = serde_json::from_str(payload.json().get()).unwrap();
        assert!(value["records"].as_array().unwrap().len() > 150);
        assert!(value["pad"].as_str().unwrap().len() < 80);
    }

    #[test]
    fn a_size_out_of_range_is_refused_with_the_range() {
        let error = Payload::new(PayloadShape::Text, 31).unwrap_err();
        assert_eq!(
            error.to_string(),
            "payload of 31 bytes is out of range; it must be 32 to 1000000 bytes"
        );
    }
}
