//! Why a figure has no value, and what its bounds rest on.

use crate::named::named;
use serde::{Deserialize, Deserializer, Serialize};

named! {
    /// Why a figure has no value, or no upper end.
    pub enum ReasonCode ("reason") {
        /// No call succeeded.
        NoSamples = "no-samples",
        /// Fewer samples than a 95 % interval of this quantile needs.
        TooFewSamples = "too-few-samples",
        /// Samples within blocks resemble each other so much that they are worth fewer than the interval needs.
        TooFewIndependentSamples = "too-few-independent-samples",
        /// Variation between blocks cannot be judged.
        TooFewBlocks = "too-few-blocks",
        /// The stub says nothing of its clock: only means are known.
        NoClock = "no-clock",
        /// Samples in whole ticks are back-to-back calls themselves: there is no isolated call to compare with.
        SamplesAreBackToBack = "samples-are-back-to-back",
        /// The clock stands still while the caller computes, and the run did not time the function by repetition.
        NotRepeated = "not-repeated",
        /// This part was not measured.
        NotMeasured = "not-measured",
        /// A slope needs payloads of more than one size.
        OneSize = "one-size",
        /// A place whose report was merged does not state it.
        AnotherPlace = "another-place",
        /// The clock's tick is too coarse for a value.
        Tick = "tick",
        /// The clock stands still and shows the mean only.
        MeanOnly = "mean-only",
        /// Calls timed out: nobody knows how long they would have taken.
        Timeouts = "timeouts",
        /// The runtime, or the stub, does not say.
        NotReported = "not-reported",
        /// A report of schema version 1 said it in words only.
        Legacy = "legacy",
    }
}

named! {
    /// What bounds without a value rest on.
    pub enum Basis ("basis") {
        /// Counts of whole ticks.
        Tick = "tick",
        /// The mean, by Markov's inequality.
        Mean = "mean",
        /// The timeout of calls that were given up.
        Timeout = "timeout",
        /// The quantiles next to it: quantiles rise with their order.
        AdjacentQuantiles = "adjacent-quantiles",
    }
}

/// Why a figure has no value, or no upper end: a code for programs, numbers, and a sentence.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// What it is.
    pub code: ReasonCode,
    /// Samples (or blocks) that are needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed: Option<u64>,
    /// Samples (or blocks) that there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub have: Option<u64>,
    /// Effective sample size, an upper bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_n: Option<f64>,
    /// The same in words.
    pub text: String,
}

impl Reason {
    /// A reason without numbers or words.
    #[must_use]
    pub const fn of(code: ReasonCode) -> Self {
        Self {
            code,
            needed: None,
            have: None,
            effective_n: None,
            text: String::new(),
        }
    }
}

/// Reads a reason, or the words that schema version 1 had in its place. Series hold figures of both versions.
pub(super) fn of_any_version<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Reason>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said {
        Reason(Reason),
        Words(String),
    }
    let said = Option::<Said>::deserialize(deserializer)?;
    Ok(said.map(|said| match said {
        Said::Reason(reason) => reason,
        Said::Words(text) => Reason {
            text,
            ..Reason::of(ReasonCode::Legacy)
        },
    }))
}
