//! The two streams: results on standard output, everything else on standard error.
//!
//! Anyone who closes a pipe, as `head` does, has read enough: that is no failure, and never a reason to lose a report or to change the
//! exit status. The macros `println!` and `eprintln!` would panic there, so nothing in this program uses them.

use anyhow::Context as _;
use core::fmt::Display;
use std::io::{self, Write};

/// Writes a result to standard output. A closed pipe is no error; a full disk is.
pub(crate) fn result(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    or_closed(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
        .context("writing to standard output")
}

/// Writes a document to standard output, followed by a line feed.
pub(crate) fn document(document: &impl serde::Serialize) -> anyhow::Result<()> {
    result(&(serde_json::to_string_pretty(document)? + "\n"))
}

/// Writes a line to standard error. Nothing depends on its being read.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// What writing came to, where a reader who left is none of our business.
pub(crate) fn or_closed(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
