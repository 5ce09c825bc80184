//! What differs from what: transports from `direct` and from each other, large payloads from small ones, functions from each other.

use super::{Reader, figure};
use crate::wording::{microseconds, ms, said, size};
use protocol::{
    Cell, Function, Quantile, Transport,
    report::{CellReport, Statement, Topic},
};

impl Reader<'_> {
    pub(super) fn against_direct(&self, transport: Transport) -> Option<Statement> {
        let id = self.reference(transport)?;
        let overhead = self.overhead(id)?;
        let mut sentence = format!(
            "Delegating {} of {} by {transport} costs {} more than running it directly at the median",
            id.function,
            size(id.payload_bytes),
            said(&overhead.quantiles[Quantile::P50])?
        );
        let mut figures = vec![figure(
            format!("overheads/{id}/p50_us"),
            &overhead.quantiles[Quantile::P50],
        )?];
        let above = overhead
            .quantiles
            .iter()
            .filter(|(q, _)| *q > Quantile::P50);
        for (quantile, estimate) in above {
            if let (Some(text), Some(cited)) = (
                said(estimate),
                figure(format!("overheads/{id}/{}", quantile.field()), estimate),
            ) {
                sentence.extend([", ", &text, " at ", &quantile.title()]);
                figures.push(cited);
            }
        }
        sentence.push('.');
        Some(Statement {
            topic: Topic::TransportVsDirect,
            text: sentence,
            figures,
        })
    }

    /// The transports in the order of their medians; needs two with values.
    pub(super) fn between_transports(&self, delegating: &[Transport]) -> Option<Statement> {
        let mut medians: Vec<(&CellReport, f64)> = delegating
            .iter()
            .filter_map(|&transport| self.cell(self.reference(transport)?))
            .filter_map(|cell| Some((cell, cell.quantiles[Quantile::P50].value?)))
            .collect();
        medians.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (fastest, slowest) = (medians.first()?, medians.last()?);
        if medians.len() < 2 {
            return None;
        }
        let overlap =
            fastest.0.quantiles[Quantile::P50].upper >= slowest.0.quantiles[Quantile::P50].lower;
        let order: Vec<String> = medians
            .iter()
            .map(|(cell, median)| {
                format!(
                    "{} {}",
                    cell.transport,
                    ms(*median, cell.quantiles[Quantile::P50].resolution)
                )
            })
            .collect();
        let verdict = if overlap {
            "their intervals overlap, so the order is not significant".to_owned()
        } else if fastest.0.quantiles[Quantile::P50].is_below_resolution() {
            "the fastest is too short for a ratio".to_owned()
        } else {
            let ratio = slowest.1 / fastest.1;
            format!("the slowest takes {ratio:.1} times the fastest")
        };
        let first = fastest.0.id;
        Some(Statement {
            topic: Topic::TransportVsTransport,
            text: format!(
                "Median of {} of {} by transport: {}; {verdict}.",
                first.function,
                size(first.payload_bytes),
                order.join(", ")
            ),
            figures: medians
                .iter()
                .filter_map(|(cell, _)| {
                    figure(
                        format!("cells/{}/p50_us", cell.id),
                        &cell.quantiles[Quantile::P50],
                    )
                })
                .collect(),
        })
    }

    pub(super) fn payload_effect(&self, transport: Transport) -> Option<Statement> {
        let small = self.reference(transport)?;
        let large = Cell {
            payload_bytes: *self.report.plan.payload_bytes.iter().max()?,
            ..small
        };
        let slope = self.report.slopes.iter().find(|s| {
            (s.runtime, s.transport, s.function) == (small.runtime, transport, small.function)
        })?;
        let per_kb = &slope.us_per_kb;
        let (value, lower, upper) = (per_kb.value?, per_kb.lower?, per_kb.upper?);
        let (from, to) = (self.cell(small)?, self.cell(large)?);
        let figures = vec![
            figure(format!("slopes/{}/us_per_kb", line_of(small)), per_kb)?,
            figure(format!("cells/{small}/mean_us"), &from.mean_us)?,
            figure(format!("cells/{large}/mean_us"), &to.mean_us)?,
        ];
        let growth = if lower > 0.0 {
            let [lower, value, upper] = microseconds([lower, value, upper], per_kb.resolution);
            format!("each kilobyte costs {value} us ({lower} to {upper})")
        } else {
            let [lower, upper] = microseconds([lower, upper], per_kb.resolution);
            format!("no significant cost per kilobyte ({lower} to {upper} us)")
        };
        Some(Statement {
            topic: Topic::PayloadEffect,
            text: format!(
                "From {} to {} the mean of {transport} {} goes from {} to {}: {growth}.",
                size(small.payload_bytes),
                size(large.payload_bytes),
                small.function,
                said(&from.mean_us)?,
                said(&to.mean_us)?
            ),
            figures,
        })
    }

    pub(super) fn function_effect(&self, transport: Transport) -> Option<Statement> {
        let reference = self.reference(transport)?;
        let of = |function: Function| {
            self.cell(Cell {
                function,
                ..reference
            })
        };
        let cells: Vec<&CellReport> = self
            .report
            .plan
            .functions
            .iter()
            .filter_map(|&f| of(f))
            .collect();
        if cells.len() < 2 {
            return None;
        }
        let mut parts = Vec::new();
        let mut figures = Vec::new();
        for cell in &cells {
            parts.push(format!(
                "{} {}",
                cell.function,
                said(&cell.quantiles[Quantile::P50])?
            ));
            figures.push(figure(
                format!("cells/{}/p50_us", cell.id),
                &cell.quantiles[Quantile::P50],
            )?);
        }
        let lowest_upper = cells
            .iter()
            .filter_map(|c| c.quantiles[Quantile::P50].upper)
            .fold(f64::INFINITY, f64::min);
        let highest_lower = cells
            .iter()
            .filter_map(|c| c.quantiles[Quantile::P50].lower)
            .fold(f64::NEG_INFINITY, f64::max);
        let resolution = cells[0].quantiles[Quantile::P50].resolution;
        let gap = highest_lower - lowest_upper;
        let conclusion = if gap > 0.0 && gap >= resolution.unwrap_or_default() {
            format!(
                "the function matters by at least {} between the extremes",
                ms(gap, resolution)
            )
        } else {
            "no significant difference between the functions".to_owned()
        };
        Some(Statement {
            topic: Topic::FunctionEffect,
            text: format!(
                "Median of {transport} at {} by function: {}; {conclusion}.",
                size(reference.payload_bytes),
                parts.join(", ")
            ),
            figures,
        })
    }
}

/// What a line of growth is called in the path of a figure: its cells' ids without the payload.
fn line_of(cell: Cell) -> String {
    let id = cell.to_string();
    let line = id.rsplit_once('.').map(|(line, _)| line.to_owned());
    line.unwrap_or(id)
}
