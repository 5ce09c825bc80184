//! The answer of a report, laid out for the end of a terminal's output: what stays in sight when everything has been printed.

use crate::{screen::wrap, tables::coloured};
use console::{Style, measure_text_width};
use report::{Answer, Cost, OfTransport};

/// Lines that a reader sees at a glance.
pub(crate) const ROWS: usize = 25;

/// Between two figures.
const GAP: &str = "  ";

/// What stands above the figures of the transports.
const LEGEND: &str = "In ms, at the cell closest to a threshold, 95 % intervals in brackets:";

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
    if costs().next().is_some() {
        lines.extend(wrap(LEGEND, width, "", ""));
    }
    let widths = widths(costs());
    for (number, transport) in answer.transports.iter().enumerate() {
        if number > 0 && detail == Detail::Spacious {
            lines.push(String::new());
        }
        lines.extend(of_transport(transport, detail, &widths, width));
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
    widths: &[usize],
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
    if let Some(cost) = &transport.cost {
        lines.extend(figures(cost, widths, width));
    }
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

/// Each column as wide as its widest figure of any transport.
fn widths<'a>(costs: impl Iterator<Item = &'a Cost>) -> Vec<usize> {
    let mut widths = Vec::new();
    for cost in costs {
        widths.resize(cost.quantiles.len().max(widths.len()), 0);
        for (known, figure) in widths.iter_mut().zip(&cost.quantiles) {
            *known = measure_text_width(&text(figure)).max(*known);
        }
    }
    widths
}

fn text((name, figure): &(String, String)) -> String {
    format!("{name} {figure}")
}

/// The figures on one line under those of the other transports, or each on its own where that is too long.
fn figures(cost: &Cost, widths: &[usize], width: usize) -> Vec<String> {
    let all: Vec<String> = cost.quantiles.iter().map(text).collect();
    let gaps = GAP.len() * all.len();
    if widths.iter().sum::<usize>() + gaps > width {
        return all.into_iter().map(|one| format!("{GAP}{one}")).collect();
    }
    let padded = all.iter().zip(widths).map(|(one, &width)| {
        let space = " ".repeat(width.saturating_sub(measure_text_width(one)));
        format!("{GAP}{one}{space}")
    });
    vec![padded.collect::<String>().trim_end().to_owned()]
}
