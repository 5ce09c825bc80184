//! The forms in which a body crosses between JavaScript and wasm memory.

use js_sys::{ArrayBuffer, JsString, Uint8Array};
use protocol::routes::runtime::SHORT_BODY_BYTES;
use wasm_bindgen::{JsCast as _, JsValue};

/// A form of body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyForm {
    /// A string. The platform is quicker with it, by 3 microseconds a body; but it crosses letter by letter, at a microsecond for each thousand.
    Text,
    /// Bytes, which are copied as they are.
    Bytes,
}

impl BodyForm {
    /// The form for a text of this number of bytes.
    #[must_use]
    pub fn of_text(bytes: usize) -> Self {
        if bytes <= SHORT_BODY_BYTES {
            Self::Text
        } else {
            Self::Bytes
        }
    }

    /// A body to hand to the platform. As [`BodyForm::Text`] it must be UTF-8.
    #[must_use]
    pub fn to_js(self, body: &[u8]) -> JsValue {
        match self {
            Self::Text => JsValue::from_str(core::str::from_utf8(body).unwrap_or_default()),
            Self::Bytes => Uint8Array::from(body).into(),
        }
    }

    /// What the platform handed over: a string or an `ArrayBuffer`, as it was asked for.
    #[must_use]
    pub fn to_rust(self, body: &JsValue) -> Vec<u8> {
        match self {
            Self::Text => String::from(body.unchecked_ref::<JsString>()).into_bytes(),
            Self::Bytes => Uint8Array::new(body.unchecked_ref::<ArrayBuffer>()).to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_cross_as_strings_and_long_ones_as_bytes() {
        assert_eq!(BodyForm::of_text(100), BodyForm::Text);
        assert_eq!(BodyForm::of_text(SHORT_BODY_BYTES), BodyForm::Text);
        assert_eq!(BodyForm::of_text(SHORT_BODY_BYTES + 1), BodyForm::Bytes);
    }
}
