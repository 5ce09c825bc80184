//! The analysis: sentences, each with the figures that it rests on.

use super::wording::{at_least, at_most, microseconds, ms, said, size};
use protocol::{
    Cell, Estimate, Function, Transport,
    report::{CellReport, Figure, Finding, Outcome, Overhead, Report},
};

/// Below this, in ms, the design calls delegation viable for any function.
const VIABLE_MS: f64 = 1.0;

/// Above this, in ms, it asks for other architectures.
const UNVIABLE_MS: f64 = 5.0;

const US_PER_MS: f64 = 1e3;

/// What the figures of `report` say; a sentence whose figures are not known is left out.
pub(crate) fn findings(report: &Report) -> Vec<Finding> {
    let reader = Reader { report };
    let mut findings = Vec::new();
    let delegating: Vec<Transport> = report
        .plan
        .transports
        .iter()
        .copied()
        .filter(|t| t.delegates())
        .collect();
    for &transport in &delegating {
        findings.extend(reader.against_direct(transport));
    }
    findings.extend(reader.between_transports(&delegating));
    for &transport in delegating.iter().take(1) {
        findings.extend(reader.payload_effect(transport));
        findings.extend(reader.function_effect(transport));
        findings.extend(reader.isolation(transport));
    }
    findings.extend(reader.breakdown());
    for &transport in &delegating {
        findings.extend(reader.implication(transport));
    }
    findings
}

/// Reads the report for the figures of a sentence.
struct Reader<'a> {
    report: &'a Report,
}

/// The figure of an estimate: its value, or the bound that a sentence without a value rests on.
fn figure(path: String, estimate: &Estimate) -> Option<Figure> {
    let (part, value) = match (estimate.value, estimate.upper, estimate.lower) {
        (Some(value), ..) => ("", value),
        (None, Some(upper), _) => ("/upper", upper),
        (None, None, Some(lower)) => ("/lower", lower),
        (None, None, None) => return None,
    };
    Some(Figure {
        path: path + part,
        value,
        resolution: estimate.resolution,
    })
}

