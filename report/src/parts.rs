//! The breakdown of a delegated call, and its growth with the payload.

use super::{
    cells::CellFigures,
    evidence::{CellEvidence, ComponentEvidence, Evidence},
    wire::published,
};
use measurement::{
    block_means::BlockMeans,
    breakdown::Parts,
    interval::{Known, Missing, Undefined},
    slope::{Resolved, SizeMeans, line},
};
use protocol::{
    Cell, Estimate, Function, Plan, Runtime, Transport,
    breakdown::Component,
    report::{Breakdown, Slope},
};

/// Where the time of a `service-binding` call goes, for each function and payload of the plan; empty where the plan lacks
/// the transport or the breakdown.
pub(super) fn breakdown(plan: &Plan, evidence: &Evidence) -> Vec<Breakdown> {
    if !plan.breakdown {
        return Vec::new();
    }
    let calls = evidence
        .cells
        .iter()
        // The parts are measured with the native runtime.
        .filter(|e| e.cell.transport == Transport::ServiceBinding && e.cell.runtime.is_native());
    calls.map(|call| split(call, evidence)).collect()
}

fn split(call: &CellEvidence, evidence: &Evidence) -> Breakdown {
    let (function, payload_bytes) = (call.cell.function, call.cell.payload_bytes);
    let unmeasured = ComponentEvidence::default();
    let part = |component| evidence.component(component).unwrap_or(&unmeasured);
    let (empty_hop, encode, decode, computed) = (
        part(Component::EmptyHop),
        part(Component::Encode { payload_bytes }),
        part(Component::Decode { payload_bytes }),
        part(Component::Function {
            function,
            payload_bytes,
        }),
    );
    let parts = Parts {
        total: &call.chain,
        empty_hop: &empty_hop.means,
        encode: &encode.means,
        decode: &decode.means,
        function: &computed.means,
    };
    let measured = [empty_hop, encode, decode, computed].map(ComponentEvidence::resolution_ns);
    let coarsest = measured
        .into_iter()
        .fold(call.chain_resolution_ns(), f64::max);
    let residual = Known::from(parts.residual().map(|e| e.no_finer_than(coarsest)));
    Breakdown {
        function,
        payload_bytes,
        total_us: stated(&call.chain, call.chain_resolution_ns()),
        empty_hop_us: stated(&empty_hop.means, empty_hop.resolution_ns()),
        encode_us: stated(&encode.means, encode.resolution_ns()),
        decode_us: stated(&decode.means, decode.resolution_ns()),
        function_us: stated(&computed.means, computed.resolution_ns()),
        residual_us: published(&residual, coarsest),
    }
}

fn stated(means: &BlockMeans, resolution_ns: f64) -> Estimate {
    let estimate = means
        .estimate()
        .map(|e| e.no_finer_than(resolution_ns).not_negative());
    let known = match estimate {
        Err(Undefined::NoSamples) => Known::Unknown(Undefined::NotMeasured(Missing::Part)),
        result => Known::from(result),
    };
    published(&known, resolution_ns)
}

/// A line through the means over payload sizes, for each transport and function; none where the plan has one size only.
pub(super) fn slopes(
    plan: &Plan,
    evidence: &Evidence,
    cells: &[(&CellEvidence, &CellFigures)],
) -> Vec<Slope> {
    if plan.payload_bytes.len() < 2 {
        return Vec::new();
    }
    let of = |(runtime, transport, function): (Runtime, Transport, Function)| {
        let own = |cell: Cell| {
            (cell.runtime, cell.transport, cell.function) == (runtime, transport, function)
        };
        let same: Vec<&(&CellEvidence, &CellFigures)> =
            cells.iter().filter(|(e, _)| own(e.cell)).collect();
        let sizes = repeated(&same, evidence).unwrap_or_else(|| sampled(&same));
        let line = line(&sizes);
        Slope {
            runtime,
            transport,
            function,
            us_per_kb: resolved(line.map(|line| line.per_kb)),
            intercept_us: resolved(line.map(|line| line.intercept)),
        }
    };
    lines(plan).map(of).collect()
}

/// What has a line of its own, in the order of the plan.
fn lines(plan: &Plan) -> impl Iterator<Item = (Runtime, Transport, Function)> {
    plan.runtimes.iter().flat_map(move |&runtime| {
        plan.transports.iter().flat_map(move |&transport| {
            let functions = plan.functions.iter();
            functions.map(move |&function| (runtime, transport, function))
        })
    })
}

/// The means of the samples.
fn sampled<'a>(cells: &[&'a (&CellEvidence, &CellFigures)]) -> Vec<SizeMeans<'a>> {
    let size = |(evidence, figures): &'a (&CellEvidence, &CellFigures)| SizeMeans {
        payload_bytes: evidence.cell.payload_bytes,
        means: &figures.means,
        resolution_ns: figures.mean_resolution_ns,
    };
    cells.iter().map(|cell| size(cell)).collect()
}

/// The means of `direct` by repetition, where the run has them for every size: samples of what is too short for the timer show the timer's own tail,
/// and a line through them begins at the noise floor.
fn repeated<'a>(
    cells: &[&(&CellEvidence, &CellFigures)],
    all: &'a Evidence,
) -> Option<Vec<SizeMeans<'a>>> {
    let direct = cells
        .iter()
        .map(|(evidence, _)| evidence.cell)
        .filter(|cell| !cell.transport.delegates());
    let sizes: Vec<SizeMeans> = direct
        .filter_map(|cell| {
            let timed = all.repeated(cell)?;
            Some(SizeMeans {
                payload_bytes: cell.payload_bytes,
                means: &timed.means,
                resolution_ns: timed.resolution_ns(),
            })
        })
        .collect();
    (sizes.len() == cells.len()).then_some(sizes)
}

fn resolved(figure: Result<Resolved, Undefined>) -> Estimate {
    match figure {
        Ok(Resolved {
            estimate,
            resolution,
        }) => published(&Known::Estimated(estimate), resolution),
        Err(reason) => published(&Known::Unknown(reason), 0.0),
    }
}
