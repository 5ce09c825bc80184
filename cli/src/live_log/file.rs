//! The lines that a growing file gets, each once, when it is whole.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::PathBuf,
};

/// Where a reader of a growing file is.
#[derive(Debug)]
pub(super) struct GrowingFile {
    path: PathBuf,
    read: u64,
    // What came after the last line feed, as bytes: a character may be cut in two.
    begun: Vec<u8>,
}

/// A line, without its line feed, and where it begins in the file, in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) begins: u64,
    pub(super) text: String,
}

impl GrowingFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            read: 0,
            begun: Vec::new(),
        }
    }

    /// The lines that have become whole since the last look.
    pub(super) fn lines(&mut self) -> io::Result<Vec<Line>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.read))?;
        let mut begins = self.read - self.begun.len() as u64;
        self.read += file.read_to_end(&mut self.begun)? as u64;
        let Some(end) = self.begun.iter().rposition(|&byte| byte == b'\n') else {
            return Ok(Vec::new());
        };
        let rest = self.begun.split_off(end + 1);
        let whole = std::mem::replace(&mut self.begun, rest);
        let lines = whole[..end].split(|&byte| byte == b'\n').map(|line| {
            let text = String::from_utf8_lossy(line).into_owned();
            let this = begins;
            begins += line.len() as u64 + 1;
            Line { begins: this, text }
        });
        Ok(lines.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn each_line_comes_once_when_it_is_whole_even_where_a_character_is_cut_in_two() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut growing = GrowingFile::new(file.path().to_owned());
        assert_eq!(growing.lines().unwrap(), []);
        let (first, second) = "one\n✘ two\nthree".as_bytes().split_at(5);
        file.write_all(first).unwrap();
        let line = |begins, text: &str| Line {
            begins,
            text: text.to_owned(),
        };
        assert_eq!(growing.lines().unwrap(), [line(0, "one")]);
        file.write_all(second).unwrap();
        assert_eq!(growing.lines().unwrap(), [line(4, "✘ two")]);
        assert_eq!(growing.lines().unwrap(), []);
        file.write_all(b"\n").unwrap();
        assert_eq!(growing.lines().unwrap(), [line(12, "three")]);
    }
}
