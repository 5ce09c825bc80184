//! Reading a message without decoding the values that it carries.

use super::MsgpackError;
use rmp::{
    Marker,
    decode::{self, Bytes},
};

/// A value, or the head of one.
pub(super) enum Kind<'a> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(&'a str),
    /// This number of values follows.
    List(u64),
    /// This number of pairs follows.
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

    /// A whole number that is not negative.
    pub(super) fn whole(&mut self) -> Result<u64, MsgpackError> {
        self.one("whole number", |kind| match kind {
            Kind::Unsigned(whole) => Some(whole),
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
        Ok(match self.marker()? {
            Marker::Null => self.constant(Kind::Null),
            Marker::True => self.constant(Kind::Bool(true)),
            Marker::False => self.constant(Kind::Bool(false)),
            Marker::FixPos(_) | Marker::U8 | Marker::U16 | Marker::U32 | Marker::U64 => {
                Kind::Unsigned(self.read(decode::read_int)?)
            }
            Marker::FixNeg(_) | Marker::I8 | Marker::I16 | Marker::I32 | Marker::I64 => {
                Kind::Signed(self.read(decode::read_int)?)
            }
            Marker::F64 => Kind::Float(self.read(decode::read_f64)?),
            Marker::F32 => Kind::Float(self.read(decode::read_f32)?.into()),
            Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => {
                Kind::List(self.read(decode::read_array_len)?.into())
            }
            Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => {
                Kind::Map(self.read(decode::read_map_len)?.into())
            }
            Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => {
                Kind::Text(self.text()?)
            }
            _ => return Err(self.unexpected("value that JSON has, too,")),
        })
    }

    /// One whole value of any kind, encoded.
    pub(super) fn value(&mut self) -> Result<&'a [u8], MsgpackError> {
        let before = self.left;
        // Values that must still follow: a map or a list adds its own to them. A loop and not a recursion, so nesting costs no stack.
        let mut missing: u64 = 1;
        while missing > 0 {
            missing -= 1;
            let (content, values) = self.head()?;
            self.skip(content)?;
            missing += values;
        }
        Ok(&before[..before.len() - self.left.len()])
    }

    /// Takes the head of a value off, and returns how many bytes and how many values belong to it besides.
    fn head(&mut self) -> Result<(u64, u64), MsgpackError> {
        let fixed = |bytes: u64| Ok((bytes, 0));
        match self.marker()? {
            Marker::Null | Marker::True | Marker::False | Marker::FixPos(_) | Marker::FixNeg(_) => {
                fixed(1)
            }
            Marker::U8 | Marker::I8 => fixed(2),
            Marker::U16 | Marker::I16 => fixed(3),
            Marker::U32 | Marker::I32 | Marker::F32 => fixed(5),
            Marker::U64 | Marker::I64 | Marker::F64 => fixed(9),
            Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => {
                fixed(self.read(decode::read_str_len)?.into())
            }
            Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => {
                fixed(self.read(decode::read_bin_len)?.into())
            }
            Marker::FixExt1
            | Marker::FixExt2
            | Marker::FixExt4
            | Marker::FixExt8
            | Marker::FixExt16
            | Marker::Ext8
            | Marker::Ext16
            | Marker::Ext32 => fixed(self.read(decode::read_ext_meta)?.size.into()),
            Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => {
                Ok((0, self.read(decode::read_array_len)?.into()))
            }
            Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => {
                Ok((0, 2 * u64::from(self.read(decode::read_map_len)?)))
            }
            Marker::Reserved => Err(self.unexpected("value")),
        }
    }

    /// What the next value begins with; it is not taken off.
    fn marker(&self) -> Result<Marker, MsgpackError> {
        let marker = self.left.first().copied().map(Marker::from_u8);
        marker.ok_or_else(|| self.unexpected("value"))
    }

    /// Takes a value off that is nothing but its marker.
    fn constant(&mut self, kind: Kind<'a>) -> Kind<'a> {
        self.left = &self.left[1..];
        kind
    }

    /// Has the library take something off.
    fn read<T, E>(
        &mut self,
        of: impl FnOnce(&mut Bytes<'a>) -> Result<T, E>,
    ) -> Result<T, MsgpackError> {
        let mut left = Bytes::new(self.left);
        let value = of(&mut left).map_err(|_| self.unexpected("value"))?;
        self.left = left.remaining_slice();
        Ok(value)
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
