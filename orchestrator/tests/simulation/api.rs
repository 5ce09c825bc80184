//! The HTTP API, on real coordinators and real `SQLite`, without a network.

use crate::simulated;

use orchestrator::api::{Reply, Response};
use protocol::{
    Problem, RunId,
    run::{RunList, RunStatus},
};
use simulated::{
    TOKEN,
    http::{Places, TestRequest},
    settings,
};

pub(crate) const SMALL: &str = r#"{"transports":["direct","service-binding"],"functions":["echo"],"payload_bytes":[100],"samples_per_cell":40,"breakdown":false}"#;

pub(crate) fn places(variables: &[(&str, &str)]) -> Places {
    Places::new(settings(&[variables, &[("LIMITS", "local")]].concat()))
}

pub(crate) fn post(body: &str) -> TestRequest {
    TestRequest::new("POST", "/runs")
        .with_token(TOKEN)
        .with_body(body)
}

pub(crate) fn start(places: &Places) -> RunStatus {
    let response = places.send(&post(SMALL));
    assert_eq!(response.status, 202, "{}", response.body);
    serde_json::from_str(&response.body).unwrap()
}

pub(crate) fn completed(places: &Places) -> RunId {
    let run = start(places).id;
    places.wake_until_idle();
    run
}

pub(crate) fn problem(response: &Response) -> Problem {
    assert_eq!(
        response.header("content-type"),
        Some("application/problem+json"),
        "{}",
        response.body
    );
    let problem: Problem = serde_json::from_str(&response.body).unwrap();
    assert_eq!(problem.status, response.status);
    problem
}

#[test]
fn a_started_run_is_answered_with_202_and_its_location() {
    let places = places(&[]);
    let response = places.send(&post(SMALL));
    let status: RunStatus = serde_json::from_str(&response.body).unwrap();
    assert_eq!(
        (response.status, response.header("location")),
        (202, Some(format!("/runs/{}", status.id).as_str()))
    );
    assert_eq!(status.progress.slices_total, 40);
    let usage = status.usage;
    assert_eq!(
        (
            usage.estimated.wakes,
            usage.estimated.rows_written,
            usage.actual.wakes
        ),
        (40, 120, 0)
    );
    places.wake_until_idle();
    let response = places.get(&format!("/runs/{}", status.id));
    let status: RunStatus = serde_json::from_str(&response.body).unwrap();
    assert_eq!(
        (
            status.usage.actual.wakes,
            status.usage.actual.dispatches,
            status.usage.actual.rows_written
        ),
        (40, 40, 120)
    );
    assert!(status.usage.actual.cost_usd > 0.0);
}

#[test]
fn starting_and_cancelling_take_the_token_and_nothing_is_open_without_one() {
    let places = places(&[]);
    let run = start(&places).id;
    let bad = [
        TestRequest::new("POST", "/runs"),
        TestRequest::new("POST", "/runs").with_token("guess"),
        TestRequest::new("POST", "/runs").with_token(&TOKEN[1..]),
        TestRequest::new("POST", "/runs").with_token(""),
        TestRequest::new("DELETE", &format!("/runs/{run}")),
        // Even what would be refused anyway is not shown to strangers.
        TestRequest::new("POST", "/runs").with_body("{\"payload_bytes\":[-1]}"),
        TestRequest::new("POST", "/runs").with_body(vec![b' '; 1 << 20]),
    ];
    for request in bad {
        let response = places.send(&request);
        assert_eq!(problem(&response).status, 401, "{request:?}");
        assert_eq!(response.header("www-authenticate"), Some("Bearer"));
    }
    let mut basic = TestRequest::new("POST", "/runs");
    basic
        .headers
        .push(("authorization".to_owned(), format!("Basic {TOKEN}")));
    assert_eq!(places.send(&basic).status, 401);

    let mut open = settings(&[("LIMITS", "local")]);
    open.api_token = None;
    let places = Places::new(open);
    let refused = problem(&places.send(&post(SMALL)));
    assert_eq!(refused.status, 403);
    assert!(refused.detail.contains("API_TOKEN"), "{}", refused.detail);
}

#[test]
fn every_bad_field_of_a_plan_is_named() {
    let refused = problem(&places(&[]).send(&post(
        r#"{"payload_bytes":[-1],"samples_per_cell":1e9,"jobs":1}"#,
    )));
    let fields: Vec<&str> = refused
        .errors
        .iter()
        .map(|error| error.field.as_str())
        .collect();
    assert_eq!(
        (refused.status, fields),
        (400, vec!["payload_bytes[0]", "samples_per_cell", "jobs"])
    );
}

