//! What a delegated call is made of: isolated against back-to-back, and part by part.

use super::{Reader, figure};
use crate::wording::{dominated, ms, said, size};
use protocol::{
    Cell, Transport,
    report::{Statement, Topic},
};

impl Reader<'_> {
    /// Why the mean of isolated calls and that of back-to-back calls differ.
    pub(super) fn isolation(&self, transport: Transport) -> Option<Statement> {
        let id = self.reference(transport)?;
        let cell = self.cell(id)?;
        let cost = &cell.isolation_cost_us;
        let (lower, upper) = (cost.lower?, cost.upper?);
        let mean = said(&cell.mean_us)? + &dominated(cell.mean_dominated_by.as_ref());
        let chain = said(&cell.chain_mean_us)? + &dominated(cell.chain_dominated_by.as_ref());
        let difference = said(cost)?;
        let meaning = if lower <= 0.0 && upper >= 0.0 {
            format!("the difference of {difference} is not significant")
        } else {
            format!(
                "{difference} is what a call after a millisecond of other work costs against one right after another, and both happen in real stubs"
            )
        };
        Some(Statement {
            topic: Topic::Isolation,
            text: format!(
                "The table shows isolated calls: the mean of {transport} {} of {} is {mean}, back-to-back {chain}; {meaning}.",
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

    pub(super) fn breakdown(&self) -> Option<Statement> {
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
        let call = self.cell(Cell::native(
            Transport::ServiceBinding,
            split.function,
            split.payload_bytes,
        ));
        let stretch = call.and_then(|call| call.chain_dominated_by.as_ref());
        let mut figures = vec![figure(path("total_us"), &split.total_us)?];
        let mut parts = Vec::new();
        for (name, key, estimate) in named {
            let value = estimate.value?;
            parts.push(format!("{name} {}", ms(value, estimate.resolution)));
            figures.push(figure(path(key), estimate)?);
        }
        Some(Statement {
            topic: Topic::Breakdown,
            text: format!(
                "Back-to-back, a service-binding call of {} with {} takes {}{}: {}.",
                split.function,
                size(split.payload_bytes),
                said(&split.total_us)?,
                dominated(stretch),
                parts.join(", ")
            ),
            figures,
        })
    }
}
