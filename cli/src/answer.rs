//! The answer of a report, laid out for the end of a terminal's output: what stays in sight when everything has been printed.

use crate::{screen::wrap, tables::coloured};
use console::{Alignment, Style, measure_text_width, pad_str};
use report::{Answer, Cost, OfTransport};

/// Lines that a reader sees at a glance.
pub(crate) const ROWS: usize = 25;

/// Between two figures.
const GAP: &str = "  ";

/// What stands above the figures of the transports.
const LEGEND: &str = "In ms, in the cell closest to a threshold, 95 % intervals in brackets:";

/// How much is said, from all to what must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    /// Transports stand apart, each with its reason.
    Spacious,
    /// Each has its reason.
    Reasons,
    /// Those that are judged have their reason, and those that are not in order.
    DecidingReasons,
    /// The reason that decides stands in the sentence.
    Figures,
}

/// The answer in lines of at most `width` columns, and, as far as it can be said so shortly, at most [`ROWS`] of them.
pub(crate) fn render(answer: &Answer, width: usize) -> String {
    let all = [
        Detail::Spacious,
        Detail::Reasons,
        Detail::DecidingReasons,
        Detail::Figures,
    ];
    let mut lines = Vec::new();
    for detail in all {
        lines = lay_out(answer, detail, width);
        if lines.len() <= ROWS {
            break;
        }
    }
    lines.join("\n") + "\n"
}

fn lay_out(answer: &Answer, detail: Detail, width: usize) -> Vec<String> {
    let bold = Style::new().bold();
    let mut lines: Vec<String> = wrap(&answer.sentence, width, "", "")
        .into_iter()
        .map(|line| bold.apply_to(line).to_string())
        .collect();
    lines.push(String::new());
    let costs = || answer.transports.iter().filter_map(|one| one.cost.as_ref());
    let figures = Figures::of(costs());
    if !figures.heads.is_empty() {
        lines.extend(wrap(LEGEND, width, "", ""));
        lines.push(figures.head());
    }
    for (number, transport) in answer.transports.iter().enumerate() {
        if number > 0 && detail == Detail::Spacious {
            lines.push(String::new());
        }
        lines.extend(of_transport(transport, detail, &figures, width));
    }
    lines.push(String::new());
    lines.extend(wrap(&format!("{}.", answer.effort), width, "", ""));
    lines.extend(wrap(
        &format!("Next: {}.", answer.next),
        width,
        "",
        "      ",
    ));
    lines
}

/// Outcome, figures and reason of one transport.
fn of_transport(
    transport: &OfTransport,
    detail: Detail,
    figures: &Figures,
    width: usize,
) -> Vec<String> {
    let judged = if transport.judged {
        ""
    } else {
        " (not judged)"
    };
    let at = transport.cost.as_ref().map_or_else(String::new, |cost| {
        format!("; {} of {}", cost.quantity, cost.at)
    });
    let head = format!("{}: {}{judged}{at}", transport.title, transport.word);
    let mut lines = wrap(&head, width, "", "  ");
    if let Some(first) = lines.first_mut() {
        let (plain, word) = (format!(": {}", transport.word), transport.word);
        *first = first.replacen(&plain, &format!(": {}", coloured(word)), 1);
    }
    lines.extend(transport.cost.as_ref().map(|cost| figures.row(cost)));
    let has_reason = match detail {
        Detail::Spacious | Detail::Reasons => true,
        Detail::DecidingReasons => transport.judged || transport.word != "yes",
        Detail::Figures => false,
    };
    if has_reason {
        lines.extend(wrap(&transport.reason, width, "  ", "  "));
    }
    lines
}

/// The figures of all transports below each other, each column as wide as its widest.
struct Figures {
    heads: Vec<String>,
    widths: Vec<usize>,
}

impl Figures {
    fn of<'a>(costs: impl Iterator<Item = &'a Cost>) -> Self {
        let mut figures = Self {
            heads: Vec::new(),
            widths: Vec::new(),
        };
        for cost in costs {
            if figures.heads.is_empty() {
                let heads = cost.quantiles.iter().map(|(name, _)| name.clone());
                figures.heads = heads.collect();
                figures.widths = figures.heads.iter().map(String::len).collect();
            }
            for (known, (_, text)) in figures.widths.iter_mut().zip(&cost.quantiles) {
                *known = measure_text_width(text).max(*known);
            }
        }
        figures
    }

    fn head(&self) -> String {
        self.line(self.heads.iter())
    }

    fn row(&self, cost: &Cost) -> String {
        self.line(cost.quantiles.iter().map(|(_, text)| text))
    }

    fn line<'a>(&self, texts: impl Iterator<Item = &'a String>) -> String {
        let padded = texts
            .zip(&self.widths)
            .map(|(text, &width)| format!("{GAP}{}", pad_str(text, width, Alignment::Right, None)));
        padded.collect()
    }
}
