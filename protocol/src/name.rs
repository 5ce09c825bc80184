//! Names that are not ours: of runtimes, and of functions that only a runtime knows.

use core::{fmt, str::FromStr};
use tinystr::TinyAsciiStr;

/// The longest name, in characters.
pub const MAX_NAME: usize = 32;

/// A name of 1 to 32 characters of `a` to `z`, `0` to `9` and `-`.
///
/// Kept in place, so that ids made of names can be copied as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(TinyAsciiStr<MAX_NAME>);

/// Why a text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to {MAX_NAME} characters of a-z, 0-9 and -")]
pub struct NameError;

impl Name {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
        if text.is_empty() || !text.as_bytes().iter().all(allowed) {
            return Err(NameError);
        }
        text.parse().map(Self).map_err(|_| NameError)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_digits_and_hyphens_make_a_name_of_up_to_32_characters() {
        let longest = "a".repeat(MAX_NAME);
        for text in ["a", "word-count-2", "9", longest.as_str()] {
            assert_eq!(text.parse::<Name>().unwrap().as_str(), text);
        }
        let too_long = "a".repeat(MAX_NAME + 1);
        for text in ["", "A", "a.b", "a_b", "ä", " a", too_long.as_str()] {
            assert_eq!(text.parse::<Name>(), Err(NameError), "{text:?}");
        }
    }
}
