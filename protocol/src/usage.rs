//! What a run takes of the account: estimated before, counted as it goes, priced.
//!
//! Prices of a paid plan in 2026 (developers.cloudflare.com/workers/platform/pricing, /durable-objects/platform/pricing).

use crate::{
    Plan, Round, RoundKind, Rounds,
    breakdown::Component,
    busy::{BusyCell, MAX_NEIGHBOUR_CALLS},
    limits::LimitsProfile,
    measure::TimerChoice,
    run::Usage,
    slice::{SliceRecord, Work},
};

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

/// US dollars for a unique Worker that the loader makes in a day, beyond 1,000 a month (developers.cloudflare.com/dynamic-workers/pricing).
const USD_PER_ISOLATE: f64 = 0.002;

/// Assumed time of a cold start, in seconds: settling, the load, ten calls and the polls around them. That of a heavy runtime is its own.
const SECONDS_PER_COLD_START: f64 = 0.2;
/// Assumed time of a sample, in seconds: waiting for an edge of the clock, a call of up to a tick, polling to the next edge.
const SECONDS_PER_SAMPLE: f64 = 0.0025;
/// Assumed time of a slice beside its samples, in seconds: alarm, dispatch, clock probe, chain, commit.
const SECONDS_PER_SLICE: f64 = 0.025;
/// Assumed time of finding out whether I/O moves the clock of a slice, in seconds: 110 ticks.
const SECONDS_PER_PROBE_BY_IO: f64 = 0.11;

/// What the given rounds will take, on the assumptions above.
#[must_use]
pub fn estimate<'a>(rounds: impl IntoIterator<Item = &'a Round>) -> Usage {
    let mut usage = Usage::default();
    for round in rounds {
        let (blocks, wakes) = (u64::from(round.blocks), u64::from(round.slices()));
        let calls: u64 = round
            .works
            .iter()
            .map(|work| delegated_calls(round, *work))
            .sum();
        let busy_seconds: f64 = busy(round).map(|busy| busy_seconds(round, busy)).sum();
        let seconds_per_block = cold_starts(round).count() as f64 * SECONDS_PER_COLD_START
            + busy_seconds
            + f64::from(round.slices_per_block()) * SECONDS_PER_SLICE
            + f64::from(round.cells()) * f64::from(round.samples_per_slice) * SECONDS_PER_SAMPLE
            + f64::from(probed_by_io(round)) * SECONDS_PER_PROBE_BY_IO;
        usage.wakes += wakes;
        usage.dispatches += wakes;
        usage.delegated_calls += calls * blocks;
        usage.isolates_loaded += cold_starts(round).map(u64::from).sum::<u64>() * blocks;
        usage.rows_written += wakes * ROWS_PER_WAKE;
        usage.active_seconds += blocks as f64 * seconds_per_block;
    }
    usage.priced()
}

/// The isolates that each cold start of a block of `round` loads.
fn cold_starts(round: &Round) -> impl Iterator<Item = u32> {
    round.works.iter().filter_map(|work| match work {
        Work::ColdStart(cold_start) => Some(cold_start.scenario.loads()),
        Work::Cell(_) | Work::Component(_) | Work::Busy(_) => None,
    })
}

/// What the given rounds of a run will take, and those that its plan asks for whatever is found, if they are yet to come.
#[must_use]
pub fn estimate_of_run(plan: &Plan, rounds: &Rounds) -> Usage {
    let coming = rounds.yet_to_come(plan);
    estimate(rounds.iter().chain(&coming))
}

/// What a run until it is settled takes at most, given its first round: all the calls and all the time that its plan allows. `None` of a run of
/// fixed size, which takes what [`estimate`] says.
#[must_use]
pub fn at_most(plan: &Plan, first: &Round) -> Option<Usage> {
    let (calls, seconds) = (plan.max_calls?, plan.max_seconds?);
    let begun = estimate([first]);
    let coming = Rounds::new(first.clone()).map(|rounds| rounds.yet_to_come(plan));
    let beside = estimate(&coming.unwrap_or_default());
    let later = calls.saturating_sub(begun.delegated_calls);
    let per_slice = first
        .samples_per_slice
        .saturating_add(first.warmup_per_slice);
    let wakes = beside.wakes + begun.wakes + later.div_ceil(u64::from(per_slice.max(1)));
    let usage = Usage {
        wakes,
        dispatches: wakes,
        delegated_calls: calls.max(begun.delegated_calls) + beside.delegated_calls,
        isolates_loaded: beside.isolates_loaded,
        rows_written: wakes * ROWS_PER_WAKE,
        // the first two rounds are measured whatever they take
        active_seconds: f64::from(seconds)
            .max(begun.active_seconds + estimate([&back_to_back(first)]).active_seconds)
            + beside.active_seconds,
        ..Usage::default()
    };
    Some(usage.priced())
}

