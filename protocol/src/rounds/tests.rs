use super::*;
use crate::{Function, Limits, Plan, Transport, breakdown::Component, limits::LimitsProfile};

fn plan() -> Plan {
    Plan {
        transports: vec![Transport::Direct, Transport::ServiceBinding],
        functions: vec![Function::Echo],
        payload_bytes: vec![100],
        breakdown: false,
        ..Plan::default()
    }
}

fn first() -> Round {
    Round::first(&plan(), &Limits::of(LimitsProfile::Paid))
}

/// Two cells in 22 blocks, then one of them in 3, then both in 2.
fn three_rounds() -> Rounds {
    let mut rounds = Rounds::new(first()).unwrap();
    let one = vec![first().works[1]];
    rounds.push(rounds.last().followed_by(one, 3)).unwrap();
    rounds
        .push(rounds.last().followed_by(first().works, 2))
        .unwrap();
    rounds
}

#[test]
fn the_stored_form_is_pinned() {
    let mut round = first();
    round.works.push(Work::Component(Component::EmptyHop));
    assert_eq!(
        serde_json::to_string(&round).unwrap(),
        "{\"number\":0,\"kind\":\"isolated\",\"works\":[{\"cell\":\"direct.echo.100\"},{\"cell\":\"service-binding.echo.100\"},\
         {\"component\":{\"component\":\"empty-hop\"}}],\"blocks\":22,\"samples_per_slice\":20,\"chain_calls\":8,\"warmup_per_slice\":2,\
         \"timer\":\"auto\",\"limits\":{\"profile\":\"paid\",\"delegated_calls_per_slice\":30,\"internal_subrequests_per_event\":10000,\
         \"external_subrequests_per_event\":10000,\"cpu_ms_per_event\":30000,\"alarm_wall_ms\":900000,\"samples_per_cell\":10000,\
         \"slices_per_run\":100000},\"first_block\":0,\"first_slice\":0}"
    );
    let read: Round = serde_json::from_str(&serde_json::to_string(&round).unwrap()).unwrap();
    assert_eq!(read, round);
}

#[test]
fn blocks_and_slices_are_counted_over_all_rounds() {
    let rounds = three_rounds();
    assert_eq!((rounds.blocks(), rounds.slices()), (27, 44 + 3 + 4));
    let place = |index| {
        let place = rounds.place(index).unwrap();
        (place.round.number, place.block, place.position)
    };
    assert_eq!(place(0), (0, 0, 0));
    assert_eq!(place(43), (0, 21, 1));
    assert_eq!(place(44), (1, 22, 0));
    assert_eq!(place(46), (1, 24, 0));
    assert_eq!(place(47), (2, 25, 0));
    assert_eq!(place(50), (2, 26, 1));
    assert_eq!(rounds.place(51), None);
}

#[test]
fn every_slice_stands_in_the_round_of_its_block() {
    let rounds = three_rounds();
    for index in 0..rounds.slices() {
        let place = rounds.place(index).unwrap();
        assert_eq!(rounds.of_block(place.block), Some(place.round), "{index}");
    }
    assert_eq!(rounds.of_block(27), None);
}

#[test]
fn whole_blocks_are_those_whose_last_slice_is_committed() {
    let rounds = three_rounds();
    let whole = [0, 1, 2, 44, 45, 47, 48, 49, 51].map(|slices| rounds.whole_blocks(slices));
    assert_eq!(whole, [0, 0, 1, 22, 23, 25, 25, 26, 27]);
}

#[test]
fn rounds_come_together_again_in_any_order_and_no_other() {
    let rounds = three_rounds();
    let mut list: Vec<Round> = rounds.iter().cloned().collect();
    list.reverse();
    assert_eq!(Rounds::of(list.clone()), Ok(rounds));
    let without_the_middle = vec![list[0].clone(), list[2].clone()];
    let error = Rounds::of(without_the_middle).unwrap_err();
    assert_eq!(
        error.to_string(),
        "round 2 begins with block 25 and slice 47, where round 1 is to begin with block 22 and slice 44"
    );
    assert_eq!(Rounds::of(Vec::new()), Err(RoundError::None));
    let twice = vec![list[2].clone(), list[1].clone(), list[1].clone()];
    assert!(matches!(Rounds::of(twice), Err(RoundError::Place { .. })));
}

#[test]
fn a_round_that_measures_nothing_twice_or_too_much_is_refused() {
    let mut rounds = Rounds::new(first()).unwrap();
    let works = first().works;
    let next = |works: &[Work], blocks| first().followed_by(works.to_vec(), blocks);
    assert_eq!(rounds.push(next(&[], 3)), Err(RoundError::Empty(1)));
    assert_eq!(rounds.push(next(&works, 0)), Err(RoundError::Empty(1)));
    assert_eq!(
        rounds.push(next(&[works[0], works[0]], 1)),
        Err(RoundError::Twice(1))
    );
    let long = Round {
        samples_per_slice: 21,
        ..next(&works, 1)
    };
    assert_eq!(
        rounds.push(long),
        Err(RoundError::TooManyCalls {
            number: 1,
            calls: 31,
            most: 30
        })
    );
    assert_eq!(
        rounds.push(next(&works, 50_000)),
        Err(RoundError::TooManySlices {
            number: 1,
            slices: 100_044,
            most: 100_000
        })
    );
    assert_eq!(rounds.iter().count(), 1);
    assert_eq!(rounds.push(next(&works, 49_978)), Ok(()));
}
