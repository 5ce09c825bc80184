use super::*;
use protocol::{Limits, Plan, limits::LimitsProfile, routes::Route};
use rand::SeedableRng as _;
use std::collections::BTreeSet;

/// The description as it is served.
const OPENAPI: &str = include_str!("../../../orchestrator/openapi.json");
const TOKEN: &str = "the token";
const REQUESTS: usize = 4_000;

fn generator(seed: u64) -> Generator {
    Generator::new(OPENAPI, TOKEN, ChaCha8Rng::seed_from_u64(seed)).unwrap()
}

fn made(seed: u64) -> Vec<Fuzzed> {
    let mut generator = generator(seed);
    let runs = ["20261122T172800Z-4f9a1c07".to_owned()];
    (0..REQUESTS).map(|_| generator.next(&runs)).collect()
}

#[test]
fn every_operation_is_asked_and_spoilt_in_every_way() {
    let made = made(1);
    for (route, methods) in generator(1).routes() {
        for method in methods {
            let of_it = made
                .iter()
                .filter(|one| one.route == route && one.asked.method == method);
            let ways: BTreeSet<Spoilt> = of_it.flat_map(|one| one.spoilt.clone()).collect();
            assert_eq!(ways.len(), Spoilt::ALL.len(), "{method} {route}: {ways:?}");
        }
    }
}

#[test]
fn the_same_seed_makes_the_same_requests_and_another_one_others() {
    let asked = |seed| -> Vec<Asked> { made(seed).into_iter().map(|one| one.asked).collect() };
    assert!(asked(1) == asked(1));
    assert!(asked(1) != asked(2));
}

#[test]
fn what_is_not_spoilt_is_a_request_that_the_service_takes() {
    let limits = Limits::of(LimitsProfile::Local);
    let (mut plans, mut accepted) = (0, 0);
    for one in made(3).iter().filter(|one| one.spoilt.is_empty()) {
        let path = one.asked.path.split('?').next().unwrap();
        assert!(Route::parse(path).is_ok(), "{path}");
        if one.route == "/runs" && one.asked.method == Method::POST {
            plans += 1;
            // what no schema can say may still be refused
            accepted += usize::from(Plan::parse(one.asked.body.as_ref().unwrap(), &limits).is_ok());
        }
    }
    assert!(plans > 10 && accepted * 6 > plans, "{accepted} of {plans}");
}

#[test]
fn plans_with_a_spoilt_field_form_or_size_are_refused() {
    let limits = Limits::of(LimitsProfile::Local);
    let spoils = [Spoilt::Field, Spoilt::Form, Spoilt::Size];
    let plans = made(4);
    let plans = plans
        .iter()
        .filter(|one| one.route == "/runs" && one.asked.method == Method::POST);
    let (mut bad, mut refused) = (0, 0);
    for one in plans.filter(|one| one.spoilt.iter().any(|way| spoils.contains(way))) {
        bad += 1;
        refused += usize::from(Plan::parse(one.asked.body.as_ref().unwrap(), &limits).is_err());
    }
    // some values are wrong by the schema of one field alone, and right by that of another (a seed of 0)
    assert!(bad > 50 && refused * 10 >= bad * 9, "{refused} of {bad}");
}

#[test]
fn every_request_can_be_written_down() {
    for one in made(5) {
        let request = ureq::http::Request::builder()
            .method(one.asked.method.clone())
            .uri(format!("http://127.0.0.1:1{}", one.asked.path));
        let request = one
            .asked
            .headers
            .iter()
            .fold(request, |request, (name, value)| {
                request.header(*name, value)
            });
        assert!(request.body(()).is_ok(), "{one:?}");
    }
}
