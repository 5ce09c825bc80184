//! Reading a message without decoding the values that it carries.

use super::MsgpackError;
use rmp::{Marker, decode};

/// A message being read: takes one thing after another off the front of what is left.
pub(super) struct Reader<'a> {
    left: &'a [u8],
    whole: usize,
}

impl<'a> Reader<'a> {
    /// A reader of the message `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            left: bytes,
            whole: bytes.len(),
        }
    }

    fn unexpected(&self, expected: &'static str) -> MsgpackError {
        MsgpackError::Unexpected {
            expected,
            at: self.whole - self.left.len(),
        }
    }

    /// The head of a map: how many fields follow.
    pub(super) fn map(&mut self) -> Result<u32, MsgpackError> {
        let mut left = self.left;
        let fields = decode::read_map_len(&mut left).map_err(|_| self.unexpected("map"))?;
        self.left = left;
        Ok(fields)
    }

    /// A string.
    pub(super) fn text(&mut self) -> Result<&'a str, MsgpackError> {
        let (text, left) =
            decode::read_str_from_slice(self.left).map_err(|_| self.unexpected("string"))?;
        self.left = left;
        Ok(text)
    }

    /// A number of any kind.
    pub(super) fn number(&mut self) -> Result<f64, MsgpackError> {
        let mut left = self.left;
        let number = match Marker::from_u8(left.first().copied().unwrap_or_default()) {
            Marker::F64 => decode::read_f64(&mut left).ok(),
            Marker::F32 => decode::read_f32(&mut left).ok().map(f64::from),
            _ => decode::read_int::<i64, _>(&mut left)
                .ok()
                .map(|whole| whole as f64),
        }
        .ok_or_else(|| self.unexpected("number"))?;
        self.left = left;
        Ok(number)
    }

    /// One whole value of any kind, encoded.
    pub(super) fn value(&mut self) -> Result<&'a [u8], MsgpackError> {
        let before = self.left;
        // Values that must still follow: a map or a list adds its own to them. A loop and not a recursion, so nesting costs no stack.
        let mut missing: u64 = 1;
        while missing > 0 {
            let marker = self.byte().map(Marker::from_u8)?;
            missing -= 1;
            let (content, values) = self.content(marker)?;
            self.skip(content)?;
            missing += values;
        }
        Ok(&before[..before.len() - self.left.len()])
    }

    /// How many bytes and how many values belong to a value with this marker, which has been taken.
    fn content(&mut self, marker: Marker) -> Result<(u64, u64), MsgpackError> {
        Ok(match marker {
            Marker::Null | Marker::True | Marker::False | Marker::FixPos(_) | Marker::FixNeg(_) => {
                (0, 0)
            }
            Marker::U8 | Marker::I8 => (1, 0),
            Marker::U16 | Marker::I16 | Marker::FixExt1 => (2, 0),
            Marker::FixExt2 => (3, 0),
            Marker::U32 | Marker::I32 | Marker::F32 => (4, 0),
            Marker::FixExt4 => (5, 0),
            Marker::U64 | Marker::I64 | Marker::F64 => (8, 0),
            Marker::FixExt8 => (9, 0),
            Marker::FixExt16 => (17, 0),
            Marker::FixStr(bytes) => (bytes.into(), 0),
            Marker::Str8 | Marker::Bin8 => (self.length(1)?, 0),
            Marker::Str16 | Marker::Bin16 => (self.length(2)?, 0),
            Marker::Str32 | Marker::Bin32 => (self.length(4)?, 0),
            // One byte more: the extension's type.
            Marker::Ext8 => (self.length(1)? + 1, 0),
            Marker::Ext16 => (self.length(2)? + 1, 0),
            Marker::Ext32 => (self.length(4)? + 1, 0),
            Marker::FixArray(values) => (0, values.into()),
            Marker::Array16 => (0, self.length(2)?),
            Marker::Array32 => (0, self.length(4)?),
            Marker::FixMap(pairs) => (0, 2 * u64::from(pairs)),
            Marker::Map16 => (0, 2 * self.length(2)?),
            Marker::Map32 => (0, 2 * self.length(4)?),
            Marker::Reserved => return Err(self.unexpected("value")),
        })
    }

    /// A length of so many bytes, big-endian.
    fn length(&mut self, bytes: u32) -> Result<u64, MsgpackError> {
        (0..bytes).try_fold(0, |length, _| Ok(length << 8 | u64::from(self.byte()?)))
    }

    fn byte(&mut self) -> Result<u8, MsgpackError> {
        let (&byte, left) = self
            .left
            .split_first()
            .ok_or_else(|| self.unexpected("value"))?;
        self.left = left;
        Ok(byte)
    }

    fn skip(&mut self, bytes: u64) -> Result<(), MsgpackError> {
        self.left = usize::try_from(bytes)
            .ok()
            .and_then(|bytes| self.left.get(bytes..))
            .ok_or_else(|| self.unexpected("value"))?;
        Ok(())
    }

    /// The end of the message.
    pub(super) fn end(&self) -> Result<(), MsgpackError> {
        match self.left.len() {
            0 => Ok(()),
            bytes => Err(MsgpackError::Trailing { bytes }),
        }
    }
}
