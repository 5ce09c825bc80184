//! What a run takes of the account: estimated before, counted as it goes, priced.
//!
//! Prices of a paid plan in 2026 (developers.cloudflare.com/workers/platform/pricing, /durable-objects/platform/pricing).

use crate::{Plan, breakdown::Component, plan::Geometry, run::Usage, slice::Work};

/// Rows that one wake writes: the slice, its run, and the alarm, which counts as a row.
pub const ROWS_PER_WAKE: u64 = 3;

/// US dollars for a request: to a Worker from outside, as each `raw-fetch` is.
const USD_PER_WORKER_REQUEST: f64 = 0.30e-6;
/// US dollars for a Durable Object request, alarms included.
const USD_PER_OBJECT_REQUEST: f64 = 0.15e-6;
/// US dollars for a row written.
const USD_PER_ROW_WRITTEN: f64 = 1e-6;
/// US dollars for an active second of a Durable Object: 128 MB at 12.50 for a million GB-s.
const USD_PER_ACTIVE_SECOND: f64 = 0.128 * 12.5e-6;
/// US dollars for a second of CPU: 0.02 for a million ms.
const USD_PER_CPU_SECOND: f64 = 0.02e-6 * 1_000.0;

/// Assumed time of a sample, in seconds: waiting for an edge of the clock, a call of up to a tick, polling to the next edge.
const SECONDS_PER_SAMPLE: f64 = 0.0025;
/// Assumed time of a slice beside its samples, in seconds: alarm, dispatch, clock probe, chain, commit.
const SECONDS_PER_SLICE: f64 = 0.025;

/// What a run of `plan` will take, on the assumptions above.
#[must_use]
pub fn estimate(plan: &Plan, geometry: &Geometry, empty_hops: u32) -> Usage {
    let works = plan.works();
    let blocks = u64::from(geometry.blocks);
    let calls: u64 = works
        .iter()
        .map(|work| delegated_calls(plan, geometry, *work, empty_hops))
        .sum();
    let cell_count = plan.cells().len() as f64;
    let seconds_per_block = works.len() as f64 * SECONDS_PER_SLICE
        + cell_count * f64::from(geometry.samples_per_slice) * SECONDS_PER_SAMPLE;
    let wakes = u64::from(geometry.slices());
    Usage {
        wakes,
        dispatches: wakes,
        delegated_calls: calls * blocks,
        rows_written: wakes * ROWS_PER_WAKE,
        active_seconds: blocks as f64 * seconds_per_block,
        cost_usd: 0.0,
    }
    .priced()
}

/// Calls that leave the caller in one slice of `work`.
#[must_use]
pub fn delegated_calls(plan: &Plan, geometry: &Geometry, work: Work, empty_hops: u32) -> u64 {
    match work {
        Work::Cell(cell) if cell.transport.delegates() => {
            u64::from(geometry.samples_per_slice + geometry.chain_calls + plan.warmup_per_slice)
        }
        Work::Component(Component::EmptyHop) => u64::from(empty_hops),
        Work::Cell(_) | Work::Component(_) => 0,
    }
}

impl Usage {
    /// The amount with its price filled in.
    ///
    /// Every delegated call is priced as a request from outside: an upper bound, since only `raw-fetch` is one.
    #[must_use]
    pub fn priced(mut self) -> Self {
        self.cost_usd = self.wakes as f64 * USD_PER_OBJECT_REQUEST
            + self.delegated_calls as f64 * USD_PER_WORKER_REQUEST
            + self.rows_written as f64 * USD_PER_ROW_WRITTEN
            + self.active_seconds * (USD_PER_ACTIVE_SECOND + USD_PER_CPU_SECOND);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, limits::LimitsProfile};

    #[test]
    fn the_default_plan_costs_about_a_cent() {
        let plan = Plan::default();
        let limits = Limits::of(LimitsProfile::Paid);
        let usage = estimate(&plan, &plan.geometry(&limits), 30);
        // 22 blocks of 58 slices; 24 delegating cells of 30 calls, 30 empty hops.
        assert_eq!((usage.wakes, usage.rows_written), (1_276, 3_828));
        assert_eq!(usage.delegated_calls, 22 * (24 * 30 + 30));
        // By hand: alarms 0.00019, calls 0.00495, rows 0.00383, 71 s at 0.0000216: 0.0015.
        assert!((0.0099..0.0112).contains(&usage.cost_usd), "{usage:?}");
    }
}
