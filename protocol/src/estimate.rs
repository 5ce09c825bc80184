//! An estimate: a value with its confidence interval, the number of samples behind it, and its resolution.

mod reason;

pub use reason::{Basis, Reason, ReasonCode};

use serde::{Deserialize, Serialize};

/// A value with its 95 % confidence interval, n and resolution; or, where no value can be stated, the reason why, with
/// `lower` and `upper` where bounds are known. The unit is in the name of the field that holds it (`p50_us`, ...).
///
/// A `value` below `resolution` says "too small to see", whatever its digits, and the same holds for the ends of its interval: a timer whose
/// readings cannot be negative reads 0 for what it cannot see. Without a `value`, `lower` and `upper` are proven on the `basis` named, and a 0 is a 0.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The point estimate; `None` with a [`reason`](Self::reason) where it cannot be stated.
    pub value: Option<f64>,
    /// Lower end of the 95 % confidence interval, or a proven lower bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower: Option<f64>,
    /// Upper end of the 95 % confidence interval, or a proven upper bound. Absent beside a value where the interval reaches calls that timed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
    /// What bounds without a value rest on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// Whether bounds without a value exclude themselves: the figure is above `lower` and below `upper`, never equal to either.
    #[serde(default, skip_serializing_if = "is_false")]
    pub exclusive: bool,
    /// The smallest difference that the timer behind it could have seen, in the same unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<f64>,
    /// Samples behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
    /// Independent samples that would say as much: less than `n` when the samples of a block resemble each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_n: Option<f64>,
    /// Why there is no value, or no upper end.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "reason::of_any_version"
    )]
    pub reason: Option<Reason>,
    /// The figure as it is shown everywhere: `0.091 [0.088, 0.094]`, `< 0.011` below the resolution, `n/a`. Latencies and overheads are in ms, parts
    /// of a call and slopes in us; the head of a table says so.
    #[serde(default)]
    pub text: String,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde's skip_serializing_if passes a reference"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Estimate {
    /// A value that cannot be stated, and why.
    #[must_use]
    pub fn unavailable(reason: Reason) -> Self {
        Self {
            reason: Some(reason),
            ..Self::default()
        }
    }

    /// Whether there is a value and it is smaller than what the timer resolves.
    #[must_use]
    pub fn is_below_resolution(&self) -> bool {
        matches!((self.value, self.resolution), (Some(value), Some(resolution)) if value.abs() < resolution)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_in_words_only_is_of_schema_version_1() {
        let old = "{\"value\":null,\"reason\":\"72 samples are needed\"}";
        let reason = serde_json::from_str::<Estimate>(old)
            .unwrap()
            .reason
            .unwrap();
        assert_eq!(reason.code, ReasonCode::Legacy);
        assert_eq!(reason.text, "72 samples are needed");
    }

    #[test]
    fn the_wire_form_is_pinned() {
        let stated = Estimate {
            value: Some(90.5),
            lower: Some(88.0),
            upper: Some(93.0),
            resolution: Some(1.0),
            n: Some(400),
            effective_n: Some(351.5),
            text: "0.091 [0.088, 0.093]".to_owned(),
            ..Estimate::default()
        };
        assert_eq!(
            serde_json::to_string(&stated).unwrap(),
            "{\"value\":90.5,\"lower\":88.0,\"upper\":93.0,\"resolution\":1.0,\"n\":400,\"effective_n\":351.5,\"text\":\"0.091 [0.088, 0.093]\"}"
        );
        let reason = Reason {
            needed: Some(72),
            have: Some(20),
            text: "72 samples are needed, there are 20".to_owned(),
            ..Reason::of(ReasonCode::TooFewSamples)
        };
        assert_eq!(
            serde_json::to_string(&Estimate::unavailable(reason)).unwrap(),
            "{\"value\":null,\"reason\":{\"code\":\"too-few-samples\",\"needed\":72,\"have\":20,\"text\":\"72 samples are needed, there are 20\"},\"text\":\"\"}"
        );
    }
}
