//! What is made of the latest reports of all places is made once, kept for every instance, and never out of date.

use crate::simulated;

use orchestrator::{
    api::{Response, response_cache::ResponseCache},
    coordinator::Question,
    store::sql::Value,
};
use protocol::{Plan, Report, run::RunList};
use simulated::{
    TOKEN,
    http::{Places, TestRequest},
    settings,
};

const SMALL: &str = r#"{"transports":["direct","service-binding"],"functions":["echo"],"payload_bytes":[100],"samples_per_cell":40,"breakdown":false}"#;
const HISTORY: &str = "/history?cell=service-binding.echo.100";

/// Three places, a run completed at each.
fn completed() -> Places {
    let places = Places::new(settings(&[
        ("LIMITS", "local"),
        ("LOCATIONS", "wnam,weur,apac"),
        ("LOCATION_STAGGER_MS", "0"),
    ]));
    let request = TestRequest::new("POST", "/runs")
        .with_token(TOKEN)
        .with_body(SMALL);
    assert_eq!(places.send(&request).status, 202);
    places.wake_until_idle();
    later(&places, 2_000);
    places
}

fn later(places: &Places, ms: i64) {
    for process in places.processes.borrow().values() {
        process.world.now.set(process.world.now.get() + ms);
    }
}

/// Another instance of the Worker, which has read nothing yet.
fn another_instance(places: &mut Places) {
    places.cache = ResponseCache::new();
}

/// An answer, and how many questions it took.
fn asked(places: &Places, url: &str) -> (Response, u32) {
    let before = places.asked.get();
    let response = places.get(url);
    assert_eq!(response.status, 200, "{url}: {}", response.body);
    (response, places.asked.get() - before)
}

fn merged(places: &Places) -> Report {
    serde_json::from_str(&places.get("/results").body).unwrap()
}

/// What the first place keeps, by kind.
fn kept(places: &Places) -> Vec<(String, i64)> {
    let database = places.processes.borrow()["wnam"].database.clone();
    let rows = database.execute("SELECT what, COUNT(*) FROM derived GROUP BY what", &[]);
    let of = |row: Vec<Value>| match row.as_slice() {
        [Value::Text(what), Value::Integer(n)] => (what.clone(), *n),
        other => panic!("{other:?}"),
    };
    rows.unwrap().into_iter().map(of).collect()
}

/// Completes another run at one place alone.
fn run_at(places: &Places, location: &str) {
    let mut processes = places.processes.borrow_mut();
    let process = processes.get_mut(location).unwrap();
    process.start(&plan());
    process.wake_until_idle();
}

fn plan() -> Plan {
    let limits = protocol::Limits::of(protocol::limits::LimitsProfile::Local);
    Plan::parse(SMALL.as_bytes(), &limits).unwrap()
}

#[test]
fn the_merged_report_and_the_metrics_are_made_once_and_kept_for_every_instance() {
    let mut places = completed();
    for (url, own) in [("/results", 3), ("/metrics", 6)] {
        // the latest run of each place (and its counts), what is kept, the reports, what is to be kept
        let (first, questions) = asked(&places, url);
        assert_eq!(questions, own + 1 + 3 + 1, "{url}");
        another_instance(&mut places);
        let (second, questions) = asked(&places, url);
        assert_eq!((second, questions), (first, own + 1), "{url}");
        another_instance(&mut places);
    }
    assert_eq!(
        kept(&places),
        [("merged".to_owned(), 1), ("metrics".to_owned(), 1)]
    );
}

#[test]
fn readers_of_one_second_share_one_answer_of_every_kind() {
    let places = completed();
    for url in [
        "/results",
        "/results?location=weur",
        "/runs",
        "/metrics",
        HISTORY,
    ] {
        let (first, _) = asked(&places, url);
        for _ in 0..10 {
            assert_eq!(asked(&places, url), (first.clone(), 0), "{url}");
        }
        // A second later each place is asked for what it has, not for its reports.
        later(&places, 1_500);
        let (again, questions) = asked(&places, url);
        assert!(again == first && questions <= 6, "{url}: {questions}");
    }
}

#[test]
fn a_report_that_is_stored_is_in_the_next_merged_one() {
    let mut places = completed();
    let before = merged(&places);
    run_at(&places, "weur");
    later(&places, 1_500);
    let of_weur: Report = {
        let body = places.get("/results?location=weur").body;
        serde_json::from_str(&body).unwrap()
    };
    for _ in 0..2 {
        let after = merged(&places);
        assert_ne!(after.run.finished_at, before.run.finished_at);
        assert_eq!(after.run.finished_at, of_weur.run.finished_at);
        another_instance(&mut places);
    }
    assert_eq!(
        kept(&places),
        [("merged".to_owned(), 1)],
        "the one before is gone"
    );
    let list: RunList = serde_json::from_str(&places.get("/runs").body).unwrap();
    assert_eq!(list.runs.len(), 4);
}

#[test]
fn a_merged_report_that_lacks_a_place_is_shown_and_not_kept() {
    let mut places = completed();
    places.down.borrow_mut().insert("apac".to_owned());
    assert_eq!(merged(&places).run.locations, ["weur", "wnam"]);
    assert_eq!(kept(&places), []);
    places.down.borrow_mut().clear();
    later(&places, 1_500);
    assert_eq!(merged(&places).run.locations, ["apac", "weur", "wnam"]);
    // The keeper itself may be the one that is down.
    another_instance(&mut places);
    places.down.borrow_mut().insert("wnam".to_owned());
    assert_eq!(merged(&places).run.locations, ["apac", "weur"]);
    assert_eq!(places.get("/metrics").status, 200);
}

#[test]
fn the_series_of_a_cell_has_the_run_that_ended_last() {
    let places = completed();
    let points = || {
        let history: protocol::history::History =
            serde_json::from_str(&places.get(HISTORY).body).unwrap();
        history.points.len()
    };
    assert_eq!(points(), 1);
    run_at(&places, "wnam");
    later(&places, 1_500);
    assert_eq!(points(), 2);
}

#[test]
fn a_long_text_is_kept_in_pieces_and_read_for_its_own_runs_alone() {
    let places = completed();
    let mut processes = places.processes.borrow_mut();
    let process = processes.get_mut("wnam").unwrap();
    let what = orchestrator::coordinator::Derived::Merged;
    let text = "x".repeat(2_500_000);
    let keep = Question::KeepDerived {
        what,
        of: "these".to_owned(),
        text: text.clone(),
    };
    process.ask(&keep).unwrap();
    let mut read = |of: &str| {
        let of = of.to_owned();
        process.ask(&Question::Derived { what, of })
    };
    assert_eq!(read("these"), Ok(text));
    assert_eq!(read("others").unwrap_err().status, 404);
}