#[test]
fn a_plan_that_does_not_fit_the_account_is_told_which_limit_and_what_fits() {
    let places = places(&[("LIMITS", "free")]);
    let refused = problem(&places.send(&post(r#"{"samples_per_cell":1000,"transports":["direct","service-binding","raw-fetch"],"functions":["echo","transform","compute"],"payload_bytes":[32,64,100,200,500,1000,2000,5000,10000,20000,50000,100000]}"#)));
    assert_eq!(refused.status, 400);
    let detail = &refused.errors[0].detail;
    assert!(
        detail.contains("free") && detail.contains("5000"),
        "{detail}"
    );
}

#[test]
fn a_body_above_the_limit_is_refused_before_it_is_read() {
    let places = places(&[]);
    let mut announced = post("{}");
    announced
        .headers
        .push(("Content-Length".to_owned(), "99999999".to_owned()));
    assert_eq!(problem(&places.send(&announced)).status, 413);
    assert_eq!(
        problem(&places.send(&post(&" ".repeat(16 * 1024 + 1)))).status,
        413
    );
    assert_eq!(places.asked.get(), 0, "no coordinator was bothered");
}

#[test]
fn a_second_run_is_refused_while_one_is_active_and_named() {
    let places = places(&[]);
    let active = start(&places).id;
    let refused = problem(&places.send(&post(SMALL)));
    assert_eq!(refused.status, 409);
    assert!(
        refused.detail.contains(active.as_str()),
        "{}",
        refused.detail
    );
}

#[test]
fn a_method_that_a_resource_does_not_know_is_told_those_it_knows() {
    let places = places(&[]);
    for (method, url, allowed) in [
        ("DELETE", "/results", "GET, HEAD, OPTIONS"),
        ("PUT", "/runs", "GET, HEAD, OPTIONS, POST"),
        (
            "POST",
            "/runs/20261122T172800Z-4f9a1c07",
            "DELETE, GET, HEAD, OPTIONS",
        ),
        ("PROPFIND", "/health", "GET, HEAD, OPTIONS"),
    ] {
        let response = places.send(&TestRequest::new(method, url));
        assert_eq!(
            (problem(&response).status, response.header("allow")),
            (405, Some(allowed)),
            "{method} {url}"
        );
    }
    let options = places.send(&TestRequest::new("OPTIONS", "/runs"));
    assert_eq!(
        (options.status, options.header("allow")),
        (204, Some("GET, HEAD, OPTIONS, POST"))
    );
}

#[test]
fn what_is_not_there_is_404_with_a_hint() {
    let places = places(&[]);
    for (url, hint) in [
        ("/results", "POST /runs"),
        ("/results/20261122T172800Z-4f9a1c07", "GET /runs"),
        ("/runs/20261122T172800Z-4f9a1c07", "GET /runs"),
        ("/runs/latest", "YYYYMMDD"),
        ("/nowhere", "/openapi.json"),
        ("/history?cell=direct.echo.100", "no completed run"),
    ] {
        let refused = problem(&places.get(url));
        assert_eq!(refused.status, 404, "{url}");
        assert!(refused.detail.contains(hint), "{url}: {}", refused.detail);
    }
    assert!(matches!(
        places.reply(&TestRequest::new("GET", "/style.css")),
        Reply::File(_)
    ));
    assert!(matches!(
        places.reply(&TestRequest::new("POST", "/style.css")),
        Reply::Full(_)
    ));
}

#[test]
fn a_cancelled_run_says_so_and_cannot_be_cancelled_again() {
    let places = places(&[]);
    let run = start(&places).id;
    let cancel = TestRequest::new("DELETE", &format!("/runs/{run}")).with_token(TOKEN);
    let status: RunStatus = serde_json::from_str(&places.send(&cancel).body).unwrap();
    assert_eq!(status.reason.as_deref(), Some("cancelled by request"));
    assert_eq!(problem(&places.send(&cancel)).status, 409);
    assert!(
        problem(&places.get(&format!("/results/{run}")))
            .detail
            .contains("before anything was measured")
    );
}

#[test]
fn the_schedule_starts_its_own_plan_and_firings_do_not_pile_up() {
    let places = places(&[("SCHEDULED_PLAN", SMALL)]);
    for refusals in [0, 0, 1, 1] {
        assert_eq!(places.fire(|_| ()).len(), refusals);
    }
    places.wake_until_idle();
    let list: RunList = serde_json::from_str(&places.get("/runs").body).unwrap();
    let triggers: Vec<&str> = list.runs.iter().map(|run| run.trigger.as_str()).collect();
    assert_eq!(triggers, ["cron", "cron"]);
    assert_eq!(list.runs[0].plan.samples_per_cell, 40);
}

#[test]
fn no_secret_is_in_any_answer_or_log_line() {
    let places = places(&[("ALERT_WEBHOOK_URL", "https://hooks.example/secret-path")]);
    let run = completed(&places);
    let urls = ["/health", "/runs", "/results", "/metrics", "/openapi.json"].map(str::to_owned);
    for url in urls
        .into_iter()
        .chain([format!("/runs/{run}"), format!("/results/{run}.md")])
    {
        let body = places.get(&url).body;
        assert!(
            !body.contains(TOKEN) && !body.contains("secret-path"),
            "{url}"
        );
    }
    let processes = places.processes.borrow();
    let lines: Vec<String> = processes["default"]
        .lines
        .iter()
        .map(orchestrator::coordinator::LogLine::to_json)
        .collect();
    assert!(
        lines.len() > 20
            && lines
                .iter()
                .all(|line| !line.contains(TOKEN) && !line.contains("secret-path"))
    );
}
