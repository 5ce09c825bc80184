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
