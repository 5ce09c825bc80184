//! The number to decide by: what a call takes on average where a share of the calls is cold, delegated and inlined.
//!
//! `share x cold + (1 - share) x warm`. Delegated, a cold call loads the stub, and a warm one is a hop to the runtime. Inlined, a cold call loads the
//! monolith, and a warm one is a call of the monolith that has been called before. Both stubs meet a fresh isolate equally often: the platform makes
//! one for each place where a user's Worker is called, whatever is in it.

use super::{
    mean_of,
    samples::{Counted, Samples},
};
use crate::wire::published;
use measurement::{
    interval::{Estimate, Known},
    mover::weighted_sum,
};
use protocol::{
    Runtime,
    cold_start::{ColdStart, Scenario, WasmBytes},
    report::ExpectedLatency,
};

/// The shares that the curve shows.
const SHARES: [f64; 8] = [0.0, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0];

/// Mean latencies of one runtime, in ns.
pub(super) struct Means {
    delegated: ColdAndWarm,
    inlined: ColdAndWarm,
    resolution_ns: f64,
}

struct ColdAndWarm {
    cold: Estimate,
    warm: Estimate,
}

impl ColdAndWarm {
    fn at(&self, share: f64) -> Estimate {
        // a weight of 0 of an interval that is open would be no number
        if share <= 0.0 {
            return self.warm;
        }
        if share >= 1.0 {
            return self.cold;
        }
        weighted_sum(&[(share, self.cold), (1.0 - share, self.warm)])
    }
}

impl Means {
    /// `None` where one of the four is unknown.
    pub(super) fn of(samples: &Samples, runtime: Runtime) -> Option<Self> {
        let of = |scenario, wasm_bytes| {
            samples.get(ColdStart {
                runtime,
                scenario,
                wasm_bytes,
            })
        };
        let warm = of(Scenario::Warm, WasmBytes::Known)?;
        let stub = of(Scenario::ColdStub, WasmBytes::New)?;
        let monolith = of(Scenario::ColdMonolith, WasmBytes::New)?;
        // the tenth call, as settled as a sample shows it
        let last = monolith.later_calls.last()?;
        let first = |counted: &Counted| mean_of(&counted.first_answer.cell()).ok();
        Some(Self {
            delegated: ColdAndWarm {
                cold: first(stub)?,
                warm: first(warm)?,
            },
            inlined: ColdAndWarm {
                cold: first(monolith)?,
                warm: mean_of(&last.cell()).ok()?,
            },
            resolution_ns: warm.first_answer.resolution_ns().max(last.resolution_ns()),
        })
    }

    /// What a call takes where this share of them is cold.
    pub(super) fn at(&self, share: f64) -> ExpectedLatency {
        let stated = |estimate| published(&Known::Estimated(estimate), self.resolution_ns);
        ExpectedLatency {
            cold_share: share,
            delegated_us: stated(self.delegated.at(share)),
            inlined_us: stated(self.inlined.at(share)),
        }
    }

    /// The curve over the share.
    pub(super) fn curve(&self) -> Vec<ExpectedLatency> {
        SHARES.iter().map(|&share| self.at(share)).collect()
    }

    /// The share at which both ways take as long: above it the one whose cold calls are shorter is the faster.
    pub(super) fn break_even_share(&self) -> Option<f64> {
        let saved_cold = self.inlined.cold.value_ns - self.delegated.cold.value_ns;
        let paid_warm = self.delegated.warm.value_ns - self.inlined.warm.value_ns;
        if saved_cold <= 0.0 || paid_warm <= 0.0 {
            return None;
        }
        let share = paid_warm / (paid_warm + saved_cold);
        Some((share * 1e6).round() / 1e6)
    }
}
