//! Reading a message without decoding the values that it carries.

use super::MsgpackError;
use rmp::{Marker, decode};

/// A value, or the head of one.
pub(super) enum Kind<'a> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(&'a str),
    /// So many values follow.
    List(u64),
    /// So many pairs follow.
    Map(u64),
}

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

    /// What is here is not `expected`.
    pub(super) fn unexpected(&self, expected: &'static str) -> MsgpackError {
        MsgpackError::Unexpected {
            expected,
            at: self.whole - self.left.len(),
        }
    }

    /// The head of a map: how many fields follow.
    pub(super) fn map(&mut self) -> Result<u64, MsgpackError> {
        self.one("map", |kind| match kind {
            Kind::Map(fields) => Some(fields),
            _ => None,
        })
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
        self.one("number", |kind| match kind {
            Kind::Unsigned(whole) => Some(whole as f64),
            Kind::Signed(whole) => Some(whole as f64),
            Kind::Float(number) => Some(number),
            _ => None,
        })
    }

    /// What `of` finds in the next value.
    fn one<T>(
        &mut self,
        expected: &'static str,
        of: impl FnOnce(Kind<'a>) -> Option<T>,
    ) -> Result<T, MsgpackError> {
        let before = self.left;
        self.kind().ok().and_then(of).ok_or_else(|| {
            self.left = before;
            self.unexpected(expected)
        })
    }

    /// A value that JSON has, too; of a list or a map only its head.
    pub(super) fn kind(&mut self) -> Result<Kind<'a>, MsgpackError> {
        let before = self.left;
        Ok(match self.byte().map(Marker::from_u8)? {
            Marker::Null => Kind::Null,
            Marker::True => Kind::Bool(true),
            Marker::False => Kind::Bool(false),
            Marker::FixPos(whole) => Kind::Unsigned(whole.into()),
            Marker::FixNeg(whole) => Kind::Signed(whole.into()),
            Marker::U8 => Kind::Unsigned(self.unsigned(1)?),
            Marker::U16 => Kind::Unsigned(self.unsigned(2)?),
            Marker::U32 => Kind::Unsigned(self.unsigned(4)?),
            Marker::U64 => Kind::Unsigned(self.unsigned(8)?),
            Marker::I8 => Kind::Signed(self.signed(1)?),
            Marker::I16 => Kind::Signed(self.signed(2)?),
            Marker::I32 => Kind::Signed(self.signed(4)?),
            Marker::I64 => Kind::Signed(self.signed(8)?),
            Marker::F64 => Kind::Float(f64::from_bits(self.unsigned(8)?)),
            Marker::F32 => Kind::Float(f32::from_bits(self.bits()?).into()),
            Marker::FixArray(values) => Kind::List(values.into()),
            Marker::Array16 => Kind::List(self.unsigned(2)?),
            Marker::Array32 => Kind::List(self.unsigned(4)?),
            Marker::FixMap(fields) => Kind::Map(fields.into()),
            Marker::Map16 => Kind::Map(self.unsigned(2)?),
            Marker::Map32 => Kind::Map(self.unsigned(4)?),
            Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => {
                self.left = before;
                Kind::Text(self.text()?)
            }
            _ => {
                self.left = before;
                return Err(self.unexpected("value that JSON has, too,"));
            }
        })
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
            Marker::Str8 | Marker::Bin8 => (self.unsigned(1)?, 0),
            Marker::Str16 | Marker::Bin16 => (self.unsigned(2)?, 0),
            Marker::Str32 | Marker::Bin32 => (self.unsigned(4)?, 0),
            // One byte more: the extension's type.
            Marker::Ext8 => (self.unsigned(1)? + 1, 0),
            Marker::Ext16 => (self.unsigned(2)? + 1, 0),
            Marker::Ext32 => (self.unsigned(4)? + 1, 0),
            Marker::FixArray(values) => (0, values.into()),
            Marker::Array16 => (0, self.unsigned(2)?),
            Marker::Array32 => (0, self.unsigned(4)?),
            Marker::FixMap(pairs) => (0, 2 * u64::from(pairs)),
            Marker::Map16 => (0, 2 * self.unsigned(2)?),
            Marker::Map32 => (0, 2 * self.unsigned(4)?),
            Marker::Reserved => return Err(self.unexpected("value")),
        })
    }

    /// A whole number of so many bytes, big-endian.
    fn unsigned(&mut self, bytes: u32) -> Result<u64, MsgpackError> {
        (0..bytes).try_fold(0, |whole, _| Ok(whole << 8 | u64::from(self.byte()?)))
    }

    /// The four bytes of a `f32`.
    fn bits(&mut self) -> Result<u32, MsgpackError> {
        (0..4).try_fold(0, |bits, _| Ok(bits << 8 | u32::from(self.byte()?)))
    }

    /// A whole number of so many bytes, in two's complement.
    fn signed(&mut self, bytes: u32) -> Result<i64, MsgpackError> {
        let unused_bits = 64 - 8 * bytes;
        self.unsigned(bytes)
            .map(|whole| (whole << unused_bits).cast_signed() >> unused_bits)
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
