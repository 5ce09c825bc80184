//! Two runs, and two transports of them, beside each other over the API.

use crate::simulated;

use protocol::{
    Problem, Report, RunId, Transport,
    comparison::{Comparison, Finding},
    report::Quantity,
    run::RunStatus,
};
use simulated::{
    TOKEN,
    http::{Places, TestRequest},
    settings,
};

const PLAN: &str = r#"{"transports":["direct","service-binding","rpc"],"functions":["echo"],"payload_bytes":[100],"samples_per_cell":400,"breakdown":false}"#;

fn places() -> Places {
    Places::new(settings(&[("LIMITS", "local")]))
}

fn completed(places: &Places) -> RunId {
    let request = TestRequest::new("POST", "/runs");
    let response = places.send(&request.with_token(TOKEN).with_body(PLAN));
    let status: RunStatus = serde_json::from_str(&response.body).unwrap();
    places.wake_until_idle();
    status.id
}

fn comparison(places: &Places, query: &str) -> Comparison {
    let response = places.get(&format!("/comparison?{query}"));
    assert_eq!(response.status, 200, "{}", response.body);
    serde_json::from_str(&response.body).unwrap()
}

fn report(places: &Places, run: &RunId) -> Report {
    serde_json::from_str(&places.get(&format!("/results/{run}")).body).unwrap()
}

#[test]
fn two_runs_are_compared_by_the_overheads_that_their_reports_state() {
    let places = places();
    let (first, second) = (completed(&places), completed(&places));
    let compared = comparison(&places, &format!("first={first}&second={second}"));
    assert_eq!(
        (&compared.first.run, &compared.second.run),
        (&first, &second)
    );
    let reports = [report(&places, &first), report(&places, &second)];
    assert_eq!(compared.rows.len(), 6, "2 delegated cells, 3 quantiles");
    for row in &compared.rows {
        assert_eq!((row.quantity, row.first), (Quantity::Overhead, row.second));
        let stated = |report: &Report| {
            let mut overheads = report.overheads.iter();
            overheads.find(|o| o.id == row.first).unwrap().quantiles[row.metric].clone()
        };
        assert_eq!(row.first_us, stated(&reports[0]));
        assert_eq!(row.second_us, stated(&reports[1]));
        assert!(
            !row.text.is_empty() && row.finding != Finding::Unclear,
            "{row:?}"
        );
    }
    assert!(compared.text.contains("of 6 figures"), "{}", compared.text);
}

#[test]
fn two_transports_of_one_run_are_compared_by_their_latencies() {
    let places = places();
    let run = completed(&places);
    let query = format!("first={run}&first_transport=direct&second_transport=service-binding");
    let compared = comparison(&places, &query);
    assert_eq!(compared.rows.len(), 3);
    for row in &compared.rows {
        assert_eq!(row.quantity, Quantity::Latency);
        assert_eq!(
            (row.first.transport, row.second.transport),
            (Transport::Direct, Transport::ServiceBinding)
        );
    }
    assert_eq!(compared.rows[0].finding, Finding::Slower, "{compared:?}");
    assert!(
        compared.text.contains("Both are of one run"),
        "{}",
        compared.text
    );
    // A transport that was not measured has no cell, which is said.
    let nothing = comparison(
        &places,
        &format!("first={run}&first_transport=direct&second_transport=websocket"),
    );
    assert!(nothing.rows.is_empty());
    assert_eq!(nothing.text, "The two have no cell in common.");
}

#[test]
fn a_side_that_is_not_named_is_the_other_ones() {
    let places = places();
    let (first, second) = (completed(&places), completed(&places));
    let compared = comparison(
        &places,
        &format!("first={first}&second={second}&second_transport=rpc"),
    );
    assert_eq!(compared.first.transport, Some(Transport::Rpc));
    assert_eq!(compared.rows.len(), 3);
}

#[test]
fn each_bad_field_is_named_and_a_run_that_is_not_there_is_404() {
    let places = places();
    let run = completed(&places);
    for (query, fields) in [
        (String::new(), vec!["first"]),
        (
            "first=yesterday&second=today&first_transport=pigeon&second_transport=".to_owned(),
            vec!["first", "second", "first_transport", "second_transport"],
        ),
    ] {
        let response = places.get(&format!("/comparison?{query}"));
        assert_eq!(response.status, 400, "{query}: {}", response.body);
        let problem: Problem = serde_json::from_str(&response.body).unwrap();
        let named: Vec<&str> = problem
            .errors
            .iter()
            .map(|error| error.field.as_str())
            .collect();
        assert_eq!(named, fields, "{query}");
    }
    let response = places.get(&format!(
        "/comparison?first={run}&second=20000101T000000Z-00000000"
    ));
    assert_eq!(response.status, 404, "{}", response.body);
    let itself = comparison(&places, &format!("first={run}"));
    assert!(itself.text.contains("with itself"), "{}", itself.text);
    assert!(
        itself
            .rows
            .iter()
            .all(|row| row.finding == Finding::NoneShown),
        "{itself:?}"
    );
}