/// The round that follows the first one: back-to-back calls of every delegated cell, read in whole ticks.
fn back_to_back(first: &Round) -> Round {
    let delegates = |work: &Work| matches!(work, Work::Cell(cell) if cell.transport.delegates());
    Round {
        kind: RoundKind::BackToBack,
        timer: TimerChoice::Ticked,
        chain_calls: 0,
        works: first.works.iter().copied().filter(delegates).collect(),
        ..first.clone()
    }
}

/// The works of a round that have a neighbour.
fn busy(round: &Round) -> impl Iterator<Item = BusyCell> {
    round.works.iter().filter_map(|work| match work {
        Work::Busy(busy) => Some(*busy),
        Work::Cell(_) | Work::Component(_) | Work::ColdStart(_) => None,
    })
}

/// Assumed time of the calls of a slice with a neighbour, in seconds: half the longest pause before each, half a neighbour's call for the share of them that
/// meet one; at the end the neighbour's last call is waited for.
fn busy_seconds(round: &Round, busy: BusyCell) -> f64 {
    let call = f64::from(crate::busy::NEIGHBOUR_CALL_MS) / 1_000.0;
    let pause = f64::from(busy.pause_ms) / 2_000.0;
    let waiting = if busy.cell.transport.delegates() {
        busy.share.share() * call / 2.0
    } else {
        0.0
    };
    f64::from(round.samples_per_slice) * (pause + waiting + SECONDS_PER_SAMPLE) + call
}

/// Calls that the neighbour of a slice makes: a cycle after the other for as long as the slice takes, and a few to find out how long one takes.
fn neighbour_calls(round: &Round, busy: BusyCell) -> u64 {
    let Some(cycle_ms) = busy.share.cycle_ms() else {
        return 0;
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some hundred seconds at most, and positive"
    )]
    let cycles = (busy_seconds(round, busy) * 1_000.0 / f64::from(cycle_ms)).ceil() as u64;
    (cycles + 1).min(u64::from(MAX_NEIGHBOUR_CALLS))
}

/// Slices of a block that may be polled by I/O. Locally the clock runs; elsewhere it stands still.
fn probed_by_io(round: &Round) -> u32 {
    let is_asked_for = match round.timer {
        TimerChoice::Auto => round.limits.profile != LimitsProfile::Local,
        TimerChoice::IoInterpolated => true,
        TimerChoice::Interpolated | TimerChoice::Ticked => false,
    };
    let delegates = |work: &&Work| match work {
        Work::Cell(cell) => cell.transport.delegates(),
        Work::Busy(busy) => busy.cell.transport.delegates(),
        Work::Component(_) | Work::ColdStart(_) => false,
    };
    let cells = round.works.iter().filter(delegates).count();
    u32::from(is_asked_for) * u32::try_from(cells).unwrap_or(u32::MAX)
}

/// Calls that leave the caller in one slice of `work`. An empty hop is repeated as often as the limits allow.
#[must_use]
pub fn delegated_calls(round: &Round, work: Work) -> u64 {
    match work {
        Work::Cell(cell) if cell.transport.delegates() => u64::from(round.calls_per_slice()),
        Work::Component(Component::EmptyHop) => u64::from(round.limits.delegated_calls_per_slice),
        Work::Busy(busy) => {
            let own = if busy.cell.transport.delegates() {
                round.calls_per_slice()
            } else {
                0
            };
            u64::from(own) + neighbour_calls(round, busy)
        }
        Work::Cell(_) | Work::Component(_) | Work::ColdStart(_) => 0,
    }
}

/// Calls that left the caller in a slice that was measured: those of [`delegated_calls`], but the neighbour's as it has counted them.
#[must_use]
pub fn delegated_calls_made(round: &Round, record: &SliceRecord) -> u64 {
    let planned = delegated_calls(round, record.work);
    record.neighbour().map_or(planned, |(busy, kept)| {
        planned - neighbour_calls(round, busy) + u64::from(kept.calls)
    })
}