impl Reader<'_> {
    /// The function and payload that stand for a transport: the plan's first of each.
    fn reference(&self, transport: Transport) -> Option<Cell> {
        let function = *self.report.plan.functions.first()?;
        let payload_bytes = *self.report.plan.payload_bytes.iter().min()?;
        Some(Cell {
            transport,
            function,
            payload_bytes,
        })
    }

    fn cell(&self, id: Cell) -> Option<&CellReport> {
        self.report.cells.iter().find(|cell| cell.id == id)
    }

    fn overhead(&self, id: Cell) -> Option<&Overhead> {
        self.report
            .overheads
            .iter()
            .find(|overhead| overhead.id == id)
    }

    fn against_direct(&self, transport: Transport) -> Option<Finding> {
        let id = self.reference(transport)?;
        let overhead = self.overhead(id)?;
        let mut sentence = format!(
            "Delegating {} of {} by {transport} costs {} more than running it directly at the median",
            id.function,
            size(id.payload_bytes),
            said(&overhead.p50_us)?
        );
        let mut figures = vec![figure(format!("overheads/{id}/p50_us"), &overhead.p50_us)?];
        for (name, key, estimate) in [
            ("p95", "p95_us", &overhead.p95_us),
            ("p99", "p99_us", &overhead.p99_us),
        ] {
            if let (Some(text), Some(cited)) = (
                said(estimate),
                figure(format!("overheads/{id}/{key}"), estimate),
            ) {
                sentence.extend([", ", &text, " at ", name]);
                figures.push(cited);
            }
        }
        sentence.push('.');
        Some(Finding {
            topic: topic_against_direct(transport),
            sentence,
            figures,
        })
    }

    /// The transports in the order of their medians; needs two with values.
    fn between_transports(&self, delegating: &[Transport]) -> Option<Finding> {
        let mut medians: Vec<(&CellReport, f64)> = delegating
            .iter()
            .filter_map(|&transport| self.cell(self.reference(transport)?))
            .filter_map(|cell| Some((cell, cell.p50_us.value?)))
            .collect();
        medians.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (fastest, slowest) = (medians.first()?, medians.last()?);
        if medians.len() < 2 {
            return None;
        }
        let overlap = fastest.0.p50_us.upper >= slowest.0.p50_us.lower;
        let order: Vec<String> = medians
            .iter()
            .map(|(cell, median)| {
                format!("{} {}", cell.transport, ms(*median, cell.p50_us.resolution))
            })
            .collect();
        let verdict = if overlap {
            "their intervals overlap, so the order is not proven".to_owned()
        } else if fastest.0.p50_us.is_below_resolution() {
            "the fastest is too short for a ratio".to_owned()
        } else {
            let ratio = slowest.1 / fastest.1;
            format!("the slowest takes {ratio:.1} times the fastest")
        };
        let first = fastest.0.id;
        Some(Finding {
            topic: "transports".to_owned(),
            sentence: format!(
                "Median of {} of {} by transport: {}; {verdict}.",
                first.function,
                size(first.payload_bytes),
                order.join(", ")
            ),
            figures: medians
                .iter()
                .filter_map(|(cell, _)| figure(format!("cells/{}/p50_us", cell.id), &cell.p50_us))
                .collect(),
        })
    }

    fn payload_effect(&self, transport: Transport) -> Option<Finding> {
        let small = self.reference(transport)?;
        let large = Cell {
            payload_bytes: *self.report.plan.payload_bytes.iter().max()?,
            ..small
        };
        let slope = self
            .report
            .slopes
            .iter()
            .find(|s| s.transport == transport && s.function == small.function)?;
        let per_kb = &slope.us_per_kb;
        let (value, lower, upper) = (per_kb.value?, per_kb.lower?, per_kb.upper?);
        let (from, to) = (self.cell(small)?, self.cell(large)?);
        let figures = vec![
            figure(
                format!("slopes/{transport}.{}/us_per_kb", small.function),
                per_kb,
            )?,
            figure(format!("cells/{small}/mean_us"), &from.mean_us)?,
            figure(format!("cells/{large}/mean_us"), &to.mean_us)?,
        ];
        let growth = if lower > 0.0 {
            let [lower, value, upper] = microseconds([lower, value, upper], per_kb.resolution);
            format!("each kilobyte costs {value} us ({lower} to {upper})")
        } else {
            let [lower, upper] = microseconds([lower, upper], per_kb.resolution);
            format!("no cost of a kilobyte is proven ({lower} to {upper} us)")
        };
        Some(Finding {
            topic: "payload-effect".to_owned(),
            sentence: format!(
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

    fn function_effect(&self, transport: Transport) -> Option<Finding> {
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
            parts.push(format!("{} {}", cell.function, said(&cell.p50_us)?));
            figures.push(figure(format!("cells/{}/p50_us", cell.id), &cell.p50_us)?);
        }
        let lowest_upper = cells
            .iter()
            .filter_map(|c| c.p50_us.upper)
            .fold(f64::INFINITY, f64::min);
        let highest_lower = cells
            .iter()
            .filter_map(|c| c.p50_us.lower)
            .fold(f64::NEG_INFINITY, f64::max);
        let resolution = cells[0].p50_us.resolution;
        let gap = highest_lower - lowest_upper;
        let conclusion = if gap > 0.0 && gap >= resolution.unwrap_or_default() {
            format!(
                "the function matters by at least {} between the extremes",
                ms(gap, resolution)
            )
        } else {
            "no difference between the functions is proven".to_owned()
        };
        Some(Finding {
            topic: "function-effect".to_owned(),
            sentence: format!(
                "Median of {transport} at {} by function: {}; {conclusion}.",
                size(reference.payload_bytes),
                parts.join(", ")
            ),
            figures,
        })
    }

    /// Why the mean of isolated calls and that of calls in a row differ.
    fn isolation(&self, transport: Transport) -> Option<Finding> {
        let id = self.reference(transport)?;
        let cell = self.cell(id)?;
        let cost = &cell.isolation_cost_us;
        let (lower, upper) = (cost.lower?, cost.upper?);
        let (mean, chain) = (said(&cell.mean_us)?, said(&cell.chain_mean_us)?);
        let difference = said(cost)?;
        let meaning = if lower <= 0.0 && upper >= 0.0 {
            format!("the difference of {difference} is not proven")
        } else {
            format!(
                "{difference} is what a call after CPU work costs against one right after another, and both happen in real stubs"
            )
        };
        Some(Finding {
            topic: "isolation-cost".to_owned(),
            sentence: format!(
                "The table shows isolated calls: the mean of {transport} {} of {} is {mean}, in a row {chain}; {meaning}.",
                id.function,
                size(id.payload_bytes)
            ),
            figures: vec![
                figure(format!("cells/{id}/mean_us"), &cell.mean_us)?,
                figure(format!("cells/{id}/chain_mean_us"), &cell.chain_mean_us)?,
                figure(format!("cells/{id}/isolation_cost_us"), cost)?,
            ],
        })
    }

    fn breakdown(&self) -> Option<Finding> {
        let split = self.report.breakdown.first()?;
        let path =
            |key: &str| format!("breakdown/{}.{}/{key}", split.function, split.payload_bytes);
        let named = [
            ("empty hop", "empty_hop_us", &split.empty_hop_us),
            ("encoding", "encode_us", &split.encode_us),
            ("decoding", "decode_us", &split.decode_us),
            ("the function", "function_us", &split.function_us),
            ("the rest", "residual_us", &split.residual_us),
        ];
        let mut figures = vec![figure(path("total_us"), &split.total_us)?];
        let mut parts = Vec::new();
        for (name, key, estimate) in named {
            let value = estimate.value?;
            parts.push(format!("{name} {}", ms(value, estimate.resolution)));
            figures.push(figure(path(key), estimate)?);
        }
        Some(Finding {
            topic: "breakdown".to_owned(),
            sentence: format!(
                "A service-binding call of {} with {} takes {} in a row: {}.",
                split.function,
                size(split.payload_bytes),
                said(&split.total_us)?,
                parts.join(", ")
            ),
            figures,
        })
    }

    /// What follows for the architecture, from the overhead of all cells of a transport at the median.
    fn implication(&self, transport: Transport) -> Option<Finding> {
        let own = || {
            self.report
                .overheads
                .iter()
                .filter(|o| o.id.transport == transport)
        };
        let upper = own()
            .map(|o| o.p50_us.upper.map(|us| (o, us)))
            .collect::<Option<Vec<_>>>();
        let worst_upper = upper.and_then(|all| all.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)));
        let worst_lower = own()
            .filter_map(|o| o.p50_us.lower.map(|us| (o, us)))
            .max_by(|a, b| a.1.total_cmp(&b.1));
        let outcome = self
            .report
            .summary
            .transports
            .iter()
            .find(|s| s.transport == transport)?
            .outcome;
        let (sentence, cited) = match (worst_upper, worst_lower) {
            (Some((o, us)), _) if us <= VIABLE_MS * US_PER_MS => (
                format!(
                    "By {transport} the median overhead is {} in every cell, within {VIABLE_MS} ms: thin stubs can delegate to a shared runtime.",
                    at_most(&o.p50_us)?
                ),
                Figure {
                    path: format!("overheads/{}/p50_us/upper", o.id),
                    value: us,
                    resolution: o.p50_us.resolution,
                },
            ),
            (_, Some((o, us))) if us > UNVIABLE_MS * US_PER_MS => (
                format!(
                    "By {transport} the median overhead of {} is at least {}, above {UNVIABLE_MS} ms: consider inline WASM runtimes, caching of runtime state, or batching.",
                    o.id,
                    at_least(&o.p50_us)?
                ),
                Figure {
                    path: format!("overheads/{}/p50_us/lower", o.id),
                    value: us,
                    resolution: o.p50_us.resolution,
                },
            ),
            (Some((o, us)), _) => (
                format!(
                    "By {transport} the median overhead of {} is {}, above {VIABLE_MS} ms: delegate where the payload is small, and measure the rest in place.",
                    o.id,
                    at_most(&o.p50_us)?
                ),
                Figure {
                    path: format!("overheads/{}/p50_us/upper", o.id),
                    value: us,
                    resolution: o.p50_us.resolution,
                },
            ),
            _ => return None,
        };
        let tail = match outcome {
            Outcome::Pass => "",
            Outcome::Fail => " A threshold of the plan is exceeded.",
            Outcome::Inconclusive => " The thresholds of the plan are not all settled.",
        };
        Some(Finding {
            topic: "implication".to_owned(),
            sentence: format!("{sentence}{tail}"),
            figures: vec![cited],
        })
    }
}

/// `binding-vs-direct` for the binding, as the design names it; the transport's own name for the others.
fn topic_against_direct(transport: Transport) -> String {
    match transport {
        Transport::ServiceBinding => "binding-vs-direct".to_owned(),
        other => format!("{other}-vs-direct"),
    }
}
