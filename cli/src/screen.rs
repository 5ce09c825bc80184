//! How wide what is printed may be, and text that keeps to it.

use console::Term;
use std::io::IsTerminal as _;
use textwrap::{Options, WordSplitter};

/// Columns of what people read where there is no terminal: what logs, mails and most windows hold.
pub(crate) const COLUMNS: usize = 80;

/// Lines are no longer than this however wide the terminal is: longer ones are hard to read.
const MOST_COLUMNS: usize = 120;

/// No terminal is taken for narrower than this: what is printed would be all line ends.
const LEAST_COLUMNS: usize = 40;

/// Columns that standard output has; `None` where it is no terminal.
pub(crate) fn columns() -> Option<usize> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    let size = Term::stdout().size_checked();
    Some(size.map_or(COLUMNS, |(_, columns)| {
        usize::from(columns).clamp(LEAST_COLUMNS, MOST_COLUMNS)
    }))
}

/// Rows and columns of the terminal that standard error is.
pub(crate) fn size_of_stderr() -> (usize, usize) {
    let size = Term::stderr().size_checked();
    size.map_or((24, COLUMNS), |(rows, columns)| {
        (usize::from(rows), usize::from(columns))
    })
}

/// A text as lines of at most `width` columns, the first after `first`, the others after `rest`. A figure and its unit stay on one line, and no name is
/// broken at its hyphens.
pub(crate) fn wrap(text: &str, width: usize, first: &str, rest: &str) -> Vec<String> {
    const UNITS: [(&str, &str); 3] = [(" %", "\u{a0}%"), (" ms", "\u{a0}ms"), (" s ", "\u{a0}s ")];
    let kept = UNITS
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    let options = Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::wrap(&kept, options)
        .into_iter()
        .map(|line| line.replace('\u{a0}', " "))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_to_the_width_and_figures_to_their_units() {
        let text = "p99: 0.90 % of back-to-back calls at 5 ms or above, 1.0 % allowed";
        for width in 20..70 {
            let lines = wrap(text, width, "- ", "  ");
            assert!(lines.iter().all(|line| line.chars().count() <= width));
            assert!(
                !lines
                    .iter()
                    .any(|line| line.trim_start().starts_with(['%', 'm'])),
                "{lines:?}"
            );
            let words = lines.iter().flat_map(|line| line.split_whitespace());
            let words: Vec<&str> = words.skip(1).collect();
            assert_eq!(words.join(" "), text);
        }
    }
}