impl Usage {
    /// The amount with its price filled in.
    ///
    /// Every delegated call is priced as a request from outside: an upper bound, since only `raw-fetch` is one.
    #[must_use]
    pub fn priced(mut self) -> Self {
        self.cost_usd = self.wakes as f64 * USD_PER_OBJECT_REQUEST
            + self.delegated_calls as f64 * USD_PER_WORKER_REQUEST
            + self.isolates_loaded as f64 * USD_PER_ISOLATE
            + self.rows_written as f64 * USD_PER_ROW_WRITTEN
            + self.active_seconds * (USD_PER_ACTIVE_SECOND + USD_PER_CPU_SECOND);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BusyShare, Function, Limits, Transport, limits::LimitsProfile};

    #[test]
    fn the_default_plan_costs_about_a_cent() {
        let round = Round::first(&Plan::default(), &Limits::of(LimitsProfile::Paid));
        let usage = estimate([&round]);
        // 22 blocks of 58 slices; 24 delegating cells of 30 calls, 30 empty hops.
        assert_eq!((usage.wakes, usage.rows_written), (1_276, 3_828));
        assert_eq!(usage.delegated_calls, 22 * (24 * 30 + 30));
        // By hand: alarms 0.00019, calls 0.00495, rows 0.00383, 71 s at 0.0000216: 0.0015; 58 s for probes: 0.0013.
        assert!((0.0112..0.0125).contains(&usage.cost_usd), "{usage:?}");
    }

    #[test]
    fn neighbours_are_priced_beside_the_rest_and_bounded() {
        let plan = Plan {
            busy: [0.1, 0.5]
                .map(|share| BusyShare::of(share).unwrap())
                .to_vec(),
            ..Plan::default()
        };
        let first = Round::first(&plan, &Limits::of(LimitsProfile::Local));
        let beside = Round::busy(&plan, &first).unwrap();
        // 22 blocks of direct and the service binding, each at 0, 10 and 50 %
        assert_eq!((beside.blocks, beside.slices_per_block()), (22, 6));
        let usage = estimate([&beside]);
        // by hand: 20 pauses of 250, 250 and 50 ms in each, in the binding's 50 and 250 ms of waiting more, 0.1 s beside
        let seconds = 22.0 * (2.0 * 20.0 * 0.55 + 0.05 + 0.25 + 6.0 * (0.05 + 0.05 + 0.025));
        assert!(
            (usage.active_seconds - seconds).abs() < 1.0,
            "{usage:?} against {seconds} s"
        );
        // by hand: 22 calls of the binding in each of three; 11 cycles of 500 ms and 11 to 14 of 100 ms, and one more each
        let calls = 22 * (3 * 22 + 2 * 12 + 12 + 15);
        assert!(
            usage.delegated_calls.abs_diff(calls) < 22 * 4,
            "{usage:?} against {calls}"
        );
        let (most, without) = (
            at_most(&plan, &first).unwrap(),
            at_most(&Plan::default(), &first).unwrap(),
        );
        assert!((most.cost_usd - without.cost_usd - usage.cost_usd).abs() < 1e-9);
        assert_eq!(Round::busy(&Plan::default(), &first), None);
        // a call of 50 ms of CPU is priced as an active second's CPU is
        assert!(
            beside
                .works
                .iter()
                .all(|work| delegated_calls(&beside, *work) <= u64::from(MAX_NEIGHBOUR_CALLS) + 30)
        );
    }

    #[test]
    fn polls_by_io_are_priced_where_the_clock_may_stand_still() {
        let seconds = |timer, profile| {
            let plan = Plan {
                timer,
                ..Plan::default()
            };
            estimate([&Round::first(&plan, &Limits::of(profile))]).active_seconds
        };
        let ticked = seconds(TimerChoice::Ticked, LimitsProfile::Paid);
        // 22 blocks of 24 delegated cells, 110 ticks each
        let probes = seconds(TimerChoice::Auto, LimitsProfile::Paid) - ticked;
        assert!((probes - 22.0 * 24.0 * 0.11).abs() < 1e-6, "{probes} s");
        assert!((seconds(TimerChoice::Auto, LimitsProfile::Local) - ticked).abs() < 1e-6);
        assert!(seconds(TimerChoice::IoInterpolated, LimitsProfile::Local) > ticked + 50.0);
        // the free plan has no CPU for polls: auto is ticked there
        let free = Round::first(&Plan::default(), &Limits::of(LimitsProfile::Free));
        assert_eq!(free.timer, TimerChoice::Ticked);
    }

