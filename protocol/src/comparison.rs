//! Two runs, or two transports of them, beside each other: the answer of `GET /comparison`.

use crate::{Cell, Estimate, Quantile, RunId, Transport, named::named, report::Quantity};
use serde::{Deserialize, Serialize};

named! {
    /// What a difference says.
    pub enum Finding ("finding") {
        /// The whole interval is above 0.
        Slower = "slower",
        /// The whole interval is below 0.
        Faster = "faster",
        /// 0 lies in the interval.
        NoneShown = "no difference shown",
        /// There is no interval.
        Unclear = "n/a",
    }
}

/// Two runs, or two transports of them, figure by figure.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// What is compared with.
    pub first: Side,
    /// What is compared.
    pub second: Side,
    /// All of it in a few sentences: how many figures differ, how many would by chance, and what else was not the same.
    pub text: String,
    /// Every figure that both have.
    pub rows: Vec<ComparedFigure>,
}

/// One side of a comparison.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// The run.
    pub run: RunId,
    /// The transport, if one is compared; absent where each that delegates is compared with itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
}

/// One figure of one cell on both sides.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparedFigure {
    /// The cell of the first side.
    pub first: Cell,
    /// That of the second: the same, or the same function and payload by another transport.
    pub second: Cell,
    /// Which quantile.
    pub metric: Quantile,
    /// Of what.
    pub quantity: Quantity,
    /// The first side's figure, in us.
    pub first_us: Estimate,
    /// The second side's figure, in us.
    pub second_us: Estimate,
    /// Second less first, in us, with its 95 % interval.
    pub difference_us: Estimate,
    /// That in percent of the first figure; absent where either is below the resolution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference_percent: Option<f64>,
    /// What it says.
    pub finding: Finding,
    /// The difference as it is shown, in ms: `+0.012 [0.004, 0.020], +13 %`.
    pub text: String,
}
