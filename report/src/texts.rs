//! Gives every figure of a report its text, once the report is whole. Nothing else makes text of figures, and nothing parses it back.

use crate::{
    format::{Unit, estimate, share},
    neighbours, residency,
    summary::{answer, failures, reason},
};
use core::iter;
use protocol::{
    Cell, Estimate, Quantile, Report,
    report::{Breakdown, CellReport, Environment, Overhead, Slope},
};

/// Fills in every `text` of the report.
pub(crate) fn complete(report: &mut Report) {
    for cell in &mut report.cells {
        write(latencies(cell), Unit::Milliseconds);
    }
    for overhead in &mut report.overheads {
        write(differences(overhead), Unit::Milliseconds);
    }
    for parts in &mut report.breakdown {
        write(components(parts), Unit::Microseconds);
    }
    for row in &mut report.neighbours {
        write(row.quantiles.values_mut(), Unit::Milliseconds);
        neighbours::write(row);
    }
    for slope in &mut report.slopes {
        write(line(slope), Unit::Microseconds);
    }
    environment(&mut report.environment);
    for verdict in &mut report.verdicts {
        write([&mut verdict.estimate_us], Unit::Milliseconds);
        if let Some(above) = &mut verdict.share_above {
            above.text = share(above);
        }
        verdict.text = format!("{}: {}", verdict.outcome.word(), reason(verdict));
    }
    let figures: Vec<String> = report
        .summary
        .transports
        .iter()
        .map(|one| {
            one.closest
                .map_or_else(String::new, |cell| cost(report, cell))
        })
        .collect();
    for (transport, figures) in report.summary.transports.iter_mut().zip(figures) {
        transport.figures = figures;
    }
    report.summary.text = answer(
        &report.plan,
        &report.summary,
        &report.verdicts,
        &report.failed_calls,
    );
    for found in &mut report.residency {
        write([&mut found.cold_us, &mut found.warm_us], Unit::Milliseconds);
        if let Some(cold) = &mut found.cold_share {
            cold.text = share(cold);
        }
        found.text = residency::sentence(found);
    }
    crate::cold_starts::complete(report);
    for row in &mut report.failed_calls {
        if let Some(failed) = &mut row.share {
            failed.text = share(failed);
        }
        row.text = format!("{}: {}", row.outcome.word(), failures(row));
    }
}

/// What delegating costs in a cell: its overhead, or its latency without `direct` to compare with.
fn cost(report: &Report, id: Cell) -> String {
    let overhead = report.overheads.iter().find(|overhead| overhead.id == id);
    let overhead = overhead.map(|overhead| ("overhead", &overhead.quantiles));
    let latency = report.cells.iter().find(|cell| cell.id == id);
    let latency = latency.map(|cell| ("latency", &cell.quantiles));
    let Some((what, quantiles)) = overhead.or(latency) else {
        return String::new();
    };
    let each = Quantile::COMPARED.iter();
    let each: Vec<String> = each
        .map(|&quantile| format!("{} {}", quantile.title(), quantiles[quantile].text))
        .collect();
    format!("{what} of {id}: {} ms", each.join(", "))
}

fn write<'a>(estimates: impl IntoIterator<Item = &'a mut Estimate>, unit: Unit) {
    for one in estimates {
        one.text = estimate(one, unit);
    }
}

fn latencies(cell: &mut CellReport) -> impl Iterator<Item = &mut Estimate> {
    let means = [
        &mut cell.mean_us,
        &mut cell.chain_mean_us,
        &mut cell.isolation_cost_us,
    ];
    means.into_iter().chain(cell.quantiles.values_mut())
}

fn differences(overhead: &mut Overhead) -> impl Iterator<Item = &mut Estimate> {
    iter::once(&mut overhead.mean_us).chain(overhead.quantiles.values_mut())
}

fn components(parts: &mut Breakdown) -> [&mut Estimate; 6] {
    [
        &mut parts.total_us,
        &mut parts.empty_hop_us,
        &mut parts.encode_us,
        &mut parts.decode_us,
        &mut parts.function_us,
        &mut parts.residual_us,
    ]
}

fn line(slope: &mut Slope) -> [&mut Estimate; 2] {
    [&mut slope.us_per_kb, &mut slope.intercept_us]
}

fn environment(environment: &mut Environment) {
    write(&mut environment.isolation_cost_us, Unit::Microseconds);
}