    #[test]
    fn a_run_until_it_is_settled_costs_at_most_what_its_limits_allow() {
        let first = Round::first(&Plan::default(), &Limits::of(LimitsProfile::Paid));
        let most = at_most(&Plan::default(), &first).unwrap();
        assert_eq!(most.delegated_calls, 300_000);
        // the 16,500 calls of the first round, and slices of 22 for the others
        assert_eq!(most.wakes, 1_276 + 283_500_u64.div_ceil(22));
        // where the clock may stand still, the first two rounds take longer by themselves: 130 s, and 24 slices in each of 22 blocks for the second
        let first_seconds = estimate([&first]).active_seconds;
        let second_seconds = 22.0 * 24.0 * (0.025 + 20.0 * 0.0025);
        assert!(first_seconds > 120.0);
        assert!((most.active_seconds - (first_seconds + second_seconds)).abs() < 1e-9);
        let locally = Round::first(&Plan::default(), &Limits::of(LimitsProfile::Local));
        let most_locally = at_most(&Plan::default(), &locally).unwrap();
        assert!((most_locally.active_seconds - 120.0).abs() < 1e-9);
        // by hand: calls 0.09, rows 0.0425, wakes 0.0021, 130 s at 0.0000216: 0.0028
        assert!((0.13..0.14).contains(&most.cost_usd), "{most:?}");
        assert_eq!(at_most(&Plan::of_fixed_size(), &first), None);
    }

    #[test]
    fn cold_starts_are_priced_by_the_isolates_that_they_load_before_they_are_decided_and_after() {
        let plan = Plan {
            cold_starts: Some(crate::ColdStartPlan::default()),
            ..Plan::of_fixed_size()
        };
        let first = Round::first(&plan, &Limits::of(LimitsProfile::Paid));
        let mut rounds = Rounds::new(first.clone()).unwrap();
        let before = estimate_of_run(&plan, &rounds);
        // 80 blocks: stub, runtime, monolith twice each, both twice two, the JavaScript stub once; a warm pair loads nothing
        assert_eq!(before.isolates_loaded, 80 * (2 + 2 + 2 + 2 * 2 + 1));
        let alone = estimate([&first]);
        assert_eq!(before.wakes, alone.wakes + 80 * 10);
        assert!(before.cost_usd > alone.cost_usd + 80.0 * 11.0 * 0.002);
        let cold = rounds.cold_starts(&plan).unwrap();
        assert_eq!((cold.samples_per_slice, cold.blocks), (1, 80));
        rounds.push(cold).unwrap();
        assert_eq!(rounds.cold_starts(&plan), None);
        assert_eq!(estimate_of_run(&plan, &rounds), before);
        let settled = Plan {
            cold_starts: plan.cold_starts.clone(),
            ..Plan::default()
        };
        let most = at_most(
            &settled,
            &Round::first(&settled, &Limits::of(LimitsProfile::Paid)),
        );
        assert_eq!(most.unwrap().isolates_loaded, before.isolates_loaded);
    }

    #[test]
    fn every_round_is_estimated_by_its_own_works_and_calls() {
        let plan = Plan {
            transports: vec![Transport::Direct, Transport::ServiceBinding],
            functions: vec![Function::Echo],
            payload_bytes: vec![100],
            ..Plan::default()
        };
        let first = Round::first(&plan, &Limits::of(LimitsProfile::Paid));
        // The two cells without the components, with half the samples.
        let second = Round {
            samples_per_slice: 10,
            ..first.followed_by(first.works[..2].to_vec(), 5)
        };
        let usage = estimate([&first, &second]);
        // 22 blocks of 2 cells and 5 components: 30 calls and 30 hops; 5 of 2 cells: 20 calls.
        assert_eq!(usage.wakes, 22 * 7 + 5 * 2);
        assert_eq!(usage.delegated_calls, 22 * (30 + 30) + 5 * 20);
        let alone = estimate([&first]).cost_usd + estimate([&second]).cost_usd;
        assert!((usage.cost_usd - alone).abs() < 1e-12);
    }
}
