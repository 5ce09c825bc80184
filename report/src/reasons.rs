//! Why a figure has no value, for programs and in words.

use measurement::{
    confidence::MIN_BLOCKS,
    interval::{Bounding, Missing, Undefined},
};
use protocol::{Reason, ReasonCode};

/// Why a statistic is undefined.
pub(crate) fn of_undefined(undefined: &Undefined) -> Reason {
    match *undefined {
        Undefined::NoSamples => said(ReasonCode::NoSamples, "no successful samples"),
        Undefined::TooFewSamples { needed, have } => Reason {
            needed: Some(needed),
            have: Some(have),
            text: format!("a 95 % interval needs {needed} samples, there are {have}"),
            ..Reason::of(ReasonCode::TooFewSamples)
        },
        Undefined::TooFewIndependentSamples {
            needed,
            have,
            worth,
            ..
        } => Reason {
            needed: Some(needed),
            have: Some(have),
            effective_n: Some((worth * 10.0).round() / 10.0),
            text: format!(
                "a 95 % interval needs an effective sample size of {needed}; {have} samples, correlated within blocks, have at most {worth:.0}"
            ),
            ..Reason::of(ReasonCode::TooFewIndependentSamples)
        },
        Undefined::TooFewBlocks { have } => Reason {
            needed: Some(MIN_BLOCKS),
            have: Some(have),
            text: format!("an interval needs {MIN_BLOCKS} blocks, there are {have}"),
            ..Reason::of(ReasonCode::TooFewBlocks)
        },
        Undefined::NotMeasured(missing) => of_missing(missing),
    }
}

fn of_missing(missing: Missing) -> Reason {
    match missing {
        Missing::Clock => said(
            ReasonCode::NoClock,
            "the stub does not describe its clock; only means are known",
        ),
        Missing::IsolatedCalls => said(
            ReasonCode::SamplesAreBackToBack,
            "samples in whole ticks are back-to-back calls; there is no isolated call to compare with",
        ),
        Missing::Repetition => said(
            ReasonCode::NotRepeated,
            "the clock stands still during computation, and the run did not time the function by repetition",
        ),
        Missing::Part => said(ReasonCode::NotMeasured, "this part was not measured"),
        Missing::Sizes => said(ReasonCode::OneSize, "a slope needs two payload sizes"),
        Missing::Place => said(
            ReasonCode::AnotherPlace,
            "one of the merged reports does not state it",
        ),
    }
}

/// Why there are bounds and no value.
pub(crate) fn of_bounds(because: &Bounding, has_upper: bool) -> Reason {
    match because {
        Bounding::Tick if has_upper => said(
            ReasonCode::Tick,
            "the clock's tick is too coarse for a value; the bounds are certain",
        ),
        Bounding::Tick => said(
            ReasonCode::Tick,
            "the clock's tick is too coarse for a value, and the samples are too few for an upper bound",
        ),
        Bounding::Mean => said(
            ReasonCode::MeanOnly,
            "the clock stands still and shows the mean only; the bound is Markov's",
        ),
        Bounding::Timeout => said(
            ReasonCode::Timeouts,
            "calls timed out: the figure is at least the lower bound",
        ),
        Bounding::Neighbours(undefined) => {
            let reason = of_undefined(undefined);
            let text = format!("{}; adjacent quantiles bound it", reason.text);
            Reason { text, ..reason }
        }
    }
}

/// Why an interval has no upper end.
pub(crate) fn open_interval() -> Reason {
    said(
        ReasonCode::Timeouts,
        "the interval reaches calls that timed out",
    )
}

/// Why nothing is known of a runtime's isolates although it answered.
pub(crate) fn silent_runtime() -> Reason {
    said(
        ReasonCode::NotReported,
        "the runtime's answers do not say which isolate gave them (`isolate`, docs/contracts.md)",
    )
}

/// Why a merged report does not state what each place states.
pub(crate) fn each_place_for_itself() -> Reason {
    said(
        ReasonCode::AnotherPlace,
        "medians of several places are not averaged; the report of each place has its own",
    )
}

/// Why nothing is known of a runtime's isolates although the stub measured it.
pub(crate) fn silent_stub() -> Reason {
    said(
        ReasonCode::NotReported,
        "the stub does not report which isolates its calls met (`residency`, docs/contracts.md)",
    )
}

fn said(code: ReasonCode, text: &str) -> Reason {
    Reason {
        text: text.to_owned(),
        ..Reason::of(code)
    }
}
